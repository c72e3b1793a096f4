# virga-uplink: the program behind slots' networks. It alone carries a TCP/IP stack.
UPLINK_RUNNER := $(BUILD)/runners/uplink/virga-uplink
UPLINK_OBJ    := $(BUILD)/runners/uplink/main.o \
                 $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_test.c %_fuzz.c,$(wildcard src/base/*.c src/uplink/*.c))) \
                 $(patsubst %,$(BUILD)/src/sandbox/%.o,uplink_program uplink_child uplink_plug uplink_filter \
                 order rights clone filter filter_table)
RUNNERS += $(UPLINK_RUNNER)

$(UPLINK_RUNNER): $(UPLINK_OBJ)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lslirp -lseccomp -lpthread
