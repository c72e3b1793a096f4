/* Attacks from inside a template that runs code of others: this test itself, told by its set-up
 * file what to try. It goes on to serve copies, which tell what came of it. */
#include "sandbox/order.h"
#include "sandbox/template.h"
#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"

#include "base/must.h"
#include "base/str.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { FIRST = SANDBOX_TEMPLATES_MAX, PIDS = 400, MEMORY = 64 << 20 };

/* --- inside --- */

/* How many processes but our own could be signalled as user `inside`. */
static int reach_as(uid_t inside)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int reached = 0;
        pid_t parent = getppid();
        if (syscall(SYS_setresuid, inside, inside, inside) < 0)
            _exit(99);
        for (pid_t pid = 1; pid < PIDS; pid++)
            reached += pid != getpid() && pid != parent && kill(pid, 0) == 0;
        _exit(reached);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

static void reach_everybody(void)
{
    int reached = reach_as(0);
    for (uid_t slot = 0; slot < WORLD_SLOTS; slot++)
        reached += reach_as(1000 + slot);
    snprintf(guest_setup, sizeof guest_setup, "reached %d", reached);
}

static void take_memory(void)
{
    for (int i = 0; i < 400; i++) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p != MAP_FAILED)
            memset(p, 1, 1 << 20);
    }
}

static _Noreturn void leave_processes(void)
{
    struct err e = {0};
    int made = 0;
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            setsid();
            for (;;)
                pause();
        }
        made += pid > 0;
    }
    err_set(&e, ERR_INVALID, "%s", made < 100 ? "limited" : "SUCCEEDED");
    template_fail(&e);
}

static int processes_in(const char *path)
{
    int seen = 0;
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));)
        seen += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    if (d)
        closedir(d);
    return seen;
}

static _Noreturn void forge_error(void)
{
    struct report r = {.magic = ORDER_MAGIC, .kind = REPORT_FAILED};
    r.err.code = (enum err_code)9999;
    memset(r.err.text, '\xff', sizeof r.err.text);
    r.err.text[3] = '\n';
    (void)!write(TEMPLATE_CONTROL, &r, sizeof r);
    pause();
    _exit(0);
}

/* Says hello for a copy that it never makes, for as long as somebody listens. */
static _Noreturn void flood(void)
{
    struct order order;
    struct fd_message m;
    struct err e = {0};
    order_report(TEMPLATE_CONTROL, REPORT_READY, NULL);
    if (fd_receive(TEMPLATE_CONTROL, &order, sizeof order, &m, &e) < 0 ||
        m.fd_count <= ORDER_FD_START)
        _exit(1);
    struct report r = {.magic = ORDER_MAGIC, .kind = REPORT_HELLO};
    while (write(m.fds[ORDER_FD_START], &r, sizeof r) == (ssize_t)sizeof r)
        ;
    pause();
    _exit(0);
}

static void say_rights(void)
{
    char line[256] = "";
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f) && strncmp(line, "CapPrm:", 7))
        ;
    snprintf(guest_setup, sizeof guest_setup, "%lx", strtoul(line + 7, NULL, 16));
    if (f)
        fclose(f);
}

static void mount_groups(void)
{
    long made = mount("cgroup", "/tmp", "cgroup", 0, "memory");
    int seen = 0;
    DIR *d = made == 0 ? opendir("/tmp") : NULL;
    for (struct dirent *entry; d && (entry = readdir(d));)
        seen += entry->d_type == DT_DIR && entry->d_name[0] != '.';
    snprintf(guest_setup, sizeof guest_setup, "seen %d", seen);
    if (d)
        closedir(d);
    if (made == 0)
        (void)umount2("/tmp", MNT_DETACH);
}

