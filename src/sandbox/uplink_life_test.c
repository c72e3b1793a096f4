/* The processes behind slots' networks: what they are, how they begin and end. */
#include "sandbox/filter.h"
#include "sandbox/testdata/uplinks.h"
#include "sandbox/uplink_program.h"

#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

/* --- processes of the spawner --- */

static bool is_called(long pid, const char *name)
{
    char path[64], text[32] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *f = fopen(path, "r");
    bool is = f && fgets(text, sizeof text, f) && strcmp(text, name) == 0;
    if (f)
        fclose(f);
    return is;
}

/* The `virga-uplink` among its children, oldest first: the program, then slots' processes. */
static unsigned uplinks(const struct world *w, pid_t *ret, unsigned max)
{
    char path[64], text[8192] = "";
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", w->spawner, w->spawner);
    FILE *f = fopen(path, "r");
    CHECK(f);
    if (!fgets(text, sizeof text, f))
        text[0] = 0;
    fclose(f);
    for (char *at = text, *end; strtol(at, &end, 10) > 0; at = end)
        if (is_called(strtol(at, NULL, 10), "virga-uplink\n") && n < max)
            ret[n++] = (pid_t)strtol(at, NULL, 10);
    return n;
}

static pid_t only_uplink(const struct world *w)
{
    pid_t pids[4];
    CHECK_INT(uplinks(w, pids, 4), 2);
    return pids[1];
}

static bool file_has(pid_t pid, const char *name, const char *text)
{
    char path[64], all[4096] = "";
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, all, sizeof all - 1) > 0);
    close(fd);
    return strstr(all, text) != NULL;
}

/* Without those of cgroups, which the spawner opens ahead as it sees fit. */
static unsigned descriptors_of(pid_t pid)
{
    char path[64], target[256];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *d = opendir(path);
    CHECK(d);
    for (struct dirent *entry; (entry = readdir(d));) {
        ssize_t len = readlinkat(dirfd(d), entry->d_name, target, sizeof target - 1);
        target[len < 0 ? 0 : len] = 0;
        n += len > 0 && !strstr(target, "cgroup");
    }
    closedir(d);
    return n;
}

static void await_death(pid_t pid)
{
    int fd = pidfd_open(pid, 0);
    struct pollfd p = {fd, POLLIN, 0};
    CHECK(fd < 0 || poll(&p, 1, WORLD_DEADLINE_S * 1000) == 1);
    close(fd);
}

/* --- the process behind it --- */

TEST(the_process_of_a_network_is_the_slots_and_has_no_rights)
{
    char path[64], uid[32];
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    pid_t pid = only_uplink(w);
    CHECK(file_has(pid, "status", "CapEff:\t0000000000000000"));
    CHECK(file_has(pid, "status", "CapPrm:\t0000000000000000"));
    CHECK(file_has(pid, "status", "CapBnd:\t0000000000000000"));
    CHECK(file_has(pid, "status", "NoNewPrivs:\t1"));
    CHECK(file_has(pid, "status", "Seccomp:\t2"));
    CHECK(!file_has(pid, "status", "Uid:\t0"));
    snprintf(uid, sizeof uid, "/slot-%u", s->slot.id);
    CHECK(file_has(pid, "cgroup", uid));
    CHECK(file_has(pid, "limits", "Max open files            1024                 1024"));
    snprintf(path, sizeof path, "/proc/%d/root", pid);
    DIR *d = opendir(path);
    CHECK(d);
    for (struct dirent *entry; (entry = readdir(d));)
        CHECK(entry->d_name[0] == '.' || !strcmp(entry->d_name, "etc"));
    closedir(d);
    CHECK(descriptors_of(pid) <= 3 + 3); /* standard, report, interface, routes */
    world_close(w);
}

