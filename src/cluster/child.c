#include "cluster/child.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { LINES_PER_SECOND = 20, LOCK_FD = 3 };

/* --- in the child --- */

static int place(int fd, int at)
{
    auto_fd int null = -1;
    if (fd < 0)
        fd = null = open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd < 0 ? -1 : dup2(fd, at);
}

/* Descriptors first go where none of the fixed places can hit them. */
static int place_all(const struct child_program *p, int err)
{
    int in = p->in < 0 ? -1 : fcntl(p->in, F_DUPFD_CLOEXEC, 64);
    int out = p->out < 0 ? -1 : fcntl(p->out, F_DUPFD_CLOEXEC, 64);
    int lock = fcntl(p->lock, F_DUPFD_CLOEXEC, 64);
    int said = fcntl(err, F_DUPFD_CLOEXEC, 64);
    if (lock < 0 || said < 0 || place(in, STDIN_FILENO) < 0 || place(out, STDOUT_FILENO) < 0 ||
        place(said, STDERR_FILENO) < 0 || place(lock, LOCK_FD) < 0)
        return -1;
    return close_range(LOCK_FD + 1, ~0u, 0);
}

static int wait_for_lock(void)
{
    int got;
    do
        got = flock(LOCK_FD, LOCK_EX); /* the keeper's too: it is the same open file */
    while (got < 0 && errno == EINTR);
    return got;
}

static _Noreturn void run(const struct child_program *p, int err)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    if (place_all(p, err) == 0 && p->argv)
        execve(p->argv[0], (char *const *)(uintptr_t)p->argv, (char *const *)(uintptr_t)p->envp);
    else if (!p->argv && wait_for_lock() == 0)
        _exit(0);
    dprintf(STDERR_FILENO, "start '%s': %s\n", p->argv ? p->argv[0] : "flock", strerror(errno));
    _exit(127);
}

/* --- in the keeper --- */

int child_start(struct child *c, enum child_kind kind, const char *name,
                const struct child_program *p, struct err *e)
{
    int said[2];
    if (pipe2(said, O_CLOEXEC) < 0)
        return err_sys(e, "make a pipe for %s", name);
    auto_fd int mine = said[0];
    auto_fd int its = said[1];
    if (fd_nonblock(mine, e) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        run(p, its);
    if (pid < 0)
        return err_sys(e, "start %s", name);
    *c = (struct child){.kind = kind,
                        .name = name,
                        .pid = pid,
                        .err = take_fd(&mine),
                        .answer = -1,
                        .started_us = clock_mono_us(),
                        .ready = !p->ready};
    return 0;
}

/* Guests can cause some of these lines: what they cause is bounded. */
static void log_it(struct child *c, const char *text)
{
    uint64_t now = clock_mono_us();
    if (now - c->second_us >= 1000000) {
        if (c->in_second > LINES_PER_SECOND)
            log_warn("cluster", "%s: %u lines ignored", c->name, c->in_second - LINES_PER_SECOND);
        c->second_us = now;
        c->in_second = 0;
    }
    if (++c->in_second <= LINES_PER_SECOND)
        log_info("cluster", "%s: %s", c->name, text);
}

static void take_line(struct child *c, struct str line, const char *ready, bool quiet)
{
    char text[CHILD_LINE];
    log_quote(str_trim(line), text, sizeof text);
    if (!text[0])
        return;
    if (ready && strstr(text, ready))
        c->ready = true;
    bool names_error = strstr(text, "error:") || strstr(text, "FATAL") || strstr(text, "PANIC");
    if (names_error || !c->why_is_error) {
        snprintf(c->why, sizeof c->why, "%s", text);
        c->why_is_error = names_error;
    }
    if (!quiet)
        log_it(c, text);
}

static void take_lines(struct child *c, const char *ready, bool quiet)
{
    struct str rest = {c->line, c->line_len};
    const char *end;
    while (rest.n && (end = memchr(rest.p, '\n', rest.n))) {
        (void)end;
        take_line(c, str_cut(&rest, '\n'), ready, quiet);
    }
    if (rest.n == sizeof c->line) { /* longer than we keep: cut */
        take_line(c, rest, ready, quiet);
        rest.n = 0;
    }
    if (rest.n)
        memmove(c->line, rest.p, rest.n);
    c->line_len = rest.n;
}

void child_read(struct child *c, const char *ready, bool quiet)
{
    while (c->err >= 0) {
        ssize_t n = read(c->err, c->line + c->line_len, sizeof c->line - c->line_len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            fd_close(&c->err);
            return;
        }
        c->line_len += (size_t)n;
        take_lines(c, ready, quiet);
    }
}

void child_done(struct child *c)
{
    fd_close(&c->err);
    fd_close(&c->answer);
    *c = (struct child){.kind = CHILD_NONE, .err = -1, .answer = -1};
}
