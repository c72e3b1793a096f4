/* The directories of one instance: finding a place for them, sweeping what a killed predecessor
 * left there, removing them. */
#include "sandbox/cgroup.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    REMOVE_ROUNDS = 400, /* of REMOVE_PAUSE_NS: how long the dying may keep a directory busy */
    REMOVE_PAUSE_NS = 5000000,
    LOCK_ROUNDS = 16, /* as many owners of one number may end just while we try */
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
            cgroup_kill_all(c, dir);
        if (remove_dir(c, base, d->d_name) < 0)
            result = err_sys(e, "remove left-over cgroup 'virga.%u/%s'", c->instance, d->d_name);
    }
    closedir(list);
    return result;
}

static int open_own(struct cgroup_tree *t, struct err *e)
{
    t->own = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (t->own < 0)
        return err_sys(e, "open cgroup '%s'", t->path);
    return 0;
}

/* 1: locked, 0: it is not the directory of that name any more, its last owner has just removed it.
 */
static int lock_base(struct cgroup *c, struct cgroup_tree *t, const char *name, struct err *e)
{
    struct stat mine, there;
    if (c->host->make_dir(t->own, name) < 0 && errno != EEXIST)
        return err_sys(e, "make cgroup '%s/%s'", t->path, name);
    auto_fd int base = openat(t->own, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base < 0)
        return errno == ENOENT ? 0 : err_sys(e, "open cgroup '%s/%s'", t->path, name);
    if (flock(base, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return err_sys(e, "lock cgroup '%s/%s'", t->path, name);
        return err_set(e, ERR_CONFLICT, "another daemon uses cgroup '%.150s/%s'", t->path, name);
    }
    if (fstat(base, &mine) < 0)
        return err_sys(e, "look at cgroup '%s/%s'", t->path, name);
    if (fstatat(t->own, name, &there, AT_SYMLINK_NOFOLLOW) < 0 || mine.st_ino != there.st_ino)
        return 0;
    t->base = take_fd(&base);
    return 1;
}

/* Only the one who holds the lock may sweep: daemons that do not share /run, where the numbers are
 * given out, may still share a cgroup. */
static int open_base(struct cgroup *c, struct cgroup_tree *t, struct err *e)
{
    char name[32];
    int got = 0;
    snprintf(name, sizeof name, "virga.%u", c->instance);
    if (open_own(t, e) < 0)
        return -1;
    for (int round = 0; round < LOCK_ROUNDS && got == 0; round++)
        got = lock_base(c, t, name, e);
    if (got == 0)
        return err_set(e, ERR_CONFLICT, "cgroup '%.150s/%s' comes and goes", t->path, name);
    return got < 0 ? -1 : sweep(c, t->base, e);
}

static int look_base(struct cgroup_tree *t, struct err *e)
{
    if (open_own(t, e) < 0)
        return -1;
    if (faccessat(t->own, ".", W_OK, AT_EACCESS) < 0)
        return err_sys(e, "make a directory in cgroup '%s'", t->path);
    return 0;
}

static void unusable(struct cgroup *c, struct cgroup_tree *t, const struct err *e)
{
    const char *fix = c->version == 2
                          ? "start it with 'systemd-run --user --scope -p Delegate=yes virga serve'"
                          : "start as root (v1 groups cannot be delegated)";
    if (e->sys == EROFS)
        fix = "mount the hierarchy writable (a container: --privileged, or --cgroupns=private with "
              "a writable /sys/fs/cgroup)";
    cgroup_lacks(c, t->kinds, "%.140s; %s", e->text, fix);
    fd_close(&t->base);
}

/* Fails only when the number belongs to somebody else; what is missing is noted. */
static int open_bases(struct cgroup *c, struct err *e)
{
    for (unsigned i = 0; i < c->tree_count; i++) {
        struct err why = {0};
        if (open_base(c, &c->trees[i], &why) == 0)
            continue;
        if (why.code == ERR_CONFLICT) {
            *e = why;
            return -1;
        }
        unusable(c, &c->trees[i], &why);
    }
    if (c->version == 2 && c->trees[0].base >= 0)
        cgroup_v2_prepare(c);
    if (c->version == 1)
        cgroup_v1_prepare(c);
    return 0;
}

static int new_cgroup(const struct cgroup_host *host, struct cgroup **ret, struct err *e)
{
    struct cgroup *c = mem_alloc(sizeof *c);
    c->host = host;
    if (cgroup_find(c, e) < 0) {
        free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

int cgroup_look(const struct cgroup_host *host, struct cgroup **ret, struct err *e)
{
    struct cgroup *c;
    if (new_cgroup(host, &c, e) < 0)
        return -1;
    for (unsigned i = 0; i < c->tree_count; i++) {
        struct err why = {0};
        if (look_base(&c->trees[i], &why) < 0)
            unusable(c, &c->trees[i], &why);
    }
    if (c->version == 2 && c->trees[0].own >= 0)
        (void)cgroup_v2_ours(c);
    *ret = c;
    return 0;
}

int cgroup_open_on(const struct cgroup_host *host, unsigned instance, unsigned without,
                   struct cgroup **ret, struct err *e)
{
    struct cgroup *c;
    if (new_cgroup(host, &c, e) < 0)
        return -1;
    c->instance = instance;
    if (open_bases(c, e) < 0) {
        cgroup_close(c);
        return -1;
    }
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