/* In a child: the status by which the kernel ended it, or 0. */
static int under_filter(void (*what)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct err e = {0};
        struct sock_fprog filter;
        if (uplink_filter(&filter, &e) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            filter_load(&filter, &e) < 0)
            _exit(1);
        what();
        syscall(SYS_exit_group, 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void do_listen(void)
{
    listen(3, 1);
}
static void do_bind(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    bind(3, (struct sockaddr *)&a, sizeof a);
}
static void do_fork(void)
{
    syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static void do_exec(void)
{
    execl("/bin/true", "true", NULL);
}
static void do_write_file(void)
{
    syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_WRONLY);
}
static void do_unix_socket(void)
{
    socket(AF_UNIX, SOCK_STREAM, 0);
}
static void do_raw_socket(void)
{
    socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}
static void do_executable_pages(void)
{
    syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void do_interface(void)
{
    syscall(SYS_ioctl, 3, SIOCSIFFLAGS, NULL);
}
static void do_what_it_does(void)
{
    close(socket(AF_INET, SOCK_STREAM, 0));
    close(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    close(open("/etc/resolv.conf", O_RDONLY));
    free(malloc(1 << 20));
}

TEST(its_filter_kills_what_it_never_does)
{
    static void (*const deadly[])(void) = {
        do_listen,      do_bind,       do_fork,
        do_exec,        do_write_file, do_raw_socket,
        do_unix_socket, do_interface,  do_executable_pages,
    };
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        if (under_filter(deadly[i]) != SIGSYS)
            fail_msg("case %zu lives", i);
    CHECK_INT(under_filter(do_what_it_does), 0);
}

TEST(connections_of_a_slot_are_bounded_and_it_lives_on)
{
    struct sandbox_limits l = with_network();
    struct world *w = open_world();
    l.open_files = 4096;
    struct world_slot *s = world_start_with(w, 1, &l);
    long made = atol(world_tell(s, "crowd " WORLD " 9"));
    if (made < UPLINK_FILES - 16 || made > UPLINK_FILES)
        fail_msg("%ld connections", made);
    CHECK_STR(world_tell(s, "echo on"), "on");
    CHECK(!s->ended && only_uplink(w));
    world_close(w);
}

/* --- beginnings and ends --- */

TEST(the_kill_of_a_slot_ends_its_network)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    pid_t pid = only_uplink(w), pids[4];
    world_kill(w, s);
    CHECK(kill(pid, 0) < 0 && errno == ESRCH);
    CHECK_INT(uplinks(w, pids, 4), 1);
    world_close(w);
}

TEST(a_slot_ends_when_its_network_dies)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1), *other = start(w, 2);
    pid_t pids[4];
    CHECK_INT(uplinks(w, pids, 4), 3);
    CHECK(kill(pids[1], SIGKILL) == 0);
    world_wait(w, until_ended, s);
    CHECK(WIFSIGNALED(s->how.status));
    CHECK_STR(world_tell(other, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_STR(world_tell(start(w, 3), "tcp " WORLD " 80"), "hello from " WORLD);
    world_close(w);
}

TEST(a_slot_that_exits_takes_its_network_along)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    pid_t pids[4];
    CHECK(write(s->slot.socket, "exit 3", 6) == 6);
    world_wait(w, until_ended, s);
    CHECK_INT(WEXITSTATUS(s->how.status), 3);
    CHECK_INT(uplinks(w, pids, 4), 1);
    CHECK(s->how.cpu_us > 0);
    world_close(w);
}

TEST(without_the_program_networks_live_on_and_new_ones_fail_with_the_reason)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    pid_t pids[4];
    CHECK_INT(uplinks(w, pids, 4), 2);
    CHECK(kill(pids[0], SIGKILL) == 0);
    await_death(pids[0]);
    struct err why = fail_start(w, 2);
    CHECK(strstr(why.text, "network: the program 'virga-uplink' ended"));
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_STR(world_tell(world_start(w, 3), "echo x"), "x");
    world_close(w);
}

TEST(a_hundred_networks_leave_nothing_behind)
{
    enum { AT_ONCE = 25, ROUNDS = 4 };
    pid_t pids[4];
    struct sandbox_limits l = with_network();
    struct world *w = open_world();
    world_kill(w, start(w, 0));
    CHECK_INT(uplinks(w, pids, 4), 1);
    unsigned spawner = descriptors_of(w->spawner), program = descriptors_of(pids[0]);
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < AT_ONCE; i++)
            world_ask(w, i, &l);
        for (unsigned i = 0; i < AT_ONCE; i++) {
            world_wait(w, until_answered, &w->by_ticket[i]);
            CHECK(w->by_ticket[i].started);
        }
        CHECK_STR(world_tell(&w->by_ticket[AT_ONCE - 1], "tcp " WORLD " 80"), "hello from " WORLD);
        for (unsigned i = 0; i < AT_ONCE; i++)
            sandbox_kill(w->sandbox, w->by_ticket[i].slot.id);
        for (unsigned i = 0; i < AT_ONCE; i++)
            world_wait(w, until_ended, &w->by_ticket[i]);
    }
    CHECK_INT(uplinks(w, pids, 4), 1);
    CHECK_INT(descriptors_of(pids[0]), program);
    CHECK_INT(descriptors_of(w->spawner), spawner);
    CHECK(system("ip -o link | grep -q eth0") != 0);
    world_close(w);
}

