/* postgres_conn — reading the URL, making connections, waiting for answers with a deadline. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "store/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { VERSION_MIN = 120000 };

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

/* 1: ready; 0: not in time; -1: somebody woke us. */
static int wait_fd(int fd, short events, int wake_fd, uint64_t until_us)
{
    for (;;) {
        uint64_t now = clock_mono_us();
        if (until_us && now >= until_us)
            return 0;
        int ms = until_us ? (int)((until_us - now) / 1000 + 1) : -1;
        struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = wake_fd, .events = POLLIN}};
        int n = poll(fds, 2, ms);
        must(n >= 0 || errno == EINTR);
        if (n > 0)
            return fds[1].revents ? -1 : 1;
    }
}

int postgres_wait(PGconn *conn, uint64_t at_most_us)
{
    uint64_t until = at_most_us ? clock_mono_us() + at_most_us : 0;
    for (;;) {
        int unsent = PQflush(conn);
        if (unsent < 0)
            return -1;
        if (!unsent && !PQisBusy(conn))
            return 0;
        short events = (short)(unsent ? POLLIN | POLLOUT : POLLIN);
        if (wait_fd(PQsocket(conn), events, -1, until) != 1 || !PQconsumeInput(conn))
            return -1;
    }
}

PGresult *postgres_run(struct store *s, PGconn *conn, const char *sql, uint64_t at_most_us,
                       const char *what, struct err *e)
{
    PGresult *last = NULL;
    bool sent = PQsendQuery(conn, sql);
    while (sent) {
        if (postgres_wait(conn, at_most_us) < 0) {
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

/* Sees to it that a peer that vanished without a word is missed within 4 s. */
static PGconn *start(struct pg_store *s)
{
    static const char *const keywords[] = {"gssencmode",
                                           "fallback_application_name",
                                           "keepalives_idle",
                                           "keepalives_interval",
                                           "keepalives_count",
                                           "tcp_user_timeout",
                                           "dbname",
                                           "client_encoding",
                                           NULL};
    /* What stands in front of the URL are defaults, what stands behind it is fixed. */
    const char *const values[] = {"disable", "virga", "2", "1", "2", s->hosts > 1 ? "2000" : "4000",
                                  s->url,    "UTF8",  NULL};
    static_assert(ARRAY_LEN(keywords) == ARRAY_LEN(values), "a value for each");
    PGconn *conn = PQconnectStartParams(keywords, values, 1);
    must(conn);
    return conn;
}

static bool finish(PGconn *conn, int wake_fd)
{
    uint64_t until = clock_mono_us() + PG_CONNECT_US;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED)
            return false;
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait_fd(PQsocket(conn), events, wake_fd, until) != 1)
            return false;
        state = PQconnectPoll(conn);
    }
    return PQstatus(conn) == CONNECTION_OK;
}

static int unreachable(struct pg_store *s, PGconn *conn, struct err *e)
{
    struct str rest = str_of(PQerrorMessage(conn)), line = str_trim(str_cut(&rest, '\n'));
    if (line.n == 0 || str_ends(line, STR(":"))) /* libpq has no reason: our deadline */
        line = STR("no answer within 4 s");
    err_set(e, ERR_UNAVAILABLE, "cannot reach PostgreSQL at %s: " STR_FMT, s->base.name,
            STR_ARG(line));
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

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg, (void)result;
}

PGconn *postgres_connect(struct pg_store *s, int wake_fd, struct err *e)
{
    PGconn *conn = start(s);
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    int rc = finish(conn, wake_fd) ? check_server(s, conn, e) : unreachable(s, conn, e);
    if (rc == 0 && PQsetnonblocking(conn, 1) < 0)
        rc = unreachable(s, conn, e);
    if (rc == 0)
        return conn;
    PQfinish(conn);
    return NULL;
}
