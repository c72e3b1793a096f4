#include "sandbox/helper.h"

#include "base/fd.h"
#include "sandbox/clone.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- set-up, in the children --- */

int helper_detach_signals(struct err *e)
{
    sigset_t child;
    if (setsid() < 0)
        return err_sys(e, "new session");
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_SETMASK, &child, NULL) < 0)
        return err_sys(e, "block SIGCHLD");
    return 0;
}

static int write_proc(const char *name, const char *text, struct err *e)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return err_sys(e, "write '%s' (are unprivileged user namespaces allowed?)", path);
    return 0;
}

int helper_map_ids(uid_t uid_inside, uid_t uid, gid_t gid_inside, gid_t gid, struct err *e)
{
    char uids[48], gids[48];
    snprintf(uids, sizeof uids, "%u %u 1\n", uid_inside, uid);
    snprintf(gids, sizeof gids, "%u %u 1\n", gid_inside, gid);
    if (write_proc("setgroups", "deny", e) < 0 || write_proc("uid_map", uids, e) < 0)
        return -1;
    return write_proc("gid_map", gids, e);
}

/* First to where nothing of ours stands: the two may have each other's numbers. */
static int place(const int *fds, size_t count, struct err *e)
{
    int high[2];
    for (size_t i = 0; i < count; i++)
        if ((high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16)) < 0)
            return err_sys(e, "copy a descriptor");
    for (size_t i = 0; i < count; i++)
        if (dup3(high[i], HELPER_SERVER_FD + (int)i, O_CLOEXEC) < 0)
            return err_sys(e, "place a descriptor");
    return 0;
}

static int keep_descriptors(const struct helper *h, int server, struct err *e)
{
    const int fds[] = {server, h->kept_fd};
    size_t count = h->kept_fd < 0 ? 1 : 2;
    if (place(fds, count, e) < 0)
        _exit(1); /* there is no socket to say it on */
    auto_fd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return err_sys(e, "place standard descriptors");
    fd_close(&null);
    if (close_range(HELPER_SERVER_FD + (unsigned)count, ~0u, 0) < 0)
        return err_sys(e, "close all other descriptors");
    return 0;
}

static _Noreturn void give_up(const struct helper *h, const struct err *why)
{
    h->give_up(h->arg, why);
    _exit(1);
}

static _Noreturn void helper_main(const struct helper *h)
{
    struct err e = {0};
    char name[16];
    snprintf(name, sizeof name, "virga-%s", h->name);
    (void)prctl(PR_SET_NAME, name, 0, 0, 0); /* for ps */
    if (h->set_up(h->arg, &e) < 0)
        give_up(h, &e);
    h->work(h->arg);
    _exit(0);
}

static _Noreturn void first_child(const struct helper *h, int server)
{
    struct err e = {0};
    if (keep_descriptors(h, server, &e) < 0 || (h->prepare && h->prepare(h->arg, &e) < 0))
        give_up(h, &e);
    uint64_t flags = CLONE_PARENT | CLONE_NEWPID | CLONE_NEWNS | h->namespaces;
    pid_t pid = clone_fork(flags, -1, &e);
    if (pid == 0)
        helper_main(h);
    if (pid < 0) {
        (void)err_in(&e, "start the %s (needs root or unprivileged user namespaces)", h->name);
        give_up(h, &e);
    }
    _exit(0);
}

/* --- in the server --- */

/* The kernel names the sender, whose pid nobody else has told us. */
static int await_ready(const struct helper *h, int fd, pid_t *ret_pid, struct err *e)
{
    struct fd_message m;
    char packet[HELPER_PACKET_MAX];
    if (fd_receive(fd, packet, sizeof packet, &m, e) < 0)
        return -1;
    if (m.len == 0)
        return err_set(e, ERR_SYSTEM, "the %s ended during its set-up", h->name);
    *ret_pid = m.pid;
    return h->is_ready(packet, m.len, m.fd_count, e);
}

static int ask_for_pid(int fd, int on, const struct helper *h, struct err *e)
{
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return err_sys(e, "prepare the %s's socket", h->name);
    return 0;
}

/* The first child, or -1. */
static pid_t fork_first(const struct helper *h, int *ret_fd, struct err *e)
{
    int p[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make the %s's socket", h->name);
    auto_fd int mine = p[0], its = p[1];
    if (ask_for_pid(mine, 1, h, e) < 0)
        return -1;
    pid_t pid = clone_fork(0, -1, e);
    if (pid == 0)
        first_child(h, its);
    if (pid > 0)
        *ret_fd = take_fd(&mine);
    return pid;
}

int helper_start(const struct helper *h, int *ret_fd, pid_t *ret_pid, struct err *e)
{
    pid_t helper = 0;
    auto_fd int fd = -1;
    pid_t first = fork_first(h, &fd, e);
    if (first < 0)
        return -1;
    int result = await_ready(h, fd, &helper, e);
    (void)waitpid(first, NULL, 0);
    if (result == 0)
        result = ask_for_pid(fd, 0, h, e);
    if (result < 0) {
        fd_close(&fd); /* one that did start ends with it */
        if (helper > 0 && helper != first)
            (void)waitpid(helper, NULL, 0);
        return -1;
    }
    *ret_fd = take_fd(&fd);
    *ret_pid = helper;
    return 0;
}
