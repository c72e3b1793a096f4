#include "auth/sessions_store.h"

#include <string.h>

#define SESSION "s.id, s.created_us, s.expires_us, s.last_used_us, s.address, s.agent"

enum { COLUMNS = 6 };

/* Column numbers follow SESSION. */
static void read_session(struct query *q, struct arena *a, struct session *ret)
{
    *ret = (struct session){
        .id = query_text(q, a, 0),
        .created_us = query_int(q, 1),
        .expires_us = query_int(q, 2),
        .last_used_us = query_int(q, 3),
        .address = query_text(q, a, 4),
        .agent = query_text(q, a, 5),
    };
}

static int make_room(struct db *db, const char *account, int64_t now_us, struct err *e)
{
    if (db_exec(db, "DELETE FROM sessions WHERE expires_us <= $1", DB_ARGS(db_int(now_us)), e) < 0)
        return -1;
    return db_exec(db,
                   "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE account_id = $1"
                   " ORDER BY created_us DESC, id LIMIT 1000 OFFSET $2)",
                   DB_ARGS(db_textz(account), db_int(SESSIONS_MAX - 1)), e);
}

int sessions_insert(struct db *db, const char *account, const struct session *s, struct err *e)
{
    int ended = make_room(db, account, s->created_us, e);
    if (ended < 0 ||
        db_exec(db,
                "INSERT INTO sessions (id, account_id, created_us, expires_us, last_used_us,"
                " address, agent) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                DB_ARGS(db_textz(s->id), db_textz(account), db_int(s->created_us),
                        db_int(s->expires_us), db_int(s->last_used_us), db_textz(s->address),
                        db_textz(s->agent)),
                e) < 0)
        return -1;
    return ended;
}

int sessions_list(struct db *db, struct arena *a, const char *account, int64_t now_us,
                  struct session *rows, size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    int more;
    *ret_count = 0;
    if (db_query(db,
                 "SELECT " SESSION " FROM sessions s WHERE s.account_id = $1 AND s.expires_us > $2"
                 " ORDER BY s.created_us DESC, s.id LIMIT $3",
                 DB_ARGS(db_textz(account), db_int(now_us), db_int(SESSIONS_MAX)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        read_session(q, a, &rows[(*ret_count)++]);
    return more;
}

int sessions_delete(struct db *db, const char *account, const char *id, struct err *e)
{
    return db_exec(db, "DELETE FROM sessions WHERE id = $1 AND account_id = $2",
                   DB_ARGS(db_textz(id), db_textz(account)), e);
}

int sessions_delete_others(struct db *db, const char *account, const char *keep, struct err *e)
{
    return db_exec(db, "DELETE FROM sessions WHERE account_id = $1 AND id <> $2",
                   DB_ARGS(db_textz(account), db_textz(keep)), e);
}

int sessions_find(struct db *db, struct arena *a, const char *id, struct session *ret,
                  struct account *ret_account, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT " SESSION ", c.id, c.name, c.admin, c.status FROM sessions s"
                 " JOIN accounts c ON c.id = s.account_id WHERE s.id = $1",
                 DB_ARGS(db_textz(id)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found <= 0)
        return found;
    read_session(q, a, ret);
    *ret_account = (struct account){
        .id = query_text(q, a, COLUMNS),
        .name = query_text(q, a, COLUMNS + 1),
        .admin = query_int(q, COLUMNS + 2),
        .active = strcmp(query_text(q, a, COLUMNS + 3), "active") == 0,
    };
    return 1;
}

int sessions_know_address(struct db *db, const char *account, const char *address, int64_t now_us,
                          bool *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT 1 FROM sessions WHERE account_id = $1 AND address = $2 AND expires_us > $3"
                 " LIMIT 1",
                 DB_ARGS(db_textz(account), db_textz(address), db_int(now_us)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    *ret = found > 0;
    return found < 0 ? -1 : 0;
}

int sessions_touch(struct db *db, const char *id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE sessions SET last_used_us = $2 WHERE id = $1",
                   DB_ARGS(db_textz(id), db_int(now_us)), e);
}
