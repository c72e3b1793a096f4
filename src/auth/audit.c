/* audit — who changed what: written with the change, in its transaction. */
#include "auth/auth.h"
#include "base/clock.h"

enum { LINES_KEPT = 1000000 };

/* Somebody who changes the same thing for ever must not fill the disk. */
static int prune(struct db *db, struct err *e)
{
    return db_exec(db, "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - $1",
                   DB_ARGS(db_int(LINES_KEPT)), e);
}

int audit_write(struct db *db, const struct request *req, const char *action, const char *object,
                const char *detail, struct err *e)
{
    const struct principal *p = req->principal;
    if (db_exec(db,
                "INSERT INTO audit (at_us, account_id, credential, address, action, object, detail)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                DB_ARGS(db_int(clock_wall_us()), db_textz(p ? p->account : ""),
                        db_textz(p ? p->credential : ""), db_textz(req->peer ? req->peer : ""),
                        db_textz(action), db_textz(object), db_textz(detail ? detail : "")),
                e) < 0)
        return -1;
    return prune(db, e) < 0 ? -1 : 0;
}
