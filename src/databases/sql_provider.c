/* sql_provider — databases on a PostgreSQL whose administrator we are: our own cluster, or a server
 * by URL.
 *
 * The administrator's connection never enters a project's database but right after it was made,
 * before its owner could put anything there: search paths, operators and triggers of tenants run
 * with nobody's rights but their own. */
#include "auth/auth.h"
#include "base/must.h"
#include "cluster/cluster.h"
#include "databases/pg.h"
#include "databases/provider.h"

#include <stdlib.h>
#include <string.h>

enum { PASSWORD_BYTES = 24, SPARE_CONNECTIONS = 3, CLOSED_CONNECTIONS = 2, TEMP_FILES_KB = 262144 };
#define IDLE_IN_TRANSACTION_MS 60000
#define LOCK_TIMEOUT_MS        10000

static const char *admin_url(const struct databases *d, enum database_provider_kind kind)
{
    return kind == DATABASE_LOCAL ? cluster_admin(d->config.cluster) : d->config.admin_url;
}

int sql_admin(const struct databases *d, enum database_provider_kind kind, struct pg *ret,
              struct err *e)
{
    if (provider_check(d, kind, e) < 0 ||
        (kind == DATABASE_LOCAL && cluster_up(d->config.cluster, e) < 0))
        return -1;
    return pg_open(admin_url(d, kind), ret, e);
}

static bool is_state(const struct pg *pg, const char *state)
{
    return strcmp(pg->sqlstate, state) == 0;
}

/* --- names and passwords --- */

static void wipe(void *text)
{
    explicit_bzero(text, strlen(text));
}

static const char *new_password(struct arena *a)
{
    unsigned char bytes[PASSWORD_BYTES];
    char *text = arena_alloc(a, 2 * PASSWORD_BYTES + 1);
    id_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    explicit_bzero(bytes, sizeof bytes);
    arena_defer(a, wipe, text);
    return text;
}

/* What is stored in place of the password; the pooler has to know the very same text. */
static int make_verifier(struct pg *pg, struct arena *a, const char *role, const char *password,
                         const char **ret, struct err *e)
{
    char *text = PQencryptPasswordConn(pg->conn, password, role, "scram-sha-256");
    if (!text)
        return pg_lost(pg->conn, e);
    *ret = arena_strdup(a, text);
    PQfreemem(text);
    return 0;
}

static int prepare(const struct work *w, struct database *row, struct err *e)
{
    auto_pg struct pg pg = {0};
    char id[ID_TEXT];
    if (sql_admin(w->d, row->provider, &pg, e) < 0)
        return -1;
    id_new(id);
    row->name = arena_printf(w->a, "p_%s", id);
    row->password = new_password(w->a);
    return make_verifier(&pg, w->a, row->name, row->password, &row->verifier, e);
}

static int renew(const struct work *w, struct database *row, struct err *e)
{
    auto_pg struct pg pg = {0};
    if (sql_admin(w->d, row->provider, &pg, e) < 0)
        return -1;
    row->next = new_password(w->a);
    return make_verifier(&pg, w->a, row->name, row->next, &row->next_verifier, e);
}

/* --- making --- */

static int exists(struct pg *pg, const char *table, const char *column, const char *name,
                  struct err *e)
{
    auto_buf struct buf sql = {0};
    int64_t count;
    buf_addf(&sql, "SELECT count(*) FROM pg_catalog.%s WHERE %s = '%s'", table, column, name);
    return pg_number(pg, sql.data, &count, e) < 0 ? -1 : count > 0;
}

/* A statement of a killed server may still have been under way when we looked. */
static int unless_exists(struct pg *pg, int rc, const char *state, struct err *e)
{
    if (rc == 0 || !is_state(pg, state))
        return rc;
    *e = (struct err){0};
    return 0;
}

static int make_role(struct pg *pg, const char *name, struct err *e)
{
    int there = exists(pg, "pg_roles", "rolname", name, e);
    if (there)
        return there < 0 ? -1 : 0;
    return unless_exists(pg, pg_runf(pg, e, "CREATE ROLE \"%s\" NOLOGIN", name), "42710", e);
}

