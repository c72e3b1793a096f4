/* versions_store — the SQL of a function's versions. Only for functions/. */
#pragma once

#include "functions/functions_store.h"

struct version {
    const char *function_id;
    uint32_t number;
    const char *runtime, *handler;
    uint64_t size; /* bytes of all files */
    int64_t created_us;
    const char *files;  /* JSON */
    const char *entry;  /* text of the entry file, or NULL when binary or absent */
    struct str section; /* functions/files.h; only for saving */
    bool active;
};

struct versions_page {
    struct version *versions;
    size_t count;
    bool more; /* stopped before the end */
};

/* Newest first, below version `before` (0: from the newest). */
int versions_list(struct db *db, struct arena *a, const struct function *fn, uint32_t before,
                  size_t limit, struct versions_page *ret, struct err *e);
/* ERR_NOT_FOUND "Version not found". */
int versions_find(struct db *db, struct arena *a, const char *function_id, uint32_t number,
                  struct version *ret, struct err *e);
int versions_next_number(struct db *db, const char *function_id, uint32_t *ret, struct err *e);
/* Stores a version that becomes the active one, and drops those beyond VERSIONS_KEPT. */
int versions_insert(struct db *db, const struct version *v, struct err *e);
/* The files of one version, in the arena. */
int versions_section(struct db *db, struct arena *a, const char *function_id, uint32_t number,
                     struct str *ret, struct err *e);
