# Everyday commands: make, make run, make test, make check, make bench.
BUILD   ?= build
CC      ?= gcc
PKGS    := libevent libevent_pthreads jansson sqlite3 libseccomp libcap-ng libsodium libcurl
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Werror \
           -Wno-format-truncation
ALL_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Isrc $(WARN) -fstack-protector-strong -fPIE $(CFLAGS) \
           $(shell pkg-config --cflags $(PKGS))
LIBS    := $(shell pkg-config --libs $(PKGS)) -lpthread

SRC     := $(filter-out %_test.c %_fuzz.c,$(wildcard src/*.c src/*/*.c))
LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/main.c,$(SRC)))
TESTS   := $(patsubst src/%.c,$(BUILD)/test/%,$(wildcard src/*/*_test.c))

.PHONY: all unit clean
all: $(BUILD)/virga

$(BUILD)/virga: $(BUILD)/src/main.o $(LIB_OBJ)
	$(CC) -pie $(CFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/%: $(BUILD)/src/%.o $(LIB_OBJ)
	@mkdir -p $(@D)
	$(CC) -pie $(CFLAGS) -o $@ $^ $(LIBS) -lcmocka

unit: $(TESTS)
	@for t in $(TESTS); do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)

-include runners/*/build.mk
-include $(patsubst %.o,%.d,$(LIB_OBJ) $(BUILD)/src/main.o)
.SECONDARY:
