#include "sandbox/spawner.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/str.h"
#include "sandbox/order.h"
#include "sandbox/spawner_launch.h"
#include "sandbox/spawner_uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { ORDERS_MAX = 4 /* per template, not taken yet: bounds descriptors in flight */ };

static const bool may_move[SLOT_STATES][SLOT_STATES] = {
    [SLOT_FREE] = {[SLOT_QUEUED] = true},
    [SLOT_QUEUED] = {[SLOT_STARTING] = true, [SLOT_FREE] = true},
    [SLOT_STARTING] = {[SLOT_RUNNING] = true, [SLOT_ENDING] = true, [SLOT_FREE] = true},
    [SLOT_RUNNING] = {[SLOT_ENDING] = true, [SLOT_FREE] = true},
    [SLOT_ENDING] = {[SLOT_FREE] = true},
};

static void slot_move(struct spawner *s, struct spawner_slot *slot, enum slot_state to)
{
    must(may_move[slot->state][to]);
    list_remove(&slot->node);
    slot->state = to;
    if (to == SLOT_FREE)
        list_push(&s->by_state[to], &slot->node); /* used last, first: its cgroup is at hand */
    else
        list_append(&s->by_state[to], &slot->node);
}

void spawner_slots_init(struct spawner *s)
{
    for (int i = 0; i < SLOT_STATES; i++)
        list_init(&s->by_state[i]);
    for (int i = 0; i < SPAWNER_PID_BUCKETS; i++)
        list_init(&s->pids[i]);
    s->slots = mem_alloc(s->config->slots_max * sizeof *s->slots);
    for (uint32_t i = 0; i < s->config->slots_max; i++) {
        struct spawner_slot *slot = &s->slots[i];
        slot->index = i;
        slot->start = slot->socket = slot->out = slot->err = slot->uplink.report = -1;
        list_init(&slot->by_pid);
        list_init(&slot->uplink.node);
        list_init(&slot->uplink.by_pid);
        list_append(&s->by_state[SLOT_FREE], &slot->node);
    }
}

static struct spawner_slot *slot_of_pid(struct spawner *s, pid_t pid)
{
    struct list *bucket = &s->pids[(unsigned)pid % SPAWNER_PID_BUCKETS];
    list_each (node, bucket) {
        struct spawner_slot *slot = list_of(node, struct spawner_slot, by_pid);
        if (slot->pid == pid)
            return slot;
    }
    return NULL;
}

/* The template has taken the order, or never will. */
static void uncount(struct spawner *s, struct spawner_slot *slot)
{
    if (slot->counted)
        s->templates[slot->template_index].orders--;
    slot->counted = false;
}

static void say_end(struct spawner *s, struct spawner_slot *slot, int status, uint64_t cpu_us)
{
    struct wire w;
    bool oom = false;
    uint64_t peak = 0, cgroup_cpu_us = 0;
    if (slot->has_cgroup)
        cgroup_slot_usage(s->cgroups, &slot->cgroup, &oom, &peak, &cgroup_cpu_us);
    if (!slot->handed_over) {
        spawner_refuse(s, slot->ticket, &slot->why);
        return;
    }
    wire_init(&w, WIRE_ENDED);
    w.slot = slot->index;
    w.generation = slot->generation;
    w.exit.status = status;
    w.exit.oom = oom;
    w.exit.cpu_us = cgroup_cpu_us > cpu_us ? cgroup_cpu_us : cpu_us;
    w.exit.memory_peak_bytes = peak;
    spawner_say(s, &w, NULL, 0);
}

/* No process of the slot is left (or none ever was): reports the end and frees index and id. */
static void finish(struct spawner *s, struct spawner_slot *slot, int status, uint64_t cpu_us)
{
    struct err later; /* what is still there now is looked for before the next start */
    must(spawner_uplink_over(slot));
    if (slot->has_cgroup)
        cgroup_slot_kill(s->cgroups, &slot->cgroup);
    say_end(s, slot, status, cpu_us);
    if (slot->has_cgroup)
        cgroup_slot_close(s->cgroups, &slot->cgroup);
    slot->has_cgroup = false;
    (void)spawner_range_part(s, slot, &later);
    uncount(s, slot);
    fd_close(&slot->start);
    fd_close(&slot->socket);
    fd_close(&slot->out);
    fd_close(&slot->err);
    list_remove(&slot->by_pid);
    slot->pid = 0;
    slot->limiting = false;
    slot->generation++;
    slot_move(s, slot, SLOT_FREE);
}

