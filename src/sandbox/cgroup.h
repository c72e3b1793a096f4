/* cgroup — limits and accounting for slots, on cgroup v2 and v1 hierarchies (kernel:
 * Documentation/admin-guide/ cgroup-v2.rst and cgroup-v1/). Used by the spawner only.
 *
 * All directories of one instance lie below `virga.<instance>` beneath the cgroup the daemon was
 * started in, locked as long as somebody uses it; other processes' groups are never touched. On v2
 * a group with processes cannot hand controllers to children, so the daemon's own processes move
 * into a leaf `virga.<instance>/daemon` first (only within a delegated or root group). Directories
 * of slots are made ahead and reused: making and moving are slow, and on kernels from 6.0 a
 * migration by another process takes a global lock, so a slot moves itself (writing "0") through
 * descriptors opened here. On v2 that takes the lock too, but being born in place
 * (CLONE_INTO_CGROUP) is only for whoever may write to the group and to the one above: the spawner,
 * not a template. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum cgroup_controller { CGROUP_MEMORY, CGROUP_CPU, CGROUP_PIDS, CGROUP_CONTROLLERS };
enum { CGROUP_TASKS_MAX = 4 }; /* v1: memory, cpu, cpuacct, pids may be separate hierarchies */

struct cgroup;

/* Indices from here on are templates', the others slots'. */
enum { CGROUP_TEMPLATES = 1 << 16 };

struct cgroup_limits {
    uint64_t memory_bytes;
    uint32_t cpu_millis;
    uint32_t pids;
};

/* One slot's directories. Zero-initialise before cgroup_slot_open. Descriptors belong to the
 * struct. */
struct cgroup_slot {
    unsigned index;
    int v2_dir; /* for CLONE_INTO_CGROUP, or -1 */
    /* A process that writes "0" to each is in, whatever its rights: the kernel asks those of the
     * opener. v1: `tasks` of each hierarchy; v2: cgroup.procs alone. Unused ones are -1. */
    int tasks[CGROUP_TASKS_MAX];
    int memory_peak, cpu_usage; /* open for reading, or -1 */
    int dirs[CGROUP_TASKS_MAX]; /* directory of each hierarchy in use, or -1 */
    uint64_t oom_base;          /* the counter of memory kills when the slot was prepared */
    uint64_t cpu_base_us;       /* CPU time when the slot was prepared */
};

/* Opens (and sweeps: kills leftovers, removes directories) the tree of instance `instance`. Call it
 * before forking and before entering a pid namespace: on v2 every process of a delegated group has
 * to move, and only those that have a number here can be. `without` is a mask of (1 << enum
 * cgroup_controller) the caller can do without; any other that is missing makes this fail with the
 * reason and the fix. ERR_CONFLICT: the instance's directory is in use, take another number. */
int cgroup_open(unsigned instance, unsigned without, struct cgroup **ret, struct err *e);
void cgroup_close(
    struct cgroup *c); /* removes every directory of the instance; all slots must have ended */

unsigned
cgroup_missing(const struct cgroup *c);     /* mask of controllers that are not enforced here */
int cgroup_version(const struct cgroup *c); /* 1 or 2; 0 when there is none at all */

/* Makes or reuses the directories for slot `index` and sets its limits (ERR_INVALID for zero, or
 * less than 10 thousandths of a core). Where an ancestor's CPU quota is lower, that one counts. */
int cgroup_slot_open(struct cgroup *c, unsigned index, const struct cgroup_limits *limits,
                     struct cgroup_slot *ret, struct err *e);
/* The same for a slot with processes. v1 refuses a memory limit below what is in use (EBUSY). */
int cgroup_slot_limit(struct cgroup *c, struct cgroup_slot *s, const struct cgroup_limits *limits,
                      struct err *e);
/* Kills whatever is left inside (v2: cgroup.kill; v1: every listed pid until empty). The slot's pid
 * namespace has ended by then, so this is the second line. */
void cgroup_slot_kill(struct cgroup *c, struct cgroup_slot *s);
bool cgroup_slot_occupied(const struct cgroup_slot *s); /* by anybody, in any hierarchy */
/* After the last process was reaped. */
void cgroup_slot_usage(struct cgroup *c, const struct cgroup_slot *s, bool *ret_oom,
                       uint64_t *ret_peak_bytes, uint64_t *ret_cpu_us);
/* Closes descriptors; the directories stay for reuse or are removed as cgroup.c sees fit. */
void cgroup_slot_close(struct cgroup *c, struct cgroup_slot *s);
/* For those whose descriptors somebody untrusted may still hold: kills whatever is inside and
 * removes the closed directories, so that the next of this index gets new ones that nobody else has
 * a way into. Fails as long as something in there dies slowly; there may be nothing to remove. */
int cgroup_slot_remove(struct cgroup *c, unsigned index, struct err *e);

/* Value parsers for sandbox_usage: one pread each. 0 when the descriptor is -1. */
uint64_t cgroup_read_peak(int memory_peak_fd);
uint64_t
cgroup_read_cpu_us(int cpu_usage_fd); /* v1 cpuacct.usage (ns) or v2 cpu.stat (usage_usec) */
