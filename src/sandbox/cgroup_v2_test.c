/* v2 on a host made of files, to see what is written where; and on the real hierarchy as far as it
 * goes. */
#include "base/fd.h"
#include "base/test.h"
#include "sandbox/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MB = 1 << 20 };

static const struct cgroup_limits some_limits = {64ull * MB, 500, 32};

static void slot(struct cgroup *c, unsigned index, struct cgroup_limits l, struct cgroup_slot *ret)
{
    struct err e = {0};
    if (cgroup_slot_open(c, index, &l, ret, &e) < 0)
        fail_msg("%s", e.text);
    CHECK_INT(e.code, ERR_NONE); /* recovered failures leave no trace */
}

static char root[64];
static struct cgroup_host fake;
static bool with_peak, old_kernel;

static void fill(int dir, const char *name, const char *text)
{
    struct err e = {0};
    if (fd_write_file(dir, name, text, strlen(text), 0644, &e) < 0)
        fail_msg("%s", e.text);
}

static const char *const group_files[] = {
    "cgroup.procs", "cgroup.subtree_control", "cgroup.type", "memory.max", "memory.swap.max",
    "memory.high",  "memory.oom.group",       "cpu.max",     "pids.max",   "memory.current",
    "cgroup.kill",
};

static void fill_group(int dir)
{
    for (size_t i = 0; i < sizeof group_files / sizeof *group_files; i++)
        if (!old_kernel || strcmp(group_files[i], "memory.oom.group"))
            fill(dir, group_files[i], "");
    fill(dir, "cgroup.controllers", "cpuset cpu io memory pids\n");
    fill(dir, "memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\noom_group_kill 1\n");
    fill(dir, "cpu.stat", "usage_usec 4200\nuser_usec 4000\nsystem_usec 200\n");
    if (with_peak)
        fill(dir, "memory.peak", "123456\n");
}

static int fake_make(int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) < 0)
        return -1;
    auto_fd int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill_group(dir);
    return 0;
}

static int fake_remove(int parent, const char *name)
{
    char path[64], command[128];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), parent);
    snprintf(command, sizeof command, "rm -r %s/%s 2>/dev/null", path, name);
    errno = ENOENT;
    return system(command) ? -1 : 0;
}

static const char *content(const char *file)
{
    static struct buf text;
    char path[256];
    struct err e = {0};
    buf_clear(&text);
    snprintf(path, sizeof path, "%s/cg%s", root, file);
    if (fd_read_file(path, 65536, &text, &e) < 0)
        return "(none)";
    return text.len ? text.data : "";
}

/* `own` is our cgroup below the mount; `mount_root` what mountinfo says the mount shows. */
static void fake_host(const char *self, const char *mount_root, const char *own)
{
    static char self_path[96], mounts_path[96];
    char text[512], path[160];
    snprintf(root, sizeof root, "/tmp/virga cgroup-XXXXXX");
    CHECK(mkdtemp(root));
    auto_fd int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(dir, "self", self);
    snprintf(text, sizeof text,
             "22 1 0:5 / /proc rw - proc proc rw\n"
             "30 23 0:26 %s /tmp/virga\\040cgroup-%s/cg rw,nosuid shared:4 - cgroup2 cgroup2 "
             "rw,nsdelegate\n",
             mount_root, root + strlen("/tmp/virga cgroup-"));
    fill(dir, "mounts", text);
    CHECK(fake_make(dir, "cg") == 0);
    if (own[0]) {
        snprintf(path, sizeof path, "cg%s", own);
        CHECK(fake_make(dir, path) == 0);
    }
    snprintf(self_path, sizeof self_path, "%s/self", root);
    snprintf(mounts_path, sizeof mounts_path, "%s/mounts", root);
    fake = (struct cgroup_host){self_path, mounts_path, fake_make, fake_remove};
}

static void fake_done(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", root);
    CHECK_INT(system(command), 0);
}

/* At the root of the hierarchy, which has no cgroup.type, nobody has to move. */
static struct cgroup *fake_root(void)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    char path[96];
    fake_host("0::/\n", "/", "");
    snprintf(path, sizeof path, "%s/cg/cgroup.type", root);
    CHECK(unlink(path) == 0);
    if (cgroup_open_on(&fake, 9, 0, &c, &e) < 0)
        fail_msg("%s", e.text);
    CHECK_INT(cgroup_version(c), 2);
    CHECK_INT(cgroup_missing(c), 0);
    return c;
}

