/* A template without a sandbox, for tests and measurements: copies by a bare clone, as the real one
 * does, but into no namespaces. Each order is one byte with three descriptors (socket, standard
 * output, standard error); the answer is the copy's pid as four bytes. */
#include "sandbox/template.h"

#include "base/fd.h"
#include "sandbox/runner_fds.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

_Noreturn static void become(const struct template_hooks *hooks, const int *fds)
{
    signal(SIGCHLD, SIG_DFL);
    if (dup2(fds[1], RUNNER_STDOUT) < 0 || dup2(fds[2], RUNNER_STDERR) < 0 ||
        dup2(fds[0], RUNNER_SOCKET) < 0)
        _exit(126);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    hooks->become(hooks->arg);
    _exit(127);
}

int template_confine(struct err *e)
{
    (void)e;
    return 0;
}

/* Tests give directories that can be written. */
int template_scratch(const char *path, struct err *e)
{
    if (access(path, W_OK) < 0)
        return err_sys(e, "'%s'", path);
    return 0;
}

_Noreturn void template_fail(const struct err *e)
{
    dprintf(STDERR_FILENO, "failed: %s\n", e->text);
    _exit(1);
}

_Noreturn void template_serve(const struct template_hooks *hooks)
{
    struct fd_message message;
    struct err e;
    char order;
    signal(SIGCHLD, SIG_IGN); /* copies are reaped by the kernel */
    while (fd_receive(TEMPLATE_CONTROL, &order, 1, &message, &e) == 0 && message.fd_count == 3) {
        hooks->before_copy();
        int pid = (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid == 0)
            become(hooks, message.fds);
        hooks->after_copy();
        if (write(TEMPLATE_CONTROL, &pid, sizeof pid) != sizeof pid)
            exit(1);
        for (int i = 0; i < 3; i++)
            close(message.fds[i]);
    }
    exit(0);
}
