/* Each row tries the real thing in a forked child, which reports with an errno: 0 works. What the
 * errno means on the usual hosts decides the fix that is named. */
#include "sandbox/probe.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/must.h"
#include "sandbox/cgroup_tree.h"
#include "sandbox/filter.h"
#include "uplink/uplink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct results {
    struct probe_result *at;
    size_t n, max;
};

/* What --allow-weaker calls the protections. */
static const struct {
    const char *feature, *words;
} weaker_words[] = {
    {"memory limit", "memory"},       {"CPU limit", "cpu"},
    {"process limit", "pids"},        {"cgroup", "memory,cpu,pids"},
    {"own user id per slot", "uids"},
};

static const char *words_for(const char *feature)
{
    for (size_t i = 0; i < ARRAY_LEN(weaker_words); i++)
        if (strcmp(weaker_words[i].feature, feature) == 0)
            return weaker_words[i].words;
    return NULL;
}

static void put(struct results *l, const char *feature, enum probe_state state, const char *detail,
                const char *fix)
{
    if (l->n == l->max)
        return;
    struct probe_result *r = &l->at[l->n++];
    r->feature = feature;
    r->state = state;
    r->weaker = words_for(feature);
    snprintf(r->detail, sizeof r->detail, "%s", detail);
    snprintf(r->fix, sizeof r->fix, "%s", state == PROBE_WORKS ? "" : fix);
}

/* Runs `try` in a child and returns its errno, or -1 with nothing known when it did not get to
 * answer. */
