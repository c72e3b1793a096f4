/* How the keeper comes to be; the theory is in keeper.c. */
#include "cluster/keeper.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "sandbox/helper.h"
#include "sandbox/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 16384 };

/* --- directories, while the rights of the start are there --- */

/* The data directory is the server's own: a name in it may have become anything meanwhile, but a
 * link is not followed, and what the server could put here instead is its own. */
static int make_directory(const struct keeper *k, int at, const char *name, mode_t mode,
                          struct err *e)
{
    if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
        return err_sys(e, "create '%s/%s'", k->config->data_dir, name);
    auto_fd int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open '%s/%s'", k->config->data_dir, name);
    if (fchown(fd, k->uid, k->gid) < 0 || fchmod(fd, mode) < 0)
        return err_sys(e, "give '%s/%s' to uid %u", k->config->data_dir, name, k->uid);
    return take_fd(&fd);
}

/* Nobody but the server and the keeper comes through the data directory to these. */
static int make_directories(const struct keeper *k, struct err *e)
{
    auto_fd int top = make_directory(k, k->config->data_fd, "postgres", 0711, e);
    if (top < 0)
        return -1;
    auto_fd int admin = make_directory(k, top, "admin", 0711, e);
    auto_fd int slots = admin < 0 ? -1 : make_directory(k, top, "slots", 0755, e);
    return slots < 0 ? -1 : 0;
}

/* --- set-up: steps in the child, in this order --- */

static int detach_signals(struct keeper *k, struct err *e)
{
    sigset_t child;
    if (helper_detach_signals(e) < 0)
        return -1;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    k->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    return k->signals < 0 ? err_sys(e, "watch for children") : 0;
}

/* Without root we have one id, and it stays what it is. */
static int map_own_ids(struct keeper *k, struct err *e)
{
    return k->root ? 0 : helper_map_ids(k->uid, k->uid, k->gid, k->gid, e);
}

static int mount_tmpfs(const char *at, const char *options, struct err *e)
{
    if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
        return err_sys(e, "mount a tmpfs at '%s'", at);
    return 0;
}

/* The descriptor of the data directory belongs to the mounts that we have left: the same directory
 * is opened anew here, and it must be the same. */
static int open_own_data(char *path, size_t size, struct err *e)
{
    struct stat was, is;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", HELPER_KEPT_FD);
    ssize_t n = readlink(link, path, size - 1);
    if (n < 0)
        return err_sys(e, "find the data directory");
    path[n] = 0;
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &is) < 0 || fstat(HELPER_KEPT_FD, &was) < 0)
        return err_sys(e, "open the data directory '%s'", path);
    if (is.st_dev != was.st_dev || is.st_ino != was.st_ino)
        return err_set(e, ERR_CONFLICT, "the data directory '%s' was moved", path);
    return take_fd(&fd);
}

/* /tmp is ours alone, so that nothing has to be made on the host; what stands there comes from the
 * one directory that we may see. */
