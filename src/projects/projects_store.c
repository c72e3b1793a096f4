#include "projects/projects_store.h"

#include "projects/project_cors.h"

#include <string.h>

const struct migration projects_migrations[] = {
    {20, "projects",
     "CREATE TABLE projects (id text PRIMARY KEY, slug text NOT NULL UNIQUE, name text NOT NULL,"
     " description text NOT NULL, status text NOT NULL, requirements_txt text NOT NULL,"
     " cors text, created_us bigint NOT NULL, updated_us bigint NOT NULL);"
     "CREATE INDEX projects_by_age ON projects (created_us, id);"
     "CREATE TABLE project_members (project_id text NOT NULL"
     " REFERENCES projects (id) ON DELETE CASCADE, account_id text NOT NULL"
     " REFERENCES accounts (id) ON DELETE CASCADE, role bigint NOT NULL,"
     " created_us bigint NOT NULL, PRIMARY KEY (project_id, account_id));"
     "CREATE INDEX project_members_by_account ON project_members (account_id, project_id);"
     "CREATE TABLE project_variables (id text PRIMARY KEY, project_id text NOT NULL"
     " REFERENCES projects (id) ON DELETE CASCADE, key text NOT NULL, value bytea NOT NULL,"
     " is_secret bigint NOT NULL, created_us bigint NOT NULL, updated_us bigint NOT NULL,"
     " UNIQUE (project_id, key));"
     "CREATE TABLE project_domains (domain text PRIMARY KEY, project_id text NOT NULL"
     " REFERENCES projects (id) ON DELETE CASCADE, created_us bigint NOT NULL);"
     "CREATE INDEX project_domains_by_project ON project_domains (project_id);"},
    {28, "projects with a database",
     "ALTER TABLE projects ADD COLUMN has_database bigint NOT NULL DEFAULT 0;"},
    {0},
};

int projects_role(struct db *db, const char *account, const char *project_id, enum role *ret,
                  struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT role FROM project_members WHERE project_id = $1 AND account_id = $2",
                 DB_ARGS(db_textz(project_id), db_textz(account)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    *ret = found > 0 ? (enum role)query_int(q, 0) : ROLE_NONE;
    return found < 0 ? -1 : 0;
}

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Project not found");
}

void projects_store_read(struct query *q, struct arena *a, struct project *ret)
{
    *ret = (struct project){.id = query_text(q, a, 0),
                            .slug = query_text(q, a, 1),
                            .name = query_text(q, a, 2),
                            .description = query_text(q, a, 3),
                            .active = strcmp(query_text(q, a, 4), "active") == 0,
                            .requirements_txt = query_text(q, a, 6),
                            .created_us = query_int(q, 7),
                            .updated_us = query_int(q, 8),
                            .function_count = query_int(q, 9),
                            .has_database = query_int(q, 10) != 0};
    project_cors_parse(a, query_text(q, a, 5), &ret->cors);
}

enum { ROLE_COLUMN = 11 };

int projects_find_id(struct db *db, struct arena *a, const char *id, struct project *ret,
                     struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT " PROJECT_COLUMNS " FROM projects p WHERE p.id = $1",
                 DB_ARGS(db_textz(id)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found <= 0)
        return found < 0 ? -1 : not_found(e);
    projects_store_read(q, a, ret);
    return 0;
}

int projects_store_seen(struct db *db, struct arena *a, const char *id, const char *account,
                        struct project *ret, struct err *e)
{
    return projects_find_id(db, a, id, ret, e) < 0 ||
                   projects_role(db, account, id, &ret->role, e) < 0
               ? -1
               : 0;
}

#define MINE                                                                                       \
    "SELECT " PROJECT_COLUMNS ", m.role FROM project_members m JOIN projects p"                    \
    " ON p.id = m.project_id WHERE m.account_id = $1 "
#define NEWEST "ORDER BY p.created_us DESC, p.id DESC "

