#include "store/pq.h"

#include "base/clock.h"
#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

/* 1: ready; 0: not in time; -1: somebody woke us. Looks once at least: what came while this process
 * had no processor has come in time. */
static int wait_fd(int fd, short events, int wake_fd, uint64_t until_us)
{
    for (;;) {
        uint64_t now = clock_mono_us();
        bool over = until_us && now >= until_us;
        int ms = over ? 0 : until_us ? (int)((until_us - now) / 1000 + 1) : -1;
        struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = wake_fd, .events = POLLIN}};
        int n = poll(fds, 2, ms);
        must(n >= 0 || errno == EINTR);
        if (n > 0)
            return fds[1].revents ? -1 : 1;
        if (n == 0 && over)
            return 0;
    }
}

int pq_wait(PGconn *conn, uint64_t until_us)
{
    for (;;) {
        int unsent = PQflush(conn);
        if (unsent < 0)
            return -1;
        if (!unsent && !PQisBusy(conn))
            return 1;
        short events = (short)(unsent ? POLLIN | POLLOUT : POLLIN);
        if (wait_fd(PQsocket(conn), events, PQ_NO_WAKE, until_us) != 1)
            return 0;
        if (!PQconsumeInput(conn))
            return -1;
    }
}

struct str pq_why(const PGconn *conn)
{
    struct str rest = str_of(PQerrorMessage(conn)), line = str_trim(str_cut(&rest, '\n'));
    return line.n == 0 || str_ends(line, STR(":")) ? (struct str){NULL, 0} : line;
}

/* What stands in front of the target's own words are defaults, what stands behind them is fixed.
 * Keepalives miss a peer that vanished without a word within 4 s. */
static PGconn *start(const struct pq_target *t)
{
    enum { WORDS = 12 };
    char lost[16];
    snprintf(lost, sizeof lost, "%u", t->lost_ms);
    const char *const pairs[WORDS][2] = {
        {"gssencmode", "disable"},   {"fallback_application_name", "virga"},
        {"keepalives_idle", "2"},    {"keepalives_interval", "1"},
        {"keepalives_count", "2"},   {"tcp_user_timeout", lost},
        {"dbname", t->conninfo},     {"host", t->host},
        {"hostaddr", t->hostaddr},   {"port", t->port},
        {"client_encoding", "UTF8"},
    };
    const char *keywords[WORDS] = {NULL}, *values[WORDS] = {NULL};
    for (size_t i = 0, n = 0; i < WORDS; i++) {
        if (!pairs[i][1])
            continue;
        keywords[n] = pairs[i][0];
        values[n++] = pairs[i][1];
    }
    PGconn *conn = PQconnectStartParams(keywords, values, 1);
    must(conn);
    return conn;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg, (void)result;
}

static enum pq_outcome finish(PGconn *conn, const struct pq_target *t)
{
    uint64_t until = clock_mono_us() + t->within_ms * 1000ull;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED)
            return PQ_REFUSED;
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        int waited = wait_fd(PQsocket(conn), events, t->wake_fd, until);
        if (waited != 1)
            return waited < 0 ? PQ_WOKEN : PQ_SILENT;
        state = PQconnectPoll(conn);
    }
    return PQstatus(conn) == CONNECTION_OK && PQsetnonblocking(conn, 1) == 0 ? PQ_CONNECTED
                                                                             : PQ_REFUSED;
}

enum pq_outcome pq_connect(const struct pq_target *t, PGconn **ret_conn)
{
    *ret_conn = start(t);
    PQsetNoticeReceiver(*ret_conn, ignore_notice, NULL);
    return finish(*ret_conn, t);
}
