#include "sandbox/filter.h"

#include "base/fd.h"
#include "base/test.h"
#include "sandbox/filter_table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says back: a small number instead of a test failure, for it has no output. */
enum { RAN = 0, NOT_LOADED = 100 };

static int status_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void load(void)
{
    struct filter f;
    struct err e = {0};
    if (filter_build(&f, &e) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        filter_load_base(&f, &e) < 0 || filter_load_seal(&f, &e) < 0)
        _exit(NOT_LOADED);
    filter_done(&f);
}

/* errno of one call under the filter; 0 when it was let through and worked. */
#define UNDER_FILTER(expression)                                                                   \
    ({                                                                                             \
        pid_t pid_ = fork();                                                                       \
        if (pid_ == 0) {                                                                           \
            load();                                                                                \
            errno = 0;                                                                             \
            long rc_ = (long)(expression);                                                         \
            _exit(rc_ == -1 ? errno : RAN);                                                        \
        }                                                                                          \
        int status_ = status_of(pid_);                                                             \
        WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);                            \
    })

static int run(const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        load();
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return status_of(pid);
}

TEST(the_seal_of_a_copy_is_short)
{
    struct filter f;
    struct err e = {0};
    CHECK(filter_build(&f, &e) == 0);
    CHECK(f.base.len > 100 && f.base.len < 4096);
    CHECK(f.seal.len > 10 && f.seal.len < 60); /* each copy loads it: short is quick */
    filter_done(&f);
    CHECK(f.base.filter == NULL && f.seal.filter == NULL);
    filter_done(&f);
}

TEST(without_no_new_privs_and_rights_loading_is_an_error)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct filter f;
        struct err e = {0};
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        _exit(filter_build(&f, &e) < 0 || filter_load_base(&f, &e) == 0 || e.sys != EACCES);
    }
    CHECK_INT(status_of(pid), 0);
}

static void refused_as_written(const struct filter_group *g)
{
    char *names = strdup(g->names);
    for (char *save = NULL, *name = strtok_r(names, " ", &save); name;
         name = strtok_r(NULL, " ", &save)) {
        int number = seccomp_syscall_resolve_name(name);
        if (number < 0)
            continue; /* not on this machine */
        int got = UNDER_FILTER(syscall(number, -1L, -1L, -1L, -1L, -1L, -1L));
        if (got != g->error)
            fail_msg("%s answers %d", name, got);
    }
    free(names);
}

TEST(every_refused_call_answers_as_the_table_says)
{
    for (size_t i = 0; i < filter_refused_count; i++)
        refused_as_written(&filter_refused[i]);
    for (size_t i = 0; i < filter_setup_count; i++)
        refused_as_written(&filter_setup[i]);
    CHECK_INT(UNDER_FILTER(ioctl(0, SIOCSIFFLAGS, NULL)), EPERM);
}

TEST(between_base_and_seal_the_way_into_a_slot_is_open)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct filter f;
        struct err e = {0};
        if (filter_build(&f, &e) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            filter_load_base(&f, &e) < 0)
            _exit(NOT_LOADED);
        if (unshare(CLONE_FILES) < 0 || setns(-1, 0) == 0 || errno != EPERM)
            _exit(1);
        if (filter_load_seal(&f, &e) < 0)
            _exit(2);
        _exit(unshare(CLONE_FILES) == 0 || errno != EPERM || filter_load_seal(&f, &e) == 0);
    }
    CHECK_INT(status_of(pid), 0);
}

TEST(what_has_an_older_way_or_is_unknown_answers_enosys)
{
    CHECK_INT(UNDER_FILTER(syscall(SYS_clone3, NULL, 0)), ENOSYS);
    CHECK_INT(UNDER_FILTER(syscall(SYS_io_uring_setup, 1, NULL)), ENOSYS);
    CHECK_INT(UNDER_FILTER(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0)), ENOSYS);
    CHECK_INT(UNDER_FILTER(syscall(SYS_io_setup, 1, NULL)), ENOSYS);
    CHECK_INT(UNDER_FILTER(syscall(SYS_seccomp, 0, 0, NULL)), ENOSYS);
    CHECK_INT(UNDER_FILTER(syscall(999)), ENOSYS);
}

TEST(clone_makes_processes_and_threads_but_no_namespace)
{
    static const int spaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                 CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        CHECK_INT(UNDER_FILTER(syscall(SYS_clone, spaces[i] | SIGCHLD, 0, 0, 0, 0)), EPERM);
        CHECK_INT(UNDER_FILTER(syscall(SYS_clone, spaces[i] | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)),
                  EPERM);
    }
    CHECK_INT(UNDER_FILTER(fork()), RAN);
}

