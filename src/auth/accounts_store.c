#include "auth/accounts_store.h"

#include "base/clock.h"

#include <ctype.h>
#include <string.h>

/* The owner is there from the first start on and can do everything; a password comes with the
 * set-up link. `name_key` and `email_key` are what must be unique: in lower case. */
const struct migration auth_migrations[] = {
    {10, "accounts",
     "CREATE TABLE accounts (id text PRIMARY KEY, name text NOT NULL, name_key text NOT NULL"
     " UNIQUE, email text, email_key text UNIQUE, password text, admin bigint NOT NULL,"
     " status text NOT NULL, issuer text, subject text, quota_projects bigint,"
     " quota_functions bigint, quota_calls_per_day bigint, created_us bigint NOT NULL,"
     " updated_us bigint NOT NULL, UNIQUE (issuer, subject));"
     "INSERT INTO accounts (id, name, name_key, admin, status, created_us, updated_us)"
     " VALUES ('" OWNER_ACCOUNT "', 'owner', 'owner', 1, 'active', 0, 0);"
     "CREATE INDEX accounts_by_age ON accounts (created_us, id);"
     "CREATE TABLE sessions (id text PRIMARY KEY, account_id text NOT NULL"
     " REFERENCES accounts (id) ON DELETE CASCADE, created_us bigint NOT NULL,"
     " expires_us bigint NOT NULL, last_used_us bigint NOT NULL, address text NOT NULL,"
     " agent text NOT NULL);"
     "CREATE INDEX sessions_by_account ON sessions (account_id, created_us);"
     "CREATE INDEX sessions_by_end ON sessions (expires_us);"
     "CREATE TABLE api_keys (id text PRIMARY KEY, account_id text NOT NULL"
     " REFERENCES accounts (id) ON DELETE CASCADE, name text NOT NULL, hash bytea NOT NULL UNIQUE,"
     " hint text NOT NULL, scopes bigint NOT NULL, created_us bigint NOT NULL, expires_us bigint,"
     " last_used_us bigint);"
     "CREATE INDEX api_keys_by_account ON api_keys (account_id, created_us);"
     "CREATE TABLE invites (id text PRIMARY KEY, hash bytea NOT NULL UNIQUE, email text,"
     " created_by text NOT NULL, created_us bigint NOT NULL, expires_us bigint NOT NULL,"
     " used_us bigint);"
     "CREATE TABLE audit (number bigserial primary key, at_us bigint NOT NULL,"
     " account_id text NOT NULL, credential text NOT NULL, address text NOT NULL,"
     " action text NOT NULL, object text NOT NULL, detail text NOT NULL);"
     "CREATE INDEX audit_by_object ON audit (object, number);"
     "CREATE INDEX audit_by_account ON audit (account_id, number);"},
    /* The address (as email_key) that an invite or the issuer has confirmed. Once the account takes
     * another one it says nothing. */
    {11, "proven addresses", "ALTER TABLE accounts ADD COLUMN email_proven text"},
    {0},
};

#define ACCOUNT                                                                                    \
    "SELECT id, name, email, password, admin, status, issuer, subject, quota_projects,"            \
    " quota_functions, quota_calls_per_day, created_us, updated_us,"                               \
    " CAST(CASE WHEN email_proven = email_key THEN 1 ELSE 0 END AS bigint) FROM accounts "

enum { COLUMN_QUOTA = 8 };

static int64_t own_or(struct query *q, struct arena *a, int column, int64_t standard)
{
    return query_text(q, a, column) ? query_int(q, column) : standard;
}

/* Column numbers follow ACCOUNT. */
static void read_account(struct query *q, struct arena *a, struct account *ret)
{
    *ret = (struct account){
        .id = query_text(q, a, 0),
        .name = query_text(q, a, 1),
        .email = query_text(q, a, 2),
        .password = query_text(q, a, 3),
        .admin = query_int(q, 4),
        .active = strcmp(query_text(q, a, 5), "active") == 0,
        .issuer = query_text(q, a, 6),
        .subject = query_text(q, a, 7),
        .created_us = query_int(q, 11),
        .updated_us = query_int(q, 12),
        .email_proven = query_int(q, 13),
    };
    for (int i = 0; i < ACCOUNT_QUOTAS; i++)
        ret->quota[i] = own_or(q, a, COLUMN_QUOTA + i, -1);
}

static int find(struct db *db, struct arena *a, const char *sql, const struct db_value *args,
                size_t count, struct account *ret, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, sql, args, count, &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        read_account(q, a, ret);
    return found;
}

int accounts_find(struct db *db, struct arena *a, const char *id, struct account *ret,
                  struct err *e)
{
    int found = find(db, a, ACCOUNT "WHERE id = $1", DB_ARGS(db_textz(id)), ret, e);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "Account not found");
    return found < 0 ? -1 : 0;
}

