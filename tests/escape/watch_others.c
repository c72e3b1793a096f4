/* Watches what others do with the files it shares with them: /usr and the runners are the same
 * inodes for the host and for every slot, so inotify and dnotify tell when who opens what. The
 * harness opens a file of /opt/virga over and over meanwhile. Must be refused by the syscall
 * filter. */
#include "attack.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>

static void watch(int fd)
{
    char events[4096] __attribute__((aligned(8)));
    struct pollfd p = {fd, POLLIN, 0};
    if (inotify_add_watch(fd, "/opt/virga", IN_OPEN) < 0)
        inconclusive("inotify_add_watch: %s", strerror(errno));
    if (poll(&p, 1, 30000) != 1 || read(fd, events, sizeof events) <= 0)
        inconclusive("inotify works, but nobody did anything");
    struct inotify_event *first = (void *)events;
    succeeded("somebody opened %s", first->len ? first->name : "the directory");
}

int main(void)
{
    int fd = inotify_init1(IN_CLOEXEC);
    if (fd >= 0)
        watch(fd);
    must_fail_with("inotify_init1", fd, ENOSYS, 0);
    int dir = open("/opt/virga", O_RDONLY | O_DIRECTORY);
    signal(SIGIO, SIG_IGN);
    MUST_FAIL(fcntl(dir, F_NOTIFY, DN_ACCESS | DN_MULTISHOT), ENOSYS);
    MUST_FAIL(fcntl(dir, F_SETLEASE, F_RDLCK), ENOSYS);
    refused("no watching");
}
