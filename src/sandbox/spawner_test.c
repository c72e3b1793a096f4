#include "base/fd.h"
#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"
#include "sandbox/wire.h"

#include <libgen.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* --- ends of the processes --- */

static bool directory_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The kernel gives no two directories of a hierarchy the same number. 0 when there is none. */
static ino_t identity(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_ino : 0;
}

static void await_death(int pidfd)
{
    struct pollfd p = {pidfd, POLLIN, 0};
    CHECK(poll(&p, 1, WORLD_DEADLINE_S * 1000) == 1);
}

/* The host's pid of the slot: the youngest child of the spawner. */
static pid_t last_child(pid_t spawner)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", spawner, spawner);
    FILE *f = fopen(path, "r");
    CHECK(f && fgets(line, sizeof line, f));
    fclose(f);
    line[strcspn(line, "\n")] = 0;
    char *end = line + strlen(line);
    while (end > line && end[-1] == ' ')
        *--end = 0;
    char *space = strrchr(line, ' ');
    return (pid_t)atol(space ? space + 1 : line);
}

/* The pids directory a process is in: other daemons may hold the first instance numbers. */
static void cgroup_of(pid_t pid, char out[512])
{
    char path[64], line[400] = "";
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    FILE *f = fopen(path, "r");
    CHECK(f);
    while (fgets(line, sizeof line, f) && !strstr(line, ":pids:"))
        ;
    fclose(f);
    line[strcspn(line, "\n")] = 0;
    char *in_tree = strstr(line, ":pids:");
    if (!in_tree)
        SKIP("needs the pids controller on cgroup v1");
    snprintf(out, 512, "/sys/fs/cgroup/pids%s", in_tree + strlen(":pids:"));
    CHECK(strstr(out, "/virga.") && directory_exists(out));
}

/* A server in a process of its own; tells pids of spawner and slot and then waits to be killed. */
static pid_t server_with_a_slot(pid_t *ret_spawner, pid_t *ret_slot)
{
    int p[2];
    pid_t pids[2];
    CHECK(pipe(p) == 0);
    pid_t server = fork();
    if (server == 0) {
        struct world *w = world_open();
        struct world_slot *s = world_start(w, 1);
        CHECK_STR(world_tell(s, "grandchild"), "left");
        pids[0] = w->spawner;
        pids[1] = last_child(w->spawner);
        CHECK(write(p[1], pids, sizeof pids) == sizeof pids);
        for (;;)
            pause();
    }
    close(p[1]);
    CHECK(read(p[0], pids, sizeof pids) == sizeof pids);
    close(p[0]);
    *ret_spawner = pids[0];
    *ret_slot = pids[1];
    return server;
}

TEST(a_killed_server_leaves_no_process_and_no_cgroup)
{
    pid_t spawner, slot;
    pid_t server = server_with_a_slot(&spawner, &slot);
    int spawner_fd = pidfd_open(spawner, 0), slot_fd = pidfd_open(slot, 0);
    CHECK(spawner_fd >= 0 && slot_fd >= 0);
    char group[512], base[512];
    cgroup_of(slot, group);
    strcpy(base, group);
    dirname(base);
    ino_t its_group = identity(group), its_base = identity(base);
    CHECK(its_group != 0 && its_base != 0);
    CHECK(kill(server, SIGKILL) == 0);
    await_death(slot_fd);
    await_death(spawner_fd);
    CHECK(identity(group) != its_group); /* another daemon may have the number by now */
    CHECK(identity(base) != its_base);
    CHECK(waitpid(server, NULL, 0) == server);
    close(spawner_fd);
    close(slot_fd);
}

/* The next one is whoever takes the number: ours may get a lower one, that another daemon has left
 * meanwhile. */