/* Rights over its own mounts: what was read-only before stays so, and what was above is gone. */
static void change_mounts(void)
{
    char line[600];
    int changed = 0, stage = 0;
    static const char *const places[] = {"/", "/opt/virga", "/usr", "/etc", "/dev/null"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        changed += mount(NULL, places[i], NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
    FILE *f = fopen("/proc/self/mountinfo", "r");
    while (f && fgets(line, sizeof line, f))
        stage += strstr(line, "virga/layers") || strstr(line, " /layers");
    snprintf(guest_setup, sizeof guest_setup, "changed %d, stage %d", changed, stage);
    if (f)
        fclose(f);
    (void)mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
}

static void attack(const char *what)
{
    if (!strcmp(what, "reach"))
        reach_everybody();
    else if (!strcmp(what, "memory"))
        take_memory();
    else if (!strcmp(what, "processes"))
        leave_processes();
    else if (!strcmp(what, "look"))
        snprintf(guest_setup, sizeof guest_setup, "seen %d", processes_in("/proc"));
    else if (!strcmp(what, "forge"))
        forge_error();
    else if (!strcmp(what, "flood"))
        flood();
    else if (!strcmp(what, "rights"))
        say_rights();
    else if (!strcmp(what, "groups"))
        mount_groups();
    else if (!strcmp(what, "mounts"))
        change_mounts();
    else if (!strcmp(what, "user namespace"))
        guest_setup[0] = unshare(CLONE_NEWUSER) == 0 ? 'S' : 'r', guest_setup[1] = 0;
}

static void become_guest(void *arg)
{
    (void)arg;
    guest_main();
}

/* Orders bring the files by which copies enter their cgroup. A process of the template's goes in as
 * well, to outlive the slot there. */
static void intrude(void)
{
    char path[32], target[128];
    int in[2];
    if (pipe2(in, O_CLOEXEC) < 0)
        return;
    pid_t pid = fork();
    close(in[pid != 0]);
    if (pid != 0) {
        (void)!read(in[0], target, 1);
        close(in[0]);
        return;
    }
    for (int fd = 0; fd < 64; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n < 0 ? 0 : n] = 0;
        if (strstr(target, "/tasks") || strstr(target, "/cgroup.procs"))
            (void)!write(fd, "0", 1);
    }
    close(in[1]);
    for (;;)
        pause();
}

static _Noreturn void template_main(void)
{
    struct template_hooks hooks = {.become = become_guest};
    struct err e = {0};
    char what[32] = "";
    (void)!read(TEMPLATE_SETUP, what, sizeof what - 1);
    if (template_confine(&e) < 0)
        template_fail(&e);
    if (!strcmp(what, "intrude"))
        hooks.after_copy = intrude;
    attack(what);
    template_serve(&hooks);
}

/* --- outside --- */

static unsigned weaker;

static struct world *open_world(void)
{
    static const struct sandbox_template template = {"program", world_copied, NULL};
    struct sandbox_config config = world_config();
    unsigned one = 1;
    config.templates = &template;
    config.variant_memory_bytes = MEMORY;
    config.weaker = weaker;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &one);
    return w;
}

static bool until_answer(struct world *w, void *arg)
{
    return w->lost || w->templates_ready + w->templates_failed >= *(unsigned *)arg;
}

static void make(struct world *w, unsigned index, const char *what)
{
    struct err e = {0};
    struct sandbox_variant v = {.base = 0};
    unsigned more = w->templates_ready + w->templates_failed + 1;
    auto_fd int setup = memfd_create("setup", MFD_CLOEXEC);
    CHECK(write(setup, what, strlen(what)) == (ssize_t)strlen(what));
    CHECK(lseek(setup, 0, SEEK_SET) == 0);
    CHECK(sandbox_template_start(w->sandbox, index, &v, setup, &e) == 0);
    world_wait(w, until_answer, &more);
    CHECK(!w->lost);
}

static struct world_slot *start_of(struct world *w, unsigned ticket, unsigned template_index)
{
    struct world_slot *s = world_ask_of(w, ticket, template_index, &sandbox_default_limits);
    world_wait(w, until_answered, s);
    if (s->failed)
        fail_msg("start failed: %s", s->why.text);
    return s;
}

static bool until_failed(struct world *w, void *arg)
{
    return w->templates_failed >= *(unsigned *)arg;
}

static bool until_stopped(struct world *w, void *arg)
{
    return w->templates_stopped >= *(unsigned *)arg;
}

static void stop(struct world *w, unsigned index)
{
    unsigned more = w->templates_stopped + 1;
    sandbox_template_stop(w->sandbox, index);
    world_wait(w, until_stopped, &more);
}

