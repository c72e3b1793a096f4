#include "sandbox/spawner_launch.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/must.h"
#include "sandbox/order.h"
#include "sandbox/spawner_uplink.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The slot's own, so that programs inside may open /dev/stdout and /dev/stderr by name. */
static int open_pipe(uid_t owner, int *ret_read, int *ret_write, struct err *e)
{
    int p[2];
    if (pipe2(p, O_CLOEXEC) < 0)
        return err_sys(e, "make a pipe");
    *ret_read = p[0];
    *ret_write = p[1];
    if (owner && fchown(p[1], owner, (gid_t)-1) < 0)
        return err_sys(e, "give a pipe to uid %u", (unsigned)owner);
    return fd_nonblock(p[0], e);
}

static int open_socket(int type, int *ret_mine, int *ret_theirs, struct err *e)
{
    int p[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, p) < 0)
        return err_sys(e, "make a socket pair");
    *ret_mine = p[0];
    *ret_theirs = p[1];
    return fd_nonblock(p[0], e);
}

/* SO_PASSCRED makes the kernel name the sender of each message. */
static int open_channels(struct spawner *s, struct spawner_slot *slot, int fds[ORDER_FD_CGROUP],
                         struct err *e)
{
    uid_t owner = s->instance.root ? spawner_slot_uid(s, slot->range, slot->index) : 0;
    if (open_socket(SOCK_STREAM, &slot->socket, &fds[ORDER_FD_SOCKET], e) < 0 ||
        open_pipe(owner, &slot->out, &fds[ORDER_FD_OUT], e) < 0 ||
        open_pipe(owner, &slot->err, &fds[ORDER_FD_ERR], e) < 0 ||
        open_socket(SOCK_SEQPACKET, &slot->start, &fds[ORDER_FD_START], e) < 0)
        return -1;
    if (setsockopt(slot->start, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) < 0)
        return err_sys(e, "ask for credentials");
    return spawner_watch(s, slot->start, EPOLLIN, EVENT_START, slot->index, e);
}

/* The process of the slot's network is in its cgroups, but none of those that it may start. */
static struct cgroup_limits cgroup_of(const struct sandbox_limits *l)
{
    return (struct cgroup_limits){l->memory_bytes, l->cpu_millis, l->pids + l->network};
}

static int open_cgroup(struct spawner *s, struct spawner_slot *slot, const struct sandbox_limits *l,
                       struct err *e)
{
    const struct sandbox_limits *d = &sandbox_default_limits;
    struct cgroup_limits limits = cgroup_of(l);
    if (slot->has_cgroup && l->memory_bytes == d->memory_bytes && l->cpu_millis == d->cpu_millis &&
        limits.pids == d->pids)
        return 0; /* made ahead, just so */
    if (slot->has_cgroup)
        return cgroup_slot_limit(s->cgroups, &slot->cgroup, &limits, e);
    if (cgroup_slot_open(s->cgroups, slot->index, &limits, &slot->cgroup, e) < 0)
        return -1;
    slot->has_cgroup = true;
    return 0;
}

int spawner_prepare(struct spawner *s, struct spawner_slot *slot, struct err *e)
{
    if (spawner_range_part(s, slot, e) < 0)
        return -1;
    return open_cgroup(s, slot, &sandbox_default_limits, e);
}

static void fill_order(const struct spawner *s, const struct spawner_slot *slot, struct order *o,
                       int *fds, size_t *fd_count)
{
    memset(o, 0, sizeof *o);
    o->magic = ORDER_MAGIC;
    o->limits = slot->limits;
    o->shared_uid = !s->instance.root;
    o->uid = s->instance.root ? INSTANCE_SLOT_UID + slot->index : 0;
#ifdef VIRGA_TESTING
    o->skip = s->skip;
#endif
    for (size_t i = 0; i < CGROUP_TASKS_MAX; i++)
        if (slot->cgroup.tasks[i] >= 0)
            fds[(*fd_count)++] = slot->cgroup.tasks[i];
    o->cgroup_count = (uint32_t)(*fd_count - ORDER_FD_CGROUP);
}

int spawner_launch(struct spawner *s, struct spawner_slot *slot, struct spawner_template *t,
                   struct err *e)
{
    static_assert((int)ORDER_FD_CGROUP + (int)CGROUP_TASKS_MAX <= (int)FD_PASS_MAX,
                  "an order's descriptors travel in one message");
    struct order order;
    int fds[FD_PASS_MAX] = {-1, -1, -1, -1};
    size_t fd_count = ORDER_FD_CGROUP;
    int result = spawner_range_part(s, slot, e);
    if (result == 0) {
        spawner_range_join(s, slot, t);
        result = open_channels(s, slot, fds, e);
    }
    if (result == 0)
        result = open_cgroup(s, slot, &slot->limits, e);
    if (result == 0) {
        fill_order(s, slot, &order, fds, &fd_count);
        result = fd_send(t->control, &order, sizeof order, fds, fd_count, e);
    }
    for (size_t i = 0; i < ORDER_FD_CGROUP; i++) /* the cgroup's stay in slot->cgroup */
        fd_close(&fds[i]);
    slot->deadline_us = clock_mono_us() + SPAWNER_START_S * 1000000ull;
    return result;
}

static int limit_resource(pid_t pid, int resource, const char *name, uint64_t value, struct err *e)
{
    struct rlimit new = {value, value};
    if (prlimit(pid, (__rlimit_resource_t)resource, &new, NULL) < 0)
        return err_sys(e, "change limit %s", name);
    return 0;
}

int spawner_limit(struct spawner *s, struct spawner_slot *slot, const struct sandbox_limits *l,
                  struct err *e)
{
    struct cgroup_limits limits = cgroup_of(l);
    if (l->tmp_bytes != slot->limits.tmp_bytes)
        return err_set(e, ERR_INVALID, "the size of /tmp of a running slot cannot change");
    if (slot->limits.network && !l->network)
        return err_set(e, ERR_INVALID, "the network of a running slot cannot be taken away");
    if (l->network && !slot->limits.network && spawner_uplink_check(s, e) < 0)
        return -1;
    if (slot->limits.file_bytes != l->file_bytes &&
        limit_resource(slot->pid, RLIMIT_FSIZE, "file size", l->file_bytes, e) < 0)
        return -1;
    if (slot->limits.open_files != l->open_files &&
        limit_resource(slot->pid, RLIMIT_NOFILE, "open files", l->open_files, e) < 0)
        return -1;
    if (s->instance.root && slot->limits.pids != l->pids &&
        limit_resource(slot->pid, RLIMIT_NPROC, "processes", l->pids, e) < 0)
        return -1;
    if (cgroup_slot_limit(s->cgroups, &slot->cgroup, &limits, e) < 0)
        return -1;
    bool network = slot->limits.network; /* until it is there */
    slot->limits = *l;
    slot->limits.network = network;
    return 0;
}
