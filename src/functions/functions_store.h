/* functions_store — the SQL of functions. Only for functions/. */
#pragma once

#include "functions/functions.h"

/* A page ends after `limit` rows, or a few rows beyond so many bytes of code. */
enum { FUNCTIONS_PAGE_BYTES = 8 << 20 };

struct functions_filter {
    const char *account; /* what it may see */
    const char *project; /* id; whoever asks may see it. NULL: all */
    bool no_project;     /* only those in no project */
    const char *name;    /* NULL: any */
    const char *part;    /* in the name, upper or lower case; NULL: any */
    const char *before;  /* a function's id; NULL: from the newest */
    size_t limit;
};
/* Newest first; `fn` lives during the callback. `ret_more`: stopped before the end. */
int functions_list(struct db *db, const struct functions_filter *filter,
                   void (*each)(void *arg, const struct function *fn), void *arg, bool *ret_more,
                   struct err *e);
/* Like functions_find_id, without code and files. */
int functions_find_settings(struct db *db, struct arena *a, const char *id, struct function *ret,
                            struct err *e);
/* In the project, or, when that is NULL, among the account's functions without one. */
int functions_find_name(struct db *db, struct arena *a, const char *account, const char *project,
                        const char *name, struct function *ret, struct err *e);
/* Until the end of the transaction nobody else changes the function. */
int functions_lock(struct db *db, const char *id, struct err *e);
/* The project of that id or slug, of which the account is a member. 1, or 0: there is none. */
int functions_project(struct db *db, struct arena *a, const char *account, const char *key,
                      const char **ret_id, struct err *e);
/* How many functions the account has made; counting ends `at_most`. */
int functions_count(struct db *db, const char *account, int64_t at_most, int64_t *ret,
                    struct err *e);
/* How many routes of its project lead to the function. */
int functions_routes_to(struct db *db, const struct function *fn, int64_t *ret, struct err *e);
/* Ids of the functions of that name that the account may see, with the slugs of their projects; at
 * most two are looked for. Returns how many. */
struct functions_named {
    const char *id[2], *slug[2];
};
int functions_named(struct db *db, struct arena *a, const char *account, const char *name,
                    struct functions_named *ret, struct err *e);
/* Inside the caller's transaction. ERR_CONFLICT when the name is taken. */
int functions_insert(struct db *db, const struct function *fn, struct err *e);
int functions_update(struct db *db, const struct function *fn, struct err *e);
int functions_delete(struct db *db, const char *id, struct err *e); /* with its versions */
