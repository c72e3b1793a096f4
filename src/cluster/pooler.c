#include "cluster/pooler.h"

#include "base/mem.h"
#include "base/must.h"
#include "cluster/cluster.h"

#include <ctype.h>
#include <string.h>

enum { CLIENTS_MAX = 4000 };

/* From weak to strict. */
static const char *const sslmodes[] = {"disable", "allow",     "prefer",
                                       "require", "verify-ca", "verify-full"};
enum { SSLMODE_PREFER = 2, SSLMODE_VERIFY_CA = 4 };

static int sslmode_rank(const char *mode)
{
    for (size_t i = 0; i < ARRAY_LEN(sslmodes); i++)
        if (strcmp(mode, sslmodes[i]) == 0)
            return (int)i;
    return -1;
}

/* --- records --- */

static int put(char *to, size_t size, const char *text, const char *field, struct err *e)
{
    size_t len = text ? strlen(text) : 0;
    if (len >= size)
        return err_set(e, ERR_INVALID, "a database's %s has %zu bytes, at most %zu", field, len,
                       size - 1);
    if (len)
        memcpy(to, text, len);
    return 0;
}

/* Padding and what stands behind a text's end are zero: it travels. */
int pooler_pack(const struct pool_entry *entry, struct pooler_record *ret, struct err *e)
{
    memset(ret, 0, sizeof *ret);
    if (put(ret->name, sizeof ret->name, entry->name, "name", e) < 0 ||
        put(ret->role, sizeof ret->role, entry->role, "role", e) < 0 ||
        put(ret->secret, sizeof ret->secret, entry->secret, "secret", e) < 0 ||
        put(ret->host, sizeof ret->host, entry->host, "host", e) < 0 ||
        put(ret->dbname, sizeof ret->dbname, entry->dbname, "dbname", e) < 0 ||
        put(ret->sslmode, sizeof ret->sslmode, entry->sslmode ? entry->sslmode : "prefer",
            "sslmode", e) < 0)
        return -1;
    ret->port = entry->port ? entry->port : 5432;
    ret->closed = entry->closed;
    return 0;
}

static bool is_word(const char *s, const char *also)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr(also, *s))
            return false;
    return true;
}

/* What can stand between quotes in all three files. */
static bool is_plain(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || strchr("\"'\\\x7f", *s))
            return false;
    return true;
}

