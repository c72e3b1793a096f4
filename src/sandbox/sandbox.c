#include "sandbox/sandbox.h"

#include "base/fd.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"
#include "sandbox/cgroup.h"
#include "sandbox/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The server's half. Requests go out at once, or wait in `out` while the socket is full; events are
 * called straight from the watch. A slot's generation is kept here so that callers need not know
 * of it: a request for a slot that has ended meanwhile is dropped by the spawner. */

enum {
    /* waiting starts and limits; kills come on top, one per slot and variant at most */
    OUT_MAX = 4096,
    TEMPLATES = SANDBOX_TEMPLATES_MAX + SANDBOX_VARIANTS_MAX,
};

struct out {
    struct list node;
    struct wire message;
    int fd; /* our copy of a set-up file, or -1 */
};

enum variant_state { VARIANT_FREE, VARIANT_LIVE, VARIANT_STOPPING };

struct known_slot {
    uint32_t generation;
    bool live, killed;
};

struct sandbox {
    struct watch *watch;
    int fd;
    const struct sandbox_events *events;
    void *arg;
    bool lost, in_callback, freed;
    struct list out;
    size_t out_count;
    struct known_slot slots[SANDBOX_SLOTS_MAX];
    enum variant_state variants[SANDBOX_VARIANTS_MAX];
};

const struct sandbox_limits sandbox_default_limits = {
    .memory_bytes = 128ull << 20,
    .tmp_bytes = 64ull << 20,
    .file_bytes = 64ull << 20,
    .cpu_millis = 500,
    .pids = 64,
    .open_files = 1024,
    .network = false,
};

/* Only from the watch, so that no request finds its caller called back from within. */
static void lose(struct sandbox *s)
{
    if (s->lost)
        return;
    s->lost = true;
    if (s->watch)
        watch_want(s->watch, 0);
    s->events->lost(s->arg);
}

/* --- to the spawner --- */

/* ETOOMANYREFS: too many descriptors wait in sockets already. */
static int try_send(struct sandbox *s, const struct wire *w, int fd)
{
    struct err e = {0};
    if (fd_send(s->fd, w, sizeof *w, &fd, fd >= 0, &e) == 0)
        return 1;
    return e.sys == EAGAIN || e.sys == ENOBUFS || e.sys == ETOOMANYREFS ? 0 : -1;
}

static void drop(struct sandbox *s, struct out *o)
{
    list_remove(&o->node);
    s->out_count--;
    fd_close(&o->fd);
    free(o);
}

/* A broken socket is noticed by reading it, where it is reported as `lost`. */
static int send_or_queue(struct sandbox *s, const struct wire *w, int fd, struct err *e)
{
    if (s->out_count == 0 && try_send(s, w, fd) != 0)
        return 0;
    auto_fd int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && copy < 0)
        return err_sys(e, "keep a template's set-up file");
    struct out *o = mem_alloc(sizeof *o);
    o->message = *w;
    o->fd = take_fd(&copy);
    list_append(&s->out, &o->node);
    s->out_count++;
    watch_want(s->watch, WATCH_READ | WATCH_WRITE);
    return 0;
}

static void flush(struct sandbox *s)
{
    list_each_safe (node, &s->out) {
        struct out *o = list_of(node, struct out, node);
        if (try_send(s, &o->message, o->fd) == 0)
            return;
        drop(s, o);
    }
    watch_want(s->watch, WATCH_READ);
}

static int may_send(const struct sandbox *s, struct err *e)
{
    if (s->lost)
        return err_set(e, ERR_UNAVAILABLE, "the spawner is gone");
    if (s->out_count >= OUT_MAX)
        return err_set(e, ERR_LIMIT, "the spawner's queue of %d requests is full", OUT_MAX);
    return 0;
}

int sandbox_start(struct sandbox *s, uint64_t ticket, unsigned template_index,
                  const struct sandbox_limits *limits, struct err *e)
{
    struct wire w;
    if (may_send(s, e) < 0 || wire_check_limits(limits, e) < 0)
        return -1;
    if (template_index >= TEMPLATES)
        return err_set(e, ERR_INVALID, "template %u does not exist", template_index);
    wire_init(&w, WIRE_START);
    w.ticket = ticket;
    w.template_index = template_index;
    wire_pack_limits(limits, &w.limits);
    return send_or_queue(s, &w, -1, e);
}

