/* functions — named source code with a handler, its immutable versions and its settings.
 *
 * The control plane: endpoints on worker threads, rows in the store. A save is one transaction;
 * then the listener is told, and only then does the client get its answer. Saves are serialised, so
 * that the listener hears of them in the order of their commits.
 *
 * Every change of what runs (code, handler, runtime) makes a new version, numbered max + 1, and
 * activates it; rolling back only moves the pointer. The newest VERSIONS_KEPT versions of a
 * function and the active one are kept, older ones go with the save that pushes them out.
 *
 * The environment is sealed (auth/seal.h) for the function's id and masked in every answer. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "engine/engine.h"
#include "http/http.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct functions;

struct seal;

enum { VERSIONS_KEPT = 100 };

enum limit {
    LIMIT_MEMORY_MB,
    LIMIT_CPU_MILLIS,
    LIMIT_TIMEOUT_MS,
    LIMIT_PIDS,
    LIMIT_TMP_MB,
    LIMIT_OUTPUT_KB,
    LIMIT_RESULT_KB,
    LIMIT_FILE_MB,
    LIMIT_OPEN_FILES,
    LIMITS,
};

/* A row with its active version. All of it lives in the arena it was read into. */
struct function {
    const char *id, *name, *description;
    const char *runtime, *handler; /* of the active version */
    uint32_t active_version;
    bool active, network_enabled, public_logs;
    uint32_t limits[LIMITS];
    uint32_t concurrency, queue;
    enum reuse reuse;
    struct str environment; /* sealed JSON object; p == NULL when empty */
    int64_t created_us, updated_us;
    const char *code;  /* text of the active version's entry file; "" when binary or absent */
    const char *files; /* JSON array of {path, size, mode} */
};

/* Told on the worker thread, after the commit and before the answer. The answer waits for it, so
 * that a call made after a save runs what was saved. */
struct functions_listener {
    /* `fn` lives during the call. `code` is the new active version's, or NULL when that did not
     * change; the reference is handed over. Counts are not atomic: the loop thread drops it. */
    void (*changed)(void *arg, const struct function *fn, struct code *code);
    void (*removed)(void *arg, struct db *db, const char *id);
    void *arg;
};

struct functions_config {
    const struct seal *seal;
    struct functions_listener listener;
    bool egress; /* the sandbox can give a function the network */
};
struct functions *functions_new(const struct functions_config *config);
void functions_free(struct functions *f);

extern const struct migration functions_migrations[]; /* 1 functions, 2 function_versions */
extern const struct route functions_routes[], versions_routes[], deploy_routes[], invoke_routes[];

/* Any thread with a connection. ERR_NOT_FOUND "Function not found". */
int functions_find_id(struct db *db, struct arena *a, const char *id, struct function *ret,
                      struct err *e);
/* By id, else by exact name. For the owner only: names are not secret, ids are. */
int functions_find(struct db *db, struct arena *a, const char *id_or_name, struct function *ret,
                   struct err *e);

/* Every function, for the start of the engine; without code and files. `fn` lives during the
 * callback; a negative return stops. */
int functions_each(struct db *db, int (*each)(void *arg, const struct function *fn, struct err *e),
                   void *arg, struct err *e);

/* The files of one version for a LOAD frame, with one reference for the caller. */
int functions_load_code(struct db *db, const char *id, uint32_t version, struct code **ret,
                        struct err *e);

/* What the engine needs to know, in the arena, with the environment in clear. Fails when the
 * runtime is not known here or the environment does not open. */
int function_to_spec(const struct functions *f, struct arena *a, const struct function *fn,
                     struct function_spec *ret, struct err *e);
