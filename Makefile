# Everyday commands: make, make run, make test, make check, make bench.
# Others: make unit, make asan, make fuzz [SECONDS=n], make crash [ROUNDS=n], make install [PREFIX= DESTDIR=], make clean.
# V=1 shows whole commands; BUILD= names another tree; CFLAGS= replaces -O2 -g.
.DEFAULT_GOAL := all
BUILD   ?= build
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
SECONDS ?= 60
VERSION := $(file <VERSION)
PYTHON  := /usr/bin/python3
JOBS    ?= $(shell nproc)
PKGS    := libevent libevent_pthreads jansson sqlite3 libpq libseccomp libcap-ng libsodium libcurl libcrypto zlib
Q       := $(if $(V),,@)

# These only call scripts and make again: they must work before any library is installed.
OUTER   := run test check bench fuzz crash asan testing clean deps
OUTER_ONLY := $(if $(filter-out $(OUTER),$(or $(MAKECMDGOALS),all)),,yes)
ifndef OUTER_ONLY
ifneq ($(shell pkg-config --exists $(PKGS) 2>&1 && echo yes),yes)
$(error Some libraries are missing. `scripts/deps run` installs them or names the command)
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
LIBS    := $(shell pkg-config --libs $(PKGS)) -lwslay -lslirp -lpthread -lm # wslay has no .pc file, and that of slirp asks for the one of glib
endif

WERROR  ?= -Werror
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef $(WERROR) \
           -Wno-format-truncation
