/* Limits on v1 hierarchies (kernel: Documentation/admin-guide/cgroup-v1/). */
#include "sandbox/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int dir_of(const struct cgroup_slot *s, const struct cgroup *c, unsigned kind)
{
    if (kind < CGROUP_CONTROLLERS && c->missing & 1u << kind)
        return -1;
    for (unsigned i = 0; i < c->tree_count; i++)
        if (c->trees[i].kinds & 1u << kind)
            return s->dirs[i];
    return -1;
}

/* Children inherit it. Where swap is not accounted this alone keeps slots from swapping. */
void cgroup_v1_prepare(struct cgroup *c)
{
    struct err ignored;
    for (unsigned i = 0; i < c->tree_count; i++)
        if (c->trees[i].kinds & 1u << CGROUP_MEMORY && c->trees[i].base >= 0)
            (void)cgroup_put(c->trees[i].base, "memory.swappiness", "0", &ignored);
}

static bool has(int dir, const char *file)
{
    return faccessat(dir, file, F_OK, 0) == 0;
}

/* memory+swap must never be below memory: going up it has to be written first, going down last. */
static int limit_memory(int dir, uint64_t bytes, struct err *e)
{
    static const char mem[] = "memory.limit_in_bytes", all[] = "memory.memsw.limit_in_bytes";
    struct err first = {0};
    bool swap = has(dir, all);
    if (cgroup_put_u64(dir, mem, bytes, &first) == 0)
        return swap ? cgroup_put_u64(dir, all, bytes, e) : 0;
    if (first.sys != EINVAL || !swap) {
        *e = first;
        return -1;
    }
    if (cgroup_put_u64(dir, all, bytes, e) < 0)
        return -1;
    return cgroup_put_u64(dir, mem, bytes, e);
}

/* EINVAL: an ancestor of ours allows less than was asked for. Then its quota, which counts for us
 * all together, is the stricter one, and -1 means "as the ancestor says". */
static int limit_cpu(int dir, uint32_t millis, struct err *e)
{
    uint64_t quota_us = (uint64_t)millis * (CGROUP_PERIOD_US / 1000);
    struct err first = {0};
    if (cgroup_put_u64(dir, "cpu.cfs_quota_us", quota_us, &first) == 0)
        return 0;
    if (first.sys == EINVAL)
        return cgroup_put(dir, "cpu.cfs_quota_us", "-1", e);
    *e = first;
    return -1;
}

int cgroup_v1_limit(struct cgroup_slot *s, const struct cgroup *c,
                    const struct cgroup_limits *limits, struct err *e)
{
    int memory = dir_of(s, c, CGROUP_MEMORY);
    int cpu = dir_of(s, c, CGROUP_CPU);
    int pids = dir_of(s, c, CGROUP_PIDS);
    if (memory >= 0 && limit_memory(memory, limits->memory_bytes, e) < 0)
        return -1;
    if (cpu >= 0 && limit_cpu(cpu, limits->cpu_millis, e) < 0)
        return -1;
    if (pids >= 0 && cgroup_put_u64(pids, "pids.max", limits->pids, e) < 0)
        return -1;
    return 0;
}

static int open_tasks(struct cgroup_slot *s, const struct cgroup *c, struct err *e)
{
    char name[CGROUP_NAME];
    cgroup_slot_name(s->index, name);
    for (unsigned i = 0; i < c->tree_count; i++) {
        if (s->dirs[i] < 0)
            continue;
        s->tasks[i] = openat(s->dirs[i], "tasks", O_WRONLY | O_CLOEXEC);
        if (s->tasks[i] < 0)
            return err_sys(e, "open '%s/virga.%u/%s/tasks'", c->trees[i].path, c->instance, name);
    }
    return 0;
}

int cgroup_v1_reset(struct cgroup_slot *s, const struct cgroup *c, bool fresh, struct err *e)
{
    int memory = dir_of(s, c, CGROUP_MEMORY);
    int usage = dir_of(s, c, CGROUP_CPUACCT);
    if (open_tasks(s, c, e) < 0)
        return -1;
    if (memory >= 0) {
        struct err ignored;
        if (!fresh)
            (void)cgroup_put(memory, "memory.max_usage_in_bytes", "0", &ignored);
        s->memory_peak = openat(memory, "memory.max_usage_in_bytes", O_RDONLY | O_CLOEXEC);
        s->oom_base = fresh ? 0 : cgroup_v1_oom(s, c);
    }
    if (usage >= 0) {
        s->cpu_usage = openat(usage, "cpuacct.usage", O_RDONLY | O_CLOEXEC);
        s->cpu_base_us = fresh ? 0 : cgroup_read_cpu_us(s->cpu_usage);
    }
    return 0;
}

uint64_t cgroup_v1_oom(const struct cgroup_slot *s, const struct cgroup *c)
{
    char text[256];
    int memory = dir_of(s, c, CGROUP_MEMORY);
    if (memory < 0 || !cgroup_get(memory, "memory.oom_control", text, sizeof text))
        return 0;
    return cgroup_field(text, "oom_kill");
}