TEST(a_slot_killed_while_its_network_is_on_its_way_is_over_once)
{
    struct world *w = open_world();
    struct sandbox_limits l = with_network();
    pid_t pids[4];
    for (unsigned i = 0; i < 20; i++) {
        struct world_slot *s = world_start(w, i);
        struct err e = {0};
        CHECK(sandbox_limit(w->sandbox, s->slot.id, &l, &e) == 0);
        sandbox_kill(w->sandbox, s->slot.id);
    }
    for (unsigned i = 0; i < 20; i++)
        world_wait(w, until_ended, &w->by_ticket[i]);
    CHECK_INT(w->ended, 20);
    CHECK_STR(world_tell(start(w, 30), "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_INT(uplinks(w, pids, 4), 2);
    world_close(w);
}

static struct world_slot *limit(struct world *w, struct world_slot *s,
                                const struct sandbox_limits *l)
{
    struct err e = {0};
    s->limited = false;
    CHECK(sandbox_limit(w->sandbox, s->slot.id, l, &e) == 0);
    world_wait(w, until_limited, s);
    return s;
}

TEST(a_running_slot_gets_a_network_and_keeps_it)
{
    struct sandbox_limits l = with_network();
    struct world *w = open_world();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "Network is unreachable");
    l.pids = 20;
    CHECK_INT(limit(w, s, &l)->why.code, ERR_NONE);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_STR(world_tell(s, "name example.test"), WORLD);
    l.network = false;
    CHECK_INT(limit(w, s, &l)->why.code, ERR_INVALID);
    l.network = true;
    CHECK_INT(limit(w, s, &l)->why.code, ERR_NONE);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_INT(atol(world_tell(s, "fork 30")), 19);
    world_close(w);
}

TEST(a_server_without_egress_refuses_networks)
{
    struct sandbox_config config = world_config();
    struct sandbox_limits l = with_network();
    struct world *w = open_world_with(&config);
    pid_t pids[4];
    CHECK(strstr(fail_start(w, 1).text, "gives functions no network"));
    CHECK(strstr(limit(w, world_start(w, 2), &l)->why.text, "gives functions no network"));
    CHECK_STR(world_tell(&w->by_ticket[2], "echo on"), "on");
    CHECK_INT(uplinks(w, pids, 4), 0);
    world_close(w);
}

TEST(the_limits_of_a_slot_count_its_network)
{
    struct sandbox_limits l = with_network();
    struct world *w = open_world();
    l.pids = 1;
    struct world_slot *s = world_start_with(w, 1, &l);
    CHECK_INT(atol(world_tell(s, "fork 3")), 0);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    world_kill(w, s);
    CHECK(s->how.memory_peak_bytes > 0);
    world_close(w);
}

static bool until_one_more_failed(struct world *w, void *arg)
{
    return w->templates_failed > *(unsigned *)arg;
}

/* Its slot's network is in a cgroup that nobody else of the template may be in. */
TEST(a_variants_slot_with_network_ends_without_its_template)
{
    struct err e = {0};
    unsigned two = 2, failed = 0;
    struct sandbox_limits l = with_network();
    struct world *w = open_world();
    struct sandbox_variant v = {.base = 0};
    CHECK(sandbox_template_start(w->sandbox, SANDBOX_TEMPLATES_MAX, &v, -1, &e) == 0);
    world_wait(w, until_template_ready, &two);
    for (unsigned i = 1; i < 6; i++) {
        struct world_slot *s = world_ask_of(w, i, SANDBOX_TEMPLATES_MAX, &l);
        world_wait(w, until_answered, s);
        CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
        world_kill(w, s);
    }
    CHECK(!until_one_more_failed(w, &failed));
    world_close(w);
}

/* --- without root --- */

TEST(a_daemon_without_root_gives_networks_too)
{
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* else /proc/self stays root's */
    struct sandbox_config config = world_config();
    config.egress = &rules;
    config.weaker =
        SANDBOX_WITHOUT_UIDS | SANDBOX_WITHOUT_MEMORY | SANDBOX_WITHOUT_CPU | SANDBOX_WITHOUT_PIDS;
    struct world *w = open_world_with(&config);
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_STR(world_tell(s, "tcp 203.0.113.1 80"), "Connection refused");
    world_kill(w, s);
    world_close(w);
}

static const struct CMUnitTest as_nobody[] = {
    cmocka_unit_test(a_daemon_without_root_gives_networks_too),
};

/* Most hosts let everybody open that device: what it makes lies in namespaces of one's own. */
TEST(without_root_a_device_for_everybody_is_enough)
{
    int status;
    if (!has_lab)
        SKIP("needs root and /dev/net/tun");
    pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount("tmpfs", "/dev/net", "tmpfs", 0, NULL) < 0 ||
            mknod("/dev/net/tun", S_IFCHR, makedev(10, 200)) < 0 || chmod("/dev/net/tun", 0666) < 0)
            exit(2);
        exit(cmocka_run_group_tests(as_nobody, NULL, NULL));
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_process_of_a_network_is_the_slots_and_has_no_rights),
    cmocka_unit_test(its_filter_kills_what_it_never_does),
    cmocka_unit_test(connections_of_a_slot_are_bounded_and_it_lives_on),
    cmocka_unit_test(the_kill_of_a_slot_ends_its_network),
    cmocka_unit_test(a_slot_ends_when_its_network_dies),
    cmocka_unit_test(a_slot_that_exits_takes_its_network_along),
    cmocka_unit_test(without_the_program_networks_live_on_and_new_ones_fail_with_the_reason),
    cmocka_unit_test(a_hundred_networks_leave_nothing_behind),
    cmocka_unit_test(a_slot_killed_while_its_network_is_on_its_way_is_over_once),
    cmocka_unit_test(a_running_slot_gets_a_network_and_keeps_it),
    cmocka_unit_test(a_server_without_egress_refuses_networks),
    cmocka_unit_test(the_limits_of_a_slot_count_its_network),
    cmocka_unit_test(a_variants_slot_with_network_ends_without_its_template),
    cmocka_unit_test(without_root_a_device_for_everybody_is_enough),
};

int main(int argc, char **argv)
{
    return uplinks_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
