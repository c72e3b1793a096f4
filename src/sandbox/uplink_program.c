/* Theory of operation. The spawner executes this program once, in the host's network namespace,
 * while it has all its rights. Set up, it holds only those to become a slot's user and to change
 * its root, and waits for orders. An order makes a process for one slot's network: a fork, so that
 * nothing has to be loaded, and a child of the spawner (CLONE_PARENT), which reaps it and knows
 * whose it is. That process belongs to the slot: in its cgroups, with its host uid, and it shares
 * nothing with another slot's.
 *
 *     spawner --order: pidfd of the slot, cgroups--> program --fork--> process of the slot's
 * network
 *        ^------------------- HELLO, READY, and the end of the socket ----------------'
 *
 * What such a process sees of the files of the host is a copy of /etc/resolv.conf, kept current
 * from here. */
#include "sandbox/uplink_program.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/must.h"
#include "sandbox/clone.h"
#include "sandbox/order.h"
#include "sandbox/rights.h"
#include "uplink/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HOST_RESOLV[] = "/etc/resolv.conf";

enum { RESOLV_MAX = 64 << 10, LOOK_MS = 5000 };

struct program {
    const char *dir;
    struct uplink_rules rules;
    struct sock_fprog filter;
    struct stat seen; /* the host's resolv.conf, as copied last */
    bool served;
};

static int take_rules(struct program *p, struct err *e)
{
    struct fd_message m;
    if (fd_receive(UPLINK_CONTROL, &p->rules, sizeof p->rules, &m, e) < 0)
        return -1;
    must(m.len == sizeof p->rules && m.fd_count == 0);
    return 0;
}

/* An ended connection is an error of write, not the end of the process. */
static int belong_to_spawner(struct program *p, struct err *e)
{
    (void)p;
    signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_NAME, "virga-uplink", 0, 0, 0); /* for ps */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_sys(e, "die with the spawner");
    return 0;
}

/* What one slot's process gets as its root. */
static int make_root(struct program *p, struct err *e)
{
    umask(022);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(e, "new mount namespace");
    if (mount("tmpfs", p->dir, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=256k,nr_inodes=16,mode=0755") < 0)
        return err_sys(e, "mount on '%s'", p->dir);
    if (chdir(p->dir) < 0 || mkdir("etc", 0755) < 0)
        return err_sys(e, "make 'etc' in '%s'", p->dir);
    return fd_write_file(AT_FDCWD, &HOST_RESOLV[1], "", 0, 0644, e);
}

/* SETUID and SETGID make a process the slot's, SYS_CHROOT shuts it in. Going into a slot's
 * namespaces takes no right of the host's. */
static int keep_rights(struct program *p, struct err *e)
{
    (void)p;
    return rights_keep(RIGHTS_BIT(CAP_SETUID) | RIGHTS_BIT(CAP_SETGID) | RIGHTS_BIT(CAP_SYS_CHROOT),
                       0, e);
}

static int make_filter(struct program *p, struct err *e)
{
    return uplink_filter(&p->filter, e);
}

static const struct step {
    const char *name;
    int (*run)(struct program *p, struct err *e);
} steps[] = {
    {"spawner", belong_to_spawner}, {"rules", take_rules},           {"root", make_root},
    {"rights", keep_rights},        {"syscall filter", make_filter},
};

/* A host that has no name servers now may have some later. */
static void copy_resolv(struct program *p)
{
    struct stat now;
    struct err ignored;
    auto_buf struct buf text = {0};
    if (stat(HOST_RESOLV, &now) < 0 ||
        (now.st_dev == p->seen.st_dev && now.st_ino == p->seen.st_ino &&
         now.st_size == p->seen.st_size && now.st_mtim.tv_sec == p->seen.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == p->seen.st_mtim.tv_nsec))
        return;
    if (fd_read_file(HOST_RESOLV, RESOLV_MAX, &text, &ignored) == 0 &&
        fd_write_file(AT_FDCWD, "etc/new", text.data, text.len, 0644, &ignored) == 0 &&
        rename("etc/new", &HOST_RESOLV[1]) == 0)
        p->seen = now;
}

static void serve(struct program *p, const struct uplink_order *o, const struct fd_message *m)
{
    struct err e = {0};
    int born_in = o->cgroup_version == 2 && o->cgroup_count ? m->fds[UPLINK_FD_CGROUP] : -1;
    pid_t pid = -1;
    copy_resolv(p);
    auto_fd int tap = uplink_plug(m->fds[UPLINK_FD_SLOT], &e);
    if (tap >= 0)
        pid = clone_fork(CLONE_PARENT, born_in, &e);
    if (pid == 0)
        uplink_child(&(struct uplink_birth){&p->rules, &p->filter, o, m->fds, tap});
    if (pid < 0)
        order_report(m->fds[UPLINK_FD_REPORT], REPORT_FAILED, &e);
    p->served = true;
}

/* The end of the socket is the end of the spawner. */
static void take_order(struct program *p)
{
    struct uplink_order o;
    struct fd_message m;
    struct err e = {0};
    if (fd_receive(UPLINK_CONTROL, &o, sizeof o, &m, &e) < 0 || m.len == 0)
        _exit(0);
    must(m.len == sizeof o && o.magic == UPLINK_MAGIC &&
         m.fd_count == UPLINK_FD_CGROUP + o.cgroup_count);
    serve(p, &o, &m);
    for (size_t i = 0; i < m.fd_count; i++)
        close(m.fds[i]);
}

_Noreturn void uplink_program(const char *dir)
{
    static struct program p;
    struct err e = {0};
    p.dir = dir;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].run(&p, &e) < 0) {
            (void)err_in(&e, "network step '%s'", steps[i].name);
            order_report(UPLINK_CONTROL, REPORT_FAILED, &e);
            _exit(1);
        }
    order_report(UPLINK_CONTROL, REPORT_READY, NULL);
    for (;;) {
        struct pollfd order = {UPLINK_CONTROL, POLLIN, 0};
        if (poll(&order, 1, p.served ? LOOK_MS : -1) > 0)
            take_order(&p);
        else
            copy_resolv(&p);
    }
}
