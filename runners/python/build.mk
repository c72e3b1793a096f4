# virga-python: the Python template and runner, with the host's libpython in it.
PYTHON_RUNNER := $(BUILD)/runners/python/virga-python
PYTHON_CFLAGS := $(shell pkg-config --cflags python3-embed)
PYTHON_LIBS   := $(shell pkg-config --libs python3-embed)
PYTHON_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runners/python/*.c runners/common/*.c)) \
                 $(BUILD)/runners/python/runner_source.o
# From the tree: base/ and what makes a template. Nothing else, since every library that is mapped
# here makes every copy dearer.
BASE_SRC      := $(filter-out %_test.c %_fuzz.c,$(wildcard src/base/*.c))
PYTHON_SRC    := $(BASE_SRC) $(patsubst %,src/sandbox/%.c, \
                 template order slot slot_mounts rights clone filter filter_table)
PYTHON_SHARED := $(patsubst %.c,$(BUILD)/%.o,$(PYTHON_SRC))

# The same program over a template that copies without a sandbox: for tests/runners.
PYTHON_COPIES := $(BUILD)/tests/runners/virga-python-copies

RUNNERS += $(PYTHON_RUNNER) $(PYTHON_COPIES)

.PHONY: runner-python
runner-python: $(PYTHON_RUNNER) $(PYTHON_COPIES)

$(PYTHON_RUNNER): $(PYTHON_OBJ) $(PYTHON_SHARED)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -Wl,--as-needed $(PYTHON_LIBS) -lseccomp -lcap-ng -lpthread

$(PYTHON_COPIES): $(PYTHON_OBJ) \
                  $(BUILD)/tests/runners/template_fork.o $(patsubst %.c,$(BUILD)/%.o,$(BASE_SRC))
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -Wl,--as-needed $(PYTHON_LIBS) -lpthread

$(BUILD)/runners/python/%.o: ALL_CFLAGS += $(PYTHON_CFLAGS)
$(BUILD)/runners/python/runner_source.o: runners/python/runner_source.S $(wildcard runners/python/*.py)
	@mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $<
