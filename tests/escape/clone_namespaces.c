/* The same by clone, whose flags the filter sees.
 * Must be refused by the syscall filter. */
#include "attack.h"

#include <sched.h>
#include <signal.h>

static void attempt(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    must_fail_with("clone", pid, EPERM, 0);
}

int main(void)
{
    attempt(CLONE_NEWUSER);
    attempt(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET);
    attempt(CLONE_NEWUTS);
    attempt(0xffffffff00000000ul | CLONE_NEWUSER);
    refused("clone makes no namespaces");
}
