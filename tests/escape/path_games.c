/* Plays with names: replaces the directories that were mounted for it by symlinks, moves them,
 * links to files it may not write, puts FIFOs where files are expected. The trusted side has
 * finished all work on paths before the guest runs; what is left is to see that nothing can be
 * moved. Must be refused by mount points and read-only mounts, hard links across them by the
 * kernel. */
#include "attack.h"

int main(void)
{
    static const char *const points[] = {"/tmp",       "/code", "/dev/shm", "/proc",
                                         "/opt/virga", "/usr",  "/dev",     "/etc"};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        must_fail_with(points[i], rename(points[i], "/tmp/moved"), EBUSY, EROFS, EXDEV, EACCES,
                       EPERM, EINVAL, 0);
        must_fail_with(points[i], rmdir(points[i]), EBUSY, EROFS, EACCES, EPERM, ENOTEMPTY, 0);
        must_fail_with(points[i], symlink("/etc", points[i]), EEXIST, EROFS, EACCES, 0);
        must_fail_with(points[i],
                       chmod(points[i], 0777) == 0 && strcmp(points[i], "/tmp") &&
                               strcmp(points[i], "/code") && strcmp(points[i], "/dev/shm")
                           ? 0
                           : (errno = errno ? errno : EPERM, -1),
                       EROFS, EPERM, EACCES, ENOENT, EEXIST, 0);
    }
    MUST_FAIL(link("/etc/passwd", "/tmp/passwd"), EXDEV, EPERM);
    MUST_FAIL(link("/usr/bin/env", "/code/env"), EXDEV, EPERM);
    MUST_FAIL(linkat(AT_FDCWD, "/proc/self/exe", AT_FDCWD, "/tmp/exe", AT_SYMLINK_FOLLOW), EXDEV,
              EPERM);
    if (symlink("/etc/shadow", "/tmp/link") < 0)
        inconclusive("symlink: %s", strerror(errno));
    MUST_FAIL(open("/tmp/link", O_RDONLY), ENOENT, EACCES);
    if (mkfifo("/code/main.py", 0666) < 0 || mkfifo("/tmp/fifo", 0666) < 0)
        inconclusive("mkfifo: %s", strerror(errno));
    /* What the template is executed from: rewriting it would reach the next copies. */
    MUST_FAIL(open("/proc/self/exe", O_WRONLY), EROFS, EACCES, ETXTBSY);
    MUST_FAIL(open("/proc/1/exe", O_RDWR), EROFS, EACCES, ETXTBSY);
    refused("nothing can be moved, replaced or linked to");
}
