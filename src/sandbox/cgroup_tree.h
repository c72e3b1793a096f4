/* cgroup_tree — what cgroup.c and cgroup_*.c share. Besides them only probe.c includes it, to look
 * without touching, and cgroup_test.c, which plays a host by injecting paths. */
#pragma once

#include "sandbox/cgroup.h"

#include <sys/types.h>

/* v1 accounts CPU time in a controller of its own; on v2 (and where v1 mounts both together) it
 * comes with cpu. */
enum { CGROUP_CPUACCT = CGROUP_CONTROLLERS, CGROUP_KINDS };

enum { CGROUP_PATH_MAX = 512, CGROUP_PERIOD_US = 100000 };

/* Where the host's facts come from. Directories are made and removed through here because a
 * directory of a real hierarchy is born with its files and dies with them; a test has to play
 * that. */
struct cgroup_host {
    const char *self_cgroup; /* /proc/self/cgroup */
    const char *mountinfo;   /* /proc/self/mountinfo */
    int (*make_dir)(int parent, const char *name);
    int (*remove_dir)(int parent, const char *name);
};
extern const struct cgroup_host cgroup_real_host;

/* One hierarchy and the cgroup this process is in. */
struct cgroup_tree {
    unsigned kinds;             /* mask of (1 << kind) it limits or counts */
    char path[CGROUP_PATH_MAX]; /* of our own cgroup */
    bool top;                   /* our cgroup is the top of what this mount or namespace shows */
    int own;                    /* directory of our own cgroup, or -1 */
    int base;                   /* directory virga.<instance> in it, locked, or -1 */
};

struct cgroup {
    const struct cgroup_host *host;
    int version;
    unsigned instance;
    unsigned missing;
    bool moved; /* v2: this process sits in the leaf `daemon` */
    unsigned tree_count;
    struct cgroup_tree trees[CGROUP_TASKS_MAX];
    struct err why[CGROUP_CONTROLLERS]; /* of each missing controller: the reason and the fix */
};

extern const char *const cgroup_kind_names[CGROUP_KINDS]; /* as the kernel spells them */

/* cgroup_open for another host than the real one. */
int cgroup_open_on(const struct cgroup_host *host, unsigned instance, unsigned without,
                   struct cgroup **ret, struct err *e);

/* What cgroup_open would find, without changing anything on the host: for probe.c. Give it back to
 * cgroup_close. */
int cgroup_look(const struct cgroup_host *host, struct cgroup **ret, struct err *e);

/* Finds the hierarchies to use and fills version, trees (paths and kinds, nothing opened) and
 * missing. */
int cgroup_find(struct cgroup *c, struct err *e);
/* Says that `kind` cannot be enforced and why; a kind that is no controller is ignored. */
void cgroup_lacks(struct cgroup *c, unsigned kinds, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Small tools: one file of a cgroup directory. cgroup_put returns -1 with errno in e->sys. */
int cgroup_put(int dir, const char *file, const char *text, struct err *e);
int cgroup_put_u64(int dir, const char *file, uint64_t value, struct err *e);
bool cgroup_get(int dir, const char *file, char *text, size_t cap); /* false when unreadable */
/* The number behind `key ` at the start of a line ("oom_kill 3"); 0 when there is none. */
uint64_t cgroup_field(const char *text, const char *key);
/* Kills what cgroup.procs lists until it is empty or does not get emptier. */
void cgroup_kill_listed(int dir);
void cgroup_kill_all(const struct cgroup *c, int dir); /* v2: in one write where the kernel can */

enum { CGROUP_NAME = 24 };
void cgroup_slot_name(unsigned index, char out[CGROUP_NAME]);

/* Fill the part of a slot that differs. `fresh` says that the directories were made just now. */
void cgroup_v1_prepare(struct cgroup *c);
int cgroup_v1_limit(struct cgroup_slot *s, const struct cgroup *c,
                    const struct cgroup_limits *limits, struct err *e);
int cgroup_v1_reset(struct cgroup_slot *s, const struct cgroup *c, bool fresh, struct err *e);
uint64_t cgroup_v1_oom(const struct cgroup_slot *s, const struct cgroup *c);

bool cgroup_v2_ours(struct cgroup *c); /* may we arrange our group? marks what is missing if not */
void cgroup_v2_prepare(struct cgroup *c); /* leaf and subtree_control; marks what is missing */
void cgroup_v2_retire(struct cgroup *c);  /* undoes it as far as possible */
int cgroup_v2_limit(struct cgroup_slot *s, const struct cgroup *c,
                    const struct cgroup_limits *limits, struct err *e);
int cgroup_v2_reset(struct cgroup_slot *s, const struct cgroup *c, bool fresh, struct err *e);
uint64_t cgroup_v2_oom(const struct cgroup_slot *s, const struct cgroup *c);
