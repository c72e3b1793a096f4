#include "auth/accounts_store.h"

#define INVITE "SELECT id, email, created_by, created_us, expires_us, used_us FROM invites "

static void read_invite(struct query *q, struct arena *a, struct invite *ret)
{
    *ret = (struct invite){
        .id = query_text(q, a, 0),
        .email = query_text(q, a, 1),
        .created_by = query_text(q, a, 2),
        .created_us = query_int(q, 3),
        .expires_us = query_int(q, 4),
        .used_us = query_int(q, 5),
    };
}

int invites_insert(struct db *db, const struct invite *invite, struct str hash, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO invites (id, hash, email, created_by, created_us, expires_us)"
                   " VALUES ($1, $2, $3, $4, $5, $6)",
                   DB_ARGS(db_textz(invite->id), db_blob(hash), db_textz(invite->email),
                           db_textz(invite->created_by), db_int(invite->created_us),
                           db_int(invite->expires_us)),
                   e);
}

int invites_find(struct db *db, struct arena *a, struct str hash, int64_t now_us,
                 struct invite *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, INVITE "WHERE hash = $1 AND used_us IS NULL AND expires_us > $2",
                 DB_ARGS(db_blob(hash), db_int(now_us)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        read_invite(q, a, ret);
    return found;
}

int invites_use(struct db *db, const char *id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE invites SET used_us = $2 WHERE id = $1 AND used_us IS NULL",
                   DB_ARGS(db_textz(id), db_int(now_us)), e);
}

int invites_count(struct db *db, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM invites", DB_NO_ARGS, &q, e) < 0 || query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

int invites_list(struct db *db, struct arena *a, size_t limit, struct invite *rows,
                 size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    int more;
    *ret_count = 0;
    if (db_query(db, INVITE "ORDER BY created_us DESC, id LIMIT $1",
                 DB_ARGS(db_int((int64_t)limit)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        read_invite(q, a, &rows[(*ret_count)++]);
    return more;
}

int invites_delete(struct db *db, const char *id, struct err *e)
{
    return db_exec(db, "DELETE FROM invites WHERE id = $1", DB_ARGS(db_textz(id)), e);
}

int invites_prune(struct db *db, int64_t before_us, struct err *e)
{
    return db_exec(db, "DELETE FROM invites WHERE expires_us < $1", DB_ARGS(db_int(before_us)), e);
}
