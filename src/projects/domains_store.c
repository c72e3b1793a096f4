#include "projects/domains_store.h"

int domains_store_list(struct db *db, struct arena *a, const char *project, struct domain **ret,
                       size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT domain, created_us FROM project_domains WHERE project_id = $1"
                 " ORDER BY domain LIMIT $2",
                 DB_ARGS(db_textz(project), db_int(PROJECT_DOMAINS_MAX)), &q, e) < 0)
        return -1;
    struct domain *list = arena_alloc(a, PROJECT_DOMAINS_MAX * sizeof *list);
    size_t count = 0;
    int more;
    while ((more = query_next(q, e)) > 0)
        list[count++] = (struct domain){query_text(q, a, 0), query_int(q, 1)};
    *ret = list;
    *ret_count = count;
    return more;
}

int domains_store_add(struct db *db, const char *project, const struct domain *d, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO project_domains (domain, project_id, created_us)"
                   " VALUES ($1, $2, $3) ON CONFLICT (domain) DO NOTHING",
                   DB_ARGS(db_textz(d->name), db_textz(project), db_int(d->created_us)), e);
}

int domains_store_remove(struct db *db, const char *project, const char *name, struct err *e)
{
    return db_exec(db, "DELETE FROM project_domains WHERE project_id = $1 AND domain = $2",
                   DB_ARGS(db_textz(project), db_textz(name)), e);
}
