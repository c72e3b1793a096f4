# virga-provided: a small static program, so that a slot starts it with a handful of page faults.
# Sanitizers need the dynamic linker.
PROVIDED_RUNNER := $(BUILD)/runners/provided/virga-provided
PROVIDED_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runners/provided/*.c runners/common/*.c)) \
                   $(patsubst %,$(BUILD)/src/base/%.o,buf clock err fd json mem must str)
PROVIDED_STATIC := $(if $(findstring -fsanitize,$(CFLAGS)),,-static-pie)
RUNNERS += $(PROVIDED_RUNNER)

$(PROVIDED_RUNNER): $(PROVIDED_OBJ)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) $(or $(PROVIDED_STATIC),-pie) -o $@ $^ -ljansson
