/* How the spawner comes to be; the theory is in spawner.c. */
#include "sandbox/spawner.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/str.h"
#include "sandbox/helper.h"
#include "sandbox/rights.h"
#include "sandbox/slot.h"
#include "sandbox/spawner_uplink.h"
#include "sandbox/stage.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* --- set-up: steps in the child, in this order --- */

struct setup {
    struct spawner *s;
    uid_t owner;
    gid_t group;
};

static int detach_signals(struct setup *u, struct err *e)
{
    (void)u;
    return helper_detach_signals(e);
}

static int map_own_ids(struct setup *u, struct err *e)
{
    return u->owner ? helper_map_ids(0, u->owner, 0, u->group, e) : 0;
}

/* Templates have this /proc as well: of others' processes it shows them nothing, not even that they
 * exist. */
static int private_mounts(struct setup *u, struct err *e)
{
    (void)u;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(e, "make mounts private");
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") < 0)
        return err_sys(e, "mount our own /proc");
    return 0;
}

static int open_cgroups(const struct setup *u, struct err *e)
{
    /* The first three bits of both masks mean the same controllers. */
    static_assert((int)SANDBOX_WITHOUT_MEMORY == 1 << CGROUP_MEMORY &&
                      (int)SANDBOX_WITHOUT_CPU == 1 << CGROUP_CPU &&
                      (int)SANDBOX_WITHOUT_PIDS == 1 << CGROUP_PIDS,
                  "weaker bits and controller bits agree");
    unsigned without = u->s->config->weaker & ((1u << CGROUP_CONTROLLERS) - 1);
    return cgroup_open(u->s->instance.number, without, &u->s->cgroups, e);
}

/* Lock file, uid range and cgroups go together. A daemon that sees another /run may hold the
 * cgroups of a number that is free here. */
static int take_number(struct setup *u, struct err *e)
{
    unsigned first = 0;
    struct instance *in = &u->s->instance;
    for (;;) {
        struct err why = {0};
        if (instance_open(u->owner, first, in, e) < 0)
            return -1;
        if (open_cgroups(u, &why) == 0)
            return 0;
        if (why.code != ERR_CONFLICT) {
            *e = why;
            return err_in(e, "cgroups");
        }
        first = in->number + 1;
        fd_close(&in->lock);
    }
}

static int build_stage(struct setup *u, struct err *e)
{
    return stage_build(u->s->config, u->s->instance.dir, e);
}

static int raise_descriptors(struct setup *u, struct err *e)
{
    struct rlimit files;
    (void)u;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return err_sys(e, "read the limit of open files");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        return err_sys(e, "raise the limit of open files");
    return 0;
}

static int open_loop(struct setup *u, struct err *e)
{
    struct spawner *s = u->s;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->epoll < 0 || s->signals < 0)
        return err_sys(e, "make the event loop");
    if (fd_nonblock(s->server, e) < 0 ||
        spawner_watch(s, s->server, EPOLLIN, EVENT_SERVER, 0, e) < 0)
        return -1;
    return spawner_watch(s, s->signals, EPOLLIN, EVENT_SIGNALS, 0, e);
}

static bool says(const char *path, char what)
{
    char c = 0;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &c, 1) == 1 && c == what;
}

/* SETUID and SETGID write templates' id maps; CHOWN gives slots their pipes; KILL ends slots;
 * RESOURCE, where we have it, raises a blank slot's limits. Making user namespaces needs SYS_ADMIN
 * only on hosts that restrict it. DAC_OVERRIDE rests until the end: v1's top directory is not
 * writable, not even for its owner. */