static int check_one(struct pooler_record *r, struct err *e)
{
    const struct {
        char *text;
        size_t size;
    } texts[] = {{r->name, sizeof r->name},     {r->role, sizeof r->role},
                 {r->secret, sizeof r->secret}, {r->host, sizeof r->host},
                 {r->dbname, sizeof r->dbname}, {r->sslmode, sizeof r->sslmode}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        texts[i].text[texts[i].size - 1] = 0;
    /* An isalnum of the C locale: the keeper never sets another. */
    if (!is_word(r->name, "_.-") || strcmp(r->name, "pgbouncer") == 0)
        return err_set(e, ERR_INVALID, "a database's name must be of A-Z a-z 0-9 _ . -");
    if (!is_plain(r->role) || strcmp(r->role, "virga") == 0)
        return err_set(e, ERR_INVALID, "database '%s': a role with this name is refused", r->name);
    if (!is_plain(r->secret) || !is_plain(r->dbname))
        return err_set(e, ERR_INVALID,
                       "database '%s': quotes, backslashes and control characters are refused",
                       r->name);
    if (r->host[0] && !is_word(r->host, "._:-"))
        return err_set(e, ERR_INVALID, "database '%s': its host is no name or address", r->name);
    if (r->port == 0 || r->port > UINT16_MAX || sslmode_rank(r->sslmode) < 0 || r->closed > 1)
        return err_set(e, ERR_INVALID, "database '%s': port or sslmode", r->name);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct pooler_record *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_role(const void *a, const void *b)
{
    const struct pooler_record *const *x = a, *const *y = b;
    return strcmp((*x)->role, (*y)->role);
}

static const struct pooler_record **sorted(const struct pooler_record *records, size_t count,
                                           int (*order)(const void *, const void *))
{
    const struct pooler_record **all = mem_alloc((count + 1) * sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = &records[i];
    qsort(all, count, sizeof *all, order);
    return all;
}

int pooler_check(struct pooler_record *records, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++)
        if (check_one(&records[i], e) < 0)
            return -1;
    auto_ptr const struct pooler_record **names = sorted(records, count, by_name);
    auto_ptr const struct pooler_record **roles = sorted(records, count, by_role);
    for (size_t i = 1; i < count; i++) {
        if (by_name(&names[i - 1], &names[i]) == 0)
            return err_set(e, ERR_CONFLICT, "database '%s' is named twice", names[i]->name);
        if (by_role(&roles[i - 1], &roles[i]) == 0 &&
            strcmp(roles[i - 1]->secret, roles[i]->secret) != 0)
            return err_set(e, ERR_CONFLICT, "role '%s' of databases '%s' and '%s' has two secrets",
                           roles[i]->role, roles[i - 1]->name, roles[i]->name);
    }
    return 0;
}

/* --- texts --- */

/* Only entries of other servers count: a Unix socket needs no TLS. */
static int strictest(const struct pooler_record *records, size_t count)
{
    int rank = -1;
    for (size_t i = 0; i < count; i++)
        if (records[i].host[0] && sslmode_rank(records[i].sslmode) > rank)
            rank = sslmode_rank(records[i].sslmode);
    return rank < 0 ? SSLMODE_PREFER : rank;
}

void pooler_ini(const struct pooler_config *c, const struct pooler_record *records, size_t count,
                struct buf *ret)
{
    int sslmode = strictest(records, count);
    buf_addz(ret, "[databases]\n");
    for (size_t i = 0; i < count; i++) {
        const struct pooler_record *r = &records[i];
        buf_addf(ret, "%s = host=%s port=%u dbname='%s'\n", r->name,
                 r->host[0] ? r->host : c->admin_dir, r->host[0] ? r->port : 5432, r->dbname);
    }
    buf_addf(ret,
             "[pgbouncer]\n"
             "unix_socket_dir = %s\n"
             "unix_socket_mode = 0777\n"
             "listen_port = 5432\n"
             "listen_backlog = 1024\n"
             "auth_type = hba\n"
             "auth_hba_file = %s/hba\n"
             "auth_file = %s/users\n"
             "admin_users = %s\n"
             "pool_mode = transaction\n"
             "default_pool_size = %u\n"
             "max_db_connections = %u\n"
             "max_client_conn = %d\n",
             c->slots_dir, c->conf_dir, c->conf_dir, c->admin, c->connections_max,
             c->connections_max, CLIENTS_MAX);
    buf_addf(ret,
             "server_idle_timeout = 60\n"
             "server_login_retry = 1\n"
             "query_wait_timeout = 30\n"
             "client_login_timeout = 15\n"
             "ignore_startup_parameters = extra_float_digits\n"
             "server_tls_sslmode = %s\n"
             "%s"
             /* Guests cause these, as many as they like. */
             "log_connections = 0\n"
             "log_disconnections = 0\n"
             "log_pooler_errors = 0\n"
             "log_stats = 0\n",
             sslmodes[sslmode],
             sslmode >= SSLMODE_VERIFY_CA
                 ? "server_tls_ca_file = /etc/ssl/certs/ca-certificates.crt\n"
                 : "");
}

/* Without these lines a role could make the pooler connect to any database. */
static void add_hba(const struct pooler_config *c, const struct pooler_record *records,
                    size_t count, bool strict, struct buf *ret)
{
    buf_addf(ret, "local \"pgbouncer\" \"%s\" peer\n", c->admin);
    for (size_t i = 0; i < count; i++)
        if (!strict || !records[i].closed)
            buf_addf(ret, "local \"%s\" \"%s\" scram-sha-256\n", records[i].name, records[i].role);
    buf_addz(ret, "local all all reject\n");
}

void pooler_hba(const struct pooler_config *c, const struct pooler_record *records, size_t count,
                struct buf *ret)
{
    add_hba(c, records, count, false, ret);
}

void pooler_hba_strict(const struct pooler_config *c, const struct pooler_record *records,
                       size_t count, struct buf *ret)
{
    add_hba(c, records, count, true, ret);
}

/* The administrator needs a line too, which opens nothing: peer is the only way in. */
void pooler_users(const struct pooler_config *c, const struct pooler_record *records, size_t count,
                  struct buf *ret)
{
    auto_ptr const struct pooler_record **roles = sorted(records, count, by_role);
    buf_addf(ret, "\"%s\" \"\"\n", c->admin);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || by_role(&roles[i - 1], &roles[i]) != 0)
            buf_addf(ret, "\"%s\" \"%s\"\n", roles[i]->role, roles[i]->secret);
}
