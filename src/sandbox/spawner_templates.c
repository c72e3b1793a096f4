#include "sandbox/spawner.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "sandbox/clone.h"
#include "sandbox/order.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RETRY_FIRST_US = 100 * 1000,
    RETRY_LAST_US = 30 * 1000 * 1000,
    STARTED_WELL_US = 60 * 1000 * 1000, /* lived that long: the next failure is a new story */
    READY_S = 60,                       /* an interpreter with many packages takes its time */
};

static int write_proc(pid_t pid, const char *name, const char *text, struct err *e)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return err_sys(e, "write '%s'", path);
    return 0;
}

/* 0 inside is the template's own id, each slot's is one of its own; outside, all lie in the
 * instance's ranges, where nothing else runs. Without root there is just one id for all. */
static int give_ids(const struct spawner *s, const struct spawner_template *t, struct err *e)
{
    char map[96];
    const struct instance *in = &s->instance;
    static_assert((int)SPAWNER_TEMPLATES <= (int)INSTANCE_SLOT_UID,
                  "templates' ids end where slots' begin");
    if (in->root)
        snprintf(map, sizeof map, "0 %u 1\n%u %u %u\n", spawner_template_uid(s, t),
                 INSTANCE_SLOT_UID, spawner_slot_uid(s, t->range, 0), s->config->slots_max);
    else
        snprintf(map, sizeof map, "0 0 1\n");
    if (!in->root && write_proc(t->pid, "setgroups", "deny", e) < 0)
        return -1;
    if (write_proc(t->pid, "uid_map", map, e) < 0 || write_proc(t->pid, "gid_map", map, e) < 0)
        return -1;
    return fd_send(t->control, "", 1, NULL, 0, e);
}

static void say(struct spawner *s, enum wire_type type, unsigned index, const struct err *why)
{
    struct wire w;
    wire_init(&w, type);
    w.template_index = index;
    if (why)
        w.err = *why;
    spawner_say(s, &w, NULL, 0);
}

/* A variant is not tried again: its index is free. */
static void end_variant(struct spawner *s, struct spawner_template *t)
{
    bool stopped = t->state == TEMPLATE_STOPPING;
    t->state = TEMPLATE_FREE;
    fd_close(&t->control);
    fd_close(&t->setup);
    spawner_range_leave(s, t);
    spawner_slots_fail_queued(s, t->index, &t->why);
    if (!stopped)
        log_warn("sandbox", "template down template=%s index=%u why=%s", t->config->name, t->index,
                 t->why.text);
    say(s, stopped ? WIRE_TEMPLATE_STOPPED : WIRE_TEMPLATE_FAILED, t->index, &t->why);
}

/* The template is gone, or never came. Its slots live on; new ones wait for the next try. */
static void down(struct spawner *s, struct spawner_template *t)
{
    uint64_t now = clock_mono_us();
    spawner_slots_forget_orders(s, t->index);
    if (t->index >= SANDBOX_TEMPLATES_MAX) {
        end_variant(s, t);
        return;
    }
    if (t->state == TEMPLATE_UP && now - t->started_us > STARTED_WELL_US)
        t->failures = 0;
    uint64_t pause = (uint64_t)RETRY_FIRST_US << (t->failures < 9 ? t->failures : 9);
    t->retry_us = now + (pause < RETRY_LAST_US ? pause : RETRY_LAST_US);
    t->failures++;
    t->state = TEMPLATE_DOWN;
    fd_close(&t->control);
    log_warn("sandbox", "template down template=%s retry_ms=%llu why=%s", t->config->name,
             (unsigned long long)((t->retry_us - now) / 1000), t->why.text);
    spawner_slots_fail_queued(s, t->index, &t->why);
    say(s, WIRE_TEMPLATE_FAILED, t->index, &t->why);
}