/* What a copy of the attacker at FIRST says. */
static const char *told(struct world *w, unsigned ticket, const char *what)
{
    make(w, FIRST, what);
    CHECK_STR(w->template_why.text, "");
    return world_tell(start_of(w, ticket, FIRST), "setup");
}

TEST(a_template_reaches_no_slot_and_no_template_but_its_own)
{
    if (geteuid() != 0)
        SKIP("needs root: own user ids");
    struct world *w = open_world();
    make(w, FIRST + 1, "nothing");
    start_of(w, 1, 0);
    start_of(w, 2, FIRST + 1);
    CHECK_STR(told(w, 3, "reach"), "reached 0");
    world_close(w);
}

TEST(a_template_at_the_index_of_an_ended_one_does_not_reach_the_slots_that_live_on)
{
    if (geteuid() != 0)
        SKIP("needs root: own user ids");
    struct world *w = open_world();
    make(w, FIRST, "nothing");
    struct world_slot *old = start_of(w, 1, FIRST);
    stop(w, FIRST);
    CHECK_STR(told(w, 2, "reach"), "reached 0");
    CHECK_STR(world_tell(old, "echo alive"), "alive");
    world_close(w);
}

TEST(a_template_that_takes_too_much_memory_ends_alone_and_the_reason_is_told)
{
    if (geteuid() != 0)
        SKIP("needs root: cgroups");
    struct world *w = open_world();
    make(w, FIRST, "memory");
    CHECK_STR(w->template_why.text, "the packages need more than 64 MB to be imported");
    CHECK_INT(w->template_why.code, ERR_LIMIT);
    CHECK_STR(world_tell(start_of(w, 1, 0), "echo alive"), "alive");
    world_close(w);
}

static int children_of(pid_t pid)
{
    char path[64], line[8192] = "";
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *f = fopen(path, "r");
    CHECK(f);
    if (fgets(line, sizeof line, f))
        for (char *p = strtok(line, " \n"); p; p = strtok(NULL, " \n"))
            n++;
    fclose(f);
    return n;
}

TEST(a_template_makes_few_processes_and_none_outlives_it)
{
    if (geteuid() != 0)
        SKIP("needs root: cgroups");
    struct world *w = open_world();
    uint64_t deadline = clock_mono_us() + WORLD_DEADLINE_S * 1000000ull;
    make(w, FIRST, "processes");
    CHECK_STR(w->template_why.text, "limited");
    while (children_of(w->spawner) > 1 && clock_mono_us() < deadline)
        (void)sched_yield(); /* killed before the answer, reaped as they end */
    CHECK_INT(children_of(w->spawner), 1);
    world_close(w);
}

TEST(a_template_that_hides_a_process_in_the_cgroup_of_a_slot_is_ended)
{
    unsigned one = 1;
    if (geteuid() != 0)
        SKIP("needs root: cgroups");
    struct world *w = open_world();
    make(w, FIRST, "intrude");
    struct world_slot *s = start_of(w, 1, FIRST);
    start_of(w, 2, FIRST); /* orders are served one by one: the intruder of the first is in */
    world_kill(w, s);
    world_wait(w, until_failed, &one);
    CHECK_STR(w->template_why.text, "the packages put processes into the cgroup of a slot");
    CHECK_STR(world_tell(start_of(w, 3, 0), "echo alive"), "alive");
    world_close(w);
}

TEST(a_template_sees_no_process_but_its_own)
{
    struct world *w = open_world();
    start_of(w, 1, 0);
    CHECK_STR(told(w, 2, "look"), "seen 1");
    world_close(w);
}

TEST(a_template_keeps_the_rights_that_copies_need_and_no_others)
{
    struct world *w = open_world();
    /* SETGID, SETUID, NET_ADMIN, SYS_ADMIN */
    CHECK_STR(told(w, 1, "rights"), "2010c0");
    world_close(w);
}

TEST(a_template_makes_no_user_namespace)
{
    struct world *w = open_world();
    CHECK_STR(told(w, 1, "user namespace"), "r");
    world_close(w);
}