/* Settings of the role are its defaults, which its owner may change for itself; the bound on
 * statements that holds in any case is watch.c's. temp_file_limit is for superusers to set, and
 * then nobody else can raise it. */
static int limit_role(struct pg *pg, const struct databases_config *c, const char *name,
                      struct err *e)
{
    const char *super = PQparameterStatus(pg->conn, "is_superuser");
    if (pg_runf(pg, e,
                "ALTER ROLE \"%s\" SET statement_timeout = %u;"
                "ALTER ROLE \"%s\" SET idle_in_transaction_session_timeout = %d;"
                "ALTER ROLE \"%s\" SET lock_timeout = %d",
                name, c->statement_timeout_ms, name, IDLE_IN_TRANSACTION_MS, name,
                LOCK_TIMEOUT_MS) < 0)
        return -1;
    if (!super || strcmp(super, "on") != 0)
        return 0;
    return pg_runf(pg, e, "ALTER ROLE \"%s\" SET temp_file_limit = '%dkB'", name, TEMP_FILES_KB);
}

static int make_database(struct pg *pg, const char *name, const char *owner, struct err *e)
{
    int there = exists(pg, "pg_database", "datname", name, e);
    if (there < 0)
        return -1;
    /* Its owner must be a role of ours for a moment where we are no superuser. */
    if (!there && unless_exists(pg,
                                pg_runf(pg, e,
                                        "CREATE DATABASE \"%s\" OWNER \"%s\" TEMPLATE template0"
                                        " ENCODING 'UTF8'",
                                        name, owner),
                                "42P04", e) < 0)
        return -1;
    return pg_runf(pg, e, "REVOKE ALL ON DATABASE \"%s\" FROM PUBLIC", name);
}

/* From PostgreSQL 15 on the owner of a database owns its schema public; before, all may use it. */
static int own_schema(const struct work *w, const struct database *row, const char *database,
                      struct err *e)
{
    auto_secret struct buf info = {0};
    auto_pg struct pg pg = {0};
    if (pg_conninfo(admin_url(w->d, row->provider), (struct pg_instead){.dbname = database}, &info,
                    e) < 0 ||
        pg_open(info.data, &pg, e) < 0)
        return -1;
    if (PQserverVersion(pg.conn) >= 150000)
        return 0;
    return pg_runf(&pg, e,
                   "SET search_path = pg_catalog; ALTER SCHEMA public OWNER TO \"%s\";"
                   "REVOKE ALL ON SCHEMA public FROM PUBLIC",
                   row->name);
}

static int let_in(struct pg *pg, const struct work *w, const char *name, const char *verifier,
                  struct err *e)
{
    return pg_runf(pg, e,
                   "ALTER ROLE \"%s\" LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT %u"
                   " PASSWORD '%s'",
                   name, w->d->config.connections_max + SPARE_CONNECTIONS, verifier);
}

/* Only a superuser may say (and need say) that a role is none. */
static int bar_powers(struct pg *pg, const char *name, struct err *e)
{
    const char *super = PQparameterStatus(pg->conn, "is_superuser");
    if (!super || strcmp(super, "on") != 0)
        return pg_runf(pg, e, "GRANT \"%s\" TO CURRENT_USER", name);
    return pg_runf(pg, e, "ALTER ROLE \"%s\" NOSUPERUSER NOREPLICATION NOBYPASSRLS", name);
}

static int provision(const struct work *w, struct database *row, const char *label, struct err *e)
{
    auto_pg struct pg pg = {0};
    (void)label;
    if (!row->password)
        return err_set(e, ERR_SYSTEM, "the password of database %s does not open", row->name);
    if (sql_admin(w->d, row->provider, &pg, e) < 0 || make_role(&pg, row->name, e) < 0 ||
        bar_powers(&pg, row->name, e) < 0 || limit_role(&pg, &w->d->config, row->name, e) < 0 ||
        make_database(&pg, row->name, row->name, e) < 0 || own_schema(w, row, row->name, e) < 0)
        return -1;
    return let_in(&pg, w, row->name, row->verifier, e);
}