TEST(a_killed_spawner_takes_its_slots_along_and_the_next_one_sweeps)
{
    pid_t spawner, slot;
    pid_t server = server_with_a_slot(&spawner, &slot);
    int slot_fd = pidfd_open(slot, 0);
    struct world *next[16];
    size_t count = 0;
    char group[512];
    cgroup_of(slot, group);
    ino_t left = identity(group);
    CHECK(left != 0);
    CHECK(kill(spawner, SIGKILL) == 0);
    await_death(slot_fd);
    CHECK(kill(server, SIGKILL) == 0);
    CHECK(waitpid(server, NULL, 0) == server);
    do {
        CHECK(count < sizeof next / sizeof *next);
        next[count++] = world_open();
    } while (identity(group) == left); /* there may be a new one of the same name, made ahead */
    while (count)
        world_close(next[--count]);
    close(slot_fd);
}

TEST(the_loss_of_the_spawner_is_reported)
{
    struct err e = {0};
    struct world *w = world_open();
    world_start(w, 1);
    CHECK(kill(w->spawner, SIGKILL) == 0);
    world_wait(w, until_lost, NULL);
    CHECK(sandbox_start(w->sandbox, 2, 0, &sandbox_default_limits, &e) < 0);
    CHECK_INT(e.code, ERR_UNAVAILABLE);
    world_close(w);
}

TEST(two_daemons_take_different_numbers)
{
    char group_a[512], group_b[512];
    struct world *a = world_open(), *b = world_open();
    CHECK_STR(world_tell(world_start(a, 1), "echo a"), "a");
    CHECK_STR(world_tell(world_start(b, 1), "echo b"), "b");
    cgroup_of(last_child(a->spawner), group_a);
    cgroup_of(last_child(b->spawner), group_b);
    CHECK(strcmp(group_a, group_b) != 0);
    world_close(a);
    world_close(b);
}

/* A daemon that sees another /run, as in a container that shares the host's cgroups. Tells where
 * its slot is, and ends when told to. */
static pid_t daemon_with_another_run(int *ret_fd, char group[512])
{
    int p[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(p[0]);
        CHECK(unshare(CLONE_NEWNS) == 0);
        CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        CHECK(mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0);
        struct world *w = world_open();
        CHECK_STR(world_tell(world_start(w, 1), "echo b"), "b");
        cgroup_of(last_child(w->spawner), group);
        CHECK(write(p[1], group, 512) == 512 && read(p[1], group, 1) == 0);
        world_close(w);
        _exit(0);
    }
    close(p[1]);
    CHECK(recv(p[0], group, 512, MSG_WAITALL) == 512);
    *ret_fd = p[0];
    return pid;
}

