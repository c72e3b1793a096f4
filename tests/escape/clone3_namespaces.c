/* The same by clone3, whose flags lie in memory, where a filter cannot look.
 * Must be refused by the syscall filter, which answers ENOSYS to every clone3. */
#include "attack.h"

#include <linux/sched.h>
#include <signal.h>

int main(void)
{
    struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        _exit(0);
    must_fail_with("clone3", pid, ENOSYS, 0);
    refused("clone3 answers ENOSYS");
}
