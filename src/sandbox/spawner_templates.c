#include "sandbox/spawner.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "sandbox/runner_fds.h"
#include "sandbox/clone.h"
#include "sandbox/order.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/template.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RETRY_FIRST_US = 100 * 1000,
    RETRY_LAST_US = 30 * 1000 * 1000,
    STARTED_WELL_US = 60 * 1000 * 1000, /* lived that long: the next failure is a new story */
    READY_S = 60,                       /* an interpreter with many packages takes its time */
};

static char *const slot_environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp",
                                         "TMPDIR=/tmp", "LANG=C.UTF-8", NULL};

/* Copies of a template would each resolve on first use what it has not used itself. */
static char *const template_environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                             "HOME=/tmp",
                                             "TMPDIR=/tmp",
                                             "LANG=C.UTF-8",
                                             "LD_BIND_NOW=1",
                                             NULL};

/* --- in the child --- */

struct birth {
    const struct spawner *spawner;
    const struct spawner_template *template;
};

static int keep_descriptors(struct birth *b, struct err *e)
{
    if (dup2(b->template->control, TEMPLATE_CONTROL) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || close_range(TEMPLATE_CONTROL + 1, ~0u, 0) < 0)
        return err_sys(e, "place descriptors");
    /* dup2 of a descriptor onto itself keeps its flags */
    if (fcntl(TEMPLATE_CONTROL, F_SETFD, 0) < 0)
        return err_sys(e, "keep the control socket");
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
    return root_enter(b->spawner->instance.dir, e);
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

static _Noreturn void run_template(struct birth *b)
{
    const struct sandbox_template *config = b->template->config;
    struct err e = {0};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].run(b, &e) < 0) {
            (void)err_in(&e, "template step '%s'", steps[i].name);
            order_report(TEMPLATE_CONTROL, REPORT_FAILED, &e);
            _exit(1);
        }
    if (!config->template_argv)
        template_serve(&(struct template_hooks){
            .become = become_program,
            .arg = (void *)(uintptr_t)config->slot_argv,
        });
    execve(config->template_argv[0], (char *const *)(uintptr_t)config->template_argv,
           template_environment);
    (void)err_sys(&e, "run '%s'", config->template_argv[0]);
    order_report(TEMPLATE_CONTROL, REPORT_FAILED, &e);
    _exit(1);
}

/* --- in the spawner --- */

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
 * instance's range, where nothing else runs. Without root there is just one id for all. */
static int give_ids(const struct spawner *s, const struct spawner_template *t, struct err *e)
{
    char map[96];
    const struct instance *in = &s->instance;
    if (in->root)
        snprintf(map, sizeof map, "0 %u 1\n%u %u %u\n", in->uid_base + t->index, INSTANCE_SLOT_UID,
                 in->uid_base + INSTANCE_SLOT_UID, s->config->slots_max);
    else
        snprintf(map, sizeof map, "0 0 1\n");
    if (!in->root && write_proc(t->pid, "setgroups", "deny", e) < 0)
        return -1;
    if (write_proc(t->pid, "uid_map", map, e) < 0 || write_proc(t->pid, "gid_map", map, e) < 0)
        return -1;
    return fd_send(t->control, "", 1, NULL, 0, e);
}

static void say_failed(struct spawner *s, const struct spawner_template *t)
{
    struct wire w;
    wire_init(&w, WIRE_TEMPLATE_FAILED);
    w.template_index = t->index;
    w.err = t->why;
    spawner_say(s, &w, NULL, 0);
}

/* The template is gone, or never came. Its slots live on; new ones wait for the next try. */
static void down(struct spawner *s, struct spawner_template *t)
{
    uint64_t now = clock_mono_us();
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
    say_failed(s, t);
}

static int clone_template(struct spawner *s, struct spawner_template *t, struct err *e)
{
    int p[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make a control socket");
    t->control = p[1];
    struct birth b = {s, t};
    t->pid = clone_fork(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                            CLONE_NEWCGROUP,
                        -1, e);
    if (t->pid == 0)
        run_template(&b);
    fd_close(&p[1]);
    t->control = p[0];
    if (t->pid < 0)
        return -1;
    if (fd_nonblock(t->control, e) < 0 || give_ids(s, t, e) < 0)
        return -1;
    return spawner_watch(s, t->control, EPOLLIN, EVENT_TEMPLATE, t->index, e);
}

/* A child that was made but cannot be used ends like one that crashed: by being reaped. */
static void start(struct spawner *s, struct spawner_template *t)
{
    t->state = TEMPLATE_STARTING;
    t->orders = 0;
    t->started_us = clock_mono_us();
    t->retry_us = t->started_us + READY_S * 1000000ull;
    t->why = (struct err){0};
    if (clone_template(s, t, &t->why) == 0)
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
            .config = &s->config->templates[i], .index = i, .control = -1};
}

void spawner_templates_start_due(struct spawner *s, uint64_t now_us)
{
    for (unsigned i = 0; i < s->config->template_count; i++) {
        struct spawner_template *t = &s->templates[i];
        if (t->state == TEMPLATE_UP || t->retry_us > now_us)
            continue;
        if (t->state == TEMPLATE_DOWN && t->pid <= 0) {
            start(s, t);
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
    for (unsigned i = 0; i < s->config->template_count; i++) {
        const struct spawner_template *t = &s->templates[i];
        if (t->state != TEMPLATE_UP && t->retry_us < first)
            first = t->retry_us;
    }
    return first;
}

static void up(struct spawner *s, struct spawner_template *t)
{
    struct wire w;
    wire_init(&w, WIRE_TEMPLATE_READY);
    w.template_index = t->index;
    w.us = clock_mono_us() - t->started_us;
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
    if (whole && r.kind == REPORT_FAILED) {
        r.err.text[sizeof r.err.text - 1] = 0;
        t->why = r.err;
    }
    fd_close(&t->control);
    (void)kill(t->pid, SIGKILL);
}

bool spawner_template_reaped(struct spawner *s, pid_t pid, int status)
{
    for (unsigned i = 0; i < s->config->template_count; i++) {
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
            err_set(&t->why, ERR_SYSTEM, "the template ended (status %#x)", (unsigned)status);
        t->pid = 0;
        down(s, t);
        return true;
    }
    return false;
}