static void end(struct spawner *s, struct spawner_slot *slot)
{
    /* Not reaped yet, so the pid is still its own. */
    (void)kill(slot->pid, SIGKILL);
    spawner_uplink_end(s, slot);
    fd_close(&slot->start);
    uncount(s, slot);
    slot_move(s, slot, SLOT_ENDING);
}

/* Its first process was reaped: over, or as soon as its network is. */
static void settle(struct spawner *s, struct spawner_slot *slot)
{
    if (!spawner_uplink_over(slot)) {
        if (slot->state != SLOT_ENDING)
            slot_move(s, slot, SLOT_ENDING);
        return;
    }
    spawner_range_guard(s, slot);
    finish(s, slot, slot->exit_status, slot->exit_cpu_us + slot->uplink.cpu_us);
}

/* --- start --- */

void spawner_refuse(struct spawner *s, uint64_t ticket, const struct err *why)
{
    struct wire w;
    wire_init(&w, WIRE_FAILED);
    w.ticket = ticket;
    w.err = *why;
    spawner_say(s, &w, NULL, 0);
}

void spawner_slot_start(struct spawner *s, const struct wire *w)
{
    struct err e = {0};
    struct list *node = list_first(&s->by_state[SLOT_FREE]);
    const struct spawner_template *t = &s->templates[w->template_index];
    if (t->state == TEMPLATE_FREE)
        err_set(&e, ERR_INVALID, "template %u does not exist", w->template_index);
    else if (t->state == TEMPLATE_DOWN || t->state == TEMPLATE_STOPPING)
        err_set(&e, ERR_UNAVAILABLE, "template '%s' is down: %.180s", t->config->name, t->why.text);
    else if (!node)
        err_set(&e, ERR_LIMIT, "all %u slots are in use", s->config->slots_max);
    else if (w->limits.network)
        (void)spawner_uplink_check(s, &e);
    if (e.code) {
        spawner_refuse(s, w->ticket, &e);
        return;
    }
    struct spawner_slot *slot = list_of(node, struct spawner_slot, node);
    slot->ticket = w->ticket;
    slot->template_index = w->template_index;
    wire_unpack_limits(&w->limits, &slot->limits);
    slot->asked_us = clock_mono_us();
    slot->handed_over = false;
    slot->why = (struct err){0};
    slot->uplink.cpu_us = 0;
    s->ahead_failed = false;
    slot_move(s, slot, SLOT_QUEUED);
}

void spawner_slots_dispatch(struct spawner *s)
{
    list_each_safe (node, &s->by_state[SLOT_QUEUED]) {
        struct spawner_slot *slot = list_of(node, struct spawner_slot, node);
        struct spawner_template *t = &s->templates[slot->template_index];
        if (t->state != TEMPLATE_UP || t->orders >= ORDERS_MAX)
            continue;
        if (spawner_launch(s, slot, t, &slot->why) < 0) {
            finish(s, slot, 0, 0);
            continue;
        }
        slot->counted = true;
        t->orders++;
        slot_move(s, slot, SLOT_STARTING);
    }
}

void spawner_slots_fail_queued(struct spawner *s, unsigned template_index, const struct err *why)
{
    list_each_safe (node, &s->by_state[SLOT_QUEUED]) {
        struct spawner_slot *slot = list_of(node, struct spawner_slot, node);
        if (slot->template_index != template_index)
            continue;
        slot->why = *why;
        finish(s, slot, 0, 0);
    }
}

void spawner_slots_forget_orders(struct spawner *s, unsigned template_index)
{
    list_each_safe (node, &s->by_state[SLOT_STARTING]) {
        struct spawner_slot *slot = list_of(node, struct spawner_slot, node);
        if (slot->template_index == template_index)
            uncount(s, slot);
    }
}

/* A second descriptor of the cgroup's file: the first stays for the report at the end. */
static bool add_copy(int fd, int *fds, size_t *count)
{
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        fds[(*count)++] = copy;
    return copy >= 0;
}

