/* domains_store — the SQL of projects' own domains. Only for projects/. */
#pragma once

#include "projects/projects.h"

struct domain {
    const char *name;
    int64_t created_us;
};

/* Sorted by name. */
int domains_store_list(struct db *db, struct arena *a, const char *project, struct domain **ret,
                       size_t *ret_count, struct err *e);
/* Returns 1, or 0 when some project, perhaps this one, has it already. */
int domains_store_add(struct db *db, const char *project, const struct domain *d, struct err *e);
/* Returns how many there were: 0 or 1. */
int domains_store_remove(struct db *db, const char *project, const char *name, struct err *e);
