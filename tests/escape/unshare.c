/* Makes namespaces, above all a user namespace, in which it would have every capability and with
 * them most of the kernel's code. Must be refused by the syscall filter. */
#include "attack.h"

#include <sched.h>

int main(void)
{
    MUST_FAIL(unshare(CLONE_NEWUSER), EPERM);
    MUST_FAIL(unshare(CLONE_NEWUSER | CLONE_NEWNET), EPERM);
    MUST_FAIL(unshare(CLONE_NEWNS), EPERM);
    MUST_FAIL(unshare(CLONE_NEWPID), EPERM);
    MUST_FAIL(unshare(CLONE_NEWCGROUP), EPERM);
    refused("unshare answers EPERM");
}
