#include "sandbox/template.h"
#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"

#include <sys/prctl.h>

TEST(a_slot_answers_through_its_socket)
{
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "echo hello"), "hello");
    CHECK_STR(world_tell(s, "pid"), "1");
    world_kill(w, s);
    CHECK(WIFSIGNALED(s->how.status) && WTERMSIG(s->how.status) == SIGKILL);
    world_close(w);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

TEST(copies_and_kills_are_quick)
{
    enum { ROUNDS = 60 };
    uint64_t copy[ROUNDS], whole[ROUNDS], end[ROUNDS];
    struct world *w = world_open();
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t t0 = clock_mono_us();
        struct world_slot *s = world_start(w, 1);
        uint64_t t1 = clock_mono_us();
        copy[i] = s->slot.copy_us;
        whole[i] = t1 - t0;
        CHECK_STR(world_tell(s, "echo x"), "x");
        t1 = clock_mono_us();
        world_kill(w, s);
        end[i] = clock_mono_us() - t1;
    }
    qsort(copy, ROUNDS, sizeof *copy, compare);
    qsort(whole, ROUNDS, sizeof *whole, compare);
    qsort(end, ROUNDS, sizeof *end, compare);
    print_message("copy %lu us, seen by the server %lu us, kill to ended %lu us (medians)\n",
                  copy[ROUNDS / 2], whole[ROUNDS / 2], end[ROUNDS / 2]);
    world_close(w);
}

TEST(every_slot_is_another_user)
{
    struct world *w = world_open();
    struct world_slot *a = world_start(w, 1), *b = world_start(w, 2);
    long uid_a = atol(world_tell(a, "uid")), uid_b = atol(world_tell(b, "uid"));
    CHECK(uid_a >= 1000 && uid_b >= 1000 && uid_a != uid_b);
    world_close(w);
}

TEST(a_slot_has_no_rights_and_a_filter)
{
    static const char *const rows[][2] = {
        {"status CapEff:", "\t0000000000000000"},
        {"status CapPrm:", "\t0000000000000000"},
        {"status CapBnd:", "\t0000000000000000"},
        {"status CapInh:", "\t0000000000000000"},
        {"status NoNewPrivs:", "\t1"},
        {"status Seccomp:", "\t2"},
        {"status Groups:", "\t "},
    };
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(world_tell(s, rows[i][0]), rows[i][1]);
    world_close(w);
}

TEST(a_slot_has_descriptors_0_to_3_and_no_other)
{
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "descriptors"), "0 1 2 3 ");
    CHECK_STR(world_tell(s, "print seen outside"), "printed");
    CHECK_STR(world_line(s->slot.out), "seen outside");
    world_close(w);
}

TEST(only_scratch_directories_are_writable)
{
    static const char *const yes[] = {"write /tmp/x", "write /code/x", "write /dev/shm/x",
                                      "write /dev/null", "read /proc/1/status"};
    static const char *const no[] = {
        "write /x",
        "write /usr/x",
        "write /dev/x",
        "write /run/x",
        "write /etc/passwd",
        "write /opt/virga/x",
        "write /proc/sys/kernel/hostname",
        "read /proc/2/status",
        "read /etc/shadow",
        "read /root/.bashrc",
    };
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK_STR(world_tell(s, yes[i]), "opened");
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (!strcmp(world_tell(s, no[i]), "opened"))
            fail_msg("%s: opened", no[i]);
    world_close(w);
}

TEST(too_much_memory_ends_the_slot_and_is_reported)
{
    struct world *w = world_open();
    struct sandbox_limits limits = sandbox_default_limits;
    limits.memory_bytes = 64ull << 20;
    struct world_slot *s = world_start_with(w, 1, &limits);
    CHECK_STR(world_tell(s, "memory 200"), "");
    world_wait(w, until_ended, s);
    CHECK(s->how.oom);
    CHECK(WIFSIGNALED(s->how.status) && WTERMSIG(s->how.status) == SIGKILL);
    CHECK(s->how.memory_peak_bytes > 48ull << 20 && s->how.memory_peak_bytes <= 64ull << 20);
    world_close(w);
}