TEST(v2_limits_go_to_the_right_files)
{
    with_peak = true;
    struct cgroup *c = fake_root();
    struct cgroup_slot s;
    bool oom;
    uint64_t peak, cpu;
    slot(c, 11, (struct cgroup_limits){128ull * MB, 1500, 64}, &s);
    CHECK_STR(content("/virga.9/slot-11/memory.max"), "134217728");
    CHECK_STR(content("/virga.9/slot-11/memory.swap.max"), "0");
    CHECK_STR(content("/virga.9/slot-11/memory.oom.group"), "1");
    CHECK_STR(content("/virga.9/slot-11/memory.high"), "");
    CHECK_STR(content("/virga.9/slot-11/cpu.max"), "150000 100000");
    CHECK_STR(content("/virga.9/slot-11/pids.max"), "64");
    CHECK(s.v2_dir >= 0 && s.tasks[0] >= 0 && s.tasks[1] < 0);
    cgroup_slot_usage(c, &s, &oom, &peak, &cpu);
    CHECK(oom);
    CHECK_INT(peak, 123456);
    CHECK_INT(cpu, 4200);
    cgroup_slot_kill(c, &s);
    CHECK_STR(content("/virga.9/slot-11/cgroup.kill"), "1");
    cgroup_slot_close(c, &s);
    cgroup_close(c);
    CHECK_STR(content("/virga.9/cgroup.procs"), "(none)");
    fake_done();
}

TEST(v2_makes_the_directory_of_a_slot_anew)
{
    struct cgroup *c = fake_root();
    struct cgroup_slot s;
    slot(c, 1, some_limits, &s);
    CHECK(faccessat(s.v2_dir, "former", F_OK, 0) < 0);
    fill(s.dirs[0], "former", "");
    cgroup_slot_close(c, &s);
    slot(c, 1, some_limits, &s);
    CHECK(faccessat(s.v2_dir, "former", F_OK, 0) < 0);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
    fake_done();
}

TEST(v2_of_an_older_kernel_falls_back)
{
    with_peak = false;
    old_kernel = true;
    struct cgroup *c = fake_root();
    struct cgroup_slot s;
    slot(c, 1, some_limits, &s);
    CHECK(s.memory_peak >= 0);
    CHECK_INT(cgroup_read_peak(s.memory_peak), 0);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
    old_kernel = false;
    fake_done();
}

TEST(v2_at_the_top_of_a_namespace_moves_everybody_to_a_leaf_first)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    fake_host("0::/\n", "/", "");
    auto_fd int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(dir, "cg/cgroup.procs", "1\n");
    if (cgroup_open_on(&fake, 9, 0, &c, &e) < 0)
        fail_msg("%s", e.text);
    CHECK_STR(content("/virga.9/daemon/cgroup.procs"), "1");
    CHECK_STR(content("/cgroup.subtree_control"), "+memory +cpu +pids");
    CHECK_STR(content("/virga.9/cgroup.subtree_control"), "+memory +cpu +pids");
    cgroup_close(c);
    fake_done();
}

TEST(v2_in_a_group_that_is_not_delegated_names_the_fix)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    fake_host("0::/user.slice\n", "/", "/user.slice");
    CHECK(cgroup_open_on(&fake, 9, 0, &c, &e) < 0);
    CHECK_INT(e.code, ERR_UNAVAILABLE);
    CHECK(strstr(e.text, "not delegated") && strstr(e.text, "Delegate=yes"));
    CHECK(cgroup_open_on(&fake, 9, 7, &c, &e) == 0); /* asked to do without */
    CHECK_INT(cgroup_missing(c), 7);
    struct cgroup_slot s;
    CHECK(cgroup_slot_open(c, 0, &some_limits, &s, &e) == 0);
    cgroup_slot_close(c, &s);
    cgroup_close(c);
    fake_done();
}

TEST(a_mount_that_shows_a_subtree_is_understood)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    fake_host("0::/docker/abc/app\n", "/docker/abc", "/app");
    CHECK(cgroup_look(&fake, &c, &e) == 0);
    CHECK_INT(c->version, 2);
    CHECK(strstr(c->trees[0].path, "/cg/app"));
    cgroup_close(c);
    fake_done();
}

TEST(a_restarted_daemon_leaves_the_leaf_of_its_predecessor)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    fake_host("0::/virga.9/daemon\n", "/", "");
    CHECK(cgroup_look(&fake, &c, &e) == 0);
    CHECK(strcmp(c->trees[0].path + strlen(c->trees[0].path) - 3, "/cg") == 0);
    cgroup_close(c);
    fake_done();
}

