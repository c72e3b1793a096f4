# virga-plain: static, since every mapping of a template makes its copies dearer. Sanitizers need the
# dynamic linker.
PLAIN_RUNNER := $(BUILD)/runners/plain/virga-plain
PLAIN_OBJ    := $(BUILD)/runners/plain/main.o \
                $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_test.c %_fuzz.c,$(wildcard src/base/*.c))) \
                $(patsubst %,$(BUILD)/src/sandbox/%.o, \
                template order slot slot_mounts rights clone filter filter_table)
PLAIN_STATIC := $(if $(findstring -fsanitize,$(CFLAGS)),,-static-pie)
RUNNERS += $(PLAIN_RUNNER)

$(PLAIN_RUNNER): $(PLAIN_OBJ)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) $(or $(PLAIN_STATIC),-pie) -o $@ $^ -lseccomp -lpthread