TEST(a_template_sees_no_group_of_others_in_a_hierarchy_it_mounts)
{
    struct world *w = open_world();
    start_of(w, 1, 0);
    CHECK_STR(told(w, 2, "groups"), "seen 0");
    world_close(w);
}

static void mounts_of(pid_t pid, char *text, size_t cap)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n, len = 0;
    while (fd >= 0 && (n = read(fd, text + len, cap - 1 - (size_t)len)) > 0)
        len += n;
    CHECK(fd >= 0 && len > 0);
    text[len] = 0;
}

TEST(what_a_template_does_to_its_mounts_reaches_nobody_else)
{
    static char before[1 << 16], after[1 << 16];
    struct world *w = open_world();
    make(w, FIRST + 1, "nothing");
    mounts_of(w->spawner, before, sizeof before);
    CHECK_STR(told(w, 1, "mounts"), "changed 0, stage 0");
    mounts_of(w->spawner, after, sizeof after);
    CHECK_STR(after, before);
    world_close(w);
}

TEST(a_forged_error_ends_its_template_and_is_printable)
{
    struct world *w = open_world();
    make(w, FIRST, "forge");
    CHECK_INT(w->template_why.code, ERR_SYSTEM);
    CHECK(str_is_utf8(str_of(w->template_why.text)) && !strchr(w->template_why.text, '\n'));
    CHECK_STR(world_tell(start_of(w, 1, 0), "echo alive"), "alive");
    world_close(w);
}

TEST(a_template_that_floods_a_start_socket_holds_up_nobody_else)
{
    struct world *w = open_world();
    make(w, FIRST, "flood");
    struct world_slot *s = world_ask_of(w, 1, FIRST, &sandbox_default_limits);
    CHECK_STR(world_tell(start_of(w, 2, 0), "echo alive"), "alive");
    world_wait(w, until_answered, s);
    CHECK(s->failed);
    world_close(w);
}

TEST(a_template_of_a_daemon_without_root_is_confined_as_well)
{
    const char *runners = world_runners_dir();
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* else /proc/self stays root's */
    CHECK(access(runners, X_OK) == 0);
    weaker =
        SANDBOX_WITHOUT_UIDS | SANDBOX_WITHOUT_MEMORY | SANDBOX_WITHOUT_CPU | SANDBOX_WITHOUT_PIDS;
    struct world *w = open_world();
    CHECK_STR(told(w, 1, "rights"), "2010c0");
    stop(w, FIRST);
    CHECK_STR(told(w, 2, "user namespace"), "r");
    world_close(w);
}

static const struct CMUnitTest as_nobody[] = {
    cmocka_unit_test(a_template_of_a_daemon_without_root_is_confined_as_well),
};

TEST(without_root_a_template_keeps_no_more_rights)
{
    int status;
    if (geteuid() != 0)
        SKIP("needs root, to become nobody");
    pid_t pid = fork();
    if (pid == 0)
        exit(cmocka_run_group_tests(as_nobody, NULL, NULL));
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_template_reaches_no_slot_and_no_template_but_its_own),
    cmocka_unit_test(a_template_at_the_index_of_an_ended_one_does_not_reach_the_slots_that_live_on),
    cmocka_unit_test(a_template_that_takes_too_much_memory_ends_alone_and_the_reason_is_told),
    cmocka_unit_test(a_template_makes_few_processes_and_none_outlives_it),
    cmocka_unit_test(a_template_that_hides_a_process_in_the_cgroup_of_a_slot_is_ended),
    cmocka_unit_test(a_template_sees_no_process_but_its_own),
    cmocka_unit_test(a_template_keeps_the_rights_that_copies_need_and_no_others),
    cmocka_unit_test(a_template_makes_no_user_namespace),
    cmocka_unit_test(a_template_sees_no_group_of_others_in_a_hierarchy_it_mounts),
    cmocka_unit_test(what_a_template_does_to_its_mounts_reaches_nobody_else),
    cmocka_unit_test(a_forged_error_ends_its_template_and_is_printable),
    cmocka_unit_test(a_template_that_floods_a_start_socket_holds_up_nobody_else),
    cmocka_unit_test(without_root_a_template_keeps_no_more_rights),
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    if (argc == 2 && !strcmp(argv[1], "template"))
        template_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