TEST(missing_controllers_are_errors_unless_one_can_do_without)
{
    struct cgroup *c = NULL;
    struct err e = {0};
    fake_host("0::/\n", "/", "");
    auto_fd int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(dir, "cg/cgroup.controllers", "cpu pids\n");
    CHECK(cgroup_open_on(&fake, 9, 0, &c, &e) < 0);
    CHECK(strstr(e.text, "'memory'") && strstr(e.text, "cgroup_enable=memory"));
    CHECK(cgroup_open_on(&fake, 9, 1 << CGROUP_MEMORY, &c, &e) == 0);
    CHECK_INT(cgroup_missing(c), 1 << CGROUP_MEMORY);
    cgroup_close(c);
    fake_done();
}

TEST(hostile_or_odd_texts_find_nothing_and_break_nothing)
{
    static const char *const selves[] = {"", "\n\n", "0::", "::", "0::/../..\n", "x", "4:memory\n"};
    for (size_t i = 0; i < sizeof selves / sizeof *selves; i++) {
        struct cgroup *c = NULL;
        struct err e = {0};
        fake_host(selves[i], "/", "");
        CHECK(cgroup_look(&fake, &c, &e) == 0);
        CHECK_INT(c->version, 0);
        CHECK_INT(c->missing, 7);
        cgroup_close(c);
        fake_done();
    }
}

TEST(numbers_are_read_from_the_kernels_formats)
{
    CHECK_INT(cgroup_field("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), 3);
    CHECK_INT(cgroup_field("", "oom_kill"), 0);
    CHECK_INT(cgroup_read_peak(-1), 0);
    CHECK_INT(cgroup_read_cpu_us(-1), 0);
}

/* As a copy does, which may not be born there. */
static void enter_as_stranger(int dir)
{
    char text[64];
    int status;
    auto_fd int procs = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) {
        bool in = setuid(65534) == 0 && faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) < 0 &&
                  write(procs, "0", 1) == 1;
        kill(getpid(), in ? SIGSTOP : SIGKILL);
    }
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    CHECK(cgroup_get(dir, "cgroup.procs", text, sizeof text));
    CHECK_INT(atoi(text), pid);
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
}

/* Real v2, as far as it goes without controllers. */
TEST(on_real_v2_a_child_is_born_in_its_group_or_enters_it_and_is_killed_with_it)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char name[64];
    auto_fd int top = -1;
    snprintf(name, sizeof name, "virga-test-%d", (int)getpid());
    for (int i = 0; i < 2 && top < 0; i++) {
        top = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (top >= 0 && faccessat(top, "cgroup.controllers", F_OK, 0) < 0)
            fd_close(&top);
    }
    if (top < 0 || mkdirat(top, name, 0755) < 0)
        SKIP("a writable cgroup v2 hierarchy");
    auto_fd int dir = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct cgroup c = {.host = &cgroup_real_host, .version = 2, .tree_count = 1, .missing = 7};
    struct cgroup_slot s = {.v2_dir = -1, .dirs = {dir, -1, -1, -1}};
    struct clone_args {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
            set_tid_size, cgroup;
    } args = {.flags = 0x200000000ull /* CLONE_INTO_CGROUP */,
              .exit_signal = SIGCHLD,
              .cgroup = (uint64_t)dir};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    CHECK(pid > 0);
    char text[64];
    CHECK(cgroup_get(dir, "cgroup.procs", text, sizeof text));
    CHECK_INT(atoi(text), pid);
    cgroup_slot_kill(&c, &s);
    int status;
    CHECK(waitpid((pid_t)pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    enter_as_stranger(dir);
    CHECK(unlinkat(top, name, AT_REMOVEDIR) == 0);
    if (cgroup_get(top, "cgroup.controllers", text, sizeof text) && !strstr(text, "memory"))
        print_message("not tested on real v2: memory, cpu and pids limits (this host has no such "
                      "controllers in v2)\n");
}

TEST_MAIN(v2_limits_go_to_the_right_files, v2_makes_the_directory_of_a_slot_anew,
          v2_of_an_older_kernel_falls_back,
          v2_at_the_top_of_a_namespace_moves_everybody_to_a_leaf_first,
          v2_in_a_group_that_is_not_delegated_names_the_fix,
          a_mount_that_shows_a_subtree_is_understood,
          a_restarted_daemon_leaves_the_leaf_of_its_predecessor,
          missing_controllers_are_errors_unless_one_can_do_without,
          hostile_or_odd_texts_find_nothing_and_break_nothing,
          numbers_are_read_from_the_kernels_formats,
          on_real_v2_a_child_is_born_in_its_group_or_enters_it_and_is_killed_with_it)
