/* Turns the kernel's knobs: core_pattern (runs a program as the host's root), sysrq, sysctls, and
 * makes itself immune to the killer for lack of memory. Must be refused by the read-only /proc/sys
 * and by the slot's ids. */
#include "attack.h"

static const char *const knobs[] = {
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/fs/binfmt_misc/register",
    "/proc/sys/kernel/msgmax",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sysrq-trigger",
    "/proc/irq/default_smp_affinity",
    "/proc/self/uid_map",
    "/proc/self/gid_map",
};

int main(void)
{
    for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        int fd = open(knobs[i], O_WRONLY);
        /* /proc/sysrq-trigger is covered by /dev/null, maps open but take nothing a second time */
        struct stat st;
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode))
            continue;
        if (fd >= 0)
            must_fail_with(knobs[i], write(fd, "0 0 1\n", 6), EPERM, EACCES, EINVAL, 0);
        else
            must_fail_with(knobs[i], fd, EROFS, EACCES, EPERM, ENOENT, 0);
    }
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd >= 0)
        must_fail_with("oom_score_adj = -1000", write(fd, "-1000", 5), EACCES, EPERM, 0);
    refused("no knob turns");
}
