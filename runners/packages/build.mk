# virga-packages: the program of a build's slot. Static, since the root it runs in may have another C library.
PACKAGES_RUNNER := $(BUILD)/runners/packages/virga-packages
PACKAGES_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runners/packages/*.c runners/common/*.c)) \
                   $(patsubst %,$(BUILD)/src/base/%.o,buf clock err fd json mem must str)
PACKAGES_STATIC := $(if $(findstring -fsanitize,$(CFLAGS)),,-static-pie)
RUNNERS += $(PACKAGES_RUNNER)

$(PACKAGES_RUNNER): $(PACKAGES_OBJ)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) $(or $(PACKAGES_STATIC),-pie) -o $@ $^ -ljansson