TEST(empty_files_count_as_memory_and_a_large_tmp_has_room_for_many)
{
    struct world *w = world_open();
    struct sandbox_limits limits = sandbox_default_limits;
    limits.tmp_bytes = 4ull << 30;
    limits.memory_bytes = 256ull << 20;
    struct world_slot *roomy = world_start_with(w, 1, &limits);
    CHECK_STR(world_tell(roomy, "touch 100000"), "100000");
    limits.memory_bytes = 32ull << 20;
    struct world_slot *s = world_start_with(w, 2, &limits);
    CHECK_STR(world_tell(s, "touch 1000000"), "");
    world_wait(w, until_ended, s);
    CHECK(s->how.oom);
    world_close(w);
}

TEST(processes_files_and_scratch_space_are_bounded)
{
    struct world *w = world_open();
    struct sandbox_limits limits = sandbox_default_limits;
    limits.pids = 10;
    limits.tmp_bytes = 6ull << 20;
    limits.file_bytes = 4ull << 20;
    struct world_slot *s = world_start_with(w, 1, &limits);
    char full[64], large[64];
    snprintf(large, sizeof large, "4 %s", strerror(EFBIG));
    snprintf(full, sizeof full, "%s", strerror(ENOSPC));
    CHECK_STR(world_tell(s, "fill-tmp 16"), large);
    CHECK(strstr(world_tell(s, "fill-more 16"), full));
    CHECK_STR(world_tell(s, "fork 50"), "9");
    world_kill(w, s);
    world_close(w);
}

TEST(limits_of_a_running_slot_change)
{
    struct err e = {0};
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    struct sandbox_limits limits = sandbox_default_limits;
    limits.pids = 5;
    limits.file_bytes = 2ull << 20;
    CHECK(sandbox_limit(w->sandbox, s->slot.id, &limits, &e) == 0);
    world_wait(w, until_limited, s);
    CHECK_STR(s->why.text, "");
    CHECK_INT(atoi(world_tell(s, "fill-tmp 9")), 2);
    CHECK_STR(world_tell(s, "fork 50"), "4");
    limits.tmp_bytes *= 2;
    s->limited = false;
    CHECK(sandbox_limit(w->sandbox, s->slot.id, &limits, &e) == 0);
    world_wait(w, until_limited, s);
    CHECK_INT(s->why.code, ERR_INVALID);
    world_close(w);
}

TEST(limits_out_of_bounds_are_refused)
{
    struct err e = {0};
    struct world *w = world_open();
    struct sandbox_limits limits = sandbox_default_limits;
    limits.memory_bytes = 0;
    CHECK(sandbox_start(w->sandbox, 1, 0, &limits, &e) < 0 && e.code == ERR_INVALID);
    CHECK(sandbox_start(w->sandbox, 1, 1, &sandbox_default_limits, &e) == 0);
    world_wait(w, until_answered, &w->by_ticket[1]);
    CHECK(w->by_ticket[1].failed && w->by_ticket[1].why.code == ERR_INVALID);
    world_close(w);
}

TEST(a_slot_that_exits_is_reported_with_its_status)
{
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "exit 7"), "");
    world_wait(w, until_ended, s);
    CHECK(WIFEXITED(s->how.status) && WEXITSTATUS(s->how.status) == 7);
    CHECK(!s->how.oom && s->how.memory_peak_bytes > 0);
    world_close(w);
}

TEST(a_kill_ends_grandchildren_too)
{
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "grandchild"), "left");
    world_kill(w, s);
    CHECK_STR(world_line(s->slot.out), ""); /* nobody holds the pipe any more */
    world_close(w);
}

static bool until_all_answered(struct world *w, void *arg)
{
    int n = *(int *)arg;
    for (int i = 0; i < n; i++)
        if (!w->by_ticket[i].started && !w->by_ticket[i].failed)
            return false;
    return true;
}

static bool until_all_ended(struct world *w, void *arg)
{
    return w->ended >= *(unsigned *)arg;
}

