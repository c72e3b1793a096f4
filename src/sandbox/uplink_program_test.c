/* The program behind slots' networks, with this test as its spawner. */
#include "sandbox/uplink_program.h"

#include "base/fd.h"
#include "base/test.h"
#include "sandbox/order.h"
#include "uplink/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MS = 60000, UID = 4242 };

static char dir[] = "/tmp/virga-uplink-XXXXXX";
static pid_t program;
static int control;

/* -1: the socket has ended. */
static int await_report(int sock, pid_t *ret_from)
{
    struct report r;
    struct fd_message m;
    struct err e = {0};
    struct pollfd p = {sock, POLLIN, 0};
    CHECK(poll(&p, 1, ANSWER_MS) == 1);
    CHECK(fd_receive(sock, &r, sizeof r, &m, &e) == 0);
    if (ret_from)
        *ret_from = m.pid;
    if (m.len && r.kind == REPORT_FAILED)
        print_message("failed: %s\n", r.err.text);
    return m.len ? (int)r.kind : -1;
}

static void start_program(void)
{
    static const struct uplink_rules rules;
    struct err e = {0};
    int p[2];
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) < 0)
        SKIP("needs root and /dev/net/tun");
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) == 0);
    program = fork();
    if (program == 0) {
        dup2(p[1], UPLINK_CONTROL);
        close_range(UPLINK_CONTROL + 1, ~0u, 0);
        uplink_program(dir);
    }
    close(p[1]);
    control = p[0];
    CHECK(fd_send(control, &rules, sizeof rules, NULL, 0, &e) == 0);
    CHECK_INT(await_report(control, NULL), REPORT_READY);
}

static void end_program(void)
{
    int status;
    close(control);
    CHECK(waitpid(program, &status, 0) == program);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A process in a user and a network namespace of its own. */
static pid_t start_slot(bool own_network)
{
    int p[2];
    char c;
    CHECK(pipe(p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWUSER | (own_network ? CLONE_NEWNET : 0)) < 0 ||
            write(p[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(p[1]);
    CHECK(read(p[0], &c, 1) == 1);
    close(p[0]);
    return pid;
}

static void end_slot(pid_t pid)
{
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

/* Returns our end of the socket for reports. */
static int order(pid_t slot, unsigned cgroup_version, int cgroup)
{
    struct uplink_order o = {.magic = UPLINK_MAGIC,
                             .cgroup_version = cgroup_version,
                             .cgroup_count = cgroup >= 0,
                             .uid = UID};
    struct err e = {0};
    int p[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) == 0);
    CHECK(setsockopt(p[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) == 0);
    int fds[] = {p[1], pidfd_open(slot, 0), cgroup};
    CHECK(fds[1] >= 0);
    CHECK(fd_send(control, &o, sizeof o, fds, cgroup >= 0 ? 3 : 2, &e) == 0);
    close(p[1]);
    close(fds[1]);
    return p[0];
}

TEST(an_order_becomes_a_child_of_the_spawner_that_ends_with_its_socket)
{
    pid_t pid, again;
    struct stat st;
    char path[64];
    int status;
    start_program();
    pid_t slot = start_slot(true);
    int report = order(slot, 0, -1);
    CHECK_INT(await_report(report, &pid), REPORT_HELLO);
    CHECK_INT(await_report(report, &again), REPORT_READY);
    CHECK(pid == again && pid != program);
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    CHECK(stat(path, &st) == 0);
    close(report);
    CHECK(waitpid(pid, &status, 0) == pid); /* a child of ours */
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    end_slot(slot);
    end_program();
}

static bool is_in_group(pid_t pid, const char *name)
{
    char path[64], text[2048] = "";
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
    close(fd);
    const char *v2 = strstr(text, "0::");
    return v2 && strstr(v2, name);
}

/* Before it has said anything, so that nothing of it is counted for somebody else. */
TEST(on_cgroup_v2_it_is_born_in_its_group)
{
    static const char *const mounts[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
    char group[64] = "";
    pid_t pid;
    for (int i = 0; i < 2 && !*group; i++) {
        snprintf(group, sizeof group, "%s/cgroup.procs", mounts[i]);
        if (access(group, W_OK) == 0)
            snprintf(group, sizeof group, "%s/virga-test-%d", mounts[i], getpid());
        else
            *group = 0;
    }
    if (!*group)
        SKIP("needs a cgroup v2 hierarchy to write to");
    CHECK(mkdir(group, 0755) == 0);
    start_program();
    pid_t slot = start_slot(true);
    int dir_fd = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int report = order(slot, 2, dir_fd);
    close(dir_fd);
    CHECK_INT(await_report(report, &pid), REPORT_HELLO);
    CHECK(is_in_group(pid, strrchr(group, '/')));
    CHECK_INT(await_report(report, NULL), REPORT_READY);
    close(report);
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK(rmdir(group) == 0);
    end_slot(slot);
    end_program();
}

/* Nothing may ever be made in a network that is not the slot's own. */
TEST(a_process_in_the_hosts_network_gets_none)
{
    start_program();
    pid_t slot = start_slot(false);
    int report = order(slot, 0, -1);
    CHECK_INT(await_report(report, NULL), REPORT_FAILED);
    CHECK_INT(await_report(report, NULL), -1);
    close(report);
    end_slot(slot);
    CHECK(system("ip -o link show eth0 2>/dev/null | grep -q 100.64") != 0);
    end_program();
}

TEST(a_process_that_has_ended_gets_none_and_the_next_one_does)
{
    pid_t pid;
    start_program();
    pid_t slot = start_slot(true), next = start_slot(true);
    CHECK(kill(slot, SIGKILL) == 0 && waitid(P_PID, (id_t)slot, NULL, WEXITED | WNOWAIT) == 0);
    int report = order(slot, 0, -1);
    CHECK_INT(await_report(report, NULL), REPORT_FAILED);
    close(report);
    report = order(next, 0, -1);
    CHECK_INT(await_report(report, &pid), REPORT_HELLO);
    CHECK_INT(await_report(report, NULL), REPORT_READY);
    close(report);
    CHECK(waitpid(pid, NULL, 0) == pid && waitpid(slot, NULL, 0) == slot);
    end_slot(next);
    end_program();
}

TEST(a_slot_has_one_network_at_most)
{
    pid_t pid;
    start_program();
    pid_t slot = start_slot(true);
    int report = order(slot, 0, -1), second = order(slot, 0, -1);
    CHECK_INT(await_report(second, NULL), REPORT_FAILED);
    CHECK_INT(await_report(report, &pid), REPORT_HELLO);
    CHECK_INT(await_report(report, NULL), REPORT_READY);
    close(report);
    close(second);
    CHECK(waitpid(pid, NULL, 0) == pid);
    end_slot(slot);
    end_program();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_order_becomes_a_child_of_the_spawner_that_ends_with_its_socket),
    cmocka_unit_test(on_cgroup_v2_it_is_born_in_its_group),
    cmocka_unit_test(a_process_in_the_hosts_network_gets_none),
    cmocka_unit_test(a_process_that_has_ended_gets_none_and_the_next_one_does),
    cmocka_unit_test(a_slot_has_one_network_at_most),
};

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(dir) < 0 || failed;
}