TEST(daemons_that_share_cgroups_but_not_run_do_not_sweep_each_other)
{
    char group_a[512], group_b[512];
    int fd, status;
    struct world *a = world_open();
    CHECK_STR(world_tell(world_start(a, 1), "echo a"), "a");
    cgroup_of(last_child(a->spawner), group_a);
    pid_t b = daemon_with_another_run(&fd, group_b);
    CHECK_STR(world_tell(&a->by_ticket[1], "echo still here"), "still here");
    CHECK(directory_exists(group_a));
    CHECK(strcmp(dirname(group_a), dirname(group_b)) != 0);
    close(fd);
    CHECK(waitpid(b, &status, 0) == b && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    world_close(a);
}

/* --- what a server in an attacker's hands may send --- */

static int raw_spawner(pid_t *ret_pid)
{
    struct err e = {0};
    int fd = -1;
    struct sandbox_config config = world_config();
    CHECK(spawner_start(&config, &fd, ret_pid, &e) == 0);
    return fd;
}

static void next_of_type(int fd, enum wire_type type, struct wire *ret)
{
    struct err e = {0};
    struct fd_message m;
    char packet[sizeof *ret];
    do {
        CHECK(fd_receive(fd, packet, sizeof packet, &m, &e) == 0 && m.len);
        for (size_t i = 0; i < m.fd_count; i++)
            close(m.fds[i]);
        CHECK(wire_decode(packet, m.len, WIRE_FROM_SPAWNER, ret, &e) == 0);
    } while (ret->type != type);
}

static void end_raw_spawner(int fd, pid_t pid)
{
    close(fd);
    CHECK(waitpid(pid, NULL, 0) == pid);
}

TEST(numbers_out_of_bounds_are_refused_by_the_spawner_itself)
{
    pid_t pid;
    struct err e = {0};
    struct wire w, reply;
    int fd = raw_spawner(&pid);
    wire_init(&w, WIRE_START);
    w.ticket = 5;
    wire_pack_limits(&sandbox_default_limits, &w.limits);
    w.limits.pids = 1 << 30;
    CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
    next_of_type(fd, WIRE_FAILED, &reply);
    CHECK(reply.ticket == 5 && reply.err.code == ERR_INVALID);
    wire_init(&w, WIRE_KILL);
    w.slot = UINT32_MAX;
    CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
    wire_init(&w, WIRE_LIMIT);
    w.slot = 3;
    wire_pack_limits(&sandbox_default_limits, &w.limits);
    CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
    next_of_type(fd, WIRE_LIMITED, &reply);
    CHECK_INT(reply.err.code, ERR_NOT_FOUND);
    end_raw_spawner(fd, pid);
}

TEST(a_packet_that_is_no_message_ends_the_spawner)
{
    pid_t pid;
    struct err e = {0};
    int fd = raw_spawner(&pid);
    CHECK(fd_send(fd, "nonsense", 8, NULL, 0, &e) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
    close(fd);
}

TEST(a_variant_that_cannot_be_asked_for_ends_the_spawner)
{
    struct err e = {0};
    for (int row = 0; row < 2; row++) {
        pid_t pid;
        struct wire w, reply;
        int fd = raw_spawner(&pid);
        wire_init(&w, WIRE_TEMPLATE_STOP);
        w.template_index = SANDBOX_TEMPLATES_MAX;
        CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
        next_of_type(fd, WIRE_TEMPLATE_STOPPED, &reply); /* nothing there: answered all the same */
        w.type = WIRE_TEMPLATE_START;
        if (row == 0) { /* says that a file comes along */
            w.variant.flags = WIRE_VARIANT_SETUP;
        } else { /* asks for the same index twice */
            CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
        }
        CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        close(fd);
    }
}

TEST(a_late_kill_does_not_hit_the_next_tenant)
{
    pid_t pid;
    struct err e = {0};
    struct wire w, reply;
    int fd = raw_spawner(&pid);
    next_of_type(fd, WIRE_TEMPLATE_READY, &reply);
    wire_init(&w, WIRE_START);
    wire_pack_limits(&sandbox_default_limits, &w.limits);
    CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
    next_of_type(fd, WIRE_STARTED, &reply); /* its socket is closed: the guest exits */
    uint32_t old = reply.generation;
    next_of_type(fd, WIRE_ENDED, &reply);
    CHECK_INT(reply.generation, old);
    CHECK(fd_send(fd, &w, sizeof w, NULL, 0, &e) == 0);
    next_of_type(fd, WIRE_STARTED, &reply);
    CHECK(reply.generation != old);
    end_raw_spawner(fd, pid);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_killed_server_leaves_no_process_and_no_cgroup),
    cmocka_unit_test(a_killed_spawner_takes_its_slots_along_and_the_next_one_sweeps),
    cmocka_unit_test(the_loss_of_the_spawner_is_reported),
    cmocka_unit_test(two_daemons_take_different_numbers),
    cmocka_unit_test(daemons_that_share_cgroups_but_not_run_do_not_sweep_each_other),
    cmocka_unit_test(numbers_out_of_bounds_are_refused_by_the_spawner_itself),
    cmocka_unit_test(a_packet_that_is_no_message_ends_the_spawner),
    cmocka_unit_test(a_variant_that_cannot_be_asked_for_ends_the_spawner),
    cmocka_unit_test(a_late_kill_does_not_hit_the_next_tenant),
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