TEST(sockets_are_unix_tcp_and_udp_only)
{
    CHECK_INT(UNDER_FILTER(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), RAN);
    CHECK_INT(UNDER_FILTER(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 6)), RAN);
    CHECK_INT(UNDER_FILTER(socket(AF_INET6, SOCK_DGRAM, 0)), RAN);
    CHECK_INT(UNDER_FILTER(socket(AF_INET, SOCK_RAW, 1)), EPERM);
    CHECK_INT(UNDER_FILTER(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 255)), EPERM);
    CHECK_INT(UNDER_FILTER(socket(AF_INET, SOCK_STREAM, 132 /* sctp */)), ENOSYS);
    CHECK_INT(UNDER_FILTER(socket(AF_NETLINK, SOCK_RAW, 0)), EAFNOSUPPORT);
    CHECK_INT(UNDER_FILTER(socket(AF_PACKET, SOCK_RAW, 0)), EAFNOSUPPORT);
    CHECK_INT(UNDER_FILTER(socket(AF_VSOCK, SOCK_STREAM, 0)), EAFNOSUPPORT);
    CHECK_INT(UNDER_FILTER(socket(AF_ALG, SOCK_SEQPACKET, 0)), EAFNOSUPPORT);
    for (int family = AF_INET6 + 1; family < 48; family++)
        CHECK(UNDER_FILTER(socket(family, SOCK_STREAM, 0)) != RAN);
}

/* The kernel reads an int where the filter sees 64 bits. */
TEST(high_bits_of_an_int_argument_change_nothing)
{
    unsigned long high = 1ul << 32;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        SKIP("pseudo-terminals (/dev/ptmx)");
    CHECK_INT(UNDER_FILTER(syscall(SYS_ioctl, terminal, high | TIOCSTI, "x")), EPERM);
    CHECK_INT(UNDER_FILTER(syscall(SYS_socket, high | AF_NETLINK, SOCK_RAW, 0)), EAFNOSUPPORT);
    CHECK_INT(UNDER_FILTER(syscall(SYS_personality, high | 0xffffffff)), RAN);
    CHECK_INT(UNDER_FILTER(syscall(SYS_ioctl, terminal, high | TIOCGWINSZ, (char[64]){0})), RAN);
    close(terminal);
}

TEST(nobody_types_into_a_terminal_or_loads_a_line_discipline)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int discipline = 0;
    if (terminal < 0)
        SKIP("pseudo-terminals (/dev/ptmx)");
    CHECK_INT(UNDER_FILTER(ioctl(terminal, TIOCSTI, "x")), EPERM);
    CHECK_INT(UNDER_FILTER(ioctl(terminal, TIOCLINUX, "x")), EPERM);
    CHECK_INT(UNDER_FILTER(ioctl(terminal, TIOCSETD, &discipline)), EPERM);
    CHECK_INT(UNDER_FILTER(isatty(terminal) ? 0 : -1), RAN);
    close(terminal);
}

TEST(personality_can_be_asked_but_not_changed)
{
    CHECK_INT(UNDER_FILTER(personality(0xffffffff)), RAN);
    CHECK_INT(UNDER_FILTER(personality(0)), RAN);
    CHECK(UNDER_FILTER(personality(ADDR_NO_RANDOMIZE)) != RAN);
    CHECK(UNDER_FILTER(personality(READ_IMPLIES_EXEC)) != RAN);
}

TEST(prctl_is_limited_to_harmless_options)
{
    CHECK_INT(UNDER_FILTER(prctl(PR_SET_NAME, "x", 0, 0, 0)), RAN);
    CHECK(UNDER_FILTER(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)) != RAN);
    CHECK(UNDER_FILTER(prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)) != RAN);
    CHECK(UNDER_FILTER(prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0)) != RAN);
}

TEST(device_nodes_are_refused_and_fifos_are_not)
{
    char name[64];
    snprintf(name, sizeof name, "/tmp/virga-filter-%d", (int)getpid());
    CHECK_INT(UNDER_FILTER(mknod(name, S_IFCHR | 0600, 0x103)), EPERM);
    CHECK_INT(UNDER_FILTER(mknod(name, S_IFBLK | 0600, 0x800)), EPERM);
    CHECK_INT(UNDER_FILTER(mkfifo(name, 0600)), RAN);
    CHECK(unlink(name) == 0);
}

TEST(descriptors_are_controlled_but_files_are_not_watched)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    CHECK_INT(UNDER_FILTER(fcntl(fds[0], F_GETFL)), RAN);
    CHECK_INT(UNDER_FILTER(fcntl(fds[0], F_SETFD, FD_CLOEXEC)), RAN);
    CHECK_INT(UNDER_FILTER(fcntl(fds[0], F_DUPFD_CLOEXEC, 0)), RAN);
    CHECK_INT(UNDER_FILTER(fcntl(fds[0], F_GETPIPE_SZ)), RAN);
    CHECK_INT(UNDER_FILTER(fcntl(fds[0], F_SETPIPE_SZ, 4096)), RAN);
    CHECK_INT(UNDER_FILTER(fcntl(memfd_create("x", MFD_ALLOW_SEALING), F_ADD_SEALS, F_SEAL_GROW)),
              RAN);
    CHECK_INT(UNDER_FILTER(fcntl(memfd_create("x", 0), F_OFD_SETLK,
                                 &(struct flock){.l_type = F_WRLCK, .l_len = 1})),
              RAN);
    CHECK_INT(UNDER_FILTER(fcntl(open("/usr", O_RDONLY), F_NOTIFY, DN_ACCESS)), ENOSYS);
    CHECK_INT(UNDER_FILTER(fcntl(fds[0], F_SETLEASE, F_RDLCK)), ENOSYS);
    CHECK_INT(UNDER_FILTER(inotify_init1(0)), ENOSYS);
    close(fds[0]);
    close(fds[1]);
}

