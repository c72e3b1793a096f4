/* audit — who changed what: written with the change, in its transaction. */
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"

#include <string.h>

#define MORE "\u2026"

enum { LINES_KEPT = 1000000, LINES_OF_ACCOUNT = 200000, PRUNE_EVERY = 1000 };

static int newest(struct db *db, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT max(number) FROM audit", DB_NO_ARGS, &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

/* Somebody who changes the same thing for ever must neither fill the disk nor drive out what others
 * have done. Now and then is enough: whoever writes most of the lines writes most of those, too. */
static int prune(struct db *db, const char *account, struct err *e)
{
    int64_t number = 0;
    if (newest(db, &number, e) < 0)
        return -1;
    if (number % PRUNE_EVERY != 0)
        return 0;
    if (db_exec(db, "DELETE FROM audit WHERE number <= $1", DB_ARGS(db_int(number - LINES_KEPT)),
                e) < 0)
        return -1;
    return db_exec(db,
                   "DELETE FROM audit WHERE account_id = $1 AND number <= (SELECT number FROM audit"
                   " WHERE account_id = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)",
                   DB_ARGS(db_textz(account), db_int(LINES_OF_ACCOUNT)), e);
}

/* Of AUDIT_DETAIL_MAX bytes at most, whole characters of UTF-8. */
static struct str cut(const char *detail)
{
    struct str s = str_of(detail ? detail : "");
    if (s.n <= AUDIT_DETAIL_MAX)
        return s;
    s.n = AUDIT_DETAIL_MAX - strlen(MORE);
    while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

int audit_write(struct db *db, const struct request *req, const char *action, const char *object,
                const char *detail, struct err *e)
{
    const struct principal *p = req->principal;
    auto_buf struct buf text = {0};
    struct str kept = cut(detail);
    buf_add_str(&text, kept);
    if (detail && detail[kept.n])
        buf_addz(&text, MORE);
    if (db_exec(db,
                "INSERT INTO audit (at_us, account_id, credential, address, action, object, detail)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                DB_ARGS(db_int(clock_wall_us()), db_textz(p ? p->account : ""),
                        db_textz(p ? p->credential : ""), db_textz(req->peer ? req->peer : ""),
                        db_textz(action), db_textz(object), db_text(buf_str(&text))),
                e) < 0)
        return -1;
    return prune(db, p ? p->account : "", e) < 0 ? -1 : 0;
}
