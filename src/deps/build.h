/* build — one set of packages, installed inside a sandbox and taken out of it as a layer. Private
 * to deps/.
 *
 * A build leases a slot whose program is runners/packages: it has no user's data, no network but
 * what src/egress lets through, and limits on time, memory, processes, bytes and files. The package
 * managers run there, and with them whatever the packages' own scripts do. What they have installed
 * comes back as an archive over the slot's socket and is written, file by file, below a directory
 * of the server's: relative paths without "..", regular files, directories and symlinks that stay
 * inside, no other kinds, no set-user-id. Nothing of an order passes through a command line or a
 * shell, but as words of an argv that begin with no dash.
 *
 * Everything here is called and calls back on the loop thread; the work is done on a thread per
 * build. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct build;
struct engine;
struct index;
struct loop;

enum build_step {
    BUILD_WAITING, /* for a slot */
    BUILD_RESOLVING,
    BUILD_INSTALLING,
    BUILD_STORING,
};

enum build_language { BUILD_PYTHON, BUILD_NODE };

struct build_order {
    enum build_language language;
    const char *requirements_txt;            /* Python; checked by requirements.h */
    const char *package_json, *package_lock; /* Node.js; the lock "" when there is none */
};

struct build_config {
    struct loop *loop;
    struct engine *engine;
    unsigned template_index;   /* of the build program */
    const struct index *index; /* where packages come from: index.h */
    const char *layers_dir; /* results are written to LAYERS_DIR/.new-<random>; what a crash leaves
                               of that name is removed at the start */
    uint64_t memory_bytes, size_bytes; /* of the sandbox; of the result */
    uint32_t files_max;
    uint32_t timeout_ms;
};

/* Strings live during the callback. */
struct build_result {
    const char *dir;             /* below layers_dir, complete, flushed to disk: to be renamed by
                                    whoever takes it; NULL when the build failed */
    const char *packages;        /* JSON array of {"name", "version"}, sorted */
    const char *lock;            /* exact versions: a requirements.txt, or a package-lock.json */
    const char *runtime_version; /* "3.11.2" */
    const char *platform;        /* "linux-x86_64-glibc" */
    uint64_t bytes;
    uint32_t files;
};
struct build_events {
    void (*log)(void *arg, struct str text); /* as the package manager prints it: UTF-8, no escape
                                                sequences, no credentials of index URLs */
    void (*progress)(void *arg, enum build_step step, unsigned packages, uint64_t bytes);
    /* Exactly once, last. `why`: NULL when it succeeded; ERR_INVALID: the packages cannot be
     * installed (the log says why), ERR_LIMIT: a limit, named with its value; ERR_UNAVAILABLE: try
     * again, or it was cancelled. */
    void (*done)(void *arg, const struct build_result *result, const struct err *why);
    void *arg;
};
int build_start(const struct build_config *config, const struct build_order *order,
                const struct build_events *events, struct build **ret, struct err *e);
void build_cancel(struct build *b); /* `done` follows; not from inside a callback of it */
/* The same without `done`: for the end of the server, when the loop does not turn any more. Waits
 * for its thread. */
void build_abandon(struct build *b);