static int private_mounts(struct keeper *k, struct err *e)
{
    char path[4096];
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(e, "make mounts private");
    auto_fd int data = open_own_data(path, sizeof path, e);
    if (data < 0)
        return -1;
    auto_fd int top = openat(data, "postgres", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    auto_fd int tree =
        top < 0 ? -1 : open_tree(top, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return err_sys(e, "bind '%s/postgres'", path);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return err_sys(e, "mount our own /proc");
    if (mount_tmpfs(path, "mode=0711,size=4k", e) < 0 || /* the rest of the data is not for us */
        mount_tmpfs("/dev/shm", "mode=01777", e) < 0 ||
        mount_tmpfs("/tmp", "mode=01777,size=64m", e) < 0)
        return -1;
    if (mkdir(KEEPER_TOP, 0711) < 0 || mkdir(KEEPER_POSTGRES, 0711) < 0 ||
        mkdir(KEEPER_CONF, 0700) < 0 || chown(KEEPER_CONF, k->uid, k->gid) < 0 ||
        move_mount(tree, "", AT_FDCWD, KEEPER_POSTGRES, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_sys(e, "bind '%s/postgres' to '%s'", path, KEEPER_POSTGRES);
    return close(HELPER_KEPT_FD);
}

static int bind_file(const char *name, const char *text, const char *over, struct err *e)
{
    auto_fd int top = open(KEEPER_TOP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char path[64];
    if (top < 0)
        return err_sys(e, "open '%s'", KEEPER_TOP);
    if (fd_write_file(top, name, text, strlen(text), 0644, e) < 0)
        return -1;
    snprintf(path, sizeof path, KEEPER_TOP "/%s", name);
    if (mount(path, over, NULL, MS_BIND, NULL) < 0)
        return err_sys(e, "bind '%s'", over);
    return 0;
}

/* initdb, peer authentication and the pooler ask for names: in here the server is "virga", whatever
 * uid it has on the host. */
static int name_users(struct keeper *k, struct err *e)
{
    auto_buf struct buf users = {0};
    auto_buf struct buf groups = {0};
    if (k->config->server)
        buf_addz(&users, "root:x:0:0::/:/bin/false\n");
    buf_addf(&users, "virga:x:%u:%u::/:/bin/false\n", k->config->server, k->config->server);
    buf_addz(&groups, "root:x:0:\n");
    if (k->uid != k->config->server) {
        buf_addf(&users, "virga-db:x:%u:%u::/tmp:/bin/false\n", k->uid, k->gid);
        buf_addf(&groups, "virga-db:x:%u:\n", k->gid);
    }
    if (bind_file("passwd", users.data, "/etc/passwd", e) < 0)
        return -1;
    return bind_file("group", groups.data, "/etc/group", e);
}

/* PgBouncer holds a descriptor per client. */
static int raise_descriptors(struct keeper *k, struct err *e)
{
    struct rlimit files;
    (void)k;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return err_sys(e, "read the limit of open files");
    struct rlimit wanted = {FILES_MAX, files.rlim_max > FILES_MAX ? files.rlim_max : FILES_MAX};
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
        return 0;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        return err_sys(e, "raise the limit of open files");
    return 0;
}

static int drop_rights(struct keeper *k, struct err *e)
{
    if (rights_bound(e) < 0)
        return -1;
    if (k->root && rights_become(k->uid, k->gid, false, e) < 0)
        return -1;
    if (rights_drop(e) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(e, "no new privileges");
    must(geteuid() == k->uid && k->uid != 0);
    return 0;
}

static int open_places(struct keeper *k, struct err *e)
{
    clearenv();
    umask(077);
    k->top = open(KEEPER_POSTGRES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    k->conf = open(KEEPER_CONF, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (k->top < 0 || k->conf < 0 || chdir("/") < 0)
        return err_sys(e, "open '%s' and '%s'", KEEPER_POSTGRES, KEEPER_CONF);
    for (size_t i = 0; i < KEEPER_CHILDREN; i++)
        k->children[i].err = k->children[i].answer = -1;
    if (fd_nonblock(k->server, e) < 0)
        return -1;
    return keeper_write_access(k, e);
}

struct step {
    const char *name;
    int (*run)(struct keeper *k, struct err *e);
};

static const struct step keeper_steps[] = {
    {"signals", detach_signals},        {"user ids", map_own_ids},
    {"private mounts", private_mounts}, {"names of users", name_users},
    {"open files", raise_descriptors},  {"rights", drop_rights},
    {"directories", open_places}, /* as the user who works in them */
};

static int set_up(void *arg, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(keeper_steps); i++)
        if (keeper_steps[i].run(arg, e) < 0)
            return err_in(e, "keeper step '%s'", keeper_steps[i].name);
    return 0;
}

static void give_up(void *arg, const struct err *why)
{
    struct cluster_wire w;
    struct err ignored;
    (void)arg;
    cluster_wire_init(&w, CLUSTER_WIRE_ANSWER);
    w.err = *why;
    (void)fd_send(HELPER_SERVER_FD, &w, sizeof w, NULL, 0, &ignored);
}

static void work(void *arg)
{
    struct cluster_wire w;
    struct err e = {0};
    cluster_wire_init(&w, CLUSTER_WIRE_READY);
    if (fd_send(HELPER_SERVER_FD, &w, sizeof w, NULL, 0, &e) == 0)
        keeper_run(arg);
}

/* --- in the daemon --- */

static int is_ready(const void *packet, size_t len, size_t files, struct err *e)
{
    struct cluster_wire w;
    if (cluster_wire_decode(packet, len, files, CLUSTER_WIRE_FROM_KEEPER, &w, e) < 0)
        return -1;
    if (w.type == CLUSTER_WIRE_READY)
        return 0;
    *e = w.err;
    return -1;
}

static void choose_user(struct keeper *k)
{
    k->root = geteuid() == 0;
    k->uid = k->root ? KEEPER_UID : geteuid();
    k->gid = k->root ? KEEPER_UID : getegid();
    const struct passwd *p = k->root ? getpwnam("virga-db") : NULL;
    if (p && p->pw_uid) {
        k->uid = p->pw_uid;
        k->gid = p->pw_gid;
    }
}

/* Pid 1 of a pid namespace: the kernel ends with it whatever it started. The ipc namespace takes
 * PostgreSQL's shared memory with it. */
int keeper_start(const struct cluster_config *config, int *ret_fd, pid_t *ret_pid, struct err *e)
{
    auto_ptr struct keeper *k = mem_alloc(sizeof *k);
    k->config = config;
    k->server = HELPER_SERVER_FD;
    choose_user(k);
    const struct helper helper = {.name = "keeper",
                                  .namespaces = CLONE_NEWIPC | (k->root ? 0 : CLONE_NEWUSER),
                                  .kept_fd = config->data_fd,
                                  .arg = k,
                                  .set_up = set_up,
                                  .work = work,
                                  .give_up = give_up,
                                  .is_ready = is_ready};
    if (make_directories(k, e) < 0)
        return -1;
    return helper_start(&helper, ret_fd, ret_pid, e);
}
