/* Changes the packages it was given, which other slots of the same project share, and looks for the
 * layers of others: by path, up from its own, through /proc, with the mounts out of the way. Must
 * be refused by read-only mounts that no slot may change, and by a root in which nothing but its
 * own layer is mounted. Permissions do not help: every file there is writable by everybody. */
#include "attack.h"

#include <sys/mount.h>
#include <sys/xattr.h>

#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void write_to(const char *dir, const char *file)
{
    char path[64];
    snprintf(path, sizeof path, "%s/new", dir);
    MUST_FAIL(open(path, O_WRONLY | O_CREAT, 0666), EROFS, EACCES);
    MUST_FAIL(mkdir(path, 0777), EROFS, EACCES);
    MUST_FAIL(symlink("/etc", path), EROFS, EACCES);
    MUST_FAIL(mknod(path, S_IFIFO | 0666, 0), EROFS, EACCES);
    MUST_FAIL(chmod(dir, 0777), EROFS, EPERM);
    MUST_FAIL(setxattr(dir, "user.x", "x", 1, 0), EROFS, EPERM, EACCES, EOPNOTSUPP);
    MUST_FAIL(utimensat(AT_FDCWD, dir, NULL, 0), EROFS, EPERM, EACCES);
    MUST_FAIL(rename(dir, "/tmp/moved"), EBUSY, EROFS, EXDEV, EACCES);
    MUST_FAIL(rmdir(dir), EBUSY, EROFS, EACCES);
    if (!file)
        return;
    MUST_FAIL(open(file, O_RDWR), EROFS, EACCES);
    MUST_FAIL(truncate(file, 0), EROFS, EACCES);
    MUST_FAIL(unlink(file), EROFS, EACCES, EBUSY);
    MUST_FAIL(chmod(file, 04777), EROFS, EPERM);
    MUST_FAIL(link(file, "/tmp/package"), EXDEV, EPERM);
    MUST_FAIL(rename(file, path), EROFS, EACCES);
}

static void remount(const char *dir)
{
    MUST_FAIL(mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND, NULL), EPERM);
    MUST_FAIL(mount(dir, "/tmp", NULL, MS_BIND, NULL), EPERM);
    MUST_FAIL(umount2(dir, MNT_DETACH), EPERM, EINVAL);
    MUST_FAIL(syscall(SYS_open_tree, AT_FDCWD, dir, 1), EPERM);
    MUST_FAIL(syscall(SYS_mount_setattr, AT_FDCWD, dir, 0, NULL, 0), EPERM);
}

static void look_for_others(void)
{
    static const char *const paths[] = {
        "/opt/" OTHER,
        "/opt/layer/" OTHER,
        "/opt/layer/../" OTHER "/package",
        "/opt/layer/../layers/" OTHER,
        "/opt/layer/../../layers",
        "/layers/" OTHER,
        "/run/virga/layers",
        "/run/postgresql/../virga/layers",
        "/run/postgresql/../../sockets",
        "/proc/self/root/../layers",
        "/proc/self/cwd/../layers/" OTHER,
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        must_fail_with(paths[i], open(paths[i], O_PATH), ENOENT, ENOTDIR, EACCES, 0);
    int layer = open("/opt/layer", O_RDONLY | O_DIRECTORY);
    if (layer < 0 || fchdir(layer) < 0)
        inconclusive("enter the layer: %s", strerror(errno));
    MUST_FAIL(open("../" OTHER "/package", O_RDONLY), ENOENT);
    MUST_FAIL(openat(layer, "../" OTHER "/package", O_RDONLY), ENOENT);
    for (int i = 0; i < 20 && chdir("..") == 0; i++)
        must_fail_with("go up to layers", open("layers", O_PATH), ENOENT, 0);
}

static void look_through_processes(void)
{
    static const char *const tails[] = {"root/run/virga/layers", "root/opt/layer/../" OTHER,
                                        "cwd/layers", "root/layers"};
    char path[160];
    for (int pid = 1; pid < 300; pid++)
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            snprintf(path, sizeof path, "/proc/%d/%s", pid, tails[i]);
            must_fail_with(path, open(path, O_PATH), ENOENT, EACCES, 0);
        }
}

int main(void)
{
    char byte;
    int own = open("/opt/layer/package", O_RDONLY);
    if (own < 0 || read(own, &byte, 1) != 1)
        inconclusive("read the own layer: %s", strerror(errno));
    write_to("/opt/layer", "/opt/layer/package");
    write_to("/run/postgresql", NULL);
    remount("/opt/layer");
    remount("/run/postgresql");
    look_for_others();
    look_through_processes();
    refused("its own packages are read-only, others are nowhere");
}