/* A cursor that names no project ends the list. */
static int list_query(struct db *db, const char *account, const char *before, size_t limit,
                      struct query **ret, struct err *e)
{
    struct db_value rows = db_int((int64_t)limit + 1);
    if (!before)
        return db_query(db, MINE NEWEST "LIMIT $2", DB_ARGS(db_textz(account), rows), ret, e);
    return db_query(db,
                    MINE "AND (p.created_us, p.id) < (SELECT b.created_us, b.id FROM projects b"
                         " WHERE b.id = $3) " NEWEST "LIMIT $2",
                    DB_ARGS(db_textz(account), rows, db_textz(before)), ret, e);
}

int projects_store_list(struct db *db, struct arena *a, const char *account, const char *before,
                        size_t limit, struct projects_page *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    *ret = (struct projects_page){.projects = arena_alloc(a, limit * sizeof(struct project))};
    if (list_query(db, account, before, limit, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0) {
        if (ret->count == limit) {
            ret->more = true;
            return 0;
        }
        struct project *p = &ret->projects[ret->count++];
        projects_store_read(q, a, p);
        p->role = (enum role)query_int(q, ROLE_COLUMN);
    }
    return more;
}

int projects_store_count(struct db *db, const char *account, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM project_members WHERE account_id = $1 AND role = $2",
                 DB_ARGS(db_textz(account), db_int(ROLE_OWNER)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

int projects_store_lock(struct db *db, const char *id, struct err *e)
{
    int rows = db_exec(db, "UPDATE projects SET updated_us = updated_us WHERE id = $1",
                       DB_ARGS(db_textz(id)), e);
    return rows == 0 ? not_found(e) : rows < 0 ? -1 : 0;
}

int projects_store_taken(struct db *db, const char *slug, const char *id, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT 1 FROM projects WHERE slug = $1 AND id <> $2",
                 DB_ARGS(db_textz(slug), db_textz(id)), &q, e) < 0)
        return -1;
    return query_next(q, e);
}

static const char *status_of(const struct project *p)
{
    return p->active ? "active" : "inactive";
}

int projects_store_insert(struct db *db, const struct project *p, const char *owner, struct err *e)
{
    if (db_exec(db,
                "INSERT INTO projects (id, slug, name, description, status, requirements_txt, cors,"
                " created_us, updated_us) VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $7)",
                DB_ARGS(db_textz(p->id), db_textz(p->slug), db_textz(p->name),
                        db_textz(p->description), db_textz(status_of(p)),
                        db_textz(p->requirements_txt), db_int(p->created_us)),
                e) < 0)
        return -1;
    return db_exec(
               db,
               "INSERT INTO project_members (project_id, account_id, role, created_us)"
               " VALUES ($1, $2, $3, $4)",
               DB_ARGS(db_textz(p->id), db_textz(owner), db_int(ROLE_OWNER), db_int(p->created_us)),
               e) < 0
               ? -1
               : 0;
}

int projects_store_update(struct db *db, const struct project *p, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    int rows = db_exec(db,
                       "UPDATE projects SET slug = $2, name = $3, description = $4, status = $5,"
                       " cors = $6, updated_us = $7 WHERE id = $1",
                       DB_ARGS(db_textz(p->id), db_textz(p->slug), db_textz(p->name),
                               db_textz(p->description), db_textz(status_of(p)),
                               db_textz(project_cors_text(a, &p->cors)), db_int(p->updated_us)),
                       e);
    return rows == 0 ? not_found(e) : rows < 0 ? -1 : 0;
}

int projects_store_set_requirements(struct db *db, const char *id, const char *text, struct err *e)
{
    int rows = db_exec(db, "UPDATE projects SET requirements_txt = $2 WHERE id = $1",
                       DB_ARGS(db_textz(id), db_textz(text)), e);
    return rows == 0 ? not_found(e) : rows < 0 ? -1 : 0;
}

int projects_store_delete(struct db *db, const char *id, struct err *e)
{
    int rows = db_exec(db, "DELETE FROM projects WHERE id = $1", DB_ARGS(db_textz(id)), e);
    return rows == 0 ? not_found(e) : rows < 0 ? -1 : 0;
}