static int rotate(const struct work *w, struct database *row, struct err *e)
{
    auto_pg struct pg pg = {0};
    if (!row->next)
        return err_set(e, ERR_SYSTEM, "the new password of database %s does not open", row->name);
    if (sql_admin(w->d, row->provider, &pg, e) < 0)
        return -1;
    return pg_runf(&pg, e, "ALTER ROLE \"%s\" PASSWORD '%s'", row->name, row->next_verifier);
}

/* --- ending --- */

/* An owner may have made it a template, which cannot be dropped. One whose DROP was interrupted can
 * only be dropped, not altered. */
static int drop_database(struct pg *pg, const char *name, struct err *e)
{
    auto_buf struct buf sql = {0};
    int64_t templates;
    buf_addf(&sql,
             "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = '%s' AND datistemplate",
             name);
    if (pg_number(pg, sql.data, &templates, e) < 0 ||
        (templates && pg_runf(pg, e, "ALTER DATABASE \"%s\" IS_TEMPLATE false", name) < 0))
        return -1;
    return pg_runf(pg, e, "DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", name);
}

static int drop_all(struct pg *pg, const struct database *row, struct err *e)
{
    static const char *const suffixes[] = {"_new", "_old", ""};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char name[NAME_TEXT + 8];
        snprintf(name, sizeof name, "%s%s", row->name, suffixes[i]);
        if (drop_database(pg, name, e) < 0)
            return -1;
    }
    return 0;
}

static int drop(const struct work *w, const struct database *row, struct err *e)
{
    auto_pg struct pg pg = {0};
    if (sql_admin(w->d, row->provider, &pg, e) < 0)
        return -1;
    int there = exists(&pg, "pg_roles", "rolname", row->name, e);
    if (there < 0 || (there && pg_runf(&pg, e, "ALTER ROLE \"%s\" NOLOGIN", row->name) < 0))
        return -1;
    if (drop_all(&pg, row, e) < 0)
        return -1;
    return pg_runf(&pg, e, "DROP ROLE IF EXISTS \"%s\"", row->name);
}

/* --- looking --- */

static int usage(const struct work *w, const struct database *row, struct provider_usage *ret,
                 struct err *e)
{
    auto_pg struct pg pg = {0};
    auto_buf struct buf sql = {0};
    if (sql_admin(w->d, row->provider, &pg, e) < 0)
        return -1;
    buf_addf(&sql, "SELECT pg_catalog.pg_database_size('%s')", row->name);
    if (pg_number(&pg, sql.data, &ret->bytes, e) < 0)
        return -1;
    const char *version = PQparameterStatus(pg.conn, "server_version");
    size_t digits = strspn(version, "0123456789.");
    ret->version = arena_dup(w->a, version, digits);
    return 0;
}

static int end_sessions(struct pg *pg, const char *name, struct err *e)
{
    return pg_runf(pg, e,
                   "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
                   " WHERE usename = '%s'",
                   name);
}

static int fence(const struct work *w, const struct database *row, enum database_fence to,
                 struct err *e)
{
    auto_pg struct pg pg = {0};
    unsigned most = w->d->config.connections_max + SPARE_CONNECTIONS;
    if (sql_admin(w->d, row->provider, &pg, e) < 0 ||
        pg_runf(&pg, e,
                "ALTER ROLE \"%s\" CONNECTION LIMIT %u; ALTER ROLE \"%s\""
                " SET default_transaction_read_only = %s",
                row->name, to == FENCE_CLOSED ? CLOSED_CONNECTIONS : most, row->name,
                to == FENCE_OPEN ? "off" : "on") < 0)
        return -1;
    return end_sessions(&pg, row->name, e);
}

/* --- another content --- */

static int conninfo_of(const struct work *w, const struct database *row, const char *database,
                       struct buf *ret, struct err *e)
{
    if (!row->password)
        return err_set(e, ERR_SYSTEM, "the password of database %s does not open", row->name);
    return pg_conninfo(admin_url(w->d, row->provider),
                       (struct pg_instead){row->name, row->password, database}, ret, e);
}

