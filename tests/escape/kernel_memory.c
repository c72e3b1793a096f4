/* Reads memory of the kernel or the machine: kcore, mem, kmem, port, kallsyms, kmsg.
 * Must be refused by covering files in /proc and by a /dev with five devices. */
#include "attack.h"

int main(void)
{
    static const char *const files[] = {
        "/proc/kcore",      "/dev/mem",   "/dev/kmem",      "/dev/port",
        "/dev/kmsg",        "/proc/kmsg", "/proc/kallsyms", "/proc/vmcore",
        "/proc/timer_list", "/dev/fuse",  "/dev/kvm",       "/dev/net/tun",
        "/dev/sda",         "/dev/vda",   "/dev/nbd0",      "/dev/loop-control"};
    char text[64];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = open(files[i], O_RDONLY | O_NONBLOCK);
        if (fd >= 0 && read(fd, text, sizeof text) == 0)
            continue; /* covered by /dev/null */
        must_fail_with(files[i], fd, ENOENT, EACCES, EPERM, ENXIO, 0);
    }
    refused("no device or file of the kernel's memory");
}
