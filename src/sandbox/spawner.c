/* Theory of operation. The daemon forks a helper, which takes an instance number and arranges the
 * cgroups: on v2 that moves the daemon too, so it must be done where the daemon's pid can be seen.
 * The helper clones the spawner (CLONE_PARENT: a child of the daemon) into a pid namespace, as its
 * pid 1, and into a mount namespace where the host's mounts are private copies; then it exits. The
 * spawner is single threaded; one epoll loop over
 *
 *   the server's socket   fixed-size requests (wire.h); its end is our end
 *   templates' sockets    ready, failed
 *   start sockets         one per copy on its way: hello, ready, failed
 *   uplink sockets        one per slot with network, one to the program that makes them
 *   a signalfd            children to reap: templates, slots, and orphans that fell to pid 1
 *
 * Rights: set-up uses all there are (mounts, cgroups); afterwards only what user id maps need is
 * kept. Everything in a template's user namespace is ours to kill and to limit, since we own that
 * namespace. Nothing here blocks but the set-up and the very end. */
#include "sandbox/spawner.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "sandbox/rights.h"
#include "sandbox/spawner_uplink.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    QUIET_MS = 2, /* so long nobody has wanted anything: time for what can be done ahead */
};

int spawner_watch(struct spawner *s, int fd, uint32_t events, enum spawner_event kind,
                  unsigned index, struct err *e)
{
    struct epoll_event ev = {.events = events, .data.u64 = (uint64_t)kind << 32 | index};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
        return err_sys(e, "watch a descriptor");
    return 0;
}

static void handle(struct spawner *s, const struct wire *w, struct fd_message *m)
{
    int none = -1;
    if (w->type == WIRE_START)
        spawner_slot_start(s, w);
    else if (w->type == WIRE_LIMIT)
        spawner_slot_limit(s, w);
    else if (w->type == WIRE_TEMPLATE_START)
        spawner_variant_start(s, w, m->fd_count ? &m->fds[0] : &none);
    else if (w->type == WIRE_TEMPLATE_STOP)
        spawner_variant_stop(s, w->template_index);
    else
        spawner_slot_kill(s, w);
}

/* A request with a number out of bounds is answered; one that is no message at all comes from a
 * server that is not ours any more. */
static void refuse(struct spawner *s, const struct wire *w, const struct err *why)
{
    struct wire reply;
    log_warn("sandbox", "request ignored: %s", why->text);
    if (why->code == ERR_MALFORMED) {
        s->server_lost = true;
    } else if (w->type == WIRE_START) {
        spawner_refuse(s, w->ticket, why);
    } else if (w->type == WIRE_LIMIT) {
        wire_init(&reply, WIRE_LIMITED);
        reply.slot = w->slot;
        reply.generation = w->generation;
        reply.err = *why;
        spawner_say(s, &reply, NULL, 0);
    }
}

static void on_server(struct spawner *s, uint32_t events)
{
    struct wire w;
    struct fd_message m;
    if (events & EPOLLOUT)
        spawner_flush(s);
    for (int i = 0; i < EVENTS && s->out_count == 0 && !s->server_lost; i++) {
        struct err e = {0};
        char packet[sizeof w];
        if (fd_receive(s->server, packet, sizeof packet, &m, &e) < 0) {
            s->server_lost |= e.sys != EAGAIN;
            return;
        }
        if (m.len == 0)
            s->server_lost = true;
        else if (wire_decode(packet, m.len, WIRE_FROM_SERVER, &w, &e) < 0)
            refuse(s, &w, &e);
        else
            handle(s, &w, &m);
        for (size_t k = 0; k < m.fd_count; k++)
            fd_close(&m.fds[k]);
    }
    if (events & (EPOLLHUP | EPOLLERR))
        s->server_lost = true;
}

/* Looks first and reaps after: until then the pid cannot be anybody else's. */
static void on_children(struct spawner *s)
{
    struct signalfd_siginfo drained;
    while (read(s->signals, &drained, sizeof drained) > 0)
        ;
    for (;;) {
        siginfo_t info = {0};
        struct rusage usage;
        int status = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return;
        spawner_slots_hear(s);
        spawner_uplinks_hear(s);
        if (wait4(info.si_pid, &status, 0, &usage) != info.si_pid)
            return;
        uint64_t cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                          (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
        if (!spawner_slot_reaped(s, info.si_pid, status, cpu_us) &&
            !spawner_uplink_reaped(s, info.si_pid, status, cpu_us))
            (void)spawner_template_reaped(s, info.si_pid, status); /* else an orphan */
    }
}

static void on_event(struct spawner *s, const struct epoll_event *ev)
{
    unsigned index = (unsigned)(ev->data.u64 & UINT32_MAX);
    switch ((enum spawner_event)(ev->data.u64 >> 32)) {
    case EVENT_SERVER:
        on_server(s, ev->events);
        break;
    case EVENT_SIGNALS:
        on_children(s);
        break;
    case EVENT_TEMPLATE:
        spawner_template_on_control(s, index);
        break;
    case EVENT_START:
        spawner_slot_on_start_socket(s, index);
        break;
    case EVENT_UPLINKS:
        spawner_uplink_on_control(s);
        break;
    case EVENT_UPLINK:
        spawner_uplink_on_report(s, index);
        break;
    }
}

static int next_timeout_ms(struct spawner *s)
{
    uint64_t slots = spawner_slots_deadline_us(s), templates = spawner_templates_deadline_us(s);
    uint64_t first = slots < templates ? slots : templates, now = clock_mono_us();
    if (spawner_uplinks_deadline_us(s) < first)
        first = spawner_uplinks_deadline_us(s);
    if (first == UINT64_MAX)
        return -1;
    if (first <= now)
        return 0;
    uint64_t ms = (first - now) / 1000 + 1;
    return ms > 60000 ? 60000 : (int)ms;
}

void spawner_run(struct spawner *s)
{
    struct epoll_event events[EVENTS];
    while (!s->server_lost) {
        spawner_templates_start_due(s, clock_mono_us());
        int timeout = next_timeout_ms(s);
        bool prepare = !spawner_slots_prepared(s);
        if (prepare && (timeout < 0 || timeout > QUIET_MS))
            timeout = QUIET_MS;
        int n = epoll_wait(s->epoll, events, EVENTS, timeout);
        must(n >= 0 || errno == EINTR);
        if (n == 0 && prepare)
            spawner_slots_prepare(s);
        for (int i = 0; i < n; i++)
            on_event(s, &events[i]);
        spawner_slots_expire(s, clock_mono_us());
        spawner_uplinks_expire(s, clock_mono_us());
        spawner_slots_dispatch(s);
    }
}

/* We are pid 1: -1 is everybody else in our pid namespace, slots inside theirs included. Cgroups
 * can be removed only after the last of them was reaped. */
void spawner_end(struct spawner *s)
{
    struct err e = {0};
    spawner_discard(s);
    do
        (void)kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
    if (rights_raise(&e) < 0)
        log_warn("sandbox", "%s", e.text);
    cgroup_close(s->cgroups);
}
