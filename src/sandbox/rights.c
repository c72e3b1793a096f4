#include "sandbox/rights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_caps(uint64_t caps, struct err *e)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {0};
    for (int i = 0; i < 2; i++)
        data[i].permitted = data[i].effective = (uint32_t)(caps >> (32 * i));
    if (syscall(SYS_capset, &head, data) < 0)
        return err_sys(e, "set capabilities");
    return 0;
}

static int get_caps(uint64_t *ret, struct err *e)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &head, data) < 0)
        return err_sys(e, "read capabilities");
    *ret = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}

static int drop_bounding(struct err *e)
{
    /* The kernel answers EINVAL behind the last capability it knows. */
    for (unsigned long cap = 0; cap < 64; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
            if (errno == EINVAL && cap > CAP_SETPCAP)
                return 0;
            return err_sys(e, "drop capability %lu from the bounding set", cap);
        }
    return 0;
}

int rights_keep(uint64_t keep, struct err *e)
{
    uint64_t have = 0;
    if (get_caps(&have, e) < 0 || drop_bounding(e) < 0)
        return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return err_sys(e, "clear ambient capabilities");
    return set_caps(have & keep, e);
}

int rights_bound(struct err *e)
{
    if (drop_bounding(e) < 0)
        return -1;
    /* Without NO_SETUID_FIXUP leaving uid 0 clears the sets; the lock keeps it so. */
    unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
                         SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                         SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
        return err_sys(e, "lock securebits");
    return 0;
}

int rights_become(uid_t uid, gid_t gid, bool keep_groups, struct err *e)
{
    /* System calls, not glibc's wrappers: those signal other threads, of which there are none. */
    if (!keep_groups && syscall(SYS_setgroups, 0, NULL) < 0)
        return err_sys(e, "clear supplementary groups");
    if (syscall(SYS_setresgid, gid, gid, gid) < 0)
        return err_sys(e, "become group %u", (unsigned)gid);
    if (syscall(SYS_setresuid, uid, uid, uid) < 0)
        return err_sys(e, "become user %u", (unsigned)uid);
    return 0;
}

int rights_drop(struct err *e)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return err_sys(e, "clear ambient capabilities");
    return set_caps(0, e);
}
