/* The part that v1 and v2 share: directories of the instance and of its slots. */
#include "sandbox/cgroup.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "sandbox/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    CPU_MILLIS_MIN = 10, /* the kernel's shortest quota is 1 ms of our 100 ms period */
    KILL_BATCH = 64,
    KILL_ROUNDS = 200,
    REMOVE_ROUNDS = 400, /* of REMOVE_PAUSE_NS: how long the dying may keep a directory busy */
    REMOVE_PAUSE_NS = 5000000,
};

static int real_make(int parent, const char *name)
{
    return mkdirat(parent, name, 0755);
}

static int real_remove(int parent, const char *name)
{
    return unlinkat(parent, name, AT_REMOVEDIR);
}

const struct cgroup_host cgroup_real_host = {
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    real_make,
    real_remove,
};

/* --- one file --- */

int cgroup_put(int dir, const char *file, const char *text, struct err *e)
{
    auto_fd int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open limit '%s'", file);
    size_t len = strlen(text);
    if (write(fd, text, len) != (ssize_t)len)
        return err_sys(e, "limit '%s' = %s", file, text);
    return 0;
}

int cgroup_put_u64(int dir, const char *file, uint64_t value, struct err *e)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return cgroup_put(dir, file, text, e);
}

static bool read_once(int fd, char *text, size_t cap)
{
    ssize_t n = fd < 0 ? -1 : pread(fd, text, cap - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    return n >= 0;
}

bool cgroup_get(int dir, const char *file, char *text, size_t cap)
{
    auto_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    return read_once(fd, text, cap);
}

static uint64_t leading_number(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

uint64_t cgroup_field(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) == 0 && line[n] == ' ')
            return leading_number(line + n + 1);
    }
    return 0;
}

uint64_t cgroup_read_peak(int memory_peak_fd)
{
    char text[32];
    return read_once(memory_peak_fd, text, sizeof text) ? leading_number(text) : 0;
}

uint64_t cgroup_read_cpu_us(int cpu_usage_fd)
{
    char text[256];
    if (!read_once(cpu_usage_fd, text, sizeof text))
        return 0;
    return text[0] == 'u' ? cgroup_field(text, "usage_usec") : leading_number(text) / 1000;
}

/* --- ending what is inside --- */

static size_t listed(int dir, pid_t *pids, size_t max)
{
    char text[KILL_BATCH * 12 + 1];
    size_t n = 0;
    if (!cgroup_get(dir, "cgroup.procs", text, sizeof text))
        return 0;
    for (const char *at = text; *at && n < max; at++) {
        const char *end = strchr(at, '\n');
        if (!end)
            break; /* a number cut by the buffer's end */
        pids[n++] = (pid_t)leading_number(at);
        at = end;
    }
    return n;
}

