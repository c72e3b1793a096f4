/* postgres_conn — reading the URL, making connections, waiting for answers with a deadline. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres.h"
#include "store/pq.h"

#include <stdio.h>
#include <string.h>

enum {
    VERSION_MIN = 120000,
    CONNECT_MS = PG_CONNECT_US / 1000,
    DOUBT_FIRST_US = 1500000, /* so long without an answer, and PROBE_MS more: below 5 s */
    DOUBT_AGAIN_US = 5000000,
    DOUBT_SHARED_US = 250000, /* others have waited already */
    PROBE_MS = 2000,
};

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

/* What stands unescaped in a password ends it early, and the rest becomes a host, a port or a
 * name: such a URL must not get as far as an error that names them. */
static bool is_plausible(const char *host, const char *port, const char *name)
{
    return !strpbrk(host, "@:#?") && strspn(port, "0123456789,") == strlen(port) &&
           !strpbrk(name, "@");
}

static int read_options(struct pg_store *s, const PQconninfoOption *options)
{
    const char *host = option(options, "host"), *port = option(options, "port");
    const char *name = option(options, "dbname"), *user = option(options, "user");
    host = host ? host : option(options, "hostaddr");
    host = host ? host : "localhost";
    port = port ? port : "";
    name = name ? name : user ? user : "";
    bool address = option(options, "hostaddr") != NULL;
    if (!is_plausible(address ? "" : host, port, name))
        return -1;
    bool told = strpbrk(port, "0123456789"); /* for several hosts it may be ",," */
    auto_buf struct buf text = {0};
    buf_addf(&text, "%s:%s/%s", host, told ? port : "5432", name);
    s->base.name = buf_take(&text);
    s->hosts = 1;
    for (const char *p = host; (p = strchr(p, ',')); p++)
        s->hosts++;
    return 0;
}

int postgres_url_read(struct pg_store *s, struct err *e)
{
    char *why = NULL; /* quotes the URL: not for anybody's eyes */
    PQconninfoOption *options = PQconninfoParse(s->url, &why);
    PQfreemem(why);
    int rc = options ? read_options(s, options) : -1;
    PQconninfoFree(options);
    if (rc < 0)
        return err_set(e, ERR_INVALID,
                       "the PostgreSQL URL cannot be read: postgres://user:password@host:port/name;"
                       " in a password '@' is written %%40, '/' %%2F, ':' %%3A, '?' %%3F, '#' %%23,"
                       " '%%' %%25");
    return 0;
}

/* A statement may take long. One whose server does not even answer a new connection gets no answer
 * either: it hangs, or the way to it swallows what is sent. */
static bool is_silent(struct pg_store *s, PGconn *conn)
{
    PGconn *probe = NULL;
    const char *address = PQhostaddr(conn);
    if (!s->silent) {
        bool one_of = s->hosts > 1;
        const struct pq_target same = {.conninfo = s->url,
                                       .host = one_of ? PQhost(conn) : NULL,
                                       .hostaddr = one_of && *address ? address : NULL,
                                       .port = one_of ? PQport(conn) : NULL,
                                       .within_ms = PROBE_MS,
                                       .lost_ms = PROBE_MS,
                                       .wake_fd = PQ_NO_WAKE};
        if (pq_connect(&same, &probe) == PQ_SILENT)
            s->silent = true;
        PQfinish(probe);
    }
    return s->silent;
}

int postgres_wait(struct store *base, PGconn *conn, uint64_t at_most_us)
{
    struct pg_store *s = pg_store(base);
    uint64_t now = clock_mono_us(), until = at_most_us ? now + at_most_us : UINT64_MAX;
    uint64_t pause = s->silent ? DOUBT_SHARED_US : DOUBT_FIRST_US;
    for (; now < until; pause = DOUBT_AGAIN_US) {
        int waited = pq_wait(conn, now + pause < until ? now + pause : until);
        if (waited > 0)
            s->silent = false;
        if (waited != 0)
            return waited < 0 ? -1 : 0;
        if (is_silent(s, conn))
            return -1;
        now = clock_mono_us();
    }
    return -1;
}

PGresult *postgres_run(struct store *s, PGconn *conn, const char *sql, uint64_t at_most_us,
                       const char *what, struct err *e)
{
    PGresult *last = NULL;
    bool sent = PQsendQuery(conn, sql);
    while (sent) {
        if (postgres_wait(s, conn, at_most_us) < 0) {
            PQclear(last);
            last = NULL;
            break;
        }
        PGresult *result = PQgetResult(conn);
        if (!result)
            break;
        PQclear(last);
        last = result;
    }
    ExecStatusType status = PQresultStatus(last);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return last;
    postgres_fail(s, conn, last, what, e);
    PQclear(last);
    return NULL;
}

static int unreachable(struct pg_store *s, struct str why, struct err *e)
{
    err_set(e, ERR_UNAVAILABLE, "cannot reach PostgreSQL at %s: " STR_FMT, s->base.name,
            STR_ARG(why));
    return postgres_away(&s->base, POSTGRES_AWAY, e);
}

static int check_server(struct pg_store *s, PGconn *conn, struct err *e)
{
    if (PQserverVersion(conn) < VERSION_MIN)
        return err_set(e, ERR_INVALID, "PostgreSQL at %s: version 12 or newer is needed",
                       s->base.name);
    const char *encoding = PQparameterStatus(conn, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return err_set(e, ERR_INVALID, "PostgreSQL at %s: the database's encoding is %s, not UTF8",
                       s->base.name, encoding ? encoding : "unknown");
    return 0;
}

/* While it is silent the listener looks whether it still is, or one thread where there is none: the
 * others need not wait. */
static enum pq_outcome connect_to(struct pg_store *s, int wake_fd, PGconn **ret)
{
    const struct pq_target target = {.conninfo = s->url,
                                     .within_ms = CONNECT_MS,
                                     .lost_ms = s->hosts > 1 ? CONNECT_MS / 2 : CONNECT_MS,
                                     .wake_fd = wake_fd};
    bool trying = s->silent && wake_fd == PQ_NO_WAKE;
    if (trying && (postgres_listens(s) || atomic_exchange(&s->trying, true)))
        return PQ_SILENT;
    enum pq_outcome outcome = pq_connect(&target, ret);
    if (outcome != PQ_WOKEN)
        s->silent = outcome == PQ_SILENT;
    if (trying)
        s->trying = false;
    return outcome;
}

PGconn *postgres_connect(struct pg_store *s, int wake_fd, struct err *e)
{
    PGconn *conn = NULL;
    enum pq_outcome outcome = connect_to(s, wake_fd, &conn);
    struct str why = conn ? pq_why(conn) : (struct str){NULL, 0};
    if (outcome == PQ_CONNECTED && check_server(s, conn, e) == 0)
        return conn;
    if (outcome != PQ_CONNECTED)
        (void)unreachable(s, why.p ? why : STR("no answer within 4 s"), e);
    PQfinish(conn);
    return NULL;
}
