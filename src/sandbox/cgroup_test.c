#include "sandbox/cgroup.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "sandbox/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MB = 1 << 20 };

static const struct cgroup_limits some_limits = {64ull * MB, 500, 32};

static struct cgroup *open_real(unsigned instance)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    if (geteuid() != 0)
        SKIP("root, to make cgroups");
    if (cgroup_open(instance, 0, &c, &e) < 0)
        SKIP(e.text);
    return c;
}

/* Instances of tests must not meet a running daemon's, nor each other's. */
static unsigned instance(void)
{
    return 1000000 + (unsigned)getpid();
}

static void slot(struct cgroup *c, unsigned index, struct cgroup_limits l, struct cgroup_slot *ret)
{
    struct err e = {0};
    if (cgroup_slot_open(c, index, &l, ret, &e) < 0)
        fail_msg("%s", e.text);
    CHECK_INT(e.code, ERR_NONE); /* recovered failures leave no trace */
}

static int enter(const struct cgroup_slot *s)
{
    for (int i = 0; i < CGROUP_TASKS_MAX; i++)
        if (s->tasks[i] >= 0 && write(s->tasks[i], "0", 1) != 1)
            return -1;
    return 0;
}

/* Runs `act` in a child inside the slot and returns its wait status. */
static int inside(const struct cgroup_slot *s, int (*act)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(enter(s) < 0 ? 99 : act());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int touch(size_t bytes)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 1;
    memset(p, 1, bytes);
    return 0;
}
static int touch_8(void)
{
    return touch(8 * MB);
}
static int touch_200(void)
{
    return touch(200ull * MB);
}

static int fork_until_refused(void)
{
    int made = 0;
    for (; made < 100; made++) {
        pid_t pid = fork();
        if (pid < 0)
            return errno == EAGAIN ? made : 98;
        if (pid == 0) {
            pause();
            _exit(0);
        }
    }
    return made;
}

static int burn(void)
{
    struct timespec t;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    while (t.tv_sec == 0 && t.tv_nsec < 100000000);
    return 0;
}

TEST(a_slot_that_exceeds_its_memory_is_killed_and_counted)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    bool oom;
    uint64_t peak, cpu;
    slot(c, 0, some_limits, &s);
    int status = inside(&s, touch_200);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    cgroup_slot_usage(c, &s, &oom, &peak, &cpu);
    CHECK(oom);
    CHECK(peak > 32ull * MB && peak <= 64ull * MB);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(a_reused_slot_starts_its_counters_anew)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    bool oom;
    uint64_t peak, cpu;
    slot(c, 3, some_limits, &s);
    inside(&s, touch_200);
    inside(&s, burn);
    cgroup_slot_close(c, &s);
    slot(c, 3, some_limits, &s);
    CHECK_INT(inside(&s, touch_8), 0);
    cgroup_slot_usage(c, &s, &oom, &peak, &cpu);
    CHECK(!oom);
    CHECK(peak >= 8ull * MB && peak < 32ull * MB);
    CHECK(cpu < 90000);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(a_lower_limit_than_the_residue_of_the_last_slot_does_not_stop_a_start)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    struct err e = {0};
    slot(c, 1, some_limits, &s);
    auto_fd int residue = memfd_create("residue", MFD_CLOEXEC); /* charged to the slot, kept here */
    pid_t pid = fork();
    if (pid == 0)
        _exit(enter(&s) < 0 || fallocate(residue, 0, 0, 32 * MB) < 0);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    cgroup_slot_close(c, &s);
    const struct cgroup_limits low = {8ull * MB, 500, 32};
    if (cgroup_slot_open(c, 1, &low, &s, &e) < 0)
        fail_msg("%s", e.text);
    CHECK_INT(e.code, ERR_NONE);
    CHECK_INT(inside(&s, touch_8) == 0, 0); /* 8 MB and the program do not fit in 8 MB */
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(processes_are_limited)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    slot(c, 2, (struct cgroup_limits){64ull * MB, 500, 5}, &s);
    int status = inside(&s, fork_until_refused);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 4); /* and the one that forks */
    cgroup_slot_kill(c, &s);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(kill_ends_every_process_of_a_slot)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    int status, ready[2];
    char byte;
    slot(c, 4, some_limits, &s);
    CHECK(pipe2(ready, O_CLOEXEC) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (enter(&s) < 0)
            _exit(99);
        for (int i = 0; i < 10; i++)
            if (fork() == 0)
                break;
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(0);
    }
    close(ready[1]);
    for (int i = 0; i < 11; i++)
        CHECK(read(ready[0], &byte, 1) == 1);
    cgroup_slot_kill(c, &s);
    CHECK(read(ready[0], &byte, 1) == 0); /* all eleven ends are closed */
    close(ready[0]);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(cpu_time_is_counted_and_held_to_its_share)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    bool oom;
    uint64_t peak, cpu;
    slot(c, 5, (struct cgroup_limits){64ull * MB, 250, 32}, &s);
    uint64_t start = clock_mono_us();
    CHECK_INT(inside(&s, burn), 0);
    uint64_t took = clock_mono_us() - start;
    cgroup_slot_usage(c, &s, &oom, &peak, &cpu);
    CHECK(cpu >= 100000 && cpu < 200000);
    CHECK(took > 200000); /* 100 ms of work at 25 ms in each 100 ms: at least three periods */
    CHECK(cgroup_read_cpu_us(s.cpu_usage) >= cpu);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(limits_of_a_running_slot_change)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    struct err e = {0};
    slot(c, 6, (struct cgroup_limits){16ull * MB, 500, 3}, &s);
    CHECK(cgroup_slot_limit(c, &s, &(struct cgroup_limits){300ull * MB, 1000, 10}, &e) == 0);
    CHECK_INT(e.code, ERR_NONE); /* going up, v1 refuses the first write */
    CHECK_INT(inside(&s, touch_200), 0);
    CHECK(cgroup_slot_limit(c, &s, &(struct cgroup_limits){32ull * MB, 100, 10}, &e) == 0);
    CHECK(inside(&s, touch_200) != 0);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
}

