/* members_store — the SQL of who belongs to a project. Only for projects/. */
#pragma once

#include "projects/projects.h"

struct member {
    const char *account, *name, *email; /* no e-mail: NULL */
    enum role role;
    int64_t created_us;
};

/* The oldest first. */
int members_store_list(struct db *db, struct arena *a, const char *project, struct member **ret,
                       size_t *ret_count, struct err *e);
/* ERR_NOT_FOUND. */
int members_store_find(struct db *db, struct arena *a, const char *project, const char *account,
                       struct member *ret, struct err *e);
/* The account of that id, e-mail address or name, in this order. ERR_NOT_FOUND. */
int members_store_account(struct db *db, struct arena *a, const char *who, const char **ret_id,
                          struct err *e);

struct members_count {
    int64_t members, owners;
};
int members_store_count(struct db *db, const char *project, struct members_count *ret,
                        struct err *e);
/* Adds or changes. */
int members_store_put(struct db *db, const char *project, const char *account, enum role role,
                      int64_t now_us, struct err *e);
/* Returns how many there were: 0 or 1. */
int members_store_remove(struct db *db, const char *project, const char *account, struct err *e);