static void hand_over(struct spawner *s, struct spawner_slot *slot)
{
    struct wire w;
    wire_init(&w, WIRE_STARTED);
    w.ticket = slot->ticket;
    w.slot = slot->index;
    w.generation = slot->generation;
    w.us = clock_mono_us() - slot->asked_us;
    int fds[5] = {take_fd(&slot->socket), take_fd(&slot->out), take_fd(&slot->err)};
    size_t n = WIRE_STARTED_FDS;
    w.cpu_base_us = slot->cgroup.cpu_base_us;
    w.has_peak = add_copy(slot->cgroup.memory_peak, fds, &n);
    w.has_cpu = add_copy(slot->cgroup.cpu_usage, fds, &n);
    slot->handed_over = true;
    slot_move(s, slot, SLOT_RUNNING);
    spawner_say(s, &w, fds, n);
}

/* The credentials on its message name the copy: filled in by the kernel, they cannot be made up.
 * It must be a child of ours that is nobody else already. */
static bool meet(struct spawner *s, struct spawner_slot *slot, pid_t pid)
{
    siginfo_t info;
    if (slot->pid || pid <= 0 || slot_of_pid(s, pid) || spawner_uplink_knows(s, pid) ||
        waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return false;
    for (unsigned i = 0; i < s->templates_end; i++)
        if (s->templates[i].pid == pid)
            return false;
    slot->pid = pid;
    list_push(&s->pids[(unsigned)pid % SPAWNER_PID_BUCKETS], &slot->by_pid);
    uncount(s, slot);
    return true;
}

static void start_lost(struct spawner *s, struct spawner_slot *slot)
{
    if (!slot->why.code)
        err_set(&slot->why, ERR_SYSTEM, "the copy ended before it was ready");
    if (slot->pid)
        end(s, slot);
    else
        finish(s, slot, 0, 0);
}

void spawner_heard(const struct report *r, struct err *ret)
{
    *ret = r->err;
    ret->text[sizeof ret->text - 1] = 0;
    if ((unsigned)ret->code > ERR_TIMEOUT || ret->code == ERR_NONE)
        ret->code = ERR_SYSTEM;
    bool utf8 = str_is_utf8(str_of(ret->text));
    for (char *p = ret->text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || (!utf8 && (unsigned char)*p > 0x7f))
            *p = '?';
}

/* 1: one report taken, 0: nothing there, -1: the slot does not start any more. Each kind is taken
 * once: the loop around this ends, however many somebody sends. */
static int take_report(struct spawner *s, struct spawner_slot *slot)
{
    struct report r;
    struct fd_message m;
    struct err e = {0};
    if (fd_receive(slot->start, &r, sizeof r, &m, &e) < 0 && e.sys == EAGAIN)
        return 0;
    for (size_t i = 0; i < m.fd_count; i++)
        fd_close(&m.fds[i]);
    if (e.code || m.len != sizeof r || r.magic != ORDER_MAGIC)
        return -1;
    if (r.kind == REPORT_HELLO)
        return meet(s, slot, m.pid) ? 1 : -1;
    if (r.kind == REPORT_READY && slot->pid && m.pid == slot->pid) {
        fd_close(&slot->start);
        if (slot->limits.network)
            /* Before anybody can give it code. Not earlier: while it changes its user the kernel
             * lets nobody into its namespaces. */
            spawner_uplink_plug(s, slot);
        else
            hand_over(s, slot);
        return 1;
    }
    spawner_heard(&r, &slot->why);
    return -1;
}

void spawner_slot_on_start_socket(struct spawner *s, unsigned index)
{
    struct spawner_slot *slot = &s->slots[index];
    int result = 1;
    while (slot->state == SLOT_STARTING && slot->start >= 0 && result > 0)
        result = take_report(s, slot);
    if (slot->state == SLOT_STARTING && result < 0)
        start_lost(s, slot);
}

/* --- limits and end --- */

static struct spawner_slot *running(struct spawner *s, const struct wire *w)
{
    if (w->slot >= s->config->slots_max)
        return NULL;
    struct spawner_slot *slot = &s->slots[w->slot];
    return slot->state == SLOT_RUNNING && slot->generation == w->generation ? slot : NULL;
}

static void say_limited(struct spawner *s, uint32_t slot, uint32_t generation,
                        const struct err *why)
{
    struct wire reply;
    wire_init(&reply, WIRE_LIMITED);
    reply.slot = slot;
    reply.generation = generation;
    reply.err = *why;
    spawner_say(s, &reply, NULL, 0);
}

void spawner_slot_limit(struct spawner *s, const struct wire *w)
{
    struct sandbox_limits limits;
    struct err why = {0};
    struct spawner_slot *slot = running(s, w);
    wire_unpack_limits(&w->limits, &limits);
    if (!slot) {
        err_set(&why, ERR_NOT_FOUND, "slot %u is not running", w->slot);
    } else if (slot->limiting) {
        err_set(&why, ERR_CONFLICT, "the limits of slot %u are being changed", w->slot);
    } else if (spawner_limit(s, slot, &limits, &why) == 0 && limits.network &&
               spawner_uplink_over(slot)) {
        slot->limiting = true;
        slot->why = (struct err){0};
        spawner_uplink_plug(s, slot);
        return;
    }
    say_limited(s, w->slot, w->generation, &why);
}

void spawner_slot_plugged(struct spawner *s, struct spawner_slot *slot)
{
    struct err none = {0};
    if (slot->state == SLOT_STARTING)
        hand_over(s, slot);
    else if (slot->limiting)
        say_limited(s, slot->index, slot->generation, &none);
    slot->limits.network = true;
    slot->limiting = false;
}

/* A slot that has been promised a network does not live on without it; one that was only asked for
 * it stays as it is. */
void spawner_slot_unplugged(struct spawner *s, struct spawner_slot *slot)
{
    if (slot->pid <= 0) {
        settle(s, slot);
    } else if (slot->limiting) {
        say_limited(s, slot->index, slot->generation, &slot->why);
        slot->limiting = false;
    } else if (slot->state != SLOT_ENDING) {
        log_warn("sandbox", "network lost slot=%u why=%s", slot->index, slot->why.text);
        end(s, slot);
    }
}

void spawner_slot_kill(struct spawner *s, const struct wire *w)
{
    struct spawner_slot *slot = running(s, w);
    if (slot)
        end(s, slot);
}

void spawner_slots_hear(struct spawner *s)
{
    list_each_safe (node, &s->by_state[SLOT_STARTING])
        spawner_slot_on_start_socket(s, list_of(node, struct spawner_slot, node)->index);
}

bool spawner_slot_reaped(struct spawner *s, pid_t pid, int status, uint64_t cpu_us)
{
    struct spawner_slot *slot = slot_of_pid(s, pid);
    if (!slot)
        return false;
    if (!slot->handed_over && !slot->why.code)
        err_set(&slot->why, ERR_SYSTEM, "the copy ended before it was ready (status %#x)",
                (unsigned)status);
    slot->exit_status = status;
    slot->exit_cpu_us = cpu_us;
    slot->pid = 0;
    list_remove(&slot->by_pid);
    fd_close(&slot->start);
    uncount(s, slot);
    spawner_uplink_end(s, slot);
    settle(s, slot);
    return true;
}

/* The list is in order of time. A copy that has not said hello is still an order in its template's
 * socket: the template hangs, and its end closes the start socket, which ends the slot. */
static struct spawner_slot *next_free(struct spawner *s)
{
    struct list *node = list_first(&s->by_state[SLOT_FREE]);
    return node ? list_of(node, struct spawner_slot, node) : NULL;
}

bool spawner_slots_prepared(struct spawner *s)
{
    const struct spawner_slot *slot = next_free(s);
    return !slot || slot->has_cgroup || s->ahead_failed;
}

/* Why it failed is told when a start needs it and fails too. */
void spawner_slots_prepare(struct spawner *s)
{
    struct err ignored = {0};
    s->ahead_failed = spawner_prepare(s, next_free(s), &ignored) < 0;
}

void spawner_slots_expire(struct spawner *s, uint64_t now_us)
{
    list_each_safe (node, &s->by_state[SLOT_STARTING]) {
        struct spawner_slot *slot = list_of(node, struct spawner_slot, node);
        struct spawner_template *t = &s->templates[slot->template_index];
        if (slot->deadline_us > now_us)
            return;
        log_warn("sandbox", "start timed out slot=%u template=%s", slot->index, t->config->name);
        err_set(&slot->why, ERR_TIMEOUT, "the start took longer than %d s", SPAWNER_START_S);
        if (slot->pid) {
            end(s, slot);
            continue;
        }
        slot->deadline_us = UINT64_MAX;
        if (t->pid > 0)
            (void)kill(t->pid, SIGKILL);
    }
}

uint64_t spawner_slots_deadline_us(struct spawner *s)
{
    uint64_t first = UINT64_MAX;
    list_each (node, &s->by_state[SLOT_STARTING]) {
        first = list_of(node, struct spawner_slot, node)->deadline_us;
        if (first != UINT64_MAX)
            break;
    }
    return first;
}
