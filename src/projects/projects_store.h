/* projects_store — the SQL of projects. Only for projects/. */
#pragma once

#include "projects/projects.h"

/* What a project is read from, in this order, and the row read. Functions belong to another
 * capability, which depends on this one: their number alone is counted here, so that a list of
 * projects need not ask once for each. */
#define PROJECT_COLUMNS                                                                            \
    "p.id, p.slug, p.name, p.description, p.status, p.cors, p.requirements_txt, p.created_us,"     \
    " p.updated_us, (SELECT count(*) FROM functions f WHERE f.project_id = p.id), p.has_database"
void projects_store_read(struct query *q, struct arena *a, struct project *ret);

/* ERR_DENIED, which names both roles. Returns -1. */
int projects_too_low(enum role has, enum role needs, struct err *e);

/* A project as one of its members sees it. ERR_NOT_FOUND. */
int projects_store_seen(struct db *db, struct arena *a, const char *id, const char *account,
                        struct project *ret, struct err *e);

struct projects_page {
    struct project *projects;
    size_t count;
    bool more;
};
/* Those the account is a member of, the newest first, from behind the project `before`. */
int projects_store_list(struct db *db, struct arena *a, const char *account, const char *before,
                        size_t limit, struct projects_page *ret, struct err *e);
int projects_store_count(struct db *db, const char *account, int64_t *ret, struct err *e);

/* Inside a transaction: nobody else changes the project or what belongs to it until its end, also
 * no other server. ERR_NOT_FOUND when it is gone by now. */
int projects_store_lock(struct db *db, const char *id, struct err *e);

/* 1 when another project than `id` ("" for a new one) has that slug. */
int projects_store_taken(struct db *db, const char *slug, const char *id, struct err *e);
/* ERR_CONFLICT: the slug is taken since; the transaction cannot go on. */
int projects_store_insert(struct db *db, const struct project *p, const char *owner, struct err *e);
int projects_store_update(struct db *db, const struct project *p, struct err *e);
int projects_store_set_requirements(struct db *db, const char *id, const char *text, struct err *e);
int projects_store_delete(struct db *db, const char *id, struct err *e);
