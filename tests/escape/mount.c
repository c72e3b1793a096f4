/* Mounts, by the old calls and the new ones, as it stands and as root of a new user namespace.
 * Must be refused by the syscall filter; without it, by the lack of capabilities until a new user
 * namespace gives them. */
#include "attack.h"

#include <sched.h>
#include <sys/mount.h>

int main(void)
{
    (void)syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS);
    MUST_FAIL(mount("tmpfs", "/tmp", "tmpfs", 0, NULL), EPERM);
    MUST_FAIL(mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL), EPERM);
    MUST_FAIL(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM);
    MUST_FAIL(umount2("/proc", MNT_DETACH), EPERM);
    MUST_FAIL(syscall(SYS_fsopen, "tmpfs", 0), EPERM);
    MUST_FAIL(syscall(SYS_open_tree, AT_FDCWD, "/", 1), EPERM);
    MUST_FAIL(syscall(SYS_move_mount, AT_FDCWD, "/tmp", AT_FDCWD, "/code", 0), EPERM);
    MUST_FAIL(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, NULL, 0), EPERM);
    MUST_FAIL(syscall(SYS_pivot_root, "/tmp", "/tmp"), EPERM);
    MUST_FAIL(chroot("/tmp"), EPERM);
    refused("no mounts");
}