static int clone_template(struct spawner *s, struct spawner_template *t, struct err *e)
{
    int p[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make a control socket");
    t->control = p[1];
    t->pid = clone_fork(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                            CLONE_NEWCGROUP,
                        t->has_cgroup ? t->cgroup.v2_dir : -1, e);
    if (t->pid == 0)
        spawner_birth(s, t);
    fd_close(&p[1]);
    fd_close(&t->setup);
    t->control = p[0];
    if (t->pid < 0)
        return -1;
    if (fd_nonblock(t->control, e) < 0 || give_ids(s, t, e) < 0)
        return -1;
    return spawner_watch(s, t->control, EPOLLIN, EVENT_TEMPLATE, t->index, e);
}

void spawner_template_start(struct spawner *s, struct spawner_template *t)
{
    t->state = TEMPLATE_STARTING;
    t->orders = 0;
    t->started_us = clock_mono_us();
    t->retry_us = t->started_us + READY_S * 1000000ull;
    t->why = (struct err){0};
    if (spawner_range_take(s, t, &t->why) == 0 && clone_template(s, t, &t->why) == 0)
        return;
    if (t->pid > 0)
        (void)kill(t->pid, SIGKILL);
    else
        down(s, t);
}

void spawner_templates_init(struct spawner *s)
{
    for (unsigned i = 0; i < s->config->template_count; i++)
        s->templates[i] = (struct spawner_template){
            .config = &s->config->templates[i],
            .state = TEMPLATE_DOWN,
            .index = i,
            .control = -1,
            .setup = -1,
        };
    s->templates_end = s->config->template_count;
}

void spawner_templates_start_due(struct spawner *s, uint64_t now_us)
{
    for (unsigned i = 0; i < s->templates_end; i++) {
        struct spawner_template *t = &s->templates[i];
        if (t->state == TEMPLATE_UP || t->retry_us > now_us)
            continue;
        if (t->state == TEMPLATE_DOWN && t->pid <= 0) {
            spawner_template_start(s, t);
        } else if (t->state == TEMPLATE_STARTING) {
            err_set(&t->why, ERR_TIMEOUT, "not ready after %d s", READY_S);
            t->retry_us = UINT64_MAX;
            (void)kill(t->pid, SIGKILL);
        }
    }
}

uint64_t spawner_templates_deadline_us(const struct spawner *s)
{
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < s->templates_end; i++) {
        const struct spawner_template *t = &s->templates[i];
        bool due = t->state == TEMPLATE_DOWN || t->state == TEMPLATE_STARTING;
        if (due && t->retry_us < first)
            first = t->retry_us;
    }
    return first;
}

/* What it holds resident, libraries included: each slot shares that. 0 when it is gone already. */
static uint64_t resident_bytes(pid_t pid)
{
    char path[64], text[128];
    uint64_t all, resident;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return 0;
    text[n] = 0;
    if (sscanf(text, "%" SCNu64 " %" SCNu64, &all, &resident) != 2)
        return 0;
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void up(struct spawner *s, struct spawner_template *t)
{
    struct wire w;
    wire_init(&w, WIRE_TEMPLATE_READY);
    w.template_index = t->index;
    w.us = clock_mono_us() - t->started_us;
    w.template_bytes = resident_bytes(t->pid);
    t->state = TEMPLATE_UP;
    t->failures = 0;
    spawner_say(s, &w, NULL, 0);
}

/* Anything but one of two reports, or the end of the socket: it is of no more use. Its death is
 * noticed by reaping it. */
void spawner_template_on_control(struct spawner *s, unsigned index)
{
    struct spawner_template *t = &s->templates[index];
    struct report r;
    struct fd_message m;
    struct err e = {0};
    if (t->control < 0)
        return;
    if (fd_receive(t->control, &r, sizeof r, &m, &e) < 0 && e.sys == EAGAIN)
        return;
    for (size_t i = 0; i < m.fd_count; i++)
        fd_close(&m.fds[i]);
    bool whole = !e.code && m.len == sizeof r && r.magic == ORDER_MAGIC;
    if (whole && r.kind == REPORT_READY && t->state == TEMPLATE_STARTING) {
        up(s, t);
        return;
    }
    if (whole && r.kind == REPORT_FAILED)
        spawner_heard(&r, &t->why);
    fd_close(&t->control);
    (void)kill(t->pid, SIGKILL);
}

static void explain_end(const struct spawner *s, struct spawner_template *t, int status)
{
    bool oom = false;
    uint64_t peak, cpu_us;
    if (t->has_cgroup)
        cgroup_slot_usage(s->cgroups, &t->cgroup, &oom, &peak, &cpu_us);
    uint64_t mb = spawner_variant_memory(s) >> 20;
    if (oom && t->state == TEMPLATE_STARTING)
        err_set(&t->why, ERR_LIMIT, "the packages need more than %" PRIu64 " MB to be imported",
                mb);
    else if (oom)
        err_set(&t->why, ERR_LIMIT, "the packages came to need more than %" PRIu64 " MB", mb);
    else
        err_set(&t->why, ERR_SYSTEM, "the template ended (status %#x)", (unsigned)status);
}

bool spawner_template_reaped(struct spawner *s, pid_t pid, int status)
{
    for (unsigned i = 0; i < s->templates_end; i++) {
        struct spawner_template *t = &s->templates[i];
        if (t->pid != pid)
            continue;
        while (t->control >= 0 && !t->why.code && t->state == TEMPLATE_STARTING) {
            int before = t->control;
            spawner_template_on_control(s, i); /* its last words */
            if (t->control == before)
                break;
        }
        if (!t->why.code)
            explain_end(s, t, status);
        t->pid = 0;
        down(s, t);
        return true;
    }
    return false;
}
