/* Makes a device node of its own for the host's disks and memory.
 * Must be refused by the syscall filter, by the lack of CAP_MKNOD and by nodev mounts. */
#include "attack.h"

#include <sys/sysmacros.h>

int main(void)
{
    MUST_FAIL(mknod("/tmp/mem", S_IFCHR | 0666, makedev(1, 1)), EPERM);
    MUST_FAIL(mknod("/tmp/disk", S_IFBLK | 0666, makedev(254, 0)), EPERM);
    MUST_FAIL(mknodat(AT_FDCWD, "/code/null", S_IFCHR | 0666, makedev(1, 3)), EPERM);
    MUST_FAIL(mknodat(AT_FDCWD, "/dev/shm/disk", S_IFBLK | 0666, makedev(8, 0)), EPERM);
    refused("no device nodes");
}
