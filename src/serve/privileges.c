#include "serve/privileges.h"

#include "base/fd.h"
#include "base/must.h"
#include "base/str.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OWN_UID = 1899999999
}; /* below the ranges of the sandboxes (sandbox/instance.c), in nobody's use */

static const char private_dir[] = "/run/virga/data";

int privileges_open_data_dir(const char *path, struct err *e)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(e, "create '%s' (--data-dir names another; its parent must exist)", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open '%s' (--data-dir names another)", path);
    return fd;
}

static int find_user(const char *user, uid_t *ret_uid, gid_t *ret_gid, struct err *e)
{
    uint64_t number;
    *ret_uid = *ret_gid = OWN_UID;
    if (user && str_to_u64(str_of(user), &number) && number > 0 && number < UINT32_MAX) {
        *ret_uid = *ret_gid = (uid_t)number;
        return 0;
    }
    const struct passwd *p = getpwnam(user ? user : "virga");
    if (!p && user)
        return err_set(e, ERR_INVALID, "--user: there is no user '%s'", user);
    if (p && p->pw_uid == 0)
        return err_set(e, ERR_INVALID, "--user: the server does not run as root");
    if (p) {
        *ret_uid = p->pw_uid;
        *ret_gid = p->pw_gid;
    }
    return 0;
}

/* owner.key stays root's: the command line reads it, the server keeps only its hash. */
static int give_away(int data_fd, uid_t uid, gid_t gid, struct err *e)
{
    static const char *const files[] = {"virga.db",   "virga.db-wal", "virga.db-shm",
                                        "server.pid", "secret.key",   "secret.key.new",
                                        "token.key"};
    if (fchown(data_fd, uid, gid) < 0 || fchmod(data_fd, 0700) < 0)
        return err_sys(e, "give the data directory to uid %u", uid);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (fchownat(data_fd, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
            return err_sys(e, "give '%s' to uid %u", files[i], uid);
    return 0;
}

/* A directory below a home that others may not enter must still work, so it is bound to a place
 * that is reachable, seen by this process alone. The bind is taken from the open directory, before
 * the new namespace makes its mount a foreign one. */
static int bind_data_dir(int data_fd, struct err *e)
{
    auto_fd int tree = open_tree(data_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return err_sys(e, "bind the data directory");
    if ((mkdir("/run/virga", 0755) < 0 && errno != EEXIST) ||
        (mkdir(private_dir, 0755) < 0 && errno != EEXIST))
        return err_sys(e, "create '%s'", private_dir);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(e, "private mount namespace");
    if (move_mount(tree, "", AT_FDCWD, private_dir, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(e, "bind the data directory to '%s'", private_dir);
    return 0;
}

static int lock_down(struct err *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(e, "no new privileges");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return err_sys(e, "no core dumps, no tracing");
    return 0;
}

static int become(uid_t uid, gid_t gid, struct err *e)
{
    capng_clear(CAPNG_SELECT_BOTH);
    if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
        return err_set(e, ERR_SYSTEM, "clear the capability bounding set");
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return err_sys(e, "become uid %u", uid);
    must(geteuid() == uid && setuid(0) < 0);
    return 0;
}

int privileges_uid(const char *user, uid_t *ret, struct err *e)
{
    gid_t gid;
    *ret = geteuid();
    return *ret == 0 ? find_user(user, ret, &gid, e) : 0;
}

int privileges_drop(const char *user, const char *data_dir, int data_fd, char *ret_path,
                    size_t size, struct err *e)
{
    uid_t uid;
    gid_t gid;
    snprintf(ret_path, size, "%s", data_dir);
    if (geteuid() != 0)
        return lock_down(e);
    if (find_user(user, &uid, &gid, e) < 0 || give_away(data_fd, uid, gid, e) < 0 ||
        bind_data_dir(data_fd, e) < 0 || become(uid, gid, e) < 0)
        return -1;
    snprintf(ret_path, size, "%s", private_dir);
    return lock_down(e);
}

void privileges_raise_files(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    struct rlimit raised = {wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) /* root may raise the hard limit too */
        return;
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    (void)setrlimit(RLIMIT_NOFILE, &raised);
}