TEST(a_limit_of_zero_is_refused)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    struct err e = {0};
    CHECK(cgroup_slot_open(c, 0, &(struct cgroup_limits){0, 500, 3}, &s, &e) < 0);
    CHECK_INT(e.code, ERR_INVALID);
    CHECK(cgroup_slot_open(c, 0, &(struct cgroup_limits){MB, 1, 3}, &s, &e) < 0);
    CHECK(cgroup_slot_open(c, 0, &(struct cgroup_limits){MB, 500, 0}, &s, &e) < 0);
    cgroup_close(c);
}

TEST(without_rights_the_error_names_the_fix_and_one_can_do_without)
{
    if (geteuid() != 0)
        SKIP("root, to give it up");
    pid_t pid = fork();
    if (pid == 0) {
        struct cgroup *c = NULL;
        struct err e = {0};
        if (setgid(65534) < 0 || setuid(65534) < 0)
            _exit(2);
        if (cgroup_open(instance(), 0, &c, &e) == 0 || !strstr(e.text, "; "))
            _exit(3);
        _exit(cgroup_open(instance(), 7, &c, &e) < 0 || cgroup_missing(c) != 7);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* In each hierarchy: it enters one after the other. */
static bool is_inside(const struct cgroup_slot *s, pid_t pid)
{
    char text[64];
    CHECK(waitpid(pid, NULL, WNOHANG) == 0);
    for (int i = 0; i < CGROUP_TASKS_MAX; i++)
        if (s->dirs[i] >= 0 &&
            (!cgroup_get(s->dirs[i], "cgroup.procs", text, sizeof text) || !text[0]))
            return false;
    return true;
}

TEST(what_a_killed_predecessor_left_is_swept)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    struct err e = {0};
    slot(c, 7, some_limits, &s);
    pid_t pid = fork();
    if (pid == 0) {
        if (enter(&s) == 0)
            pause();
        _exit(99);
    }
    while (!is_inside(&s, pid))
        sched_yield();
    for (unsigned i = 0; i < c->tree_count; i++) /* as if its owner had been killed */
        CHECK(flock(c->trees[i].base, LOCK_UN) == 0);
    struct cgroup *next = NULL;
    CHECK(cgroup_open(instance(), 0, &next, &e) == 0);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    CHECK(faccessat(c->trees[0].base, "slot-7", F_OK, 0) < 0);
    cgroup_slot_close(c, &s);
    cgroup_close(next);
    cgroup_close(c);
}

TEST(the_directories_of_a_living_daemon_are_refused_and_not_swept)
{
    struct cgroup *c = open_real(instance()), *next = NULL;
    struct cgroup_slot s;
    struct err e = {0};
    slot(c, 8, some_limits, &s);
    CHECK(cgroup_open(instance(), 0, &next, &e) < 0);
    CHECK_INT(e.code, ERR_CONFLICT);
    CHECK(faccessat(c->trees[0].base, "slot-8", F_OK, 0) == 0);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
    e = (struct err){0};
    CHECK(cgroup_open(instance(), 0, &next, &e) == 0);
    cgroup_close(next);
}

TEST(a_removed_slot_leaves_no_way_into_the_next_of_its_index)
{
    struct err e = {0};
    struct cgroup_slot a, b;
    struct cgroup *c = open_real(instance());
    slot(c, 3, some_limits, &a);
    int way = fcntl(a.tasks[0], F_DUPFD_CLOEXEC, 0);
    cgroup_slot_close(c, &a);
    CHECK(cgroup_slot_remove(c, 3, &e) == 0);
    CHECK(cgroup_slot_remove(c, 3, &e) == 0); /* nothing there */
    slot(c, 3, some_limits, &b);
    CHECK(write(way, "0", 1) < 0);
    close(way);
    cgroup_slot_close(c, &b);
    cgroup_close(c);
}

TEST(closing_removes_every_directory)
{
    struct cgroup *c = open_real(instance());
    struct cgroup_slot s;
    char path[CGROUP_PATH_MAX + 32];
    slot(c, 0, some_limits, &s);
    cgroup_slot_close(c, &s);
    snprintf(path, sizeof path, "%s/virga.%u", c->trees[0].path, instance());
    CHECK(access(path, F_OK) == 0);
    cgroup_close(c);
    CHECK(access(path, F_OK) < 0);
    cgroup_close(NULL);
}

TEST_MAIN(a_slot_that_exceeds_its_memory_is_killed_and_counted,
          a_reused_slot_starts_its_counters_anew,
          a_lower_limit_than_the_residue_of_the_last_slot_does_not_stop_a_start,
          processes_are_limited, kill_ends_every_process_of_a_slot,
          cpu_time_is_counted_and_held_to_its_share, limits_of_a_running_slot_change,
          a_limit_of_zero_is_refused, without_rights_the_error_names_the_fix_and_one_can_do_without,
          what_a_killed_predecessor_left_is_swept,
          the_directories_of_a_living_daemon_are_refused_and_not_swept,
          a_removed_slot_leaves_no_way_into_the_next_of_its_index, closing_removes_every_directory)
