/* Reads files of the host, directly, through other roots, and by climbing out of the root.
 * Must be refused by the slot's own root: it holds /usr and a synthesised /etc and nothing else. */
#include "attack.h"

int main(void)
{
    static const char *const paths[] = {
        "/etc/shadow",
        "/etc/sudoers",
        "/root/.bashrc",
        "/root/.ssh",
        "/var/lib/dpkg",
        "/var/log",
        "/boot",
        "/home/user",
        "/proc/1/root/etc/shadow",
        "/proc/1/root/root/",
        "/../../../etc/shadow",
        "/proc/self/root/../etc/shadow",
        "/proc/1/cwd/../var/lib/dpkg",
        "/run/virga",
        "/run/systemd",
        "/sys/kernel",
        "/sys/fs/cgroup",
    };
    char text[4096] = "";
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int fd = open(paths[i], O_RDONLY);
        if (fd >= 0 && strcmp(paths[i], "/proc/1/root/root/") == 0) {
            close(fd); /* the slot's own, empty */
            continue;
        }
        must_fail_with(paths[i], fd, ENOENT, EACCES, EPERM, 0);
    }
    int passwd = open("/etc/passwd", O_RDONLY);
    if (passwd < 0 || read(passwd, text, sizeof text - 1) <= 0)
        inconclusive("no /etc/passwd of the slot");
    if (strstr(text, "daemon:") || strstr(text, "/bin/bash"))
        succeeded("/etc/passwd is the host's");
    refused("none of the host's files is there");
}
