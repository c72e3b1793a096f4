/* Limits on the v2 hierarchy (kernel: Documentation/admin-guide/cgroup-v2.rst).
 *
 * A group hands controllers to its children only while it holds no processes itself ("no internal
 * processes"); the root of the hierarchy is exempt. So in any other group our processes move to the
 * leaf virga.<instance>/daemon first. That is only right where the group is ours to arrange:
 * systemd marks such a group with the attribute user.delegate (trusted.delegate before version
 * 251), and a container owns the top of its cgroup namespace. */
#include "sandbox/cgroup_tree.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char delegate_fix[] = "start it in a group of its own: 'systemd-run --user --scope -p "
                                   "Delegate=yes virga serve' (root: "
                                   "without --user), or Delegate=yes in the unit";

static bool delegated(const struct cgroup_tree *t)
{
    char yes[2] = {0};
    return getxattr(t->path, "user.delegate", yes, 1) == 1 ||
           getxattr(t->path, "trusted.delegate", yes, 1) == 1;
}

/* Moves every process of our group: it is ours as a whole, and one left behind would keep the
 * controllers from the children. */
static int move_to_leaf(struct cgroup *c, struct cgroup_tree *t, struct err *e)
{
    char text[8192];
    if (c->host->make_dir(t->base, "daemon") < 0 && errno != EEXIST)
        return err_sys(e, "make '%s/virga.%u/daemon'", t->path, c->instance);
    if (!cgroup_get(t->own, "cgroup.procs", text, sizeof text))
        return err_sys(e, "read '%s/cgroup.procs'", t->path);
    c->moved = true;
    for (char *save = NULL, *pid = strtok_r(text, "\n", &save); pid;
         pid = strtok_r(NULL, "\n", &save)) {
        struct err why;
        if (cgroup_put(t->base, "daemon/cgroup.procs", pid, &why) < 0 && why.sys != ESRCH) {
            *e = why;
            return -1;
        }
    }
    return 0;
}

/* One write: the kernel takes all or none. */
static int enable(int dir, const char *path, unsigned kinds, char sign, struct err *e)
{
    char text[64];
    size_t n = 0;
    for (unsigned k = 0; k < CGROUP_CONTROLLERS; k++)
        if (kinds & 1u << k)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%c%s", n ? " " : "", sign,
                                  cgroup_kind_names[k]);
    if (n && cgroup_put(dir, "cgroup.subtree_control", text, e) < 0)
        return err_in(e, "'%s'", path);
    return 0;
}

/* Those of `kinds` that our group does not yet hand to its children. */
static unsigned not_handed_down(const struct cgroup_tree *t, unsigned kinds)
{
    char text[512];
    if (!cgroup_get(t->own, "cgroup.subtree_control", text, sizeof text))
        return kinds;
    for (char *save = NULL, *word = strtok_r(text, " \n", &save); word;
         word = strtok_r(NULL, " \n", &save))
        for (unsigned k = 0; k < CGROUP_CONTROLLERS; k++)
            if (strcmp(word, cgroup_kind_names[k]) == 0)
                kinds &= ~(1u << k);
    return kinds;
}

/* True when controllers can be handed to children without moving anybody. */
static bool ready(const struct cgroup_tree *t, unsigned lacking)
{
    /* Only the root of the hierarchy has no cgroup.type. */
    bool root = t->top && faccessat(t->own, "cgroup.type", F_OK, 0) < 0;
    return root || !lacking;
}

bool cgroup_v2_ours(struct cgroup *c)
{
    const struct cgroup_tree *t = &c->trees[0];
    unsigned want = t->kinds & ((1u << CGROUP_CONTROLLERS) - 1);
    if (ready(t, not_handed_down(t, want)) || t->top || delegated(t))
        return true;
    cgroup_lacks(c, want, "cgroup '%.60s' is not delegated; %s", t->path, delegate_fix);
    return false;
}

