/* Enters namespaces of somebody else, by file and by pid.
 * Must be refused by the syscall filter, and by the lack of capabilities. */
#include "attack.h"

#include <sched.h>

int main(void)
{
    static const char *const names[] = {"user", "mnt", "net", "pid", "ipc", "uts", "cgroup"};
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/proc/1/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        if (fd >= 0)
            must_fail_with(path, setns(fd, 0), EPERM, 0);
    }
    int self = (int)syscall(SYS_pidfd_open, 1, 0);
    if (self < 0)
        inconclusive("pidfd_open: %s", strerror(errno));
    MUST_FAIL(setns(self, CLONE_NEWNET), EPERM);
    refused("setns answers EPERM");
}
