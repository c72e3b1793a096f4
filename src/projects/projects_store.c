#include "projects/projects_store.h"

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
