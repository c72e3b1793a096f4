/* deps_store — the SQL of packages and layers. Only for deps/. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "deps/build.h"
#include "deps/requirements.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { LANGUAGES = BUILD_NODE + 1 };
extern const char *const deps_store_runtimes[LANGUAGES]; /* names in runtimes/ */

/* What a project asks for; empty texts for nothing. */
struct packages {
    const char *requirements_txt, *requirements_hash, *package_json, *package_lock;
    const char *set[LANGUAGES];  /* digest of what is asked for, "" for nothing */
    const char *salt[LANGUAGES]; /* of a set that was built anew on demand, else "" */
    int64_t updated_us;          /* 0: never saved */
};
int deps_store_find(struct db *db, struct arena *a, const char *project, struct packages *ret,
                    struct err *e);
int deps_store_put(struct db *db, const char *project, const struct packages *p, struct err *e);

/* What a set was resolved to, for one version of the runtime and one platform. The store says that;
 * whether its directory is here, layer.h. */
struct layer_row {
    const char *id, *set;
    enum build_language language;
    const char *runtime_version, *platform, *packages, *lock;
    int64_t bytes, files, created_us;
};
/* Those of a set, the newest first, without `packages` and `lock`. A negative return of `each`
 * stops; 1 stops too. Returns what it returned, 0 at the end. */
int deps_store_layers(struct db *db, const char *set,
                      int (*each)(void *arg, const struct layer_row *row), void *arg,
                      struct err *e);
/* Every one there is; as above, with the id and size alone. */
int deps_store_each_layer(struct db *db, int (*each)(void *arg, const char *id, int64_t bytes),
                          void *arg, struct err *e);
/* 1, or 0: there is none. */
int deps_store_layer(struct db *db, struct arena *a, const char *id, struct layer_row *ret,
                     struct err *e);
int deps_store_put_layer(struct db *db, const struct layer_row *row, struct err *e);
int deps_store_drop_layer(struct db *db, const char *id, struct err *e);
/* Layers of sets that projects ask for; `version` "" for any version of the runtime. */
int deps_store_each_used(struct db *db, enum build_language language, const char *version,
                         int (*each)(void *arg, const char *id), void *arg, struct err *e);
/* Inside a transaction: notes the projects that ask for the set. */
int deps_store_note_projects(struct tx *tx, const char *set, struct err *e);

int deps_store_learn(struct db *db, const char *project, const char *runtime, const char *layer,
                     struct str modules, struct err *e);
