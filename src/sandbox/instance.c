#include "sandbox/instance.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void choose_dir(struct instance *in, uid_t owner)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    if (owner == 0)
        snprintf(in->dir, sizeof in->dir, "/run/virga");
    else if (runtime && runtime[0] == '/')
        snprintf(in->dir, sizeof in->dir, "%.200s/virga", runtime);
    else
        snprintf(in->dir, sizeof in->dir, "/tmp/virga-%u", (unsigned)owner);
}

/* In a directory that others may write to, somebody can have made ours before us: only a real
 * directory of our own that nobody else may write to will do. `self` is our uid as stat shows it,
 * which inside a user namespace is not `owner`. */
static int open_dir(const struct instance *in, struct err *e)
{
    struct stat st;
    if (mkdir(in->dir, in->root ? 0755 : 0700) < 0 && errno != EEXIST)
        return err_sys(e, "make '%s'", in->dir);
    auto_fd int dir = open(in->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st) < 0)
        return err_sys(e, "open '%s'", in->dir);
    if (st.st_uid != geteuid() || st.st_mode & 022)
        return err_set(e, ERR_DENIED, "'%s' belongs to somebody else or is writable by others",
                       in->dir);
    return take_fd(&dir);
}

static int try_number(struct instance *in, int dir, unsigned number, struct err *e)
{
    char name[32];
    snprintf(name, sizeof name, "instance.%u", number);
    auto_fd int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(e, "open '%s/%s'", in->dir, name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : err_sys(e, "lock '%s/%s'", in->dir, name);
    in->number = number;
    in->lock = take_fd(&fd);
    in->uid_base = INSTANCE_UID_FIRST + number * INSTANCE_UID_COUNT;
    return 1;
}

int instance_open(uid_t owner, unsigned first, struct instance *ret, struct err *e)
{
    *ret = (struct instance){.lock = -1, .root = owner == 0};
    choose_dir(ret, owner);
    auto_fd int dir = open_dir(ret, e);
    if (dir < 0)
        return -1;
    for (unsigned i = first; i < INSTANCE_COUNT; i++) {
        int got = try_number(ret, dir, i, e);
        if (got != 0)
            return got < 0 ? -1 : 0;
    }
    return err_set(e, ERR_LIMIT, "all %d instance numbers in '%s' are taken", INSTANCE_COUNT,
                   ret->dir);
}
