/* Types commands into the terminal the daemon was started from (TIOCSTI), through an inherited or a
 * reopened controlling terminal.
 * Must be refused by the new session, by not having a terminal, and by the syscall filter. */
#include "attack.h"

#include <sys/ioctl.h>

int main(void)
{
    MUST_FAIL(open("/dev/tty", O_RDWR), ENOENT, ENXIO);
    MUST_FAIL(open("/dev/console", O_RDWR), ENOENT);
    MUST_FAIL(open("/dev/pts/0", O_RDWR), ENOENT);
    for (int fd = 0; fd < 16; fd++) {
        if (isatty(fd))
            succeeded("descriptor %d is a terminal", fd);
        must_fail_with("TIOCSTI", ioctl(fd, TIOCSTI, "x"), EPERM, 0);
        must_fail_with("TIOCSTI, high bits", syscall(SYS_ioctl, fd, 1ul << 32 | TIOCSTI, "x"),
                       EPERM, 0);
        must_fail_with("TIOCLINUX", ioctl(fd, TIOCLINUX, "x"), EPERM, 0);
        must_fail_with("TIOCSETD", ioctl(fd, TIOCSETD, &fd), EPERM, 0);
    }
    if (getsid(0) != 1)
        succeeded("in a session of others: %d", (int)getsid(0));
    refused("no terminal, and no way to type into one");
}