/* Only ASCII has cases here. */
const char *accounts_key(struct arena *a, const char *text)
{
    char *ret = arena_strdup(a, text);
    for (char *p = ret; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return ret;
}

int accounts_find_login(struct db *db, struct arena *a, const char *login, struct account *ret,
                        struct err *e)
{
    const char *sql =
        strchr(login, '@') ? ACCOUNT "WHERE email_key = $1" : ACCOUNT "WHERE name_key = $1";
    return find(db, a, sql, DB_ARGS(db_textz(accounts_key(a, login))), ret, e);
}

int accounts_find_subject(struct db *db, struct arena *a, const char *issuer, const char *subject,
                          struct account *ret, struct err *e)
{
    return find(db, a, ACCOUNT "WHERE issuer = $1 AND subject = $2",
                DB_ARGS(db_textz(issuer), db_textz(subject)), ret, e);
}

int accounts_list(struct db *db, struct arena *a, const char *before, size_t limit,
                  struct account *rows, size_t *ret_count, struct err *e)
{
    auto_query struct query *q = NULL;
    struct account from = {.created_us = INT64_MAX, .id = ""};
    int more;
    *ret_count = 0;
    if (before && accounts_find(db, a, before, &from, e) < 0)
        return -1;
    if (db_query(db,
                 ACCOUNT "WHERE created_us < $1 OR (created_us = $1 AND id < $2)"
                         " ORDER BY created_us DESC, id DESC LIMIT $3",
                 DB_ARGS(db_int(from.created_us), db_textz(from.id), db_int((int64_t)limit)), &q,
                 e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0)
        read_account(q, a, &rows[(*ret_count)++]);
    return more;
}

static struct db_value quota(const struct account *account, int i)
{
    return account->quota[i] < 0 ? db_null() : db_int(account->quota[i]);
}

int accounts_insert(struct db *db, struct arena *a, const struct account *c, struct err *e)
{
    return db_exec(
        db,
        "INSERT INTO accounts (id, name, name_key, email, email_key, password, admin, status,"
        " issuer, subject, quota_projects, quota_functions, quota_calls_per_day, created_us,"
        " updated_us, email_proven)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        DB_ARGS(db_textz(c->id), db_textz(c->name), db_textz(accounts_key(a, c->name)),
                db_textz(c->email), db_textz(accounts_key(a, c->email)), db_textz(c->password),
                db_int(c->admin), db_textz(c->active ? "active" : "disabled"), db_textz(c->issuer),
                db_textz(c->subject), quota(c, 0), quota(c, 1), quota(c, 2), db_int(c->created_us),
                db_int(c->updated_us),
                db_textz(c->email_proven ? accounts_key(a, c->email) : NULL)),
        e);
}

int accounts_update(struct db *db, struct arena *a, const struct account *c, struct err *e)
{
    return db_exec(
        db,
        "UPDATE accounts SET name = $2, name_key = $3, email = $4, email_key = $5, admin = $6,"
        " status = $7, quota_projects = $8, quota_functions = $9, quota_calls_per_day = $10,"
        " updated_us = $11 WHERE id = $1",
        DB_ARGS(db_textz(c->id), db_textz(c->name), db_textz(accounts_key(a, c->name)),
                db_textz(c->email), db_textz(accounts_key(a, c->email)), db_int(c->admin),
                db_textz(c->active ? "active" : "disabled"), quota(c, 0), quota(c, 1), quota(c, 2),
                db_int(clock_wall_us())),
        e);
}

int accounts_set_password(struct db *db, const char *id, const char *hash, struct err *e)
{
    return db_exec(db, "UPDATE accounts SET password = $2, updated_us = $3 WHERE id = $1",
                   DB_ARGS(db_textz(id), db_textz(hash), db_int(clock_wall_us())), e);
}

int accounts_set_first_password(struct db *db, const char *id, const char *hash, struct err *e)
{
    return db_exec(db,
                   "UPDATE accounts SET password = $2, updated_us = $3 WHERE id = $1"
                   " AND password IS NULL",
                   DB_ARGS(db_textz(id), db_textz(hash), db_int(clock_wall_us())), e);
}

int accounts_free_email(struct db *db, struct arena *a, const char *email, struct err *e)
{
    return db_exec(db,
                   "UPDATE accounts SET email = NULL, email_key = NULL, updated_us = $2"
                   " WHERE email_key = $1 AND (email_proven IS NULL OR email_proven <> $1)",
                   DB_ARGS(db_textz(accounts_key(a, email)), db_int(clock_wall_us())), e);
}

int accounts_delete(struct db *db, const char *id, struct err *e)
{
    return db_exec(db, "DELETE FROM accounts WHERE id = $1", DB_ARGS(db_textz(id)), e);
}

int auth_quota(struct db *db, const struct auth_quota *standard, const char *account,
               struct auth_quota *ret, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    *ret = *standard;
    if (db_query(db,
                 "SELECT quota_projects, quota_functions, quota_calls_per_day FROM accounts"
                 " WHERE id = $1",
                 DB_ARGS(db_textz(account)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        *ret = (struct auth_quota){own_or(q, a, 0, standard->projects),
                                   own_or(q, a, 1, standard->functions),
                                   own_or(q, a, 2, standard->calls_per_day)};
    return found < 0 ? -1 : 0;
}
