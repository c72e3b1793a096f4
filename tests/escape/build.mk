# Attacks and the harness that runs them as guests; built by `make escape`, run by test_escape.py.
ESCAPE_DIR := $(BUILD)/escape
ATTACKS    := $(patsubst tests/escape/%.c,$(ESCAPE_DIR)/attacks/%,\
              $(filter-out tests/escape/harness.c,$(wildcard tests/escape/*.c)))

.PHONY: escape
escape: $(ESCAPE_DIR)/harness $(ATTACKS)

$(ESCAPE_DIR)/harness: $(BUILD)/tests/escape/harness.o $(LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Static and without our flags: a guest is not our program, and sanitizers make calls of their own.
$(ESCAPE_DIR)/attacks/%: tests/escape/%.c tests/escape/attack.h
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC    $@")
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -g -Wall -Wextra $(WERROR) -Itests/escape -static -o $@ $<
