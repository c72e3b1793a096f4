/* functions — named source code with a handler, its immutable versions and its settings.
 *
 * The control plane: endpoints on worker threads, rows in the store. A save is one transaction that
 * notes what it changes (app.h), and only after serve/ has brought memory up to date does the
 * client get its answer: a call made after a save runs what was saved.
 *
 * A function belongs to a project, whose members may see or change it by their role, or to nobody's
 * project but an account: then that account is its owner. Names are unique within the project, or
 * among an account's functions without one. A stranger's function does not exist: 404.
 *
 * Every change of what runs (code, files, handler, runtime) makes a new version, numbered max + 1,
 * and activates it; rolling back only moves the pointer. The newest VERSIONS_KEPT versions of a
 * function and the active one are kept, older ones go with the save that pushes them out.
 *
 * The environment is sealed (auth/seal.h) for the function's id and masked in every answer. What a
 * call gets are the project's variables, and on top of them the function's own. */
#pragma once

#include "auth/auth.h"
#include "base/arena.h"
#include "base/err.h"
#include "engine/engine.h"
#include "http/http.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct functions;

enum { VERSIONS_KEPT = 100 };

/* Inputs saved with a function, for calling it by hand. They are no secrets. */
enum { INPUTS_MAX = 50, INPUT_BYTES_MAX = 64 * 1024 };

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

/* Who may call it: anybody; whoever has a credential of this server with the scope `invoke`;
 * members of its project (or its account) only. */
enum access { ACCESS_PUBLIC, ACCESS_KEY, ACCESS_PRIVATE };

/* A row with its active version. All of it lives in the arena it was read into. */
struct function {
    const char *id, *name, *description;
    const char *runtime, *handler; /* of the active version */
    const char *account;           /* id of who made it */
    const char *project;           /* id, or NULL */
    enum access access;
    uint32_t rate_limit, client_rate_limit; /* calls a minute, in all and per client; 0: no bound */
    uint32_t active_version;
    bool active, network_enabled, public_logs;
    uint32_t limits[LIMITS];
    uint32_t concurrency, queue;
    enum reuse reuse;
    bool snapstart;         /* Python only: its module is loaded once, in a template of its own */
    struct str environment; /* sealed JSON object; p == NULL when empty */
    int64_t created_us, updated_us;
    const char *code;  /* text of the active version's entry file; "" when binary or absent */
    const char *files; /* JSON array of {path, size, mode} */
};

struct functions_config {
    const struct seal *seal;
    const char *no_egress; /* why no function may have network here; NULL: it may. Not copied */
    size_t files_max; /* bytes of all files of a version that a change names; 6 MB unless set */
};
struct functions *functions_new(const struct functions_config *config);
void functions_free(struct functions *f);
/* Something was noted (app.h), here or on another server: lists that were kept are no longer shown.
 * Any thread; NULL is fine. */
void functions_changed(struct functions *f);

/* Inside the transaction that removes an account, after projects_leave: what it made in projects
 * becomes an owner's there. ERR_CONFLICT when it has functions outside of projects. */
int functions_leave(struct tx *tx, const char *account, struct err *e);

extern const struct migration functions_migrations[]; /* 1, 2, 30 to 39 */
extern const struct route functions_routes[], versions_routes[], deploy_routes[], inputs_routes[];

/* Any thread with a connection. ERR_NOT_FOUND "Function not found". */
int functions_find_id(struct db *db, struct arena *a, const char *id, struct function *ret,
                      struct err *e);

/* The path's `:id` is a function's id, or the name of exactly one function that whoever asks may
 * see (409 for several: the message lists their projects). Refuses whoever has no role there (404)
 * and one below `at_least` (403); else replaces the parameter by the id. `ret_role` may be NULL.
 * For serve/'s admit hook. */
int functions_admit(struct request *req, enum role at_least, enum role *ret_role, struct err *e);
/* What an account may do with a function it knows the id of; ROLE_NONE for a stranger. */
int functions_role(struct db *db, const char *account, const struct function *fn, enum role *ret,
                   struct err *e);

/* Ids of a project's functions, for whoever must tell the engine about its variables. */
int functions_of_project(struct db *db, const char *project,
                         int (*each)(void *arg, const char *id, struct err *e), void *arg,
                         struct err *e);

/* Every function, for the start of the engine, those of one project together; without code and
 * files. `fn` lives during the callback; a negative return stops. */
int functions_each(struct db *db, int (*each)(void *arg, const struct function *fn, struct err *e),
                   void *arg, struct err *e);

/* The files of one version for a LOAD frame, with one reference for the caller. */
int functions_load_code(struct db *db, const char *id, uint32_t version, struct code **ret,
                        struct err *e);

/* What the engine needs to know, in the arena, with the environment in clear: `variables` are the
 * project's (a JSON object, or NULL), the function's own come on top, then FUNCTION_NAME. Fails
 * when the runtime is not known here or the environment does not open. */
int function_to_spec(const struct functions *f, struct arena *a, const struct function *fn,
                     const json_t *variables, struct function_spec *ret, struct err *e);

/* Seals all environments anew with the other key; as projects_reseal. */
int functions_reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e);
