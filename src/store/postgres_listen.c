/* postgres_listen — hears what other servers have committed.
 *
 * One thread holds one connection that does nothing but LISTEN, and a second one for `noted` to
 * work with. What is notified while the first is away is lost: so once it listens again, `noted`
 * hears STORE_ALL. Until then the store says that it is deaf, so that nobody shows what was kept in
 * memory for as long as nothing changes. A connection that only listens would not miss a server
 * that has vanished behind a proxy: when nothing comes for a while it asks for an answer. Own notes
 * come back too and are skipped: they were told before db_commit returned. Only a commit whose
 * answer was lost told nobody; for a while behind it own notes count like foreign ones, since the
 * server may finish it late. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "store/postgres.h"
#include "store/pq.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    PAUSE_FIRST_MS = 100,
    PAUSE_LAST_MS = 1000,
    QUIET_MS = 2000,
    ANSWER_US = 2000000,
    DOUBT_US = 60000000
};

struct pg_listener {
    struct pg_store *store;
    struct db *db; /* for `noted` */
    PGconn *conn;  /* NULL while away */
    int pause_ms;
    int wake; /* eventfd: look at the two below */
    _Atomic bool stop, doubt;
    pthread_t thread;
};

static PGconn *subscribe(struct pg_store *s, int wake, struct err *e)
{
    PGconn *conn = postgres_connect(s, wake, e);
    if (!conn)
        return NULL;
    PGresult *result =
        postgres_run(&s->base, conn, "LISTEN " POSTGRES_CHANNEL, PG_CONNECT_US, "listen", e);
    if (!result) {
        PQfinish(conn);
        return NULL;
    }
    PQclear(result);
    return conn;
}

/* "server:topic:id"; what is no note of ours may mean anything. */
static void tell(struct pg_listener *l, const char *payload)
{
    struct store *s = &l->store->base;
    struct str rest = str_of(payload);
    struct str server = str_cut(&rest, ':'), topic = str_cut(&rest, ':');
    bool own = str_is(server, l->store->id);
    if (own && clock_mono_us() > l->store->doubt_until_us)
        return;
    if (!rest.p || topic.n == 0 || topic.n > TOPIC_MAX || str_is(topic, STORE_ALL)) {
        notes_tell_all(l->db);
        return;
    }
    auto_ptr char *name = mem_dup(topic.p, topic.n);
    if (s->noted)
        s->noted(s->noted_arg, l->db, name, rest.p); /* the end of the payload: NUL-terminated */
}

static void hear(struct pg_listener *l)
{
    for (PGnotify *n; !l->stop && (n = PQnotifies(l->conn)); PQfreemem(n))
        tell(l, n->extra);
}

/* Until something comes, somebody wakes us, or `at_most_ms` have passed (-1: for ever). */
static bool wait_for(struct pg_listener *l, int fd, int at_most_ms)
{
    struct pollfd fds[] = {{.fd = l->wake, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    (void)poll(fds, 2, at_most_ms);
    uint64_t count;
    if (fds[0].revents && read(l->wake, &count, sizeof count) < 0)
        must(!"an eventfd that is readable can be read");
    return fds[1].revents;
}

static void lose(struct pg_listener *l)
{
    PQfinish(l->conn);
    l->conn = NULL;
    l->pause_ms = 0;
    l->store->base.deaf = true;
    log_warn("store", "changes of other servers are not heard: lost PostgreSQL at %s",
             l->store->base.name);
}

static void return_to_it(struct pg_listener *l)
{
    struct err ignored = {0};
    if (l->pause_ms)
        (void)wait_for(l, -1, l->pause_ms);
    if (l->stop)
        return;
    l->pause_ms = l->pause_ms ? l->pause_ms * 2 : PAUSE_FIRST_MS;
    l->pause_ms = l->pause_ms < PAUSE_LAST_MS ? l->pause_ms : PAUSE_LAST_MS;
    l->conn = subscribe(l->store, l->wake, &ignored);
    if (!l->conn)
        return;
    l->doubt = true;
    log_info("store", "changes of other servers are heard again: PostgreSQL at %s",
             l->store->base.name);
}

/* Something may have come, or nothing has for so long that it is time to ask. */
static bool is_there(struct pg_listener *l, bool ready)
{
    struct err why = {0};
    if (ready)
        return PQconsumeInput(l->conn);
    PGresult *answer =
        postgres_run(&l->store->base, l->conn, "SELECT 1", ANSWER_US, "listen", &why);
    PQclear(answer);
    return answer;
}

/* Whoever looks at memory from now on sees what was missed. */
static void look_at_everything(struct pg_listener *l)
{
    notes_tell_all(l->db);
    l->store->base.deaf = false;
}

static void *run(void *arg)
{
    struct pg_listener *l = arg;
    while (!l->stop) {
        if (!l->conn) {
            return_to_it(l);
            continue;
        }
        if (atomic_exchange(&l->doubt, false))
            look_at_everything(l);
        hear(l);
        if (l->stop)
            continue;
        bool ready = wait_for(l, PQsocket(l->conn), QUIET_MS);
        if (!l->stop && !l->doubt && !is_there(l, ready))
            lose(l);
    }
    return NULL;
}

static void wake(struct pg_listener *l)
{
    uint64_t one = 1;
    must(write(l->wake, &one, sizeof one) == sizeof one);
}

static void release(struct pg_listener *l)
{
    PQfinish(l->conn);
    db_close(l->db);
    fd_close(&l->wake);
    free(l);
}

int postgres_listen(struct store *base, struct err *e)
{
    struct pg_store *s = pg_store(base);
    must(!s->listener);
    struct pg_listener *l = mem_alloc(sizeof *l);
    l->store = s;
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(l->wake >= 0);
    if (!(l->conn = subscribe(s, PQ_NO_WAKE, e)) || db_open(base, DB_DURABLE, &l->db, e) < 0) {
        release(l);
        return -1;
    }
    sigset_t all, before; /* signals are the loop's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    must(pthread_create(&l->thread, NULL, run, l) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    s->listener = l;
    return 0;
}

bool postgres_listens(const struct pg_store *s)
{
    const struct pg_listener *l = s->listener;
    return l && !l->stop;
}

/* The listener itself stays: whoever still commits may doubt. */
void postgres_listen_end(struct pg_store *s)
{
    struct pg_listener *l = s->listener;
    if (!l || l->stop)
        return;
    l->stop = true;
    wake(l);
    pthread_join(l->thread, NULL);
}

void postgres_listen_free(struct pg_store *s)
{
    postgres_listen_end(s);
    if (s->listener)
        release(s->listener);
    s->listener = NULL;
}

void postgres_listen_doubt(struct pg_store *s)
{
    struct pg_listener *l = s->listener;
    s->doubt_until_us = clock_mono_us() + DOUBT_US;
    if (!l)
        return;
    l->doubt = true;
    wake(l);
}
