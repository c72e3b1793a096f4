#include "auth/keys_store.h"

#include <string.h>

#define KEY "k.id, k.name, k.hint, k.scopes, k.created_us, k.expires_us, k.last_used_us"

enum { COLUMNS = 7 };

/* Column numbers follow KEY. */
static void read_key(struct query *q, struct arena *a, struct api_key *ret)
{
    *ret = (struct api_key){
        .id = query_text(q, a, 0),
        .name = query_text(q, a, 1),
        .hint = query_text(q, a, 2),
        .scopes = (unsigned)query_int(q, 3),
        .created_us = query_int(q, 4),
        .expires_us = query_int(q, 5),
        .last_used_us = query_int(q, 6),
    };
}

int keys_insert(struct db *db, const char *account, const struct api_key *key, struct str hash,
                struct err *e)
{
    return db_exec(
        db,
        "INSERT INTO api_keys (id, account_id, name, hash, hint, scopes, created_us, expires_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        DB_ARGS(db_textz(key->id), db_textz(account), db_textz(key->name), db_blob(hash),
                db_textz(key->hint), db_int(key->scopes), db_int(key->created_us),
                key->expires_us ? db_int(key->expires_us) : db_null()),
        e);
}

int keys_end(struct db *db, const char *account, const char *id, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT expires_us FROM api_keys WHERE id = $1 AND account_id = $2",
                 DB_ARGS(db_textz(id), db_textz(account)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret = query_int(q, 0);
    return found;
}

int keys_count(struct db *db, const char *account, int64_t *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT count(*) FROM api_keys WHERE account_id = $1",
                 DB_ARGS(db_textz(account)), &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

int keys_list(struct db *db, struct arena *a, const char *account, size_t limit,
              struct api_key *rows, size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    int more;
    *ret_count = 0;
    if (db_query(db,
                 "SELECT " KEY " FROM api_keys k WHERE k.account_id = $1"
                 " ORDER BY k.created_us DESC, k.id LIMIT $2",
                 DB_ARGS(db_textz(account), db_int((int64_t)limit)), &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        read_key(q, a, &rows[(*ret_count)++]);
    return more;
}

int keys_delete(struct db *db, const char *account, const char *id, struct err *e)
{
    return db_exec(db, "DELETE FROM api_keys WHERE id = $1 AND account_id = $2",
                   DB_ARGS(db_textz(id), db_textz(account)), e);
}

int keys_find(struct db *db, struct arena *a, struct str hash, struct api_key *ret,
              struct account *ret_account, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT " KEY ", c.id, c.name, c.admin, c.status FROM api_keys k"
                 " JOIN accounts c ON c.id = k.account_id WHERE k.hash = $1",
                 DB_ARGS(db_blob(hash)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found <= 0)
        return found;
    read_key(q, a, ret);
    *ret_account = (struct account){
        .id = query_text(q, a, COLUMNS),
        .name = query_text(q, a, COLUMNS + 1),
        .admin = query_int(q, COLUMNS + 2),
        .active = strcmp(query_text(q, a, COLUMNS + 3), "active") == 0,
    };
    return 1;
}

int keys_touch(struct db *db, const char *id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE api_keys SET last_used_us = $2 WHERE id = $1",
                   DB_ARGS(db_textz(id), db_int(now_us)), e);
}