HARDEN  := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection
ifneq ($(findstring -fsanitize,$(CFLAGS)),)
HARDEN  += -fno-omit-frame-pointer -fno-sanitize-recover=all
else ifneq ($(filter -O2 -O3,$(CFLAGS)),)
HARDEN  += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
# TESTING=1 opens the doors that tests of the sandbox need; never in the ordinary tree.
ALL_CFLAGS  := -std=gnu17 -D_GNU_SOURCE -DVIRGA_VERSION='"$(VERSION)"' $(if $(TESTING),-DVIRGA_TESTING) \
               -Isrc $(WARN) $(HARDEN) $(CFLAGS) $(PKG_CFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(CFLAGS) $(LDFLAGS)

SRC     := $(filter-out %_test.c %_fuzz.c,$(wildcard src/*.c src/*/*.c))
LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/main.c,$(SRC))) $(BUILD)/web/table.o
LIB     := $(BUILD)/libvirga.a
# FOLDERS="http store" builds and runs the unit tests of these only.
FOLDERS ?= *
TESTS   := $(patsubst src/%.c,$(BUILD)/test/%,$(wildcard $(FOLDERS:%=src/%/*_test.c)))
FUZZERS := $(patsubst src/%_fuzz.c,$(BUILD)/bin/%,$(wildcard src/*/*_fuzz.c))
RUNNERS :=

# A language adds itself: outputs under $(BUILD)/runners/<language>/, `RUNNERS += ...`, and
# `TESTS += ...` for test programs of its own.
ifndef OUTER_ONLY
-include $(wildcard runners/*/build.mk tests/escape/build.mk)
endif

.PHONY: all unit units fuzzers loadgen install .FORCE $(OUTER)
all: $(if $(wildcard src/main.c),$(BUILD)/virga) $(RUNNERS)

$(BUILD)/virga: $(BUILD)/src/main.o $(LIB)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Thin (paths, not copies): members of the same name in different folders stay apart.
$(LIB): $(LIB_OBJ)
	$(Q)rm -f $@ && ar rcsTP $@ $^

define COMPILE
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC    $@")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
endef
# Only src/sandbox/ has doors for tests. All else that the everyday tree has compiled is the same in the tree for tests;
# the tests themselves that tree only has by accident, and old.
ifeq ($(abspath $(BUILD)),$(abspath build/testing))
$(BUILD)/src/sandbox/%.o: src/sandbox/%.c $(BUILD)/flags
	$(COMPILE)
$(BUILD)/src/%_test.o: src/%_test.c $(BUILD)/flags
	$(COMPILE)
$(BUILD)/%.o: build/%.o
	@mkdir -p $(@D) && ln -f $< $@
endif
# Tests need not be quick to be watched, and this is half of the time that their tree takes.
ifneq ($(findstring -fsanitize,$(CFLAGS)),)
$(BUILD)/src/%_test.o: ALL_CFLAGS += -O0
endif
$(BUILD)/%.o: %.c $(BUILD)/flags
	$(COMPILE)

# The files that the server shows to browsers, as one object. What npm brings is fetched once, for all build trees.
# npm asks again itself, but not when an answer breaks off; what has come is in its cache.
NPM_CI   := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
DOCS_NPM := build/npm/docs
DOCS_UI  := $(addprefix $(DOCS_NPM)/node_modules/swagger-ui-dist/,swagger-ui-bundle.js swagger-ui.css \
            swagger-ui-bundle.js.LICENSE.txt)
$(DOCS_NPM)/done: api/docs/package.json api/docs/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: scripts/deps run installs it" >&2; exit 1; }
	$(if $(Q),@echo "  NPM   $(@D)")
	$(Q)mkdir -p $(@D) && cp $^ $(@D) && cd $(@D) && { $(NPM_CI) || $(NPM_CI) || $(NPM_CI); } >/dev/null && touch $(@F)

# The dashboard, once for all build trees. Its packages are in web/node_modules, where editors look for them; the ones
# that only tests need come with `make test`.
WEB_DIST := build/npm/web
WEB_SRC  := $(shell find web -name node_modules -prune -o -name dist -prune -o -name e2e -prune -o -type f ! -name '*.gen.ts' -print)
ifeq ($(filter web/node_modules/.installed-tests,$(MAKECMDGOALS)),)
web/node_modules/.installed: web/package.json web/package-lock.json web/.npmrc
	@command -v npm >/dev/null || { echo "npm is missing: scripts/deps run installs it" >&2; exit 1; }
	$(if $(Q),@echo "  NPM   web")
	$(Q)cd web && { $(NPM_CI) --omit=dev || $(NPM_CI) --omit=dev || $(NPM_CI) --omit=dev; } >/dev/null && touch node_modules/.installed
else
web/node_modules/.installed: web/node_modules/.installed-tests
endif
web/node_modules/.installed-tests: web/package.json web/package-lock.json web/.npmrc
	$(if $(Q),@echo "  NPM   web (tests)")
	$(Q)cd web && { $(NPM_CI) || $(NPM_CI) || $(NPM_CI); } >/dev/null && touch node_modules/.installed node_modules/.installed-tests
web/src/api/schema.gen.ts: api/openapi.yaml web/node_modules/.installed
	$(Q)cd web && npm run --silent types >/dev/null && touch src/api/schema.gen.ts
$(WEB_DIST)/index.html: $(WEB_SRC) web/node_modules/.installed web/src/api/schema.gen.ts
	$(if $(Q),@echo "  VITE  $(@D)")
	$(Q)cd web && VIRGA_WEB_OUT=$(abspath $(WEB_DIST)) npx vite build --logLevel warn && touch $(abspath $@)

# The folder is a prerequisite for the sake of files that go.
$(BUILD)/web/table.c: $(WEB_DIST)/index.html $(DOCS_NPM)/done api/docs $(wildcard api/docs/*) api/openapi.yaml scripts/assets scripts/contract-json
	$(if $(Q),@echo "  PACK  $@")
	$(Q)rm -rf $(@D)/files && mkdir -p $(@D) && cp -r $(WEB_DIST) $(@D)/files && mkdir -p $(@D)/files/docs
	$(Q)cp $(wildcard api/docs/*.html api/docs/*.js api/docs/*.css) $(DOCS_UI) $(@D)/files/docs
	$(Q)cp $(DOCS_NPM)/node_modules/swagger-ui-dist/LICENSE $(@D)/files/docs/LICENSE.txt
	$(Q)cp api/openapi.yaml $(@D)/files && scripts/contract-json <api/openapi.yaml >$(@D)/files/openapi.json
	$(Q)scripts/assets $(@D)/files $@

$(BUILD)/web/table.o: $(BUILD)/web/table.c $(BUILD)/flags
	$(if $(Q),@echo "  CC    $@")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/%: $(BUILD)/src/%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(BUILD)/bin/%: $(BUILD)/src/%_fuzz.o $(LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/bench/load: $(BUILD)/bench/load.o
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

# Holds compiler and flags; touched only when they change, so that objects follow them.
FLAGS_TEXT := $(subst ','\'',$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS))
$(BUILD)/flags: .FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_TEXT)' | cmp -s - $@ || echo '$(FLAGS_TEXT)' >$@
.FORCE:

units: all $(TESTS)
unit: units
	@scripts/unit $(TESTS)

loadgen: $(BUILD)/bench/load
fuzzers: $(FUZZERS)

check:
	@scripts/check
	@$(MAKE) --no-print-directory web/node_modules/.installed-tests web/src/api/schema.gen.ts
	@cd web && npm run --silent check

deps:
	@scripts/deps run

run:
	@scripts/deps run
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@exec $(BUILD)/virga serve --data-dir ./var

test:
	@scripts/deps test
	@scripts/test

# Address and undefined-behaviour sanitizers, with the doors for tests.
asan:
	@$(MAKE) --no-print-directory BUILD=build/asan TESTING=1 CFLAGS="-O1 -g1 -fuse-ld=gold -fsanitize=address,undefined" units

testing:
	@$(MAKE) --no-print-directory BUILD=build all
	@$(MAKE) --no-print-directory BUILD=build/testing TESTING=1 units

# kill -9 at a thousand random moments, on both stores; takes a quarter of an hour.
crash:
	@scripts/deps test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@VIRGA_CRASH_ROUNDS=$(or $(ROUNDS),1000) scripts/crash

fuzz:
	@scripts/deps test
	@scripts/fuzz $(SECONDS)

bench:
	@scripts/deps bench
	@$(MAKE) --no-print-directory -j$(JOBS) all loadgen
	@$(PYTHON) bench/bench.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

install: all
	install -D -m 0755 -s $(BUILD)/virga $(DESTDIR)$(PREFIX)/bin/virga
	cd $(BUILD) && find runners -type f ! -name '*.[od]' | while read -r f; do \
		install -D -m $$([ -x "$$f" ] && echo 0755 || echo 0644) \
			"$$f" "$(abspath $(DESTDIR)$(PREFIX))/lib/virga/$$f" || exit 1; done

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/src/*.d $(BUILD)/src/*/*.d $(BUILD)/runners/*/*.d $(BUILD)/bench/*.d $(BUILD)/web/*.d)
.SECONDARY:
