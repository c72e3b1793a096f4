/* Makes a 32-bit system call from a 64-bit program: its numbers mean other calls, so a filter that
 * looks at the number alone is passed.
 * Must be refused by the syscall filter: the process dies (SIGSYS). */
#include "attack.h"

#include <signal.h>

static int call32(void)
{
#ifdef __x86_64__
    long rc = 20; /* getpid */
    __asm__ volatile("int $0x80" : "+a"(rc) : : "memory");
    return rc > 0 ? SUCCEEDED : INCONCLUSIVE;
#else
    return INCONCLUSIVE;
#endif
}

static int call_x32(void)
{
    return syscall(0x40000000 | 39) > 0 ? SUCCEEDED : INCONCLUSIVE;
}

int main(void)
{
    int status = in_child(call32);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SUCCEEDED)
        succeeded("int $0x80 was served");
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
        inconclusive("int $0x80 ended with status %x", status);
    status = in_child(call_x32);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
        succeeded("an x32 call ended with status %x", status);
    refused("foreign calls kill");
}