static int conninfo(const struct work *w, const struct database *row, struct buf *ret,
                    struct err *e)
{
    return conninfo_of(w, row, row->name, ret, e);
}

static int fill(const struct work *w, const struct database *row, const char *database, int file,
                struct err *e)
{
    auto_secret struct buf info = {0};
    if (conninfo_of(w, row, database, &info, e) < 0)
        return -1;
    return cluster_restore(w->d->config.cluster, info.data, file, e);
}

/* Both names change hands in one transaction, which takes that nobody is connected to either: new
 * connections are held off by the limit for the moment that it takes. */
static int swap(struct pg *pg, const struct work *w, const struct database *row, struct err *e)
{
    const char *n = row->name;
    unsigned most = w->d->config.connections_max + SPARE_CONNECTIONS;
    struct err ignored = {0};
    if (pg_runf(pg, e, "ALTER ROLE \"%s\" CONNECTION LIMIT 0", n) < 0)
        return -1;
    int rc = end_sessions(pg, n, e);
    if (rc == 0)
        rc = pg_runf(pg, e,
                     "BEGIN; ALTER DATABASE \"%s\" RENAME TO \"%s_old\";"
                     "ALTER DATABASE \"%s_new\" RENAME TO \"%s\"; COMMIT",
                     n, n, n, n);
    if (rc < 0)
        (void)pg_runf(pg, &ignored, "ROLLBACK");
    if (pg_runf(pg, rc < 0 ? &ignored : e, "ALTER ROLE \"%s\" CONNECTION LIMIT %u", n,
                row->fence == FENCE_CLOSED ? CLOSED_CONNECTIONS : most) < 0)
        rc = -1;
    return rc;
}

/* A database of its own is filled and then takes the name: the old one stays whole until then. */
static int restore(const struct work *w, const struct database *row, int file, struct err *e)
{
    auto_pg struct pg pg = {0};
    const char *new = arena_printf(w->a, "%s_new", row->name);
    const char *old = arena_printf(w->a, "%s_old", row->name);
    struct err ignored = {0};
    if (sql_admin(w->d, row->provider, &pg, e) < 0 || drop_database(&pg, new, e) < 0 ||
        drop_database(&pg, old, e) < 0 || make_database(&pg, new, row->name, e) < 0)
        return -1;
    if (own_schema(w, row, new, e) < 0 || fill(w, row, new, file, e) < 0 ||
        swap(&pg, w, row, e) < 0) {
        (void)drop_database(&pg, new, &ignored); /* else the next one does */
        return -1;
    }
    return drop_database(&pg, old, e);
}

/* --- the pooler --- */

static int remote_entry(const struct work *w, const struct database *row, struct pool_entry *ret,
                        struct err *e)
{
    const char *url = admin_url(w->d, row->provider);
    auto_buf struct buf host = {0}, port = {0}, mode = {0};
    if (pg_conninfo_value(url, "host", &host, e) < 0 ||
        pg_conninfo_value(url, "port", &port, e) < 0 ||
        pg_conninfo_value(url, "sslmode", &mode, e) < 0)
        return -1;
    ret->host = host.len ? arena_strdup(w->a, host.data) : "localhost";
    ret->port = port.len ? (unsigned)strtoul(port.data, NULL, 10) : 5432;
    ret->sslmode = mode.len ? arena_strdup(w->a, mode.data) : NULL;
    ret->secret = row->password;
    return 0;
}

static int entry(const struct work *w, const struct database *row, struct pool_entry *ret,
                 struct err *e)
{
    ret->dbname = row->name;
    ret->secret = row->verifier;
    return row->provider == DATABASE_LOCAL ? 0 : remote_entry(w, row, ret, e);
}

const struct provider sql_provider = {
    .prepare = prepare,
    .provision = provision,
    .renew = renew,
    .rotate = rotate,
    .drop = drop,
    .usage = usage,
    .fence = fence,
    .restore = restore,
    .conninfo = conninfo,
    .entry = entry,
};