static int drop_rights(struct setup *u, struct err *e)
{
    uint64_t keep = RIGHTS_BIT(CAP_SETUID) | RIGHTS_BIT(CAP_SETGID) | RIGHTS_BIT(CAP_KILL) |
                    RIGHTS_BIT(CAP_CHOWN) | RIGHTS_BIT(CAP_SYS_RESOURCE);
    /* Without root our only id to give is our own, which is 0 in here: mapping that needs SETFCAP.
     */
    if (u->owner)
        keep |= RIGHTS_BIT(CAP_SETFCAP);
    if (says("/proc/sys/kernel/unprivileged_userns_clone", '0') ||
        says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1'))
        keep |= RIGHTS_BIT(CAP_SYS_ADMIN);
    return rights_keep(keep, RIGHTS_BIT(CAP_DAC_OVERRIDE), e);
}

static int prepare_tables(struct setup *u, struct err *e)
{
    (void)e;
#ifdef VIRGA_TESTING
    const char *skip = getenv("VIRGA_TEST_SKIP");
    if (skip && slot_skip_parse(skip, &u->s->skip, e) < 0)
        return -1;
#endif
    clearenv();
    list_init(&u->s->out);
    spawner_slots_init(u->s);
    spawner_templates_init(u->s);
    return 0;
}

static int start_uplinks(struct setup *u, struct err *e)
{
    (void)e;
    spawner_uplink_start(u->s);
    return 0;
}

struct step {
    const char *name;
    int (*run)(struct setup *u, struct err *e);
};

static const struct step spawner_steps[] = {
    {"signals", detach_signals},
    {"user ids", map_own_ids},
    {"private mounts", private_mounts},
    {"root", build_stage},
    {"open files", raise_descriptors},
    {"event loop", open_loop},
    {"tables", prepare_tables},
    {"networks", start_uplinks},
    {"rights", drop_rights}, /* last: the steps above need them */
};

static void give_up(void *arg, const struct err *why)
{
    const struct setup *u = arg;
    struct wire w;
    struct err ignored;
    wire_init(&w, WIRE_FAILED);
    w.err = *why;
    (void)fd_send(HELPER_SERVER_FD, &w, sizeof w, NULL, 0, &ignored);
    cgroup_close(u->s->cgroups);
}

/* Each start says it again: what was accepted once must not be forgotten. */
static void warn_of_weaker(const struct spawner *s)
{
    unsigned missing = cgroup_missing(s->cgroups);
    const struct {
        bool missing;
        const char *what;
    } rows[] = {
        {missing & 1u << CGROUP_MEMORY, "memory limit"},
        {missing & 1u << CGROUP_CPU, "CPU limit"},
        {missing & 1u << CGROUP_PIDS, "process limit"},
        {!s->instance.root, "own user id per slot"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].missing)
            log_warn("sandbox", "not enforced here, as --allow-weaker accepts: %s", rows[i].what);
}

static int prepare(void *arg, struct err *e)
{
    return take_number(arg, e) < 0 ? err_in(e, "spawner step 'instance'") : 0;
}

static int set_up(void *arg, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(spawner_steps); i++)
        if (spawner_steps[i].run(arg, e) < 0)
            return err_in(e, "spawner step '%s'", spawner_steps[i].name);
    return 0;
}

static void work(void *arg)
{
    struct spawner *s = ((struct setup *)arg)->s;
    struct wire w;
    log_info("sandbox", "spawner ready instance=%u slots=%u cgroup=v%d", s->instance.number,
             s->config->slots_max, cgroup_version(s->cgroups));
    warn_of_weaker(s);
    wire_init(&w, WIRE_READY);
    spawner_say(s, &w, NULL, 0);
    spawner_run(s);
    spawner_end(s);
}

/* --- in the daemon --- */

static int check_config(const struct sandbox_config *c, struct err *e)
{
    if (c->template_count == 0 || c->template_count > SANDBOX_TEMPLATES_MAX)
        return err_set(e, ERR_INVALID, "%u templates, must be 1 to %d", c->template_count,
                       SANDBOX_TEMPLATES_MAX);
    if (c->slots_max == 0 || c->slots_max > SANDBOX_SLOTS_MAX)
        return err_set(e, ERR_INVALID, "%u slots, must be 1 to %d", c->slots_max,
                       SANDBOX_SLOTS_MAX);
    for (unsigned i = 0; i < c->template_count; i++)
        if (!c->templates[i].template_argv == !c->templates[i].slot_argv)
            return err_set(e, ERR_INVALID, "template '%s' needs one of two programs",
                           c->templates[i].name);
    if (geteuid() != 0 && !(c->weaker & SANDBOX_WITHOUT_UIDS))
        return err_set(e, ERR_DENIED,
                       "started without root all slots share one user id: start as root, or name "
                       "'uids' in --allow-weaker");
    return 0;
}

static int is_ready(const void *packet, size_t len, size_t files, struct err *e)
{
    struct wire w;
    (void)files;
    if (wire_decode(packet, len, WIRE_FROM_SPAWNER, &w, e) < 0)
        return -1;
    if (w.type == WIRE_READY)
        return 0;
    *e = w.err;
    return -1;
}

int spawner_start(const struct sandbox_config *config, int *ret_fd, pid_t *ret_pid, struct err *e)
{
    auto_ptr struct spawner *s = mem_alloc(sizeof *s); /* only its copy in the spawner is used */
    struct setup u = {s, geteuid(), getegid()};
    const struct helper helper = {.name = "spawner",
                                  .namespaces = u.owner ? CLONE_NEWUSER : 0,
                                  .kept_fd = -1,
                                  .arg = &u,
                                  .prepare = prepare,
                                  .set_up = set_up,
                                  .work = work,
                                  .give_up = give_up,
                                  .is_ready = is_ready};
    s->config = config;
    s->server = HELPER_SERVER_FD;
    if (check_config(config, e) < 0)
        return -1;
    return helper_start(&helper, ret_fd, ret_pid, e);
}