int sandbox_limit(struct sandbox *s, uint32_t slot, const struct sandbox_limits *limits,
                  struct err *e)
{
    struct wire w;
    if (may_send(s, e) < 0 || wire_check_limits(limits, e) < 0)
        return -1;
    if (slot >= SANDBOX_SLOTS_MAX || !s->slots[slot].live)
        return err_set(e, ERR_NOT_FOUND, "slot %u is not running", slot);
    wire_init(&w, WIRE_LIMIT);
    w.slot = slot;
    w.generation = s->slots[slot].generation;
    wire_pack_limits(limits, &w.limits);
    return send_or_queue(s, &w, -1, e);
}

void sandbox_kill(struct sandbox *s, uint32_t slot)
{
    struct wire w;
    struct err ignored;
    if (s->lost || slot >= SANDBOX_SLOTS_MAX || !s->slots[slot].live || s->slots[slot].killed)
        return;
    s->slots[slot].killed = true;
    wire_init(&w, WIRE_KILL);
    w.slot = slot;
    w.generation = s->slots[slot].generation;
    (void)send_or_queue(s, &w, -1, &ignored);
}

static int check_variant(const struct sandbox *s, unsigned index, const struct sandbox_variant *v,
                         struct err *e)
{
    if (index < SANDBOX_TEMPLATES_MAX || index >= TEMPLATES)
        return err_set(e, ERR_INVALID, "no variant can have index %u", index);
    if (v->base >= SANDBOX_TEMPLATES_MAX)
        return err_set(e, ERR_INVALID, "base template %u does not exist", v->base);
    if (s->variants[index - SANDBOX_TEMPLATES_MAX] != VARIANT_FREE)
        return err_set(e, ERR_CONFLICT, "template index %u is in use", index);
    return 0;
}

int sandbox_template_start(struct sandbox *s, unsigned index, const struct sandbox_variant *v,
                           int setup, struct err *e)
{
    struct wire w;
    if (may_send(s, e) < 0 || check_variant(s, index, v, e) < 0)
        return -1;
    wire_init(&w, WIRE_TEMPLATE_START);
    w.template_index = index;
    w.variant.base = v->base;
    w.variant.flags = (v->layer ? WIRE_VARIANT_LAYER : 0u) |
                      (v->database ? WIRE_VARIANT_DATABASE : 0u) |
                      (setup >= 0 ? WIRE_VARIANT_SETUP : 0u);
    if (v->layer)
        memcpy(w.variant.layer_id, v->layer_id, sizeof w.variant.layer_id);
    if (send_or_queue(s, &w, setup, e) < 0)
        return -1;
    s->variants[index - SANDBOX_TEMPLATES_MAX] = VARIANT_LIVE;
    return 0;
}

/* On an index that is free there is nothing to stop: its end was reported. */
void sandbox_template_stop(struct sandbox *s, unsigned index)
{
    struct wire w;
    struct err ignored;
    must(index >= SANDBOX_TEMPLATES_MAX && index < TEMPLATES);
    enum variant_state *state = &s->variants[index - SANDBOX_TEMPLATES_MAX];
    if (s->lost || *state != VARIANT_LIVE)
        return;
    *state = VARIANT_STOPPING;
    wire_init(&w, WIRE_TEMPLATE_STOP);
    w.template_index = index;
    (void)send_or_queue(s, &w, -1, &ignored);
}

/* --- from the spawner --- */

static void close_all(struct fd_message *m)
{
    for (size_t i = 0; i < m->fd_count; i++)
        fd_close(&m->fds[i]);
}

/* -1: not what the spawner says, nothing was taken. */
static int on_started(struct sandbox *s, const struct wire *w, const struct fd_message *m)
{
    struct sandbox_slot slot = {.id = w->slot, .memory_peak = -1, .cpu = -1};
    if (m->fd_count != WIRE_STARTED_FDS + w->has_peak + w->has_cpu || s->slots[w->slot].live)
        return -1;
    slot.socket = m->fds[0];
    slot.out = m->fds[1];
    slot.err = m->fds[2];
    if (w->has_peak)
        slot.memory_peak = m->fds[WIRE_STARTED_FDS];
    if (w->has_cpu)
        slot.cpu = m->fds[WIRE_STARTED_FDS + w->has_peak];
    slot.cpu_base_us = w->cpu_base_us;
    slot.copy_us = (uint32_t)w->us;
    s->slots[w->slot] = (struct known_slot){.generation = w->generation, .live = true};
    s->events->started(s->arg, w->ticket, &slot);
    return 0;
}

static void on_ended(struct sandbox *s, const struct wire *w)
{
    struct sandbox_exit how = {
        .status = w->exit.status,
        .oom = w->exit.oom != 0,
        .cpu_us = w->exit.cpu_us,
        .memory_peak_bytes = w->exit.memory_peak_bytes,
    };
    s->slots[w->slot].live = false;
    s->events->ended(s->arg, w->slot, &how);
}

