/* databases_store — the SQL of databases. Only for databases/. Texts live in the arena; passwords
 * in it are wiped with it. */
#pragma once

#include "databases/private.h"

/* 1: there it is; 0: there is none. */
int databases_store_find(const struct work *w, const char *project, struct database *ret,
                         struct err *e);
int databases_store_list(const struct work *w, struct database **ret, size_t *ret_count,
                         struct err *e);

/* The rest writes; inside a transaction or as one of its own. */
/* ERR_CONFLICT when there is one. */
int databases_store_insert(const struct work *w, const struct database *row, struct err *e);
/* All of it but project, provider, name and creation. Returns 0 when the row is gone by now. */
int databases_store_update(const struct work *w, const struct database *row, struct err *e);
int databases_store_delete(const struct work *w, const char *project, struct err *e);
/* Only these, so that it can overwrite nobody's work. */
int databases_store_size(const struct work *w, const struct database *row, struct err *e);
int databases_store_problem(const struct work *w, const char *project, const char *problem,
                            struct err *e);
