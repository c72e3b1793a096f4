#include "auth/keyfile.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYFILE_MAX = 1024 };

void keyfile_forget(struct buf *b)
{
    if (b->data)
        sodium_memzero(b->data, b->cap);
    buf_done(b);
}

static int read_private(int fd, const char *name, struct buf *ret, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(e, "look at '%s'", name);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_DENIED, "'%s' is not a regular file", name);
    if (st.st_mode & 077)
        return err_set(e, ERR_DENIED, "'%s' can be read by others: set its mode to 0600", name);
    if (fd_read_all(fd, KEYFILE_MAX, ret, e) < 0)
        return err_in(e, "'%s'", name);
    return 0;
}

static int write_synced(int dir_fd, const char *name, struct str bytes, struct err *e)
{
    auto_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, "create '%s'", name);
    if (fd_write_all(fd, bytes.p, bytes.n, e) < 0)
        return err_in(e, "'%s'", name);
    if (fsync(fd) < 0)
        return err_sys(e, "sync '%s'", name);
    return 0;
}

/* Written beside and linked into place: a start that is killed half-way leaves no empty key, and
 * two starts at the same time agree on one. */
static int create(int dir_fd, const char *name, struct str bytes, struct err *e)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s.%d.new", name, (int)getpid());
    unlinkat(dir_fd, beside, 0);
    int rc = write_synced(dir_fd, beside, bytes, e);
    if (rc == 0 && linkat(dir_fd, beside, dir_fd, name, 0) < 0 && errno != EEXIST)
        rc = err_sys(e, "create '%s'", name);
    unlinkat(dir_fd, beside, 0);
    if (rc == 0 && fsync(dir_fd) < 0)
        rc = err_sys(e, "sync the directory of '%s'", name);
    return rc;
}

int keyfile_load(int dir_fd, const char *name, void (*make)(struct buf *out), struct buf *ret,
                 struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, ERR_SYSTEM, "the cryptographic library does not start");
    for (int attempt = 0; attempt < 2; attempt++) {
        auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0)
            return read_private(fd, name, ret, e);
        if (errno != ENOENT)
            return err_sys(e, "open '%s'", name);
        auto_secret struct buf fresh = {0};
        make(&fresh);
        if (create(dir_fd, name, buf_str(&fresh), e) < 0)
            return -1;
    }
    return err_set(e, ERR_SYSTEM, "'%s' vanishes while it is created", name);
}
