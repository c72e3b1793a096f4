/* Writes, makes and removes files in what is shared with the host and with other slots.
 * Must be refused by read-only mounts of the root, /usr and the runners. */
#include "attack.h"

#include <utime.h>

int main(void)
{
    static const char *const dirs[] = {"/",          "/usr", "/usr/bin", "/etc",
                                       "/opt/virga", "/dev", "/var",     "/home",
                                       "/run",       "/sys", "/mnt",     "/var/lib"};
    static const char *const files[] = {"/usr/bin/env", "/etc/passwd", "/etc/hosts",
                                        "/opt/virga/guest", "/etc/ld.so.cache"};
    char path[128];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "%s/virga-was-here", dirs[i]);
        must_fail_with(path, open(path, O_CREAT | O_WRONLY, 0666), EROFS, EACCES, EPERM, ENOENT, 0);
        must_fail_with(path, mkdir(path, 0777), EROFS, EACCES, EPERM, ENOENT, 0);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        must_fail_with(files[i], open(files[i], O_WRONLY | O_APPEND), EROFS, EACCES, EPERM, ETXTBSY,
                       0);
        must_fail_with(files[i], truncate(files[i], 0), EROFS, EACCES, EPERM, ETXTBSY, 0);
        must_fail_with(files[i], unlink(files[i]), EROFS, EACCES, EPERM, 0);
        must_fail_with(files[i], chmod(files[i], 0777), EROFS, EACCES, EPERM, 0);
        must_fail_with(files[i], utime(files[i], NULL), EROFS, EACCES, EPERM, 0);
    }
    refused("everything but the scratch directories is read-only");
}
