/* Becomes root by a setuid program, by giving itself capabilities, by changing ids.
 * Must be refused by nosuid mounts, no_new_privs and the empty capability sets. */
#include "attack.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>

static int run_setuid(void)
{
    static const char *const programs[] = {"/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount",
                                           "/usr/bin/chsh", "/usr/bin/newgrp"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct stat st;
        if (stat(programs[i], &st) == 0 && st.st_mode & S_ISUID && st.st_uid == 0)
            return SUCCEEDED; /* of a root that is mapped into the slot's user namespace */
    }
    return REFUSED;
}

int main(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}}, now[2];
    if (getuid() == 0 || geteuid() == 0)
        succeeded("started as uid 0");
    MUST_FAIL(setuid(0), EPERM);
    MUST_FAIL(setresuid(0, 0, 0), EPERM);
    MUST_FAIL(setgid(0), EPERM);
    MUST_FAIL(setgroups(1, (gid_t[]){0}), EPERM);
    MUST_FAIL(setuid(getuid() + 1), EPERM);
    MUST_FAIL(syscall(SYS_capset, &head, all), EPERM);
    if (syscall(SYS_capget, &head, now) != 0)
        inconclusive("capget: %s", strerror(errno));
    if (now[0].effective | now[0].permitted | now[1].effective | now[1].permitted)
        succeeded("capabilities are left");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        succeeded("no_new_privs is off");
    if (run_setuid() == SUCCEEDED)
        inconclusive("root's setuid programs appear as root's: nosuid and no_new_privs alone hold");
    refused("no way to other ids or capabilities");
}
