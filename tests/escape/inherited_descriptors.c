/* Uses what the spawner, the server or the template forgot to close: control sockets, cgroup files,
 * directories outside of the root.
 * Must be refused by the step 'descriptors': null, two pipes and one socket are all there is. */
#include "attack.h"

#include <dirent.h>
#include <sys/socket.h>

int main(void)
{
    char link[64], target[256];
    int type;
    socklen_t len = sizeof type;
    DIR *list = opendir("/proc/self/fd");
    if (!list)
        inconclusive("/proc/self/fd: %s", strerror(errno));
    for (struct dirent *d; (d = readdir(list));) {
        int fd = atoi(d->d_name);
        if (fd <= SOCKET || fd == dirfd(list))
            continue;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof target - 1);
        target[n < 0 ? 0 : n] = 0;
        succeeded("descriptor %d is %s", fd, target);
    }
    struct stat null, in;
    if (fstat(0, &in) < 0 || stat("/dev/null", &null) < 0 || in.st_rdev != null.st_rdev)
        succeeded("descriptor 0 is not /dev/null");
    for (int fd = 1; fd <= 2; fd++)
        if (fstat(fd, &in) < 0 || !S_ISFIFO(in.st_mode) ||
            (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY)
            succeeded("descriptor %d is not the writing end of a pipe", fd);
    if (getsockopt(SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
        succeeded("descriptor 3 is not a stream socket");
    /* The reading end, through /proc: what was written, or others' output. */
    must_fail_with("read from own stdout", read(1, target, 1), EBADF, 0);
    refused("0 to 3, and those are what they should be");
}
