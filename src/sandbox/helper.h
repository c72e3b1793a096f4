/* helper — a process beside the server with rights of its own: how the spawner and the keeper of
 * databases come to be.
 *
 * Two forks. The first child still is where the server is: it keeps the descriptors named here and
 * prepares what takes the server's view of the machine. It clones the second one, the helper, as a
 * child of the server (CLONE_PARENT) and pid 1 of a pid namespace, so that the kernel ends with it
 * whatever it started, and exits. The socket between server and helper is all that they share: its
 * end is the helper's end, and the first message on it says whether the set-up has worked. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a helper finds open beside standard input (empty), output and error (the log). */
enum { HELPER_SERVER_FD = 3, HELPER_KEPT_FD = 4 };

struct helper {
    const char *name;    /* "spawner": for messages */
    uint64_t namespaces; /* beside those of pids and mounts */
    int kept_fd;         /* becomes HELPER_KEPT_FD; -1: none */
    void *arg;
    int (*prepare)(void *arg, struct err *e);          /* in the first child; may be NULL */
    int (*set_up)(void *arg, struct err *e);           /* in the helper */
    void (*work)(void *arg);                           /* says that it is ready; ends with it */
    void (*give_up)(void *arg, const struct err *why); /* one of the first two failed: says so */
    /* In the server: 0 when the first message says that all is well, else -1 with the reason. */
    int (*is_ready)(const void *packet, size_t len, size_t files, struct err *e);
};

enum { HELPER_PACKET_MAX = 1024 };

/* Returns in the server only: its end of the socket (SEQPACKET) and the helper's pid. */
int helper_start(const struct helper *h, int *ret_fd, pid_t *ret_pid, struct err *e);

/* Steps of a helper's set-up. The terminal's signals are for the server, which tells us by closing
 * its socket; SIGCHLD is blocked, for a signalfd. */
int helper_detach_signals(struct err *e);
/* In a fresh user namespace: the one id outside that we may map, and what it is called inside. */
int helper_map_ids(uid_t uid_inside, uid_t uid, gid_t gid_inside, gid_t gid, struct err *e);