TEST(two_hundred_slots_live_at_once)
{
    int n = 200;
    uint64_t t0 = clock_mono_us();
    struct world *w = world_open();
    for (int i = 0; i < n; i++)
        world_ask(w, (unsigned)i, &sandbox_default_limits);
    world_wait(w, until_all_answered, &n);
    print_message("200 slots in %lu ms\n", (clock_mono_us() - t0) / 1000);
    for (int i = 0; i < n; i++) {
        if (w->by_ticket[i].failed)
            fail_msg("start %d: %s", i, w->by_ticket[i].why.text);
        CHECK_STR(world_tell(&w->by_ticket[i], "echo here"), "here");
    }
    for (int i = 0; i < n; i++)
        sandbox_kill(w->sandbox, w->by_ticket[i].slot.id);
    world_wait(w, until_all_ended, &n);
    world_close(w);
}

TEST(more_slots_than_allowed_are_refused)
{
    struct sandbox_config config = world_config();
    unsigned one = 1;
    config.slots_max = 2;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &one);
    struct world_slot *a = world_start(w, 1);
    world_start(w, 2);
    struct world_slot *c = world_ask(w, 3, &sandbox_default_limits);
    world_wait(w, until_answered, c);
    CHECK(c->failed && c->why.code == ERR_LIMIT);
    world_kill(w, a);
    world_start(w, 4);
    world_close(w);
}

TEST(usage_of_a_live_slot_is_read_from_its_cgroup)
{
    uint64_t peak = 0, cpu_us = 0;
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "memory 20"), "survived");
    sandbox_usage(&s->slot, &peak, &cpu_us);
    CHECK(peak > 20ull << 20 && cpu_us > 0);
    world_close(w);
}

TEST(a_template_that_dies_is_started_again_and_its_slots_live_on)
{
    unsigned two = 2;
    char path[64], line[64];
    struct world *w = world_open();
    struct world_slot *s = world_start(w, 1);
    /* The template is the spawner's first child. */
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", w->spawner, w->spawner);
    FILE *f = fopen(path, "r");
    CHECK(f && fgets(line, sizeof line, f));
    fclose(f);
    CHECK(kill((pid_t)atol(line), SIGKILL) == 0);
    world_wait(w, until_template_ready, &two);
    CHECK_INT(w->templates_failed, 1);
    CHECK_STR(world_tell(s, "echo alive"), "alive");
    world_start(w, 2);
    world_close(w);
}

static bool until_template_failed(struct world *w, void *arg)
{
    return w->templates_failed >= *(unsigned *)arg;
}

TEST(a_template_that_cannot_start_says_why_and_refuses_slots)
{
    static const char *const argv[] = {"/opt/virga/no-such-program", NULL};
    struct sandbox_template template = {"broken", argv, NULL};
    struct sandbox_config config = world_config();
    unsigned one = 1;
    config.templates = &template;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_failed, &one);
    CHECK(strstr(w->template_why.text, "no-such-program"));
    struct world_slot *s = world_ask(w, 1, &sandbox_default_limits);
    world_wait(w, until_answered, s);
    CHECK(s->failed);
    world_close(w);
}

static void become_guest(void *arg)
{
    CHECK_INT(*(int *)arg, 42); /* the template's memory is the copy's */
    guest_main();
}

/* Stands for an interpreter that was started once. */
static _Noreturn void template_main(void)
{
    static int answer = 42;
    static const struct template_hooks hooks = {NULL, NULL, become_guest, &answer};
    template_serve(&hooks);
}

TEST(a_template_program_is_copied_without_being_executed_again)
{
    struct sandbox_template template = {"program", world_copied, NULL};
    struct sandbox_config config = world_config();
    unsigned one = 1;
    config.templates = &template;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &one);
    for (unsigned i = 0; i < 3; i++) {
        struct world_slot *s = world_start(w, i);
        CHECK_STR(world_tell(s, "descriptors"), "0 1 2 3 ");
        CHECK_STR(world_tell(s, "status CapEff:"), "\t0000000000000000");
        CHECK_STR(world_tell(s, "status CapBnd:"), "\t0000000000000000");
        CHECK_STR(world_tell(s, "status Seccomp:"), "\t2");
        CHECK_STR(world_tell(s, "write /tmp/x"), "opened");
        CHECK(atol(world_tell(s, "uid")) >= 1000);
    }
    world_close(w);
}

