#include "auth/accounts_store.h"

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
    {0},
};

static int64_t own_or(struct query *q, struct arena *a, int column, int64_t standard)
{
    return query_text(q, a, column) ? query_int(q, column) : standard;
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
