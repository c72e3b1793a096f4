/* attack — how an attack reports. Every attack is a program that runs as a guest inside a slot,
 * with the runner's socket as descriptor 3, and ends with one of three answers:
 *
 *   refused       exit 0   the defence held, in the way we expect
 *   SUCCEEDED     exit 1   the guest got what it must not get
 *   inconclusive  exit 2   something else happened: not a proof of anything, so the test fails too
 *
 * The head comment of each names the attack and what must refuse it. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 0, SUCCEEDED = 1, INCONCLUSIVE = 2, SOCKET = 3 };

__attribute__((format(printf, 2, 3))) static _Noreturn void answer(int code, const char *fmt, ...)
{
    static const char *const words[] = {"refused", "SUCCEEDED", "inconclusive"};
    va_list args;
    va_start(args, fmt);
    printf("%s: ", words[code]);
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
    _exit(code);
}

#define refused(...)      answer(REFUSED, __VA_ARGS__)
#define succeeded(...)    answer(SUCCEEDED, __VA_ARGS__)
#define inconclusive(...) answer(INCONCLUSIVE, __VA_ARGS__)

/* One attempt of several. `rc` is what the call returned; the rest are the errnos of a refusal, 0
 * at the end. Anything else ends the attack here. */
static inline void must_fail_with(const char *what, long rc, ...)
{
    int got = errno, expected;
    va_list errnos;
    if (rc >= 0)
        succeeded("%s returned %ld", what, rc);
    va_start(errnos, rc);
    while ((expected = va_arg(errnos, int)) != 0)
        if (expected == got)
            break;
    va_end(errnos);
    if (!expected)
        inconclusive("%s failed with '%s'", what, strerror(got));
}
#define MUST_FAIL(call, ...) must_fail_with(#call, (long)(call), __VA_ARGS__, 0)

/* Runs `act` in a child, as an attack that would end the process or needs a second one. */
static inline int in_child(int (*act)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        inconclusive("fork: %s", strerror(errno));
    if (pid == 0)
        _exit(act());
    if (waitpid(pid, &status, 0) != pid)
        inconclusive("waitpid: %s", strerror(errno));
    return status;
}
