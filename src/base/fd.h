/* fd — descriptors: guards, whole reads and writes, passing them over sockets, opening beneath a
 * directory. Every descriptor made here is close-on-exec. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* auto_fd int fd = open(...);  closes at the end of the scope; `return take_fd(&fd)` hands it over.
 */
#define auto_fd __attribute__((cleanup(fd_close)))

void fd_close(int *fd); /* closes unless negative and sets -1; keeps errno */
int take_fd(int *fd);

int fd_write_all(int fd, const void *p, size_t len, struct err *e);
/* Reads until the end of file, at most `max` bytes: more is ERR_TOO_LARGE. */
int fd_read_all(int fd, size_t max, struct buf *ret, struct err *e);
/* The same for a path that the administrator, never a guest, controls. */
int fd_read_file(const char *path, size_t max, struct buf *ret, struct err *e);
int fd_write_file(int dir_fd, const char *name, const void *p, size_t len, mode_t mode,
                  struct err *e);

int fd_nonblock(int fd, struct err *e);

/* Opens `path` beneath `dir_fd` and refuses to leave it: no "..", no absolute path, no symlink, no
 * magic link on any component (openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS). Returns the descriptor. The one way to open paths that a guest can
 * influence. */
int fd_open_beneath(int dir_fd, const char *path, int flags, mode_t mode, struct err *e);

enum { FD_PASS_MAX = 8 };

/* Sends one message with descriptors attached (SCM_RIGHTS) on a SEQPACKET or DATAGRAM socket. The
 * descriptors stay the caller's. Returns 0, or -1 with sys == EAGAIN when a non-blocking socket is
 * full. */
int fd_send(int sock, const void *p, size_t len, const int *fds, size_t fd_count, struct err *e);

struct fd_message {
    size_t len;           /* bytes received; 0 means the peer has closed */
    size_t fd_count;      /* descriptors received; the caller owns them */
    int fds[FD_PASS_MAX]; /* close-on-exec */
    pid_t pid;            /* the sender as the kernel names it, when SO_PASSCRED is on; else 0 */
};

/* Receives one message of at most `cap` bytes. A longer message, or more descriptors than fit, is
 * an error and everything that came with it is closed. -1 with sys == EAGAIN when a non-blocking
 * socket has nothing. */
int fd_receive(int sock, void *p, size_t cap, struct fd_message *ret, struct err *e);
