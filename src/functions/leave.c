/* leave — what becomes of functions when the account that made them goes. */
#include "functions/functions.h"

/* With the account would go what others may still call. */
static int check_none(struct db *db, const char *account, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM functions WHERE account_id = $1 AND project_id IS NULL",
                 DB_ARGS(db_textz(account)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    int64_t count = query_int(q, 0);
    if (count)
        return err_set(e, ERR_CONFLICT,
                       "The account has %lld function%s outside of projects: delete them first",
                       (long long)count, count == 1 ? "" : "s");
    return 0;
}

int functions_leave(struct tx *tx, const char *account, struct err *e)
{
    if (check_none(tx->db, account, e) < 0)
        return -1;
    int moved =
        db_exec(tx->db,
                "UPDATE functions SET account_id = (SELECT m.account_id FROM project_members m"
                " WHERE m.project_id = functions.project_id AND m.role = $2"
                " AND m.account_id <> $1 ORDER BY m.created_us, m.account_id LIMIT 1)"
                " WHERE account_id = $1",
                DB_ARGS(db_textz(account), db_int(ROLE_OWNER)), e);
    return moved < 0 ? -1 : 0;
}
