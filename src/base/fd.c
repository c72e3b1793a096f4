#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void fd_close(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

int fd_write_all(int fd, const void *p, size_t len, struct err *e)
{
    const char *at = p;
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "write %zu bytes", len);
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int fd_read_all(int fd, size_t max, struct buf *ret, struct err *e)
{
    for (;;) {
        buf_reserve(ret, 16384);
        ssize_t n = read(fd, ret->data + ret->len, 16384);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "read");
        ret->len += (size_t)n;
        ret->data[ret->len] = 0;
        if (ret->len > max)
            return err_set(e, ERR_TOO_LARGE, "more than %zu bytes", max);
        if (n == 0)
            return 0;
    }
}

int fd_read_file(const char *path, size_t max, struct buf *ret, struct err *e)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open '%s'", path);
    if (fd_read_all(fd, max, ret, e) < 0)
        return err_in(e, "'%s'", path);
    return 0;
}

int fd_write_file(int dir_fd, const char *name, const void *p, size_t len, mode_t mode,
                  struct err *e)
{
    auto_fd int fd =
        openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_sys(e, "create '%s'", name);
    if (fd_write_all(fd, p, len, e) < 0)
        return err_in(e, "'%s'", name);
    return 0;
}

int fd_nonblock(int fd, struct err *e)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return err_sys(e, "make descriptor %d non-blocking", fd);
    return 0;
}

int fd_open_beneath(int dir_fd, const char *path, int flags, mode_t mode, struct err *e)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
    if (fd < 0)
        return err_sys(e, "open '%s'", path);
    return (int)fd;
}

int fd_send(int sock, const void *p, size_t len, const int *fds, size_t fd_count, struct err *e)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX)];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)p, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd_count > FD_PASS_MAX)
        return err_set(e, ERR_INVALID, "%zu descriptors in one message", fd_count);
    if (fd_count) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    ssize_t n;
    do
        n = sendmsg(sock, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(e, "send a message of %zu bytes", len);
    return 0;
}

static void take_control(struct msghdr *msg, struct fd_message *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_RIGHTS) {
            ret->fd_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(ret->fds, CMSG_DATA(c), ret->fd_count * sizeof(int));
        } else if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred cred;
            memcpy(&cred, CMSG_DATA(c), sizeof cred);
            ret->pid = cred.pid;
        }
    }
}

int fd_receive(int sock, void *p, size_t cap, struct fd_message *ret, struct err *e)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec iov = {p, cap};
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    *ret = (struct fd_message){0};
    ssize_t n;
    do
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(e, "receive a message");
    take_control(&msg, ret);
    if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t i = 0; i < ret->fd_count; i++)
            close(ret->fds[i]);
        ret->fd_count = 0;
        return err_set(e, ERR_TOO_LARGE,
                       "message longer than %zu bytes or with too many descriptors", cap);
    }
    ret->len = (size_t)n;
    return 0;
}