TEST(huge_pages_are_refused)
{
    CHECK(UNDER_FILTER(mmap(NULL, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
                            0)) != RAN);
    CHECK(UNDER_FILTER(memfd_create("x", MFD_HUGETLB)) != RAN);
    CHECK(UNDER_FILTER(shmget(IPC_PRIVATE, 2 << 20, SHM_HUGETLB | 0600)) != RAN);
    CHECK_INT(UNDER_FILTER(memfd_create("x", MFD_CLOEXEC)), RAN);
}

#ifdef __x86_64__
TEST(calls_of_other_architectures_kill_the_process)
{
    CHECK_INT(UNDER_FILTER(syscall(0x40000000 | SYS_getpid)), -SIGSYS); /* x32 */
    CHECK_INT(UNDER_FILTER(({
                  long rc = 20; /* getpid of 32-bit x86 */
                  __asm__ volatile("int $0x80" : "+a"(rc) : : "memory");
                  rc;
              })),
              -SIGSYS);
}
#else
TEST(calls_of_other_architectures_kill_the_process)
{
    SKIP("written for x86-64");
}
#endif

static void runs(const char *const *argv)
{
    if (access(argv[0], X_OK) < 0)
        SKIP(argv[0]);
    CHECK_INT(run(argv), 0);
}

TEST(a_shell_and_its_tools_run)
{
    runs((const char *[]){"/bin/sh", "-c",
                          "set -e; d=$(mktemp -d); cp /etc/passwd $d/a; ln -s a $d/b; "
                          "mv $d/a $d/c; grep -c root $d/c | cat >/dev/null; touch $d/e; "
                          "mkfifo $d/f; ls -l $d >/dev/null; tar -C $d -cf - c | tar -tf - "
                          ">/dev/null; rm -r $d; date >/dev/null; sleep 0; true & wait",
                          NULL});
}

TEST(python_runs_with_threads_processes_and_sockets)
{
    runs((const char *[]){
        "/usr/bin/python3", "-c",
        "import threading, subprocess, socket, asyncio, os, tempfile, multiprocessing\n"
        "t = threading.Thread(target=lambda: None); t.start(); t.join()\n"
        "assert subprocess.run(['echo', 'a'], capture_output=True).stdout == b'a\\n'\n"
        "s = socket.create_server(('127.0.0.1', 0)); c = "
        "socket.create_connection(s.getsockname())\n"
        "async def f():\n"
        "    p = await asyncio.create_subprocess_exec('true'); return await p.wait()\n"
        "assert asyncio.run(f()) == 0\n"
        "socket.getaddrinfo('localhost', 80)\n"
        "with multiprocessing.get_context('fork').Pool(2) as p: assert p.map(abs, [-1]) == [1]\n"
        "with tempfile.TemporaryFile() as f: f.write(b'x')\n",
        NULL});
}

TEST(node_runs_with_workers_children_and_sockets)
{
    runs((const char *[]){
        "/usr/bin/node", "-e",
        "const { Worker } = require('worker_threads'), net = require('net'), fs = require('fs');"
        "const work = new Promise((ok) => new Worker('0', { eval: true }).on('exit', ok));"
        "const talk = new Promise((ok) => { const s = net.createServer((c) => c.end('x'));"
        "  s.listen(0, '127.0.0.1', () => net.connect(s.address().port).on('data', () => "
        "    { s.close(); ok(0); })); });"
        "const read = fs.promises.readFile('/etc/passwd');"
        "if (require('child_process').execSync('echo a').toString() !== 'a\\n') process.exit(1);"
        "let n = 0; for (let i = 0; i < 1e6; i++) n += i;"
        "Promise.all([work, talk, read, fetch('data:,x')]).then(() => process.exit(0));",
        NULL});
}

TEST_MAIN(the_seal_of_a_copy_is_short, without_no_new_privs_and_rights_loading_is_an_error,
          every_refused_call_answers_as_the_table_says,
          between_base_and_seal_the_way_into_a_slot_is_open,
          what_has_an_older_way_or_is_unknown_answers_enosys,
          clone_makes_processes_and_threads_but_no_namespace, sockets_are_unix_tcp_and_udp_only,
          high_bits_of_an_int_argument_change_nothing,
          nobody_types_into_a_terminal_or_loads_a_line_discipline,
          personality_can_be_asked_but_not_changed, prctl_is_limited_to_harmless_options,
          device_nodes_are_refused_and_fifos_are_not,
          descriptors_are_controlled_but_files_are_not_watched, huge_pages_are_refused,
          calls_of_other_architectures_kill_the_process, a_shell_and_its_tools_run,
          python_runs_with_threads_processes_and_sockets,
          node_runs_with_workers_children_and_sockets)