static int in_child(int (*try)(void))
{
    int pair[2], answer = -1;
    if (pipe2(pair, O_CLOEXEC) < 0)
        return errno;
    pid_t pid = fork();
    if (pid == 0) {
        answer = try();
        _exit(write(pair[1], &answer, sizeof answer) != sizeof answer);
    }
    close(pair[1]);
    if (pid < 0)
        answer = errno;
    else if (read(pair[0], &answer, sizeof answer) != sizeof answer)
        answer = -1;
    close(pair[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return answer;
}

/* --- namespaces: each beside a new user namespace, as a slot makes them --- */

static int done(long rc)
{
    return rc < 0 ? errno : 0;
}

static bool write_file(const char *path, const char *text)
{
    auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static int enter(int flags)
{
    char map[32];
    snprintf(map, sizeof map, "0 %u 1", (unsigned)geteuid());
    if (unshare(CLONE_NEWUSER | flags) < 0)
        return errno;
    return write_file("/proc/self/uid_map", map) ? 0 : errno;
}

static int try_user(void)
{
    return enter(0);
}
static int try_mount(void)
{
    int sys = enter(CLONE_NEWNS);
    return sys ? sys : done(mount("tmpfs", "/tmp", "tmpfs", 0, "size=64k"));
}
static int try_pid(void)
{
    return enter(CLONE_NEWPID);
}
static int try_net(void)
{
    return enter(CLONE_NEWNET);
}
static int try_ipc(void)
{
    return enter(CLONE_NEWIPC);
}
static int try_uts(void)
{
    return enter(CLONE_NEWUTS);
}
static int try_cgroup_namespace(void)
{
    return enter(CLONE_NEWCGROUP);
}

static int mount_proc(void)
{
    return done(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
}

static int try_proc(void)
{
    int sys = enter(CLONE_NEWNS | CLONE_NEWPID);
    return sys ? sys : in_child(mount_proc); /* only a child is in the new pid namespace */
}

/* --- the rest of the kernel --- */

static int try_no_new_privs(void)
{
    return done(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* Loads the real filter and sees it refuse. */
static int try_filter(void)
{
    struct filter f;
    struct err e = {0};
    if (filter_build(&f, &e) < 0)
        return e.sys ? e.sys : EINVAL;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return errno;
    if (filter_load_base(&f, &e) < 0 || filter_load_seal(&f, &e) < 0)
        return e.sys;
    return unshare(CLONE_FILES) < 0 && errno == EPERM ? 0 : EINVAL;
}

static int try_pidfd(void)
{
    return done(syscall(SYS_pidfd_open, getpid(), 0));
}

static int try_clone3(void)
{
    (void)syscall(SYS_clone3, NULL, 0); /* EINVAL where it exists */
    return errno == EINVAL ? 0 : errno;
}

static int try_openat2(void)
{
    struct open_how how = {.flags = O_PATH, .resolve = RESOLVE_NO_SYMLINKS};
    return done(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how));
}

static int try_close_range(void)
{
    return done(syscall(SYS_close_range, ~0u, ~0u, 0));
}

static const char kernel_fix[] = "a kernel from 5.10 on, not filtered by an outer container "
                                 "(docker run --security-opt seccomp=unconfined)";
static const char namespace_fix[] =
    "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=65536; Ubuntu: sysctl "
    "-w "
    "kernel.apparmor_restrict_unprivileged_userns=0; in a container: --security-opt "
    "seccomp=unconfined --security-opt apparmor=unconfined";
static const char proc_fix[] =
    "an outer container hides parts of /proc: docker run --security-opt systempaths=unconfined "
    "(Kubernetes: securityContext.procMount: Unmasked)";

static const struct check {
    const char *feature;
    int (*try)(void);
    const char *works;
    const char *fix;
} checks[] = {
    {"user namespaces", try_user, "slots run as nobody outside", namespace_fix},
    {"mount namespace", try_mount, "own mounts", namespace_fix},
    {"pid namespace", try_pid, "own process numbers", namespace_fix},
    {"network namespace", try_net, "no network by default", namespace_fix},
    {"ipc namespace", try_ipc, "own shared memory and queues", namespace_fix},
    {"uts namespace", try_uts, "own host name", namespace_fix},
    {"cgroup namespace", try_cgroup_namespace, "own view of cgroups", namespace_fix},
    {"fresh /proc", try_proc, "shows a slot its own processes only", proc_fix},
    {"no_new_privs", try_no_new_privs, "setuid programs gain nothing", kernel_fix},
    {"syscall filter", try_filter, "seccomp, loaded and seen refusing",
     "a kernel with CONFIG_SECCOMP_FILTER=y"},
    {"pidfd_open", try_pidfd, "processes are held by descriptor", kernel_fix},
    {"clone3", try_clone3, "slots are born in their namespaces", kernel_fix},
    {"openat2", try_openat2, "paths are opened beneath a directory", kernel_fix},
    {"close_range", try_close_range, "descriptors are closed in one call", kernel_fix},
};

static void check_kernel(struct results *l)
{
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        const struct check *c = &checks[i];
        int sys = in_child(c->try);
        const char *failure = sys < 0 ? "the attempt was killed" : strerror(sys);
        put(l, c->feature, sys ? PROBE_MISSING : PROBE_WORKS, sys ? failure : c->works,
            sys == ENOSPC ? "sysctl -w user.max_user_namespaces=65536" : c->fix);
    }
}

/* --- what the start itself depends on --- */

static void check_cgroup(struct results *l)
{
    static const char *const features[] = {[CGROUP_MEMORY] = "memory limit",
                                           [CGROUP_CPU] = "CPU limit",
                                           [CGROUP_PIDS] = "process limit"};
    struct cgroup *c;
    struct err e = {0};
    char detail[64];
    if (cgroup_look(&cgroup_real_host, &c, &e) < 0) {
        put(l, "cgroup", PROBE_WEAKER, e.text, "mount /proc and a cgroup hierarchy");
        return;
    }
    for (unsigned k = 0; k < CGROUP_CONTROLLERS; k++) {
        snprintf(detail, sizeof detail, "cgroup v%d, controller '%s'", c->version,
                 cgroup_kind_names[k]);
        if (!(c->missing & 1u << k)) {
            put(l, features[k], PROBE_WORKS, detail, "");
            continue;
        }
        char *fix = strstr(c->why[k].text, "; "); /* "what failed; how to mend it" */
        if (fix)
            *fix = 0;
        put(l, features[k], PROBE_WEAKER, c->why[k].text, fix ? fix + 2 : "");
    }
    cgroup_close(c);
}

static void check_uids(struct results *l)
{
    bool root = geteuid() == 0;
    put(l, "own user id per slot", root ? PROBE_WORKS : PROBE_WEAKER,
        root ? "started as root" : "started without root: slots share one host user",
        "start as root (it drops its rights before it listens)");
}

/* --- runtimes --- */

static bool has_program(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    bool found = false;
    if (!list) {
        fd_close(&copy);
        return false;
    }
    for (struct dirent *d; !found && (d = readdir(list));) {
        struct stat st;
        found = fstatat(dir, d->d_name, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
    }
    closedir(list);
    return found;
}

static void check_runtimes(struct results *l, const char *runners_dir)
{
    auto_fd int dir = runners_dir ? open(runners_dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    auto_fd int python = dir < 0 ? -1 : openat(dir, "python", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char detail[200];
    if (runners_dir) {
        snprintf(detail, sizeof detail, "%.150s%s", runners_dir,
                 dir < 0 ? " cannot be opened" : "");
        put(l, "runners", dir < 0 ? PROBE_MISSING : PROBE_WORKS, detail,
            "point --runners at the installed runners (a source tree: run 'make')");
        bool there = python >= 0 && has_program(python);
        put(l, "runtime python", there ? PROBE_WORKS : PROBE_WEAKER,
            there ? "runner found" : "no runner program below the runners' directory",
            "apt-get install libpython3.11-dev and 'make', or install the virga package");
    }
    bool node = access("/usr/bin/node", X_OK) == 0;
    put(l, "runtime nodejs", node ? PROBE_WORKS : PROBE_WEAKER,
        node ? "/usr/bin/node" : "/usr/bin/node is not there: no Node.js functions",
        "apt-get install nodejs");
}

/* --- what slots may have on top --- */

/* Without an id map, which takes rights that a service need not have: to the device we stay who we
 * are. */
static int try_egress(void)
{
    struct err e = {0};
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return errno;
    auto_fd int tap = uplink_tap_open(&e);
    return tap >= 0 ? 0 : e.sys ? e.sys : EINVAL;
}

/* It protects from nothing: without it functions have no network. */
static void check_egress(struct results *l)
{
    char detail[200];
    int sys = in_child(try_egress);
    snprintf(detail, sizeof detail, "/dev/net/tun: %s",
             sys < 0 ? "the attempt was killed" : strerror(sys));
    put(l, "egress network", sys ? PROBE_WEAKER : PROBE_WORKS,
        sys ? detail : "functions can have network: /dev/net/tun",
        sys == EACCES || sys == EPERM
            ? "chmod 0666 /dev/net/tun, or start as root; in a container also --device /dev/net/tun"
            : "modprobe tun (and name it in /etc/modules-load.d/); in a container: --device "
              "/dev/net/tun");
}

bool probe_egress(struct probe_result *ret)
{
    struct results l = {.at = ret, .max = 1};
    check_egress(&l);
    return ret->state == PROBE_WORKS;
}

size_t probe_all(const char *runners_dir, struct probe_result *ret, size_t max)
{
    struct results l = {.at = ret, .max = max};
    check_kernel(&l);
    check_cgroup(&l);
    check_uids(&l);
    check_runtimes(&l, runners_dir);
    check_egress(&l);
    return l.n;
}

bool probe_unprotected(const struct probe_result *r)
{
    return r->state == PROBE_MISSING || (r->state == PROBE_WEAKER && r->weaker);
}
