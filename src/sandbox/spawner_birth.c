/* A template's way from the spawner's clone to its program. */
#include "sandbox/spawner.h"

#include "base/fd.h"
#include "base/must.h"
#include "sandbox/order.h"
#include "sandbox/rights.h"
#include "sandbox/stage.h"
#include "sandbox/template.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *const slot_environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp",
                                         "TMPDIR=/tmp", "LANG=C.UTF-8", NULL};

/* Copies of a template would each resolve on first use what it has not used itself. */
static char *const template_environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                             "HOME=/tmp",
                                             "TMPDIR=/tmp",
                                             "LANG=C.UTF-8",
                                             "LD_BIND_NOW=1",
                                             NULL};

struct birth {
    const struct spawner *spawner;
    const struct spawner_template *template;
};

/* While its descriptors are open. The namespace starts there as well: whoever mounts the hierarchy
 * inside sees nobody else's group. On v2 it was born there. */
static int enter_cgroup(struct birth *b, struct err *e)
{
    const struct spawner_template *t = b->template;
    if (!t->has_cgroup || cgroup_version(b->spawner->cgroups) != 1)
        return 0;
    for (size_t i = 0; i < CGROUP_TASKS_MAX; i++)
        if (t->cgroup.tasks[i] >= 0 && write(t->cgroup.tasks[i], "0", 1) != 1)
            return err_sys(e, "enter the template's cgroup");
    if (unshare(CLONE_NEWCGROUP) < 0)
        return err_sys(e, "new cgroup namespace");
    return 0;
}

/* dup2 of a descriptor onto itself keeps its flags. */
static int place(int fd, int at, struct err *e)
{
    if (dup2(fd, at) < 0 || fcntl(at, F_SETFD, 0) < 0)
        return err_sys(e, "place descriptor %d", at);
    return 0;
}

/* The control socket first: it may sit where the set-up file goes. That one cannot sit where the
 * control socket goes: there the spawner has the server's. */
static int keep_descriptors(struct birth *b, struct err *e)
{
    int setup = b->template->setup, first = TEMPLATE_CONTROL + 1;
    if (place(b->template->control, TEMPLATE_CONTROL, e) < 0 ||
        place(STDERR_FILENO, STDOUT_FILENO, e) < 0)
        return -1;
    if (setup >= 0) {
        if (place(setup, TEMPLATE_SETUP, e) < 0)
            return -1;
        first = TEMPLATE_SETUP + 1;
    }
    if (close_range((unsigned)first, ~0u, 0) < 0)
        return err_sys(e, "close all other descriptors");
    return 0;
}

static int die_with_spawner(struct birth *b, struct err *e)
{
    (void)b;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_sys(e, "die with the spawner");
    return 0;
}

static int reset_signals(struct birth *b, struct err *e)
{
    sigset_t none;
    (void)b;
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL); /* fails for those that cannot be changed anyway */
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return err_sys(e, "unblock signals");
    return 0;
}

/* When the host runs out of memory, slots go first: copies inherit the score. While /proc/self is
 * still writable, before the change of user. */
static int prefer_as_victim(struct birth *b, struct err *e)
{
    (void)b;
    auto_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "500", 3) != 3)
        return err_sys(e, "raise the score for the out-of-memory killer");
    return 0;
}

/* The spawner writes the maps and then a byte. */
static int await_ids(struct birth *b, struct err *e)
{
    char go;
    (void)b;
    if (read(TEMPLATE_CONTROL, &go, 1) != 1)
        return err_set(e, ERR_SYSTEM, "the spawner gave no ids");
    return 0;
}

static int become_root_inside(struct birth *b, struct err *e)
{
    return rights_become(0, 0, !b->spawner->instance.root, e);
}

static int enter_root(struct birth *b, struct err *e)
{
    return stage_enter(b->spawner->instance.dir, &b->template->variant, e);
}

static int name_host(struct birth *b, struct err *e)
{
    (void)b;
    if (sethostname("virga", 5) < 0)
        return err_sys(e, "set the host name");
    return 0;
}

static int limit_template(struct birth *b, struct err *e)
{
    struct rlimit none = {0, 0};
    (void)b;
    umask(022);
    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return err_sys(e, "forbid core files");
    return 0;
}

static const struct step {
    const char *name;
    int (*run)(struct birth *b, struct err *e);
} steps[] = {
    {"cgroup", enter_cgroup},
    {"descriptors", keep_descriptors},
    {"parent death", die_with_spawner},
    {"signals", reset_signals},
    {"memory victim", prefer_as_victim},
    {"user ids", await_ids},
    {"root", enter_root},
    {"user", become_root_inside},
    {"host name", name_host},
    {"limits", limit_template},
    {"parent death", die_with_spawner}, /* again: the change of user has cleared it */
};

static void become_program(void *arg)
{
    const char *const *argv = arg;
    execve(argv[0], (char *const *)(uintptr_t)argv, slot_environment);
    dprintf(STDERR_FILENO, "virga: cannot run %s: %m\n", argv[0]);
    _exit(127);
}

/* The plain template reads no set-up file. */
static _Noreturn void serve_plain(const char *const *slot_argv, bool setup)
{
    if (setup)
        close(TEMPLATE_SETUP);
    template_serve(&(struct template_hooks){
        .become = become_program,
        .arg = (void *)(uintptr_t)slot_argv,
    });
}

_Noreturn void spawner_birth(const struct spawner *s, const struct spawner_template *t)
{
    struct birth b = {s, t};
    const struct sandbox_template *config = t->config;
    struct err e = {0};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].run(&b, &e) < 0) {
            (void)err_in(&e, "template step '%s'", steps[i].name);
            order_report(TEMPLATE_CONTROL, REPORT_FAILED, &e);
            _exit(1);
        }
    if (!config->template_argv)
        serve_plain(config->slot_argv, t->setup >= 0);
    execve(config->template_argv[0], (char *const *)(uintptr_t)config->template_argv,
           template_environment);
    (void)err_sys(&e, "run '%s'", config->template_argv[0]);
    order_report(TEMPLATE_CONTROL, REPORT_FAILED, &e);
    _exit(1);
}
