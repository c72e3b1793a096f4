/* The server's half: asks the keeper, and administers PostgreSQL and the pooler over their sockets.
 * A request carries the socket that its answer comes on, so threads need not know of each other. */
#include "cluster/cluster.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "cluster/keeper.h"
#include "cluster/target.h"
#include "cluster/wire.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Longer than what the keeper allows itself: it names the reason. */
enum { UP_MS = 400 * 1000, COPY_MS = 660 * 1000, END_MS = 25 * 1000 };

struct cluster {
    int fd;
    struct buf admin_dir, slots_dir, made; /* paths */
    struct buf admin, console;             /* for PQconnectdb */
    pthread_mutex_t starting, pooling;
    atomic_bool known; /* version, and nobody else may enter the databases of our own */
    char version[32];
};

int cluster_spawn(const struct cluster_config *config, int *ret_fd, pid_t *ret_pid, struct err *e)
{
    return keeper_start(config, ret_fd, ret_pid, e);
}

/* --- life --- */

static void add_conninfo(struct buf *b, const struct buf *dir, const char *dbname)
{
    buf_addz(b, "host='");
    for (size_t i = 0; i < dir->len; i++)
        buf_addf(b, "%s%c", strchr("'\\", dir->data[i]) ? "\\" : "", dir->data[i]);
    buf_addf(b, "' port=5432 user=virga dbname=%s connect_timeout=10", dbname);
}

int cluster_new(int fd, const char *data_path, struct cluster **ret, struct err *e)
{
    struct cluster *c = mem_alloc(sizeof *c);
    (void)e;
    c->fd = fd;
    pthread_mutex_init(&c->starting, NULL);
    pthread_mutex_init(&c->pooling, NULL);
    buf_addf(&c->admin_dir, "%s/postgres/admin", data_path);
    buf_addf(&c->slots_dir, "%s/postgres/slots", data_path);
    buf_addf(&c->made, "%s/postgres/cluster", data_path);
    add_conninfo(&c->admin, &c->admin_dir, "postgres");
    add_conninfo(&c->console, &c->slots_dir, "pgbouncer");
    *ret = c;
    return 0;
}

/* The keeper closes its end when everything has ended. */
static void await_end(int fd)
{
    uint64_t end = clock_mono_us() + END_MS * 1000ull, now;
    char ignored[sizeof(struct cluster_wire)];
    (void)shutdown(fd, SHUT_WR);
    while ((now = clock_mono_us()) < end) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int n = poll(&p, 1, (int)((end - now) / 1000 + 1));
        if (n > 0 && recv(fd, ignored, sizeof ignored, MSG_DONTWAIT) <= 0)
            return;
    }
}

void cluster_free(struct cluster *c)
{
    if (!c)
        return;
    await_end(c->fd);
    fd_close(&c->fd);
    buf_done(&c->admin_dir);
    buf_done(&c->slots_dir);
    buf_done(&c->made);
    buf_done(&c->admin);
    buf_done(&c->console);
    pthread_mutex_destroy(&c->starting);
    pthread_mutex_destroy(&c->pooling);
    free(c);
}

/* --- asking --- */

