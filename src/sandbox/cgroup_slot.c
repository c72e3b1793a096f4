/* One slot: its directories, limits, counters.
 *
 * Directories are reused on v1: opening the four of them again takes 60 us, making them
 * 200 us and removing them 140 us (measured, 2 cores, kernel 6.18); their counters can be reset or
 * subtracted. Pages that outlive a slot stay charged to a reused directory until it is used again
 * with a limit they exceed; then it is replaced after all. On v2 there is one directory per slot
 * and its memory.peak cannot be reset before 6.12, so it is made anew each time.
 *
 * Moving: a process that writes "0" to the `tasks` files of v1 moves itself in 45 us; the same by
 * pid through cgroup.procs by somebody else took 65 to 320 us. */
#include "base/fd.h"
#include "sandbox/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* The kernel's shortest quota is 1 ms of our 100 ms period. */
enum { CPU_MILLIS_MIN = 10 };

void cgroup_slot_name(unsigned index, char out[CGROUP_NAME])
{
    bool template = index >= CGROUP_TEMPLATES;
    snprintf(out, CGROUP_NAME, template ? "template-%u" : "slot-%u",
             template ? index - CGROUP_TEMPLATES : index);
}

static void clear_slot(struct cgroup_slot *s, unsigned index)
{
    *s = (struct cgroup_slot){.index = index, .v2_dir = -1, .memory_peak = -1, .cpu_usage = -1};
    for (int i = 0; i < CGROUP_TASKS_MAX; i++)
        s->tasks[i] = s->dirs[i] = -1;
}

static int check(const struct cgroup_limits *l, struct err *e)
{
    if (!l->memory_bytes || !l->pids)
        return err_set(e, ERR_INVALID, "a limit of zero for memory or processes");
    if (l->cpu_millis < CPU_MILLIS_MIN)
        return err_set(e, ERR_INVALID, "CPU limit %u is below %d thousandths of a core",
                       l->cpu_millis, CPU_MILLIS_MIN);
    return 0;
}

static int set_limits(struct cgroup *c, struct cgroup_slot *s, const struct cgroup_limits *limits,
                      struct err *e)
{
    if (c->version == 1)
        return cgroup_v1_limit(s, c, limits, e);
    return c->version == 2 ? cgroup_v2_limit(s, c, limits, e) : 0;
}

static int make_dirs(struct cgroup *c, struct cgroup_slot *s, bool *ret_fresh, struct err *e)
{
    char name[CGROUP_NAME];
    cgroup_slot_name(s->index, name);
    unsigned used = 0;
    for (unsigned i = 0; i < c->tree_count; i++) {
        const struct cgroup_tree *t = &c->trees[i];
        if (t->base < 0)
            continue;
        /* memory.peak of v2 can be reset from 6.12 on only, and one directory is quickly made. */
        if (c->version == 2)
            (void)c->host->remove_dir(t->base, name);
        s->dirs[i] = openat(t->base, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (s->dirs[i] < 0 && errno == ENOENT) {
            used--;
            if (c->host->make_dir(t->base, name) < 0)
                return err_sys(e, "make cgroup '%s/virga.%u/%s'", t->path, c->instance, name);
            s->dirs[i] = openat(t->base, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
        if (s->dirs[i] < 0)
            return err_sys(e, "open cgroup '%s/virga.%u/%s'", t->path, c->instance, name);
        used++;
    }
    *ret_fresh = used == 0;
    return 0;
}

static int prepare(struct cgroup *c, struct cgroup_slot *s, const struct cgroup_limits *limits,
                   struct err *e)
{
    bool fresh = true;
    if (make_dirs(c, s, &fresh, e) < 0)
        return -1;
    if (c->version == 1 && cgroup_v1_reset(s, c, fresh, e) < 0)
        return -1;
    if (c->version == 2 && cgroup_v2_reset(s, c, fresh, e) < 0)
        return -1;
    return set_limits(c, s, limits, e);
}

static void close_descriptors(struct cgroup_slot *s)
{
    for (int i = 0; i < CGROUP_TASKS_MAX; i++) {
        fd_close(&s->tasks[i]);
        fd_close(&s->dirs[i]);
    }
    fd_close(&s->v2_dir);
    fd_close(&s->memory_peak);
    fd_close(&s->cpu_usage);
}

static void remove_dirs(struct cgroup *c, struct cgroup_slot *s)
{
    char name[CGROUP_NAME];
    cgroup_slot_name(s->index, name);
    for (unsigned i = 0; i < c->tree_count; i++)
        if (s->dirs[i] >= 0)
            (void)c->host->remove_dir(c->trees[i].base, name);
}

int cgroup_slot_open(struct cgroup *c, unsigned index, const struct cgroup_limits *limits,
                     struct cgroup_slot *ret, struct err *e)
{
    clear_slot(ret, index);
    if (check(limits, e) < 0)
        return -1;
    struct err reused = {0};
    if (prepare(c, ret, limits, &reused) == 0)
        return 0;
    /* Memory of the former slot may still be charged to a reused directory, more than the new limit
     * (EBUSY). A new directory starts at zero; the rest goes to the parent. */
    remove_dirs(c, ret);
    close_descriptors(ret);
    clear_slot(ret, index);
    if (prepare(c, ret, limits, e) == 0)
        return 0;
    close_descriptors(ret);
    return -1;
}

int cgroup_slot_limit(struct cgroup *c, struct cgroup_slot *s, const struct cgroup_limits *limits,
                      struct err *e)
{
    if (check(limits, e) < 0)
        return -1;
    return set_limits(c, s, limits, e);
}

void cgroup_slot_kill(struct cgroup *c, struct cgroup_slot *s)
{
    for (unsigned i = 0; i < c->tree_count; i++)
        if (s->dirs[i] >= 0)
            cgroup_kill_all(c, s->dirs[i]);
}

bool cgroup_slot_occupied(const struct cgroup_slot *s)
{
    char text[16];
    for (unsigned i = 0; i < CGROUP_TASKS_MAX; i++)
        if (s->dirs[i] >= 0 && cgroup_get(s->dirs[i], "cgroup.procs", text, sizeof text) && *text)
            return true;
    return false;
}

void cgroup_slot_usage(struct cgroup *c, const struct cgroup_slot *s, bool *ret_oom,
                       uint64_t *ret_peak_bytes, uint64_t *ret_cpu_us)
{
    uint64_t oom = c->version == 1   ? cgroup_v1_oom(s, c)
                   : c->version == 2 ? cgroup_v2_oom(s, c)
                                     : 0;
    *ret_oom = oom > s->oom_base;
    *ret_peak_bytes = cgroup_read_peak(s->memory_peak);
    *ret_cpu_us = cgroup_read_cpu_us(s->cpu_usage) - s->cpu_base_us;
}

void cgroup_slot_close(struct cgroup *c, struct cgroup_slot *s)
{
    (void)c;
    close_descriptors(s);
}

int cgroup_slot_remove(struct cgroup *c, unsigned index, struct err *e)
{
    char name[CGROUP_NAME];
    cgroup_slot_name(index, name);
    for (unsigned i = 0; i < c->tree_count; i++) {
        const struct cgroup_tree *t = &c->trees[i];
        if (t->base < 0 || c->host->remove_dir(t->base, name) == 0 || errno == ENOENT)
            continue;
        auto_fd int dir = openat(t->base, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0)
            cgroup_kill_all(c, dir);
        if (c->host->remove_dir(t->base, name) < 0 && errno != ENOENT)
            return err_sys(e, "remove cgroup '%s/virga.%u/%s'", t->path, c->instance, name);
    }
    return 0;
}
