/* Stops the kernel in the middle of a copy from user memory: makes races in it winnable.
 * Must be refused by the syscall filter. */
#include "attack.h"

int main(void)
{
    MUST_FAIL(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */), EPERM);
    refused("userfaultfd answers EPERM");
}