/* The state first: the callee may start another variant at the index at once. */
static int on_template(struct sandbox *s, const struct wire *w)
{
    unsigned index = w->template_index;
    enum variant_state *variant =
        index < SANDBOX_TEMPLATES_MAX ? NULL : &s->variants[index - SANDBOX_TEMPLATES_MAX];
    if (variant && *variant == VARIANT_FREE)
        return -1;
    if (w->type == WIRE_TEMPLATE_READY) {
        s->events->template_ready(s->arg, index, w->us, w->template_bytes);
    } else if (w->type == WIRE_TEMPLATE_FAILED) {
        if (variant && *variant == VARIANT_LIVE)
            *variant = VARIANT_FREE;
        s->events->template_failed(s->arg, index, &w->err);
    } else {
        if (!variant || *variant != VARIANT_STOPPING)
            return -1;
        *variant = VARIANT_FREE;
        s->events->template_stopped(s->arg, index);
    }
    return 0;
}

static int on_message(struct sandbox *s, const struct wire *w, struct fd_message *m)
{
    const struct known_slot *slot = &s->slots[w->slot];
    bool current = slot->live && slot->generation == w->generation;
    if (w->type == WIRE_STARTED)
        return on_started(s, w, m);
    if (m->fd_count)
        return -1;
    if (w->type == WIRE_FAILED)
        s->events->failed(s->arg, w->ticket, &w->err);
    else if (w->type == WIRE_LIMITED && current)
        s->events->limited(s->arg, w->slot, w->err.code ? &w->err : NULL);
    else if (w->type == WIRE_ENDED && current)
        on_ended(s, w);
    else if (w->type == WIRE_TEMPLATE_READY || w->type == WIRE_TEMPLATE_FAILED ||
             w->type == WIRE_TEMPLATE_STOPPED)
        return on_template(s, w);
    return 0;
}

/* 1: go on, 0: nothing there, -1: the spawner is gone or talks nonsense. */
static int receive(struct sandbox *s)
{
    struct wire w;
    struct fd_message m;
    struct err e = {0};
    char packet[sizeof w];
    if (fd_receive(s->fd, packet, sizeof packet, &m, &e) < 0)
        return e.sys == EAGAIN ? 0 : -1;
    if (m.len == 0 || wire_decode(packet, m.len, WIRE_FROM_SPAWNER, &w, &e) < 0 ||
        on_message(s, &w, &m) < 0) {
        close_all(&m);
        return -1;
    }
    return 1;
}

static void release(struct sandbox *s)
{
    list_each_safe (node, &s->out)
        drop(s, list_of(node, struct out, node));
    free(s);
}

/* A few messages, then back to the loop: calls must not wait for a burst of starts. */
static void on_ready(void *arg, unsigned ready)
{
    struct sandbox *s = arg;
    int result = 1;
    s->in_callback = true;
    if (ready & WATCH_WRITE)
        flush(s);
    for (int i = 0; i < 16 && result > 0 && !s->freed; i++)
        result = receive(s);
    if (result < 0 && !s->freed)
        lose(s);
    s->in_callback = false;
    if (s->freed)
        release(s);
}

int sandbox_new(struct loop *loop, int fd, const struct sandbox_events *events, void *arg,
                struct sandbox **ret, struct err *e)
{
    if (fd_nonblock(fd, e) < 0)
        return -1;
    struct sandbox *s = mem_alloc(sizeof *s);
    s->fd = fd;
    s->events = events;
    s->arg = arg;
    list_init(&s->out);
    s->watch = watch_new(loop, fd, on_ready, s);
    watch_want(s->watch, WATCH_READ);
    *ret = s;
    return 0;
}

/* From inside an event the memory must outlive the way back. */
void sandbox_free(struct sandbox *s)
{
    if (!s)
        return;
    watch_free(s->watch);
    s->watch = NULL;
    fd_close(&s->fd);
    s->freed = true;
    if (!s->in_callback)
        release(s);
}

void sandbox_usage(const struct sandbox_slot *slot, uint64_t *ret_peak_bytes, uint64_t *ret_cpu_us)
{
    uint64_t cpu_us = cgroup_read_cpu_us(slot->cpu);
    *ret_peak_bytes = cgroup_read_peak(slot->memory_peak);
    *ret_cpu_us = cpu_us > slot->cpu_base_us ? cpu_us - slot->cpu_base_us : 0;
}