static bool contains(const pid_t *pids, size_t n, pid_t pid)
{
    for (size_t i = 0; i < n; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

/* A pid may end and name somebody else between reading and killing. So the process is held by a
 * pidfd first, and killed only if the list still has it after that. */
void cgroup_kill_listed(int dir)
{
    for (int round = 0; round < KILL_ROUNDS; round++) {
        pid_t pids[KILL_BATCH], still[KILL_BATCH];
        int held[KILL_BATCH];
        size_t n = listed(dir, pids, KILL_BATCH);
        if (n == 0)
            return;
        for (size_t i = 0; i < n; i++)
            held[i] = pids[i] > 0 ? (int)syscall(SYS_pidfd_open, pids[i], 0) : -1;
        size_t m = listed(dir, still, KILL_BATCH);
        for (size_t i = 0; i < n; i++) {
            if (held[i] >= 0 && contains(still, m, pids[i]))
                (void)syscall(SYS_pidfd_send_signal, held[i], SIGKILL, NULL, 0);
            fd_close(&held[i]);
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void kill_all(const struct cgroup *c, int dir)
{
    struct err ignored;
    if (c->version == 2 && cgroup_put(dir, "cgroup.kill", "1", &ignored) == 0)
        return;
    cgroup_kill_listed(dir); /* v1, or v2 before 5.14 */
}

/* The kernel refuses (EBUSY) until the last killed process has left, a moment after its kill. */
static int remove_dir(const struct cgroup *c, int parent, const char *name)
{
    for (int round = 0; round < REMOVE_ROUNDS; round++) {
        if (c->host->remove_dir(parent, name) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            return -1;
        nanosleep(&(struct timespec){.tv_nsec = REMOVE_PAUSE_NS}, NULL);
    }
    return -1;
}

/* --- the instance's directory --- */

void cgroup_slot_name(unsigned index, char out[24])
{
    snprintf(out, 24, "slot-%u", index);
}

/* Removes the directories below virga.<instance>: a killed predecessor's, or our own at the end. */
static int sweep(const struct cgroup *c, int base, struct err *e)
{
    int copy = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (!list) {
        fd_close(&copy);
        return err_sys(e, "list the directories of instance %u", c->instance);
    }
    int result = 0;
    for (struct dirent *d; result == 0 && (d = readdir(list));) {
        if (d->d_type != DT_DIR || d->d_name[0] == '.' ||
            (c->moved && strcmp(d->d_name, "daemon") == 0))
            continue;
        auto_fd int dir = openat(base, d->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0)
            kill_all(c, dir);
        if (remove_dir(c, base, d->d_name) < 0)
            result = err_sys(e, "remove left-over cgroup 'virga.%u/%s'", c->instance, d->d_name);
    }
    closedir(list);
    return result;
}

static int open_base(struct cgroup *c, struct cgroup_tree *t, struct err *e)
{
    char name[32];
    snprintf(name, sizeof name, "virga.%u", c->instance);
    t->own = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (t->own < 0)
        return err_sys(e, "open cgroup '%s'", t->path);
    if (c->host->make_dir(t->own, name) < 0 && errno != EEXIST)
        return err_sys(e, "make cgroup '%s/%s'", t->path, name);
    t->base = openat(t->own, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (t->base < 0)
        return err_sys(e, "open cgroup '%s/%s'", t->path, name);
    return sweep(c, t->base, e);
}

static const char *base_fix(const struct cgroup *c, int sys)
{
    if (sys == EROFS)
        return "mount the hierarchy writable (a container: --privileged, or --cgroupns=private "
               "with "
               "a writable /sys/fs/cgroup)";
    return c->version == 2
               ? "start it with 'systemd-run --user --scope -p Delegate=yes virga serve'"
               : "start as root (v1 groups cannot be delegated)";
}

static void open_bases(struct cgroup *c)
{
    for (unsigned i = 0; i < c->tree_count; i++) {
        struct cgroup_tree *t = &c->trees[i];
        struct err e = {0};
        if (open_base(c, t, &e) < 0) {
            cgroup_lacks(c, t->kinds, "%.140s; %s", e.text, base_fix(c, e.sys));
            fd_close(&t->base);
        }
    }
    if (c->version == 2 && c->trees[0].base >= 0)
        cgroup_v2_prepare(c);
    if (c->version == 1)
        cgroup_v1_prepare(c);
}

int cgroup_open_on(const struct cgroup_host *host, unsigned instance, unsigned without,
                   struct cgroup **ret, struct err *e)
{
    struct cgroup *c = mem_alloc(sizeof *c);
    c->host = host;
    c->instance = instance;
    if (cgroup_find(c, e) < 0) {
        free(c);
        return -1;
    }
    open_bases(c);
    for (unsigned k = 0; k < CGROUP_CONTROLLERS; k++)
        if (c->missing & ~without & 1u << k) {
            *e = c->why[k];
            cgroup_close(c);
            return -1;
        }
    *ret = c;
    return 0;
}

int cgroup_open(unsigned instance, unsigned without, struct cgroup **ret, struct err *e)
{
    return cgroup_open_on(&cgroup_real_host, instance, without, ret, e);
}

void cgroup_close(struct cgroup *c)
{
    char name[32];
    struct err ignored;
    if (!c)
        return;
    snprintf(name, sizeof name, "virga.%u", c->instance);
    for (unsigned i = 0; i < c->tree_count; i++) {
        struct cgroup_tree *t = &c->trees[i];
        if (t->base >= 0) {
            (void)sweep(c, t->base, &ignored);
            if (c->version == 2)
                cgroup_v2_retire(c);
            (void)c->host->remove_dir(t->own, name);
        }
        fd_close(&t->base);
        fd_close(&t->own);
    }
    free(c);
}

unsigned cgroup_missing(const struct cgroup *c)
{
    return c->missing;
}

int cgroup_version(const struct cgroup *c)
{
    return c->version;
}

/* --- one slot --- */

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
    char name[24];
    cgroup_slot_name(s->index, name);
    unsigned used = 0;
    for (unsigned i = 0; i < c->tree_count; i++) {
        const struct cgroup_tree *t = &c->trees[i];
        if (t->base < 0)
            continue;
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
    char name[24];
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
    if (prepare(c, ret, limits, e) == 0)
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
            kill_all(c, s->dirs[i]);
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