static int await_answer(int fd, int patience_ms, struct err *e)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct cluster_wire w;
    struct fd_message m = {0};
    char packet[sizeof w];
    uint64_t end = clock_mono_us() + (uint64_t)patience_ms * 1000;
    int ready;
    do {
        uint64_t now = clock_mono_us();
        ready = poll(&p, 1, now < end ? (int)((end - now) / 1000 + 1) : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return err_set(e, ERR_TIMEOUT, "no answer from the keeper of the databases");
    if (fd_receive(fd, packet, sizeof packet, &m, e) < 0)
        return -1;
    if (m.len == 0)
        return err_set(e, ERR_UNAVAILABLE, "the keeper of the databases has ended");
    for (size_t i = 0; i < m.fd_count; i++)
        fd_close(&m.fds[i]);
    if (cluster_wire_decode(packet, m.len, m.fd_count, CLUSTER_WIRE_FROM_KEEPER, &w, e) < 0)
        return -1;
    if (w.err.code == ERR_NONE)
        return 0;
    *e = w.err;
    return -1;
}

/* `files` are the caller's still. */
static int ask(struct cluster *c, enum cluster_wire_type type, size_t count, const int *files,
               int patience_ms, struct err *e)
{
    struct cluster_wire w;
    int p[2], fds[FD_PASS_MAX];
    size_t n = cluster_wire_files(type);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make a socket for the keeper's answer");
    auto_fd int mine = p[0];
    auto_fd int its = p[1];
    fds[0] = its;
    for (size_t i = 1; i < n; i++)
        fds[i] = files[i - 1];
    cluster_wire_init(&w, type);
    w.count = (uint32_t)count;
    if (fd_send(c->fd, &w, sizeof w, fds, n, e) < 0)
        return err_set(e, ERR_UNAVAILABLE, "the keeper of the databases has ended");
    fd_close(&its); /* so that its end is seen */
    return await_answer(mine, patience_ms, e);
}

/* Records travel in memory: they hold secrets. */
static int hand_over(const void *p, size_t len, struct err *e)
{
    auto_fd int fd = memfd_create("parameters", MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "make a file in memory");
    return fd_write_all(fd, p, len, e) < 0 ? -1 : take_fd(&fd);
}

/* --- PostgreSQL --- */

#define auto_conn __attribute__((cleanup(conn_guard)))
static void conn_guard(PGconn **conn)
{
    PQfinish(*conn);
}

/* libpq ends its texts with a line end. */
static int conn_error(PGconn *conn, const char *what, struct err *e)
{
    const char *text = PQerrorMessage(conn);
    return err_set(e, ERR_UNAVAILABLE, "%s: %.*s", what, (int)strcspn(text, "\n"), text);
}

static PGconn *enter(const char *conninfo, const char *what, struct err *e)
{
    PGconn *conn = PQconnectdb(conninfo);
    if (PQstatus(conn) == CONNECTION_OK)
        return conn;
    (void)conn_error(conn, what, e);
    PQfinish(conn);
    return NULL;
}

static int command(PGconn *conn, const char *sql, struct err *e)
{
    PGresult *r = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(r);
    PQclear(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return 0;
    return conn_error(conn, sql, e);
}

/* A path of a socket has a bound, and libpq would say so late. */
static int check_path(const struct buf *dir, struct err *e)
{
    if (dir->len + sizeof "/.s.PGSQL.5432" > sizeof((struct sockaddr_un *)0)->sun_path)
        return err_set(e, ERR_UNAVAILABLE,
                       "'%s' is too long a path for a socket: --data-dir must be shorter",
                       dir->data);
    return 0;
}

/* Every role could enter these two otherwise. */
static int get_to_know(struct cluster *c, struct err *e)
{
    auto_conn PGconn *conn = enter(c->admin.data, "PostgreSQL", e);
    if (!conn ||
        command(conn, "REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC", e) <
            0)
        return -1;
    const char *version = PQparameterStatus(conn, "server_version");
    snprintf(c->version, sizeof c->version, "%.*s", (int)strcspn(version ? version : "", " "),
             version ? version : "");
    return 0;
}

int cluster_up(struct cluster *c, struct err *e)
{
    if (check_path(&c->admin_dir, e) < 0 || ask(c, CLUSTER_WIRE_UP, 0, NULL, UP_MS, e) < 0)
        return -1;
    if (atomic_load(&c->known))
        return 0;
    pthread_mutex_lock(&c->starting);
    int known = atomic_load(&c->known) ? 0 : get_to_know(c, e);
    if (known == 0)
        atomic_store(&c->known, true);
    pthread_mutex_unlock(&c->starting);
    return known;
}

const char *cluster_admin(const struct cluster *c)
{
    return c->admin.data;
}

const char *cluster_version(const struct cluster *c)
{
    return atomic_load(&c->known) ? c->version : "";
}

bool cluster_made(const struct cluster *c)
{
    struct stat st;
    return stat(c->made.data, &st) == 0;
}

/* --- the pooler --- */

static PGresult *show(PGconn *conn, const char *sql, struct err *e)
{
    PGresult *r = PQexec(conn, sql);
    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        return r;
    (void)conn_error(conn, sql, e);
    PQclear(r);
    return NULL;
}

/* A column that this version does not have counts as 0. */
static unsigned number_at(const PGresult *r, int row, const char *column)
{
    int at = PQfnumber(r, column);
    return at < 0 ? 0 : (unsigned)strtoul(PQgetvalue(r, row, at), NULL, 10);
}

static bool is_row(const PGresult *r, int row, const char *column, const char *value)
{
    int at = PQfnumber(r, column);
    return at >= 0 && strcmp(PQgetvalue(r, row, at), value) == 0;
}

static int tell(PGconn *conn, const char *verb, const char *name, struct err *e)
{
    char sql[96];
    snprintf(sql, sizeof sql, "%s \"%s\"", verb, name);
    return command(conn, sql, e);
}

static int set_closed(PGconn *conn, const struct pooler_record *r, bool disabled, bool paused,
                      struct err *e)
{
    if (r->closed && !(disabled && paused))
        return tell(conn, "DISABLE", r->name, e) < 0 ? -1 : tell(conn, "KILL", r->name, e);
    if (!r->closed && disabled && tell(conn, "ENABLE", r->name, e) < 0)
        return -1;
    return !r->closed && paused ? tell(conn, "RESUME", r->name, e) : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pooler_record *)a)->name, ((const struct pooler_record *)b)->name);
}

