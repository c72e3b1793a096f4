#include "sandbox/root.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/must.h"
#include "sandbox/instance.h"
#include "sandbox/root_etc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* What the steps work on. Sources are opened before the tree covers anything. */
struct plan {
    const struct sandbox_config *config;
    const char *at;
    int source;  /* the host's / or config->root_dir */
    int runners; /* config->runners_dir, or -1 */
    int root;    /* the new tree */
};

static int open_sources(struct plan *p, struct err *e)
{
    const char *source = p->config->root_dir ? p->config->root_dir : "/";
    p->source = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->source < 0)
        return err_sys(e, "open root file system '%s'", source);
    if (!p->config->runners_dir)
        return 0;
    p->runners = open(p->config->runners_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->runners < 0)
        return err_sys(e, "open runners '%s'", p->config->runners_dir);
    return 0;
}

/* Devices may live on it, so it is not mounted nodev; nobody inside can make new ones. */
static int mount_root(struct plan *p, struct err *e)
{
    if (mount("tmpfs", p->at, "tmpfs", MS_NOSUID | MS_NOEXEC,
              "size=64m,nr_inodes=32768,mode=0755") < 0)
        return err_sys(e, "mount the new root on '%s'", p->at);
    p->root = open(p->at, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->root < 0)
        return err_sys(e, "open '%s'", p->at);
    return 0;
}

static int make_dirs(struct plan *p, struct err *e)
{
    static const char *const dirs[] = {
        "dev", "dev/shm",        "etc",       "etc/ssl", "opt",  "opt/virga", "opt/layer", "proc",
        "run", "run/postgresql", "tmp",       "var",     "code", "sys",       "home",      "root",
        "mnt", "var/lib",        "var/empty", "srv",
    };
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        if (mkdirat(p->root, dirs[i], 0755) < 0)
            return err_sys(e, "make '/%s'", dirs[i]);
    if (symlinkat("/tmp", p->root, "var/tmp") < 0 || symlinkat("/run", p->root, "var/run") < 0)
        return err_sys(e, "link '/var/tmp' and '/var/run'");
    /* Node.js looks for packages in each directory on the way up from /code. */
    if (symlinkat(SANDBOX_LAYER_PATH "/node_modules", p->root, "node_modules") < 0)
        return err_sys(e, "link '/node_modules'");
    return 0;
}

/* Binds an open directory or file read-only; flags first, so that it never appears without. */
static int bind(int source, int root, const char *name, uint64_t flags, struct err *e)
{
    struct mount_attr attr = {.attr_set = flags};
    auto_fd int tree =
        open_tree(source, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0 ||
        move_mount(tree, "", root, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(e, "bind '/%s'", name);
    return 0;
}

/* A symlink is made again, a directory is bound. Symlinks are not followed: in a root_dir they
 * would lead out of it. */
static int take_entry(struct plan *p, const char *name, struct err *e)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(p->source, name, target, sizeof target - 1);
    if (n >= 0) {
        target[n] = 0;
        if (symlinkat(target, p->root, name) < 0)
            return err_sys(e, "link '/%s'", name);
        return 0;
    }
    if (errno == ENOENT)
        return 0;
    auto_fd int source = fd_open_beneath(p->source, name, O_PATH | O_DIRECTORY, 0, e);
    if (source < 0)
        return -1;
    if (mkdirat(p->root, name, 0755) < 0)
        return err_sys(e, "make '/%s'", name);
    return bind(source, p->root, name, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
}

static int take_system(struct plan *p, struct err *e)
{
    static const char *const names[] = {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (take_entry(p, names[i], e) < 0)
            return -1;
    return 0;
}

static int take_runners(struct plan *p, struct err *e)
{
    if (p->runners < 0)
        return 0;
    return bind(p->runners, p->root, "opt/virga",
                MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
}

static int write_etc(struct plan *p, struct err *e)
{
    return root_etc_write(p->source, p->root, p->config->slots_max, e);
}

/* Made where that is allowed; else (user namespace, device cgroup) the host's are bound. */
static int make_device(struct plan *p, const char *name, unsigned minor_number, struct err *e)
{
    char path[32], host[32];
    snprintf(path, sizeof path, "dev/%s", name);
    snprintf(host, sizeof host, "/dev/%s", name);
    if (mknodat(p->root, path, S_IFCHR | 0666, makedev(1, minor_number)) == 0) {
        auto_fd int try = openat(p->root, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (try >= 0)
            return fchmodat(p->root, path, 0666, 0) < 0 ? err_sys(e, "chmod '/%s'", path) : 0;
        (void)unlinkat(p->root, path, 0);
    }
    auto_fd int file = openat(p->root, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    auto_fd int source = open(host, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0 || source < 0)
        return err_sys(e, "make '/%s'", path);
    return bind(source, p->root, path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
}

static int make_devices(struct plan *p, struct err *e)
{
    static const struct {
        const char *name;
        unsigned minor;
    } devices[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};
    static const char *const links[][2] = {
        {"/proc/self/fd", "dev/fd"},
        {"/proc/self/fd/0", "dev/stdin"},
        {"/proc/self/fd/1", "dev/stdout"},
        {"/proc/self/fd/2", "dev/stderr"},
    };
    for (size_t i = 0; i < ARRAY_LEN(devices); i++)
        if (make_device(p, devices[i].name, devices[i].minor, e) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        if (symlinkat(links[i][0], p->root, links[i][1]) < 0)
            return err_sys(e, "link '/%s'", links[i][1]);
    return 0;
}

static int close_root(struct plan *p, struct err *e)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount_setattr(p->root, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
        return err_sys(e, "make the new root read-only");
    return 0;
}

static const struct step {
    const char *name;
    int (*run)(struct plan *p, struct err *e);
} steps[] = {
    {"sources", open_sources}, {"root directory", mount_root}, {"directories", make_dirs},
    {"system", take_system},   {"runners", take_runners},      {"etc", write_etc},
    {"devices", make_devices}, {"read-only root", close_root}, /* last: nothing can be made behind
                                                                  it */
};

int root_build(const struct sandbox_config *config, const char *at, struct err *e)
{
    struct plan p = {.config = config, .at = at, .source = -1, .runners = -1, .root = -1};
    int result = 0;
    mode_t mask = umask(0);
    for (size_t i = 0; i < ARRAY_LEN(steps) && result == 0; i++)
        if ((result = steps[i].run(&p, e)) < 0)
            (void)err_in(e, "root step '%s'", steps[i].name);
    umask(mask);
    fd_close(&p.source);
    fd_close(&p.runners);
    fd_close(&p.root);
    return result;
}
