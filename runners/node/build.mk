# The JavaScript runner needs no compiling; it is copied to where slots find it.
NODE_RUNNER := $(patsubst %,$(BUILD)/%,$(wildcard runners/node/*.cjs))
RUNNERS += $(NODE_RUNNER)

$(NODE_RUNNER): $(BUILD)/%: %
	@mkdir -p $(@D)
	$(Q)install -m 0644 $< $@
