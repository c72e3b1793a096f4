/* keeper — runs PostgreSQL and PgBouncer beside the server.
 *
 * Theory of operation. The server never forks, so this process does. It has no rights and one
 * thread: a loop over the server's socket, SIGCHLD, and what its children say on their standard
 * error. It is pid 1 of a pid namespace, in mount and ipc namespaces of its own: whoever it starts
 * ends with it, and leaves no shared memory behind.
 *
 * Two things can be wanted, PostgreSQL and the pooler. keeper_advance looks at what is wanted and
 * what is there, and starts the next program on the way; every end of a program and every line
 * "ready" calls it again. So a program that dies is started again by the same way that brought it
 * up. Requests wait in a list and are answered when their program is up, or with the reason why it
 * is not.
 *
 * Two keepers may see the same directory for a moment: a server was killed, its keeper still shuts
 * PostgreSQL down, and the next server starts. A lock on the directory is held by everything that
 * the keeper starts, not only by itself: the descriptor is inherited. Only when the last of them
 * has ended does the next keeper work on the files, and whatever then looks like a running server
 * in them (postmaster.pid, sockets) is left over and removed. Its pid would mean nothing here. */
#include "cluster/keeper.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_US = 20 * 1000 * 1000, FIXED = 2 };

void keeper_answer(int *answer, const struct err *why)
{
    struct cluster_wire w;
    cluster_wire_init(&w, CLUSTER_WIRE_ANSWER);
    if (why)
        w.err = *why;
    /* A server that does not read its answer does not hold us up. */
    if (*answer >= 0)
        (void)send(*answer, &w, sizeof w, MSG_DONTWAIT | MSG_NOSIGNAL);
    fd_close(answer);
}

/* --- requests --- */

static int take_pool(struct keeper *k, const struct cluster_wire *w, struct fd_message *m,
                     struct err *e)
{
    if (keeper_configure(k, m->fds[1], w->count, e) < 0)
        return -1;
    if (w->count == 0 && k->pooler == KEEPER_DOWN) {
        keeper_answer(&m->fds[0], NULL);
        return 0;
    }
    keeper_wait_for(k, CHILD_POOLER, &m->fds[0]);
    return 0;
}

static int serve(struct keeper *k, const struct cluster_wire *w, struct fd_message *m,
                 struct err *e)
{
    switch (w->type) {
    case CLUSTER_WIRE_UP:
        keeper_wait_for(k, CHILD_POSTGRES, &m->fds[0]);
        return 0;
    case CLUSTER_WIRE_POOL:
        return take_pool(k, w, m, e);
    default:
        return keeper_copy(k, w->type == CLUSTER_WIRE_DUMP, m->fds[1], m->fds[2], &m->fds[0], e);
    }
}

static void take_message(struct keeper *k, const char *packet, struct fd_message *m)
{
    struct cluster_wire w;
    struct err e = {0};
    if (cluster_wire_decode(packet, m->len, m->fd_count, CLUSTER_WIRE_FROM_SERVER, &w, &e) < 0)
        log_error("cluster", "message ignored: %s", e.text);
    else if (serve(k, &w, m, &e) < 0)
        keeper_answer(&m->fds[0], &e);
    for (size_t i = 0; i < m->fd_count; i++)
        fd_close(&m->fds[i]);
}

/* --- the end --- */

static void signal_all(struct keeper *k)
{
    for (size_t i = 0; i < KEEPER_CHILDREN; i++) {
        struct child *c = &k->children[i];
        if (c->kind == CHILD_POSTGRES)
            (void)kill(c->pid, SIGINT); /* fast: connections are cut, everything is written */
        else if (c->kind == CHILD_POOLER || c->kind == CHILD_COPY)
            (void)kill(c->pid, SIGTERM);
        else if (c->kind != CHILD_NONE)
            (void)kill(c->pid, SIGKILL);
    }
}

static void stop(struct keeper *k)
{
    k->stopping = true;
    k->stop_us = clock_mono_us() + STOP_US;
    signal_all(k);
}

static void read_server(struct keeper *k)
{
    char packet[sizeof(struct cluster_wire)];
    struct fd_message m = {0};
    struct err e = {0};
    if (fd_receive(k->server, packet, sizeof packet, &m, &e) < 0) {
        if (e.sys != EAGAIN)
            log_error("cluster", "message ignored: %s", e.text);
        return;
    }
    if (m.len == 0)
        stop(k);
    else
        take_message(k, packet, &m);
}

/* --- children --- */

static struct child *by_pid(struct keeper *k, pid_t pid)
{
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        if (k->children[i].kind != CHILD_NONE && k->children[i].pid == pid)
            return &k->children[i];
    return NULL;
}

static void read_child(struct child *c)
{
    child_read(c, keeper_ready_text(c->kind),
               c->kind == CHILD_COPY || c->kind == CHILD_LOCK || c->kind == CHILD_INITDB);
}

static void reap(struct keeper *k)
{
    struct signalfd_siginfo ignored;
    int status;
    pid_t pid;
    while (read(k->signals, &ignored, sizeof ignored) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *c = by_pid(k, pid);
        if (!c) /* an orphan of PostgreSQL's */
            continue;
        read_child(c);
        keeper_ended(k, c, status);
        child_done(c);
    }
}

static void end_late(struct keeper *k, uint64_t now)
{
    for (size_t i = 0; i < KEEPER_CHILDREN; i++) {
        struct child *c = &k->children[i];
        if (c->kind == CHILD_NONE || !c->deadline_us || now < c->deadline_us)
            continue;
        c->deadline_us = 0;
        c->late = true;
        (void)kill(c->pid, SIGKILL);
    }
}

static bool has_children(const struct keeper *k)
{
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        if (k->children[i].kind != CHILD_NONE)
            return true;
    return false;
}

/* --- the loop --- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a;
}

static int patience_ms(const struct keeper *k, uint64_t now)
{
    uint64_t next = k->stopping ? k->stop_us : 0;
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        if (k->children[i].kind != CHILD_NONE)
            next = sooner(next, k->children[i].deadline_us);
    if (!next)
        return -1;
    return next <= now ? 0 : (int)((next - now) / 1000 + 1);
}

static void wait_for_events(struct keeper *k)
{
    struct pollfd fds[FIXED + KEEPER_CHILDREN] = {
        {.fd = k->stopping ? -1 : k->server, .events = POLLIN},
        {.fd = k->signals, .events = POLLIN},
    };
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        fds[FIXED + i] = (struct pollfd){.fd = k->children[i].err, .events = POLLIN};
    if (poll(fds, ARRAY_LEN(fds), patience_ms(k, clock_mono_us())) < 0)
        return;
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        if (fds[FIXED + i].revents)
            read_child(&k->children[i]);
    keeper_note_ready(k);
    if (fds[1].revents)
        reap(k);
    if (fds[0].revents)
        read_server(k);
}

void keeper_run(struct keeper *k)
{
    while (!k->stopping || (has_children(k) && clock_mono_us() < k->stop_us)) {
        wait_for_events(k);
        end_late(k, clock_mono_us());
        keeper_advance(k);
    }
    if (has_children(k)) /* the kernel ends them with us */
        log_warn("cluster", "killed after %d s: not everything ended in time", STOP_US / 1000000);
}
