#include "sandbox/spawner.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum {
    OUT_FDS = 5,
    OUT_EXTRA = 256 + 2 * SPAWNER_TEMPLATES, /* beyond three per slot: refusals, templates' ends */
};

struct out {
    struct list node;
    struct wire message;
    int fds[OUT_FDS];
    size_t fd_count;
};

static void drop(struct spawner *s, struct out *o)
{
    for (size_t i = 0; i < o->fd_count; i++)
        fd_close(&o->fds[i]);
    list_remove(&o->node);
    s->out_count--;
    free(o);
}

static void watch_server(struct spawner *s, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.u64 = (uint64_t)EVENT_SERVER << 32};
    must(epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->server, &ev) == 0);
}

/* 1: sent, 0: no room now, -1: the server is gone. ETOOMANYREFS: too many descriptors wait in
 * sockets already. */
static int try_send(struct spawner *s, const struct wire *w, const int *fds, size_t fd_count)
{
    struct err e = {0};
    if (fd_send(s->server, w, sizeof *w, fds, fd_count, &e) == 0)
        return 1;
    if (e.sys == EAGAIN || e.sys == ETOOMANYREFS || e.sys == ENOBUFS)
        return 0;
    s->server_lost = true;
    return -1;
}

static void queue(struct spawner *s, const struct wire *w, const int *fds, size_t fd_count)
{
    if (s->out_count >= 3 * (size_t)s->config->slots_max + OUT_EXTRA) {
        log_error("sandbox", "the server reads no messages, giving it up");
        s->server_lost = true;
        for (size_t i = 0; i < fd_count; i++)
            fd_close(&(int){fds[i]});
        return;
    }
    struct out *o = mem_alloc(sizeof *o);
    o->message = *w;
    o->fd_count = fd_count;
    if (fd_count)
        memcpy(o->fds, fds, fd_count * sizeof *fds);
    if (s->out_count++ == 0)
        watch_server(s, EPOLLOUT);
    list_append(&s->out, &o->node);
}

void spawner_say(struct spawner *s, const struct wire *w, int *fds, size_t fd_count)
{
    must(fd_count <= OUT_FDS);
    int sent = s->out_count || s->server_lost ? 0 : try_send(s, w, fds, fd_count);
    if (sent == 0 && !s->server_lost) {
        queue(s, w, fds, fd_count);
        return;
    }
    for (size_t i = 0; i < fd_count; i++)
        fd_close(&fds[i]);
}

void spawner_flush(struct spawner *s)
{
    list_each_safe (node, &s->out) {
        struct out *o = list_of(node, struct out, node);
        if (try_send(s, &o->message, o->fds, o->fd_count) != 1)
            return;
        drop(s, o);
    }
    watch_server(s, EPOLLIN);
}

void spawner_discard(struct spawner *s)
{
    list_each_safe (node, &s->out)
        drop(s, list_of(node, struct out, node));
}