/* --- without root --- */

static void be_nobody(void)
{
    const char *runners = world_runners_dir();
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* else /proc/self stays root's */
    CHECK(access(runners, X_OK) == 0);
}

TEST(a_daemon_without_root_works)
{
    struct err e = {0};
    int fd;
    pid_t pid;
    unsigned one = 1;
    struct sandbox_config config = world_config();
    be_nobody();
    CHECK(spawner_start(&config, &fd, &pid, &e) < 0 && strstr(e.text, "uids"));
    config.weaker =
        SANDBOX_WITHOUT_UIDS | SANDBOX_WITHOUT_MEMORY | SANDBOX_WITHOUT_CPU | SANDBOX_WITHOUT_PIDS;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &one);
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "status CapEff:"), "\t0000000000000000");
    CHECK_STR(world_tell(s, "status CapBnd:"), "\t0000000000000000");
    CHECK_STR(world_tell(s, "write /tmp/x"), "opened");
    CHECK(strcmp(world_tell(s, "write /usr/x"), "opened"));
    CHECK_STR(world_tell(s, "grandchild"), "left");
    world_kill(w, s);
    CHECK_STR(world_line(s->slot.out), "");
    world_close(w);
}

static const struct CMUnitTest as_nobody[] = {
    cmocka_unit_test(a_daemon_without_root_works),
};

TEST(without_root_slots_run_once_the_weaker_uids_are_accepted)
{
    int status;
    if (geteuid() != 0 || access("/proc/self/ns/user", F_OK) != 0)
        SKIP("needs root, to become nobody, and user namespaces");
    pid_t pid = fork();
    if (pid == 0)
        exit(cmocka_run_group_tests(as_nobody, NULL, NULL));
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#ifdef VIRGA_TESTING
/* The test can see: with the defence off, what it watches is different. */
TEST(a_step_that_a_test_build_skips_is_really_missing)
{
    CHECK(setenv("VIRGA_TEST_SKIP", "syscall filter,user", 1) == 0);
    struct world *w = world_open();
    CHECK(unsetenv("VIRGA_TEST_SKIP") == 0);
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "status Seccomp:"), "\t0");
    CHECK_STR(world_tell(s, "uid"), "0");
    world_close(w);
}
#endif

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slot_answers_through_its_socket),
    cmocka_unit_test(copies_and_kills_are_quick),
    cmocka_unit_test(every_slot_is_another_user),
    cmocka_unit_test(a_slot_has_no_rights_and_a_filter),
    cmocka_unit_test(a_slot_has_descriptors_0_to_3_and_no_other),
    cmocka_unit_test(only_scratch_directories_are_writable),
    cmocka_unit_test(too_much_memory_ends_the_slot_and_is_reported),
    cmocka_unit_test(empty_files_count_as_memory_and_a_large_tmp_has_room_for_many),
    cmocka_unit_test(processes_files_and_scratch_space_are_bounded),
    cmocka_unit_test(limits_of_a_running_slot_change),
    cmocka_unit_test(limits_out_of_bounds_are_refused),
    cmocka_unit_test(a_slot_that_exits_is_reported_with_its_status),
    cmocka_unit_test(a_kill_ends_grandchildren_too),
    cmocka_unit_test(two_hundred_slots_live_at_once),
    cmocka_unit_test(more_slots_than_allowed_are_refused),
    cmocka_unit_test(usage_of_a_live_slot_is_read_from_its_cgroup),
    cmocka_unit_test(a_template_that_dies_is_started_again_and_its_slots_live_on),
    cmocka_unit_test(a_template_that_cannot_start_says_why_and_refuses_slots),
    cmocka_unit_test(a_template_program_is_copied_without_being_executed_again),
#ifdef VIRGA_TESTING
    cmocka_unit_test(a_step_that_a_test_build_skips_is_really_missing),
#endif
    cmocka_unit_test(without_root_slots_run_once_the_weaker_uids_are_accepted),
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    if (argc == 2 && !strcmp(argv[1], "template"))
        template_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
