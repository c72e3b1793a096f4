#include "sandbox/slot_mounts.h"

#include "base/fd.h"
#include "base/must.h"
#include "sandbox/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>

/* The kernel lets a user namespace mount a proc only while it sees a complete one: the template's.
 * So the new one is made first, detached; then the template's goes, since it shows the spawner's
 * processes and would lie hidden beneath; then the new one takes its place. */
int slot_mount_proc(struct slot_plan *plan, struct err *e)
{
    (void)plan;
    auto_fd int fs = fsopen("proc", FSOPEN_CLOEXEC);
    if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return err_sys(e, "make a proc file system");
    auto_fd int fd =
        fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (fd < 0)
        return err_sys(e, "mount a proc file system");
    if (umount2("/proc", MNT_DETACH) < 0)
        return err_sys(e, "remove the template's /proc");
    if (move_mount(fd, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(e, "place /proc");
    return 0;
}

static int cover(const char *with, const char *path, struct err *e)
{
    if (mount(with, path, NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
        return err_sys(e, "cover '%s'", path);
    return 0;
}

static int make_read_only(const char *path, struct err *e)
{
    struct mount_attr attr = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
    };
    auto_fd int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0 ||
        move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(e, "make '%s' read-only", path);
    return 0;
}

/* The second line: these files belong to the host's root and mostly deny everybody else already.
 * What tells about the host, or acts on it, is covered nevertheless. */
int slot_mask_proc(struct slot_plan *plan, struct err *e)
{
    static const char *const files[] = {
        "/proc/kcore",       "/proc/keys",          "/proc/key-users",
        "/proc/kallsyms",    "/proc/timer_list",    "/proc/latency_stats",
        "/proc/sched_debug", "/proc/sysrq-trigger", "/proc/kmsg",
    };
    static const char *const dirs[] = {
        "/proc/acpi", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi",
    };
    (void)plan;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (cover("/dev/null", files[i], e) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        if (cover("/var/empty", dirs[i], e) < 0)
            return -1;
    return make_read_only("/proc/sys", e);
}

/* One inode per 4 KB, within reason: empty files must not be a way around the size. A build unpacks
 * many. What an inode takes of the kernel's memory is charged to the slot like its pages. */
enum { TMPFS_INODES = 1 << 20 };
static int mount_tmpfs(const char *path, uint64_t bytes, uid_t uid, struct err *e)
{
    char options[160];
    uint64_t inodes = bytes >> 12;
    inodes = inodes < 64 ? 64 : inodes > TMPFS_INODES ? TMPFS_INODES : inodes;
    snprintf(options, sizeof options,
             "size=%" PRIu64 ",nr_inodes=%" PRIu64 ",mode=1777,uid=%u,gid=%u", bytes, inodes,
             (unsigned)uid, (unsigned)uid);
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
        return err_sys(e, "mount '%s'", path);
    return 0;
}

int slot_mount_scratch(struct slot_plan *plan, struct err *e)
{
    const struct order *o = plan->order;
    if (mount_tmpfs("/tmp", o->limits.tmp_bytes, o->uid, e) < 0 ||
        mount_tmpfs("/dev/shm", SLOT_SHM_BYTES, o->uid, e) < 0)
        return -1;
    return mount_tmpfs("/code", SLOT_CODE_BYTES, o->uid, e);
}
