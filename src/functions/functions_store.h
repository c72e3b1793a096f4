/* functions_store — the SQL of functions. Only for functions/. */
#pragma once

#include "functions/functions.h"

/* Lists stop after `limit` rows or about this many bytes of code. */
enum { FUNCTIONS_PAGE_BYTES = 8 << 20 };

struct functions_page {
    struct function *functions;
    size_t count;
    bool more; /* stopped before the end */
};

/* Newest first; `before` is a function's id or NULL. */
int functions_list(struct db *db, struct arena *a, const char *before, size_t limit,
                   struct functions_page *ret, struct err *e);
/* In the project, or, when that is NULL, among the account's functions without one. */
int functions_find_name(struct db *db, struct arena *a, const char *account, const char *project,
                        const char *name, struct function *ret, struct err *e);
/* Ids of the functions of that name that the account may see, with the slugs of their projects; at
 * most two are looked for. Returns how many. */
struct functions_named {
    const char *id[2], *slug[2];
};
int functions_named(struct db *db, struct arena *a, const char *account, const char *name,
                    struct functions_named *ret, struct err *e);
extern const char *const access_words[]; /* "public", "key", "private", NULL */
/* Inside the caller's transaction. ERR_CONFLICT when the name is taken. */
int functions_insert(struct db *db, const struct function *fn, struct err *e);
int functions_update(struct db *db, const struct function *fn, struct err *e);
int functions_delete(struct db *db, const char *id, struct err *e); /* with its versions */