void cgroup_v2_prepare(struct cgroup *c)
{
    struct cgroup_tree *t = &c->trees[0];
    struct err e = {0};
    unsigned want = t->kinds & ((1u << CGROUP_CONTROLLERS) - 1);
    unsigned lacking = not_handed_down(t, want);
    if (!cgroup_v2_ours(c))
        return;
    if ((!ready(t, lacking) && move_to_leaf(c, t, &e) < 0) ||
        enable(t->own, t->path, lacking, '+', &e) < 0 ||
        enable(t->base, t->path, want, '+', &e) < 0)
        cgroup_lacks(c, want, "%.120s; %s", e.text, delegate_fix);
}

void cgroup_v2_retire(struct cgroup *c)
{
    struct cgroup_tree *t = &c->trees[0];
    struct err ignored;
    unsigned kinds = t->kinds & ((1u << CGROUP_CONTROLLERS) - 1);
    if (!c->moved)
        return;
    (void)enable(t->base, t->path, kinds, '-', &ignored);
    (void)enable(t->own, t->path, kinds, '-', &ignored);
    (void)cgroup_put(t->own, "cgroup.procs", "0", &ignored);
    (void)c->host->remove_dir(t->base, "daemon");
}

static int put_if_there(int dir, const char *file, const char *text, struct err *e)
{
    struct err why;
    if (cgroup_put(dir, file, text, &why) == 0 || why.sys == ENOENT)
        return 0;
    *e = why;
    return -1;
}

/* Memory that nothing may exceed by swapping; the group dies as a whole, so that no half of a slot
 * lives on. memory.high stays unset: throttling instead of killing would turn a limit into a hang.
 */
static int limit_memory(int dir, uint64_t bytes, struct err *e)
{
    if (cgroup_put_u64(dir, "memory.max", bytes, e) < 0)
        return -1;
    if (put_if_there(dir, "memory.oom.group", "1", e) < 0) /* from 4.19 on */
        return -1;
    return put_if_there(dir, "memory.swap.max", "0", e); /* where swap is counted */
}

int cgroup_v2_limit(struct cgroup_slot *s, const struct cgroup *c,
                    const struct cgroup_limits *limits, struct err *e)
{
    int dir = s->v2_dir;
    unsigned there = ~c->missing;
    char cpu[48];
    snprintf(cpu, sizeof cpu, "%llu %d",
             (unsigned long long)limits->cpu_millis * (CGROUP_PERIOD_US / 1000), CGROUP_PERIOD_US);
    if (there & 1u << CGROUP_MEMORY && limit_memory(dir, limits->memory_bytes, e) < 0)
        return -1;
    if (there & 1u << CGROUP_CPU && cgroup_put(dir, "cpu.max", cpu, e) < 0)
        return -1;
    if (there & 1u << CGROUP_PIDS && cgroup_put_u64(dir, "pids.max", limits->pids, e) < 0)
        return -1;
    return 0;
}

int cgroup_v2_reset(struct cgroup_slot *s, const struct cgroup *c, bool fresh, struct err *e)
{
    char name[CGROUP_NAME];
    cgroup_slot_name(s->index, name);
    s->v2_dir = fcntl(s->dirs[0], F_DUPFD_CLOEXEC, 0);
    if (s->v2_dir < 0)
        return err_sys(e, "duplicate the descriptor of %s", name);
    s->tasks[0] = openat(s->v2_dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (s->tasks[0] < 0)
        return err_sys(e, "open '%s/virga.%u/%s/cgroup.procs'", c->trees[0].path, c->instance,
                       name);
    s->memory_peak = openat(s->v2_dir, "memory.peak", O_RDONLY | O_CLOEXEC);
    if (s->memory_peak < 0) /* before 5.19: the current use is the best there is */
        s->memory_peak = openat(s->v2_dir, "memory.current", O_RDONLY | O_CLOEXEC);
    s->cpu_usage = openat(s->v2_dir, "cpu.stat", O_RDONLY | O_CLOEXEC);
    s->oom_base = fresh ? 0 : cgroup_v2_oom(s, c);
    s->cpu_base_us = fresh ? 0 : cgroup_read_cpu_us(s->cpu_usage);
    return 0;
}

uint64_t cgroup_v2_oom(const struct cgroup_slot *s, const struct cgroup *c)
{
    char text[512];
    if (c->missing & 1u << CGROUP_MEMORY ||
        !cgroup_get(s->v2_dir, "memory.events", text, sizeof text))
        return 0;
    return cgroup_field(text, "oom_kill");
}