static int close_and_open(PGconn *conn, const struct pooler_record *sorted, size_t count,
                          struct err *e)
{
    PGresult *r = show(conn, "SHOW DATABASES", e);
    int result = r ? 0 : -1;
    int name = r ? PQfnumber(r, "name") : -1;
    for (int i = 0; result == 0 && i < PQntuples(r) && name >= 0; i++) {
        struct pooler_record key = {0};
        snprintf(key.name, sizeof key.name, "%s", PQgetvalue(r, i, name));
        const struct pooler_record *it = bsearch(&key, sorted, count, sizeof key, by_name);
        if (it)
            result = set_closed(conn, it, number_at(r, i, "disabled") != 0,
                                number_at(r, i, "paused") != 0, e);
    }
    PQclear(r);
    return result;
}

static bool pooler_is_there(const struct cluster *c)
{
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", c->slots_dir.data);
    return access(path, F_OK) == 0;
}

static bool any_closed(const struct pooler_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].closed)
            return true;
    return false;
}

/* A pooler that the keeper has just started refuses closed databases by its rules. Once it knows
 * that they are disabled, which tells a client more, the rules may let them through to there. */
static int reload(struct cluster *c, const struct pooler_record *sorted, size_t count,
                  struct err *e)
{
    auto_fd int file = hand_over(sorted, count * sizeof *sorted, e);
    if (file < 0 || ask(c, CLUSTER_WIRE_POOL, count, &file, UP_MS, e) < 0)
        return -1;
    if (count == 0 && !pooler_is_there(c))
        return 0;
    auto_conn PGconn *conn = enter(c->console.data, "PgBouncer", e);
    if (!conn || command(conn, "RELOAD", e) < 0 || close_and_open(conn, sorted, count, e) < 0)
        return -1;
    if (!any_closed(sorted, count))
        return 0;
    if (ask(c, CLUSTER_WIRE_POOL, count, &file, UP_MS, e) < 0)
        return -1;
    return command(conn, "RELOAD", e);
}

int cluster_pool(struct cluster *c, const struct pool_entry *entries, size_t count, struct err *e)
{
    if (check_path(&c->slots_dir, e) < 0)
        return -1;
    if (count > POOL_ENTRIES_MAX)
        return err_set(e, ERR_LIMIT, "%zu databases, at most %d", count, POOL_ENTRIES_MAX);
    auto_ptr struct pooler_record *records = mem_alloc((count + 1) * sizeof *records);
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = pooler_pack(&entries[i], &records[i], e);
    if (result == 0)
        result = pooler_check(records, count, e);
    qsort(records, count, sizeof *records, by_name);
    pthread_mutex_lock(&c->pooling);
    if (result == 0)
        result = reload(c, records, count, e);
    pthread_mutex_unlock(&c->pooling);
    explicit_bzero(records, count * sizeof *records);
    return result;
}

int cluster_pool_usage(struct cluster *c, const char *name, struct pool_usage *ret, struct err *e)
{
    static const char *const servers[] = {"sv_active", "sv_idle", "sv_used", "sv_tested",
                                          "sv_login"};
    *ret = (struct pool_usage){0};
    if (!pooler_is_there(c))
        return 0;
    auto_conn PGconn *conn = enter(c->console.data, "PgBouncer", e);
    PGresult *r = conn ? show(conn, "SHOW POOLS", e) : NULL;
    if (!r)
        return -1;
    for (int i = 0; i < PQntuples(r); i++) {
        if (!is_row(r, i, "database", name))
            continue;
        ret->waiting += number_at(r, i, "cl_waiting");
        ret->clients += number_at(r, i, "cl_active") + number_at(r, i, "cl_waiting");
        for (size_t j = 0; j < ARRAY_LEN(servers); j++)
            ret->servers += number_at(r, i, servers[j]);
    }
    PQclear(r);
    return 0;
}

/* --- copies --- */

static int copy(struct cluster *c, enum cluster_wire_type type, const char *conninfo, int file,
                struct err *e)
{
    struct target_record record;
    if (target_pack(conninfo, c->admin_dir.data, &record, e) < 0)
        return -1;
    auto_fd int target = hand_over(&record, sizeof record, e);
    explicit_bzero(&record, sizeof record);
    const int files[] = {target, file};
    return target < 0 ? -1 : ask(c, type, 0, files, COPY_MS, e);
}

int cluster_dump(struct cluster *c, const char *conninfo, int file, struct err *e)
{
    return copy(c, CLUSTER_WIRE_DUMP, conninfo, file, e);
}

int cluster_restore(struct cluster *c, const char *conninfo, int file, struct err *e)
{
    if (lseek(file, 0, SEEK_SET) < 0)
        return err_sys(e, "go to the start of the copy");
    return copy(c, CLUSTER_WIRE_RESTORE, conninfo, file, e);
}
