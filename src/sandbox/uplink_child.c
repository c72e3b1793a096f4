/* The process of one slot's network: a table of steps from fork to the stack's loop, each of which
 * leaves it with less. */
#include "sandbox/uplink_program.h"

#include "base/fd.h"
#include "base/must.h"
#include "sandbox/filter.h"
#include "sandbox/order.h"
#include "sandbox/rights.h"
#include "uplink/uplink.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Where its descriptors end up, and no others. */
enum { AT_REPORT = 3, AT_TAP = 4, AT_END = 5 };

/* Room for the buffers of as many connections as there can be: what does not fit ends the process,
 * since its library cannot do without. */
#define CONNECTION_BYTES (384ull << 10)
#define MEMORY_BYTES     ((32ull << 20) + UPLINK_FILES * CONNECTION_BYTES)

/* It buffers and computes for the slot, so that is whose memory and time it takes. On v2 it was
 * born there. */
static int enter_cgroup(struct uplink_birth *b, struct err *e)
{
    for (uint32_t i = 0; b->order->cgroup_version == 1 && i < b->order->cgroup_count; i++)
        if (write(b->fds[UPLINK_FD_CGROUP + i], "0", 1) != 1)
            return err_sys(e, "enter cgroup hierarchy %u", i);
    return 0;
}

static int close_standard(struct err *e)
{
    auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int last = STDERR_FILENO;
#ifdef __SANITIZE_ADDRESS__ /* which has something to say there */
    last = STDOUT_FILENO;
#endif
    if (null < 0)
        return err_sys(e, "open '/dev/null'");
    for (int fd = STDIN_FILENO; fd <= last; fd++)
        if (dup2(null, fd) < 0)
            return err_sys(e, "place descriptors");
    return 0;
}

/* Both move out of the way first, since either may be where the other goes. */
static int arrange_descriptors(struct uplink_birth *b, struct err *e)
{
    if (close_standard(e) < 0)
        return -1;
    int report = fcntl(b->fds[UPLINK_FD_REPORT], F_DUPFD_CLOEXEC, AT_END);
    int tap = fcntl(b->tap, F_DUPFD_CLOEXEC, AT_END);
    if (report < 0 || tap < 0 || dup3(report, AT_REPORT, O_CLOEXEC) < 0 ||
        dup3(tap, AT_TAP, O_CLOEXEC) < 0 || close_range(AT_END, ~0u, 0) < 0)
        return err_sys(e, "place descriptors");
    b->tap = AT_TAP;
    return 0;
}

static int set_limit(int resource, const char *name, uint64_t value, struct err *e)
{
    struct rlimit new = {value, value};
    if (setrlimit((__rlimit_resource_t)resource, &new) < 0)
        return err_sys(e, "set limit %s", name);
    return 0;
}

static int limit_resources(struct uplink_birth *b, struct err *e)
{
    static const struct {
        int resource;
        const char *name;
        uint64_t value;
    } rows[] = {
        {RLIMIT_NOFILE, "open files", UPLINK_FILES},
        {RLIMIT_CORE, "core size", 0},
        {RLIMIT_FSIZE, "file size", 0},
        {RLIMIT_MEMLOCK, "locked memory", 0},
        {RLIMIT_NPROC, "processes", 0},
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
        {RLIMIT_DATA, "memory", MEMORY_BYTES},
#endif
    };
    (void)b;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (set_limit(rows[i].resource, rows[i].name, rows[i].value, e) < 0)
            return -1;
    return 0;
}

/* The current directory holds etc/resolv.conf, which the stack reads, and nothing else. */
static int enter_root(struct uplink_birth *b, struct err *e)
{
    (void)b;
    if (chroot(".") < 0 || chdir("/") < 0)
        return err_sys(e, "enter the empty root");
    return 0;
}

static int become_user(struct uplink_birth *b, struct err *e)
{
    const struct uplink_order *o = b->order;
    return rights_become(o->uid, o->uid, o->shared_uid, e);
}

/* Nothing may look into it, whoever has its id. The parent is the spawner (CLONE_PARENT); the
 * change of user has cleared the wish. */
static int drop_rights(struct uplink_birth *b, struct err *e)
{
    (void)b;
    if (rights_drop(e) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_sys(e, "give up rights");
    return 0;
}

static int filter_syscalls(struct uplink_birth *b, struct err *e)
{
    return filter_load(b->filter, e);
}

static struct uplink *stack;

static int open_stack(struct uplink_birth *b, struct err *e)
{
    return uplink_open(b->rules, b->tap, &stack, e);
}

static const struct step {
    const char *name;
    int (*run)(struct uplink_birth *b, struct err *e);
} steps[] = {
    {"cgroup", enter_cgroup},
    {"descriptors", arrange_descriptors},
    {"limits", limit_resources},
    {"root", enter_root},
    {"user", become_user},
    {"rights", drop_rights},
    {"stack", open_stack}, /* as nobody: it needs a socket that the filter refuses, but no right */
    {"syscall filter", filter_syscalls}, /* last: it forbids what the steps above need */
};

_Noreturn void uplink_child(struct uplink_birth *b)
{
    struct err e = {0};
    int report = b->fds[UPLINK_FD_REPORT];
    order_report(report, REPORT_HELLO, NULL);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].run(b, &e) < 0) {
            (void)err_in(&e, "network step '%s'", steps[i].name);
            order_report(report, REPORT_FAILED, &e);
            _exit(1);
        }
        if (steps[i].run == arrange_descriptors)
            report = AT_REPORT;
    }
    order_report(report, REPORT_READY, NULL);
    uplink_run(stack, AT_REPORT);
    _exit(0);
}
