#include "sandbox/spawner_uplink.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "sandbox/clone.h"
#include "sandbox/order.h"
#include "sandbox/uplink_order.h"
#include "uplink/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ASKED_MAX = 16, /* orders that nobody has said hello to yet: bounds descriptors in flight */
    UPLINK_S = 10,  /* for an order to become a network */
};

/* --- the program --- */

static _Noreturn void become_program(const struct spawner *s, const char *path, int control)
{
    char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)s->instance.dir, NULL};
    char *environment[] = {"LD_BIND_NOW=1", NULL}; /* its forks shall not look for functions */
    sigset_t none;
    sigemptyset(&none);
    if (dup2(control, UPLINK_CONTROL) >= 0 && fcntl(UPLINK_CONTROL, F_SETFD, 0) == 0 &&
        close_range(UPLINK_CONTROL + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0 &&
        sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        execve(path, argv, environment);
    struct err e = {0};
    (void)err_sys(&e, "run '%.160s'", path);
    order_report(control, REPORT_FAILED, &e);
    _exit(127);
}

static int start_program(struct spawner *s, struct err *e)
{
    char path[PATH_MAX];
    int p[2];
    if (!s->config->runners_dir)
        return err_set(e, ERR_UNAVAILABLE, "there is no directory of runners");
    snprintf(path, sizeof path, "%s/uplink/virga-uplink", s->config->runners_dir);
    if (access("/dev/net/tun", R_OK | W_OK) < 0)
        return err_sys(e, "open '/dev/net/tun'");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make a socket pair");
    auto_fd int mine = p[0], theirs = p[1];
    s->uplink.pid = clone_fork(0, -1, e);
    if (s->uplink.pid == 0)
        become_program(s, path, theirs);
    if (s->uplink.pid < 0 ||
        fd_send(mine, s->config->egress, sizeof *s->config->egress, NULL, 0, e) < 0 ||
        fd_nonblock(mine, e) < 0 || spawner_watch(s, mine, EPOLLIN, EVENT_UPLINKS, 0, e) < 0)
        return -1;
    s->uplink.control = take_fd(&mine);
    return 0;
}

/* What waits for it learns it by the ends of their sockets. */
static void lost(struct spawner *s, const struct err *why)
{
    if (s->uplink.why.code)
        return;
    s->uplink.why = *why;
    fd_close(&s->uplink.control);
    if (s->uplink.pid > 0)
        (void)kill(s->uplink.pid, SIGKILL);
    log_warn("sandbox", "no networks for slots: %s", why->text);
}

void spawner_uplink_start(struct spawner *s)
{
    struct err e = {0};
    s->uplink.control = -1;
    list_init(&s->uplink.waiting);
    list_init(&s->uplink.asked);
    for (int i = 0; i < SPAWNER_PID_BUCKETS; i++)
        list_init(&s->uplink.pids[i]);
    if (!s->config->egress)
        err_set(&s->uplink.why, ERR_INVALID, "this server gives functions no network (--egress)");
    else if (start_program(s, &e) < 0)
        lost(s, &e);
}

/* READY says nothing that the next order would not find out. */
void spawner_uplink_on_control(struct spawner *s)
{
    struct report r;
    struct fd_message m;
    struct err e = {0};
    if (s->uplink.control < 0 ||
        (fd_receive(s->uplink.control, &r, sizeof r, &m, &e) < 0 && e.sys == EAGAIN))
        return;
    for (size_t i = 0; i < m.fd_count; i++)
        fd_close(&m.fds[i]);
    bool whole = !e.code && m.len == sizeof r && r.magic == ORDER_MAGIC;
    if (whole && r.kind == REPORT_READY)
        return;
    if (whole && r.kind == REPORT_FAILED)
        spawner_heard(&r, &e);
    else
        err_set(&e, ERR_SYSTEM, "the program 'virga-uplink' ended");
    lost(s, &e);
}

int spawner_uplink_check(const struct spawner *s, struct err *e)
{
    if (!s->uplink.why.code)
        return 0;
    *e = s->uplink.why;
    return err_in(e, "network");
}

/* --- one slot's --- */

static struct spawner_slot *slot_of(struct list *node)
{
    return list_of(node, struct spawner_slot, uplink.node);
}

/* Nobody says hello to an order twice, and what has become of it is known. */
static void uncount(struct spawner *s, struct spawner_slot *slot)
{
    if (slot->uplink.state == UPLINK_ASKED)
        s->uplink.asked_count--;
}

static void over(struct spawner *s, struct spawner_slot *slot)
{
    uncount(s, slot);
    list_remove(&slot->uplink.node);
    list_remove(&slot->uplink.by_pid);
    fd_close(&slot->uplink.report);
    slot->uplink.pid = 0;
    slot->uplink.state = UPLINK_NONE;
    spawner_slot_unplugged(s, slot);
}

static int send_order(struct spawner *s, struct spawner_slot *slot, int report, struct err *e)
{
    static_assert((int)UPLINK_FD_CGROUP + (int)CGROUP_TASKS_MAX <= (int)FD_PASS_MAX,
                  "an order's descriptors travel in one message");
    struct uplink_order o;
    int fds[FD_PASS_MAX] = {report};
    size_t n = UPLINK_FD_CGROUP;
    auto_fd int pidfd = pidfd_open(slot->pid, 0);
    if (pidfd < 0)
        return err_sys(e, "hold process %d", (int)slot->pid);
    memset(&o, 0, sizeof o);
    o.magic = UPLINK_MAGIC;
    o.cgroup_version = (uint32_t)cgroup_version(s->cgroups);
    o.shared_uid = !s->instance.root;
    o.uid = s->instance.root ? spawner_slot_uid(s, slot->range, slot->index) : 0;
    fds[UPLINK_FD_SLOT] = pidfd;
    if (o.cgroup_version == 2 && slot->cgroup.v2_dir >= 0)
        fds[n++] = slot->cgroup.v2_dir;
    for (size_t i = 0; o.cgroup_version == 1 && i < CGROUP_TASKS_MAX; i++)
        if (slot->cgroup.tasks[i] >= 0)
            fds[n++] = slot->cgroup.tasks[i];
    o.cgroup_count = (uint32_t)(n - UPLINK_FD_CGROUP);
    return fd_send(s->uplink.control, &o, sizeof o, fds, n, e);
}

/* SO_PASSCRED makes the kernel name the sender of each message. */
static int ask(struct spawner *s, struct spawner_slot *slot, struct err *e)
{
    int p[2];
    if (spawner_uplink_check(s, e) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make a socket pair");
    slot->uplink.report = p[0];
    auto_fd int theirs = p[1];
    if (setsockopt(p[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) < 0)
        return err_sys(e, "ask for credentials");
    if (fd_nonblock(p[0], e) < 0 ||
        spawner_watch(s, p[0], EPOLLIN, EVENT_UPLINK, slot->index, e) < 0)
        return -1;
    return send_order(s, slot, theirs, e);
}

/* The rest waits for its turn, in the order of asking. */
static void dispatch(struct spawner *s)
{
    struct list *first;
    while (s->uplink.asked_count < ASKED_MAX && (first = list_first(&s->uplink.waiting))) {
        struct spawner_slot *slot = slot_of(first);
        if (ask(s, slot, &slot->why) < 0) {
            over(s, slot);
            continue;
        }
        list_remove(&slot->uplink.node);
        list_append(&s->uplink.asked, &slot->uplink.node);
        slot->uplink.state = UPLINK_ASKED;
        s->uplink.asked_count++;
    }
}

void spawner_uplink_plug(struct spawner *s, struct spawner_slot *slot)
{
    must(slot->uplink.state == UPLINK_NONE && slot->pid > 0);
    slot->uplink.state = UPLINK_WAITING;
    slot->uplink.unwanted = false;
    slot->uplink.deadline_us = clock_mono_us() + UPLINK_S * 1000000ull;
    list_append(&s->uplink.waiting, &slot->uplink.node);
    dispatch(s);
}

/* Asked for and not heard of: it may be born yet. It says hello before it does anything, or its
 * socket ends. */
void spawner_uplink_end(struct spawner *s, struct spawner_slot *slot)
{
    slot->uplink.unwanted = true;
    if (slot->uplink.state == UPLINK_WAITING) {
        list_remove(&slot->uplink.node);
        slot->uplink.state = UPLINK_NONE;
    }
    if (slot->uplink.pid > 0)
        (void)kill(slot->uplink.pid, SIGKILL); /* not reaped yet, so the pid is its own */
    (void)s;
}

static struct spawner_slot *slot_of_pid(struct spawner *s, pid_t pid)
{
    struct list *bucket = &s->uplink.pids[(unsigned)pid % SPAWNER_PID_BUCKETS];
    list_each (node, bucket) {
        struct spawner_slot *slot = list_of(node, struct spawner_slot, uplink.by_pid);
        if (slot->uplink.pid == pid)
            return slot;
    }
    return NULL;
}

bool spawner_uplink_knows(struct spawner *s, pid_t pid)
{
    return pid == s->uplink.pid || slot_of_pid(s, pid);
}

static bool meet(struct spawner *s, struct spawner_slot *slot, pid_t pid)
{
    siginfo_t info;
    if (slot->uplink.state != UPLINK_ASKED || pid <= 0 || spawner_uplink_knows(s, pid) ||
        waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return false;
    uncount(s, slot);
    slot->uplink.state = UPLINK_BORN;
    slot->uplink.pid = pid;
    list_push(&s->uplink.pids[(unsigned)pid % SPAWNER_PID_BUCKETS], &slot->uplink.by_pid);
    if (slot->uplink.unwanted)
        (void)kill(pid, SIGKILL);
    return true;
}

/* 1: one report taken, 0: nothing there, -1: it is of no more use. */
static int take_report(struct spawner *s, struct spawner_slot *slot)
{
    struct report r;
    struct fd_message m;
    struct err e = {0};
    if (fd_receive(slot->uplink.report, &r, sizeof r, &m, &e) < 0 && e.sys == EAGAIN)
        return 0;
    for (size_t i = 0; i < m.fd_count; i++)
        fd_close(&m.fds[i]);
    if (e.code || m.len != sizeof r || r.magic != ORDER_MAGIC)
        return -1;
    if (r.kind == REPORT_HELLO)
        return meet(s, slot, m.pid) ? 1 : -1;
    if (r.kind == REPORT_READY && slot->uplink.state == UPLINK_BORN && m.pid == slot->uplink.pid) {
        slot->uplink.state = UPLINK_UP;
        list_remove(&slot->uplink.node);
        if (!slot->uplink.unwanted)
            spawner_slot_plugged(s, slot);
        return 1;
    }
    spawner_heard(&r, &slot->why);
    return -1;
}

/* With a process it is over when that is reaped, which also tells why. */
static void broken(struct spawner *s, struct spawner_slot *slot)
{
    fd_close(&slot->uplink.report);
    if (slot->uplink.pid > 0) {
        (void)kill(slot->uplink.pid, SIGKILL);
        return;
    }
    if (!slot->why.code && spawner_uplink_check(s, &slot->why) == 0)
        err_set(&slot->why, ERR_SYSTEM, "the program 'virga-uplink' made no process");
    over(s, slot);
}

void spawner_uplink_on_report(struct spawner *s, unsigned index)
{
    struct spawner_slot *slot = &s->slots[index];
    int result = 1;
    while (slot->uplink.report >= 0 && result > 0)
        result = take_report(s, slot);
    if (slot->uplink.report >= 0 && result < 0)
        broken(s, slot);
    dispatch(s);
}

void spawner_uplinks_hear(struct spawner *s)
{
    list_each_safe (node, &s->uplink.asked)
        spawner_uplink_on_report(s, slot_of(node)->index);
}

bool spawner_uplink_reaped(struct spawner *s, pid_t pid, int status, uint64_t cpu_us)
{
    if (pid == s->uplink.pid) {
        struct err e = {0};
        spawner_uplink_on_control(s); /* its last words */
        s->uplink.pid = 0;
        err_set(&e, ERR_SYSTEM, "the program 'virga-uplink' ended (status %#x)", (unsigned)status);
        lost(s, &e);
        return true;
    }
    struct spawner_slot *slot = slot_of_pid(s, pid);
    if (!slot)
        return false;
    if (!slot->why.code)
        err_set(&slot->why, ERR_SYSTEM, "the process of the slot's network ended (status %#x)",
                (unsigned)status);
    slot->uplink.cpu_us = cpu_us;
    over(s, slot);
    return true;
}

/* Who has said hello is alone to blame; else it is the program, which takes all it has not made
 * along. */
void spawner_uplinks_expire(struct spawner *s, uint64_t now_us)
{
    list_each_safe (node, &s->uplink.asked) {
        struct spawner_slot *slot = slot_of(node);
        struct err e = {0};
        if (slot->uplink.deadline_us > now_us)
            return;
        slot->uplink.deadline_us = UINT64_MAX;
        err_set(&e, ERR_TIMEOUT, "not there after %d s", UPLINK_S);
        if (slot->uplink.pid > 0) {
            slot->why = e;
            (void)kill(slot->uplink.pid, SIGKILL);
        } else {
            lost(s, &e);
        }
    }
}

uint64_t spawner_uplinks_deadline_us(struct spawner *s)
{
    list_each (node, &s->uplink.asked)
        if (slot_of(node)->uplink.deadline_us != UINT64_MAX)
            return slot_of(node)->uplink.deadline_us;
    return UINT64_MAX;
}
