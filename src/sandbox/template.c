#include "sandbox/template.h"

#include "base/fd.h"
#include "sandbox/clone.h"
#include "sandbox/filter.h"
#include "sandbox/order.h"
#include "sandbox/rights.h"
#include "sandbox/slot.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Theory of operation. Making a network namespace is the dearest part of a copy, and it needs
 * nothing from the copy. So the template itself moves into fresh network, ipc and uts namespaces
 * ahead, the copy inherits them, and right after it the template leaves for the next ones. `fresh`
 * says that nobody but the template is inside; no copy is made while it is false. Pid and mount
 * namespaces are made by the clone. */
enum { HEAD_START_MS = 3, LARGE_BYTES = 120 << 10 /* below what malloc maps */ };

static const char SCRATCH_OPTIONS[] = "size=64m,nr_inodes=16384,mode=0755";

struct template
{
    const struct template_hooks *hooks;
    struct filter filter;
    bool filtered;
    bool fresh;
};

static int raise_loopback(struct err *e)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    auto_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &request) < 0)
        return err_sys(e, "bring the loopback interface up");
    return 0;
}

static int prepare_namespaces(struct template *t, struct err *e)
{
    if (t->fresh)
        return 0;
    if (unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
        return err_sys(e, "make namespaces for the next copy");
    if (raise_loopback(e) < 0)
        return -1;
    t->fresh = true;
    return 0;
}

/* The copy just made often sits on the same core and waits for us; its way is the one that somebody
 * is waiting for. So it gets a head start, unless there is an order that needs the namespaces now.
 * What fails here is tried again, and reported, with the next order. */
static void prepare_when_idle(struct template *t)
{
    struct err ignored;
    struct pollfd order = {.fd = TEMPLATE_CONTROL, .events = POLLIN};
    if (!t->fresh && poll(&order, 1, HEAD_START_MS) == 0)
        (void)prepare_namespaces(t, &ignored);
}

/* The long part of the syscall filter, for ourselves and all copies; a copy seals it as its last
 * step. In a build for tests it waits for the first order, which says whether there is to be a
 * filter. */
static int filter_ahead(struct template *t, const struct order *o, struct err *e)
{
#ifdef VIRGA_TESTING
    if (!o || slot_skips_filter(o))
        return 0;
#endif
    (void)o;
    if (t->filtered)
        return 0;
    if (filter_load_base(&t->filter, e) < 0)
        return -1;
    t->filtered = true;
    return 0;
}

static _Noreturn void run_copy(const struct template *t, struct slot_plan *plan)
{
    struct err e = {0};
    order_report(plan->start, REPORT_HELLO, NULL);
    if (slot_enter(plan, &e) < 0) {
        order_report(plan->start, REPORT_FAILED, &e);
        _exit(1);
    }
    order_report(plan->start, REPORT_READY, NULL);
    close(plan->start);
    t->hooks->become(t->hooks->arg);
    _exit(127);
}

static int copy(struct template *t, struct slot_plan *plan, struct err *e)
{
    if (prepare_namespaces(t, e) < 0 || filter_ahead(t, plan->order, e) < 0)
        return -1;
    if (t->hooks->before_copy)
        t->hooks->before_copy();
    t->fresh = false; /* before the clone: true again only after the next unshare */
    pid_t pid = clone_fork(CLONE_PARENT | CLONE_NEWPID | CLONE_NEWNS, -1, e);
    if (pid == 0)
        run_copy(t, plan);
    if (t->hooks->after_copy)
        t->hooks->after_copy();
    return pid < 0 ? -1 : 0;
}

static int check_order(const struct order *o, const struct fd_message *m, struct err *e)
{
    if (m->len != sizeof *o || o->magic != ORDER_MAGIC ||
        m->fd_count != ORDER_FD_CGROUP + o->cgroup_count)
        return err_set(e, ERR_MALFORMED, "order of %zu bytes with %zu descriptors", m->len,
                       m->fd_count);
    return 0;
}

/* An order that makes no sense, like the end of the spawner's socket, ends the template. */
static void serve_one(struct template *t)
{
    struct order order;
    struct fd_message m;
    struct err e = {0};
    if (fd_receive(TEMPLATE_CONTROL, &order, sizeof order, &m, &e) < 0 || m.len == 0)
        _exit(0);
    if (check_order(&order, &m, &e) < 0) {
        order_report(TEMPLATE_CONTROL, REPORT_FAILED, &e);
        _exit(1);
    }
    struct slot_plan plan = {&order, m.fds, m.fd_count, &t->filter, m.fds[ORDER_FD_START]};
    if (copy(t, &plan, &e) < 0)
        order_report(plan.start, REPORT_FAILED, &e);
    for (size_t i = 0; i < m.fd_count; i++)
        close(m.fds[i]);
}

/* Freed pieces that are not joined and sorted by now are so by the first larger allocation of each
 * copy, which touches, and so copies, a page for nearly each of them. libseccomp leaves many. */
static void tidy_heap(void)
{
    malloc_trim(0);
    void *volatile large = malloc(LARGE_BYTES);
    free(large);
}

/* What template_confine has made, for template_serve. */
static struct filter confined;
static bool is_confined;

/* A user namespace within would bring all rights back, on all the kernel code that asks for them.
 * Only whoever has SYS_RESOURCE here can raise it again. */
static int forbid_user_namespaces(struct err *e)
{
    static const char path[] = "/proc/sys/user/max_user_namespaces";
    auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        return err_sys(e, "write '%s'", path);
    return 0;
}

/* The bounding set first: the filter refuses what that takes. What is kept is for copies: mounts
 * and namespaces, their loopback interface, their ids. */
int template_confine(struct err *e)
{
    uint64_t keep = RIGHTS_BIT(CAP_SYS_ADMIN) | RIGHTS_BIT(CAP_NET_ADMIN) | RIGHTS_BIT(CAP_SETUID) |
                    RIGHTS_BIT(CAP_SETGID);
    if (forbid_user_namespaces(e) < 0 || filter_build(&confined, e) < 0 || rights_bound(e) < 0 ||
        rights_keep(keep, 0, e) < 0 || filter_load_base(&confined, e) < 0)
        return -1;
    is_confined = true;
    return 0;
}

int template_scratch(const char *path, struct err *e)
{
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, SCRATCH_OPTIONS) < 0)
        return err_sys(e, "mount '%s' for what is loaded ahead", path);
    return 0;
}

_Noreturn void template_fail(const struct err *e)
{
    order_report(TEMPLATE_CONTROL, REPORT_FAILED, e);
    _exit(1);
}

_Noreturn void template_serve(const struct template_hooks *hooks)
{
    struct template t = {.hooks = hooks, .filter = confined, .filtered = is_confined};
    struct err e = {0};
    if (!is_confined && (filter_build(&t.filter, &e) < 0 || rights_bound(&e) < 0))
        template_fail(&e);
    if (prepare_namespaces(&t, &e) < 0 || filter_ahead(&t, NULL, &e) < 0)
        template_fail(&e);
    tidy_heap();
    order_report(TEMPLATE_CONTROL, REPORT_READY, NULL);
    for (;;) {
        prepare_when_idle(&t);
        serve_one(&t);
    }
}
