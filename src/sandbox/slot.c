#include "sandbox/slot.h"

#include "base/must.h"
#include "base/str.h"
#include "sandbox/runner_fds.h"
#include "sandbox/rights.h"
#include "sandbox/slot_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* First of all, so that all that follows is charged to the slot. A v1 task moves itself: writing
 * its own "0" avoids the lock over all processes that moving another one takes. On v2 it cannot be
 * born there: the kernel would ask the template for rights over the group. */
static int enter_cgroup(struct slot_plan *plan, struct err *e)
{
    for (size_t i = ORDER_FD_CGROUP; i < plan->fd_count; i++)
        if (write(plan->fds[i], "0", 1) != 1)
            return err_sys(e, "enter cgroup hierarchy %zu", i - ORDER_FD_CGROUP);
    return 0;
}

/* Only now: the namespace's root is the group the caller is in. */
static int hide_cgroups(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    if (unshare(CLONE_NEWCGROUP) < 0)
        return err_sys(e, "new cgroup namespace");
    return 0;
}

static int new_session(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    if (setsid() < 0)
        return err_sys(e, "new session");
    return 0;
}

/* Standard input is /dev/null already, as in the template. All sources lie above SLOT_SOCKET, and
 * the one that may sit on SLOT_START_FD has been duplicated before that is overwritten. */
static int arrange_descriptors(struct slot_plan *plan, struct err *e)
{
    const int *fds = plan->fds;
    if (dup2(fds[ORDER_FD_OUT], SLOT_STDOUT) < 0 || dup2(fds[ORDER_FD_ERR], SLOT_STDERR) < 0 ||
        dup2(fds[ORDER_FD_SOCKET], SLOT_SOCKET) < 0)
        return err_sys(e, "place descriptors");
    if (plan->start != SLOT_START_FD && dup3(plan->start, SLOT_START_FD, O_CLOEXEC) < 0)
        return err_sys(e, "place the start socket");
    plan->start = SLOT_START_FD;
    if (close_range(SLOT_START_FD + 1, ~0u, 0) < 0)
        return err_sys(e, "close all other descriptors");
    return 0;
}

/* Never above what the process may have: a lower limit than asked for is the stricter one. */
static int set_limit(int resource, const char *name, uint64_t value, struct err *e)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return err_sys(e, "read limit %s", name);
    if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
        value = now.rlim_max;
    struct rlimit new = {value, value};
    if (setrlimit((__rlimit_resource_t)resource, &new) < 0)
        return err_sys(e, "set limit %s", name);
    return 0;
}

static int limit_resources(struct slot_plan *plan, struct err *e)
{
    const struct sandbox_limits *l = &plan->order->limits;
    const struct {
        int resource;
        const char *name;
        uint64_t value;
    } rows[] = {
        {RLIMIT_FSIZE, "file size", l->file_bytes},
        {RLIMIT_NOFILE, "open files", l->open_files},
        {RLIMIT_CORE, "core size", 0},
        {RLIMIT_MEMLOCK, "locked memory", 64 << 10},
        {RLIMIT_MSGQUEUE, "message queues", 64 << 10},
        {RLIMIT_SIGPENDING, "pending signals", 1024},
        {RLIMIT_NICE, "nice", 0},
        {RLIMIT_RTPRIO, "real-time priority", 0},
        /* The second line behind the pids cgroup; counts per user, so only where each slot has its
         * own. Last: it must not matter to the steps above. */
        {RLIMIT_NPROC, "processes", l->pids},
    };
    size_t count = ARRAY_LEN(rows) - (plan->order->shared_uid ? 1 : 0);
    for (size_t i = 0; i < count; i++)
        if (set_limit(rows[i].resource, rows[i].name, rows[i].value, e) < 0)
            return -1;
    return 0;
}

static int become_user(struct slot_plan *plan, struct err *e)
{
    const struct order *o = plan->order;
    if (rights_become(o->uid, o->uid, o->shared_uid, e) < 0)
        return -1;
    /* Changing ids made the process undumpable, and with it /proc/self root's. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return err_sys(e, "make /proc/self readable");
    return 0;
}

/* After the change of user: keys count against the quota of whoever joins. */
static int new_keyring(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return err_sys(e, "new session keyring");
    return 0;
}

static int drop_capabilities(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    return rights_drop(e);
}

static int forbid_new_privileges(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(e, "no_new_privs");
    return 0;
}

/* The parent is the spawner (CLONE_PARENT). After the change of user, which clears it. */
static int die_with_parent(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_sys(e, "die with the spawner");
    return 0;
}

/* The long list is on since before the clone (template.c); this takes away what it left for the
 * steps above. */
static int filter_syscalls(struct slot_plan *plan, struct err *e)
{
    return filter_load_seal(plan->filter, e);
}

static const struct step {
    const char *name;
    int (*run)(struct slot_plan *plan, struct err *e);
} steps[] = {
    {"cgroup", enter_cgroup},
    {"cgroup namespace", hide_cgroups},
    {"session", new_session},
    {"descriptors", arrange_descriptors},
    {"proc", slot_mount_proc},
    {"masked proc", slot_mask_proc},
    {"scratch directories", slot_mount_scratch},
    {"resource limits", limit_resources},
    {"user", become_user},
    {"keyring", new_keyring},
    {"capabilities", drop_capabilities},
    {"no new privileges", forbid_new_privileges},
    {"parent death", die_with_parent},
    {"syscall filter", filter_syscalls}, /* last: it forbids what the steps above need */
};

#ifdef VIRGA_TESTING
int slot_skip_parse(const char *names, uint64_t *ret, struct err *e)
{
    struct str rest = str_of(names);
    *ret = 0;
    while (rest.n) {
        struct str name = str_cut(&rest, ',');
        size_t i = 0;
        while (i < ARRAY_LEN(steps) && !str_is(name, steps[i].name))
            i++;
        if (i == ARRAY_LEN(steps))
            return err_set(e, ERR_INVALID, "no sandbox step '" STR_FMT "'", STR_ARG(name));
        *ret |= 1ull << i;
    }
    return 0;
}

bool slot_skips_filter(const struct order *o)
{
    size_t last = ARRAY_LEN(steps) - 1;
    must(steps[last].run == filter_syscalls);
    return o->skip >> last & 1;
}

static int skipped(const struct slot_plan *plan, size_t step)
{
    return plan->order->skip >> step & 1;
}
#else
static int skipped(const struct slot_plan *plan, size_t step)
{
    (void)plan, (void)step;
    return 0;
}
#endif

int slot_enter(struct slot_plan *plan, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (!skipped(plan, i) && steps[i].run(plan, e) < 0)
            return err_in(e, "sandbox step '%s'", steps[i].name);
    return 0;
}
