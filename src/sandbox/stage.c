#include "sandbox/stage.h"

#include "base/fd.h"
#include "sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    PATH_CAP = 320, /* instance.dir and a name */
    DIGITS_CAP = 65,
    /* Packages may be programs and libraries; database sockets are neither. */
    LAYER_ATTR = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    SOCKETS_ATTR = LAYER_ATTR | MOUNT_ATTR_NOEXEC,
};

/* A detached mount of an open directory alone: what is mounted further below stays out. */
static int clone_dir(int dir, uint64_t flags, const char *path, struct err *e)
{
    struct mount_attr attr = {.attr_set = flags};
    auto_fd int tree = open_tree(dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
        return err_sys(e, "take '%s'", path);
    return take_fd(&tree);
}

static int attach(int tree, const char *path, struct err *e)
{
    if (move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(e, "attach '%s'", path);
    return 0;
}

/* --- in the spawner --- */

/* -1 without an error when there is none to take. */
static int take_dir(const char *path, uint64_t flags, struct err *e)
{
    if (!path)
        return -1;
    auto_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(e, "open '%s'", path);
    return clone_dir(dir, flags, path, e);
}

static int place(const char *dir, const char *name, int tree, struct err *e)
{
    char path[PATH_CAP];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (mkdir(path, 0755) < 0)
        return err_sys(e, "make '%s'", path);
    return tree < 0 ? 0 : attach(tree, path, e);
}

/* The root is built where the stage will be, since it needs a path, and then taken up. */
static int take_root(const struct sandbox_config *config, const char *dir, struct err *e)
{
    if (root_build(config, dir, e) < 0)
        return -1;
    auto_fd int tree = open_tree(AT_FDCWD, dir, AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || umount2(dir, MNT_DETACH) < 0)
        return err_sys(e, "take up the new root");
    return take_fd(&tree);
}

static int close_stage(const char *dir, struct err *e)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount_setattr(AT_FDCWD, dir, 0, &attr, sizeof attr) < 0)
        return err_sys(e, "make '%s' read-only", dir);
    return 0;
}

/* Everything that has a path on the host is opened before the stage may cover it. */
int stage_build(const struct sandbox_config *config, const char *dir, struct err *e)
{
    struct err why = {0};
    auto_fd int layers = take_dir(config->layers_dir, LAYER_ATTR, &why);
    auto_fd int sockets = why.code ? -1 : take_dir(config->sockets_dir, SOCKETS_ATTR, &why);
    auto_fd int root = why.code ? -1 : take_root(config, dir, &why);
    if (why.code) {
        *e = why;
        return -1;
    }
    if (mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=64k,nr_inodes=16,mode=0755") < 0)
        return err_sys(e, "mount the stage on '%s'", dir);
    if (place(dir, "root", root, e) < 0 || place(dir, "layers", layers, e) < 0 ||
        place(dir, "sockets", sockets, e) < 0)
        return -1;
    return close_stage(dir, e);
}

/* --- in a template's birth --- */

static int bind_again(const char *path, const char *at, struct err *e)
{
    auto_fd int tree =
        open_tree(AT_FDCWD, path, AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    return tree < 0 ? err_sys(e, "bind '%s'", path) : attach(tree, at, e);
}

static int open_part(const char *dir, const char *name, struct err *e)
{
    char path[PATH_CAP];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

/* Beneath, and no symlink: whatever lies among the layers, only a directory of that very name will
 * do. `at` is relative: the new root is the current directory. */
static int show_layer(const char *dir, const struct sandbox_variant *v, struct err *e)
{
    char name[DIGITS_CAP];
    for (size_t i = 0; i < sizeof v->layer_id; i++)
        snprintf(name + 2 * i, 3, "%02x", v->layer_id[i]);
    auto_fd int layers = open_part(dir, "layers", e);
    if (layers < 0)
        return -1;
    auto_fd int layer = fd_open_beneath(layers, name, O_PATH | O_DIRECTORY, 0, e);
    if (layer < 0)
        return e->sys == ENOENT ? err_set(e, ERR_NOT_FOUND, "there is no layer '%s'", name) : -1;
    auto_fd int tree = clone_dir(layer, LAYER_ATTR, name, e);
    return tree < 0 ? -1 : attach(tree, &SANDBOX_LAYER_PATH[1], e);
}

static int show_sockets(const char *dir, struct err *e)
{
    auto_fd int sockets = open_part(dir, "sockets", e);
    if (sockets < 0)
        return -1;
    auto_fd int tree = clone_dir(sockets, SOCKETS_ATTR, "sockets", e);
    return tree < 0 ? -1 : attach(tree, &SANDBOX_SOCKETS_PATH[1], e);
}

/* Inherited mounts are locked and cannot become a root; a bind of the tree onto itself is our own.
 * /proc is bound, not inherited, so that copies may replace it. */
int stage_enter(const char *dir, const struct sandbox_variant *v, struct err *e)
{
    char root[PATH_CAP];
    snprintf(root, sizeof root, "%s/root", dir);
    if (bind_again(root, root, e) < 0)
        return -1;
    if (chdir(root) < 0)
        return err_sys(e, "enter '%s'", root);
    if (bind_again("/proc", "proc", e) < 0 || (v->layer && show_layer(dir, v, e) < 0) ||
        (v->database && show_sockets(dir, e) < 0))
        return -1;
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return err_sys(e, "make '%s' the root", root);
    return 0;
}
