/* variables_store — the SQL of variables. Only for projects/. */
#pragma once

#include "projects/variable.h"

struct variables {
    struct variable *all;
    size_t count;
};
/* Sorted by key. */
int variables_store_list(struct db *db, struct arena *a, const char *project, struct variables *ret,
                         struct err *e);
/* 1: there it is; 0: there is none. */
int variables_store_find(struct db *db, struct arena *a, const char *project, const char *key,
                         struct variable *ret, struct err *e);
/* Adds, or changes value, secrecy and time of the one with this key. */
int variables_store_put(struct db *db, const char *project, const struct variable *v,
                        struct err *e);
/* Returns how many there were: 0 or 1. */
int variables_store_delete(struct db *db, const char *project, const char *key, struct err *e);
/* How many there are, and the bytes of their keys and sealed values. */
int variables_store_size(struct db *db, const char *project, int64_t *ret_count, int64_t *ret_bytes,
                         struct err *e);
