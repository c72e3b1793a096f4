/* leave — what becomes of projects when an account goes. */
#include "app.h"
#include "projects/projects.h"

/* A project always has an owner. */
static int check_owner(struct db *db, struct arena *a, const char *account, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT p.name FROM project_members m JOIN projects p ON p.id = m.project_id"
                 " WHERE m.account_id = $1 AND m.role = $2 AND NOT EXISTS (SELECT 1 FROM"
                 " project_members o WHERE o.project_id = m.project_id AND o.role = $2"
                 " AND o.account_id <> $1) ORDER BY p.name LIMIT 1",
                 DB_ARGS(db_textz(account), db_int(ROLE_OWNER)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        return err_set(e, ERR_CONFLICT,
                       "The project '%s' would be without an owner: give it another one or delete "
                       "it first",
                       query_text(q, a, 0));
    return found;
}

int projects_leave(struct tx *tx, const char *account, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    int more;
    if (check_owner(tx->db, a, account, e) < 0 ||
        db_query(tx->db, "SELECT project_id FROM project_members WHERE account_id = $1",
                 DB_ARGS(db_textz(account)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        db_note(tx, NOTE_PROJECT, query_text(q, a, 0));
    return more;
}
