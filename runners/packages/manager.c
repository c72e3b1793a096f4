#include "work.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PYTHON "/usr/bin/python3"
#define NODE   "/usr/bin/node"
#define NPM    "/usr/bin/npm"

enum { ANSWER_MAX = 4096, ENV_OWN_MAX = 24 };

/* What both need, whatever was ordered. Files of the root's administrator say nothing here: what
 * counts of them comes with the order. */
static const char *const fixed_env[] = {
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "LANG=C.UTF-8",
    "NO_COLOR=1",
    "PIP_CONFIG_FILE=/dev/null",
    "PIP_NO_INPUT=1",
    "PIP_DISABLE_PIP_VERSION_CHECK=1",
    "npm_config_globalconfig=/dev/null",
    "npm_config_update_notifier=false",
    "npm_config_audit=false",
    "npm_config_fund=false",
    "npm_config_color=false",
    "npm_config_progress=false",
    "npm_config_foreground_scripts=true",
    "npm_config_nodedir=/usr",
    /* newer ones ask before they run a package's scripts: that is what this sandbox is for */
    "npm_config_dangerously_allow_all_scripts=true",
};

/* The child's environment: ours, the way out, the order's. In `own` live those that are made. */
static char **environment(struct work *w, char own[6][PATH_MAX], char **ret)
{
    static const char *const proxies[] = {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"};
    char top[PATH_MAX - 64];
    size_t n = 0;
    must(getcwd(top, sizeof top));
    for (size_t i = 0; i < ARRAY_LEN(fixed_env); i++)
        ret[n++] = (char *)(uintptr_t)fixed_env[i];
    for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
        snprintf(own[i], PATH_MAX, "%s=http://127.0.0.1:%u", proxies[i], w->port);
        ret[n++] = own[i];
    }
    snprintf(own[4], PATH_MAX, "HOME=%s/home", top);
    snprintf(own[5], PATH_MAX, "TMPDIR=%s", top);
    ret[n++] = own[4];
    ret[n++] = own[5];
    must(n + w->env_count < ENV_OWN_MAX + WORK_ENV_MAX);
    for (unsigned i = 0; i < w->env_count; i++)
        ret[n++] = w->env[i];
    ret[n] = NULL;
    return ret;
}

/* `out`: where its standard output goes, or -1 for the log. The program's socket is not for it. */
static pid_t start(struct work *w, const char *const *argv, const char *dir, int out, struct err *e)
{
    char own[6][PATH_MAX];
    char *env[ENV_OWN_MAX + WORK_ENV_MAX];
    environment(w, own, env);
    pid_t pid = fork();
    if (pid < 0)
        return err_sys(e, "start '%s'", argv[0]);
    if (pid > 0)
        return pid;
    if ((out >= 0 && dup2(out, STDOUT_FILENO) < 0) || chdir(dir) < 0 || close_range(3, ~0u, 0) < 0)
        _exit(126);
    execve(argv[0], (char *const *)(uintptr_t)argv, env);
    dprintf(STDERR_FILENO, "cannot run %s: %m\n", argv[0]);
    _exit(127);
}

/* Reaps orphans on the way: in a slot this is process 1. */
static int wait_for(pid_t pid, const char *name, struct err *e)
{
    int status;
    for (pid_t got; (got = waitpid(-1, &status, 0)) != pid;)
        if (got < 0 && errno != EINTR)
            return err_sys(e, "wait for '%s'", name);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        return err_set(e, ERR_INVALID, "%s ended with status %d", name, WEXITSTATUS(status));
    return err_set(e, ERR_INVALID, "%s was ended by signal %d", name, WTERMSIG(status));
}

static int run(struct work *w, const char *name, const char *const *argv, const char *dir,
               struct err *e)
{
    pid_t pid = start(w, argv, dir, -1, e);
    return pid < 0 ? -1 : wait_for(pid, name, e);
}

/* What a program says, without the end of line. */
static int ask(struct work *w, const char *const *argv, struct buf *ret, struct err *e)
{
    int p[2];
    if (pipe2(p, O_CLOEXEC) < 0)
        return err_sys(e, "make a pipe");
    auto_fd int out = p[0], in = p[1];
    pid_t pid = start(w, argv, "home", in, e);
    fd_close(&in);
    if (pid < 0 || fd_read_all(out, ANSWER_MAX, ret, e) < 0 || wait_for(pid, argv[0], e) < 0)
        return -1;
    while (ret->len && ret->data[ret->len - 1] == '\n')
        ret->len--;
    return 0;
}

/* Either may be missing: that shows when it is wanted. */
static void add_version(struct work *w, const char *const *argv, struct buf *out)
{
    struct err ignored = {0};
    auto_buf struct buf text = {0};
    if (access(argv[0], X_OK) == 0 && ask(w, argv, &text, &ignored) == 0)
        buf_add_str(out, buf_str(&text));
    buf_addz(out, "\n");
}

int manager_runtime(struct work *w, struct err *e)
{
    static const char *const python[] = {
        PYTHON, "-I", "-S", "-c", "import platform; print(platform.python_version())", NULL};
    static const char *const node[] = {NODE, "-p", "process.versions.node", NULL};
    auto_buf struct buf text = {0};
    struct utsname name;
    char musl[128];
    must(uname(&name) == 0);
    snprintf(musl, sizeof musl, "/lib/ld-musl-%s.so.1", name.machine);
    add_version(w, python, &text);
    add_version(w, node, &text);
    buf_addf(&text, "linux-%s-%s", name.machine, access(musl, F_OK) == 0 ? "musl" : "glibc");
    return work_send(w, WIRE_RUNTIME, buf_str(&text), e);
}

int manager_index(struct work *w, enum wire_language language, struct err *e)
{
    static const char *const pip[] = {
        PYTHON, "-I", "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)",
        NULL};
    static const char *const npm[] = {NPM, "config", "get", "registry", NULL};
    auto_buf struct buf text = {0};
    if (ask(w, language == WIRE_NODE ? npm : pip, &text, e) < 0)
        return -1;
    return work_send(w, WIRE_INDEX, buf_str(&text), e);
}

/* Compiled with unchecked hashes: times of files are not kept on the way, and a layer never
 * changes. The names in tracebacks are those that the functions see. A file that cannot be compiled
 * is the package's affair. */
static int install_python(struct work *w, struct err *e)
{
    static const char *const pip[] = {PYTHON,
                                      "-I",
                                      "-m",
                                      "pip",
                                      "install",
                                      "--target",
                                      "../layer/python",
                                      "--no-input",
                                      "--disable-pip-version-check",
                                      "--no-color",
                                      "--progress-bar",
                                      "off",
                                      "--no-warn-script-location",
                                      "--no-cache-dir",
                                      "--no-compile",
                                      "-r",
                                      "requirements.txt",
                                      NULL};
    static const char *const compile[] = {PYTHON,
                                          "-I",
                                          "-m",
                                          "compileall",
                                          "-qq",
                                          "--invalidation-mode",
                                          "unchecked-hash",
                                          "-s",
                                          "python",
                                          "-p",
                                          "/opt/layer/python",
                                          "python",
                                          NULL};
    struct err ignored = {0};
    if (run(w, "pip", pip, "home", e) < 0)
        return -1;
    if (mkdir("layer/python", 0755) < 0 && errno != EEXIST)
        return err_sys(e, "make 'layer/python'");
    (void)run(w, "compileall", compile, "layer", &ignored);
    return 0;
}

static int move(const char *from, const char *to, struct err *e)
{
    if (rename(from, to) < 0 && errno != ENOENT)
        return err_sys(e, "move '%s'", from);
    return 0;
}

static int install_node(struct work *w, struct err *e)
{
    static const char *const install[] = {NPM, "install", "--omit=dev", "--loglevel=http", NULL};
    static const char *const exact[] = {NPM, "ci", "--omit=dev", "--loglevel=http", NULL};
    bool locked = access("home/package-lock.json", F_OK) == 0;
    if (move("home/package.json", "layer/package.json", e) < 0 ||
        move("home/package-lock.json", "layer/package-lock.json", e) < 0 ||
        run(w, "npm", locked ? exact : install, "layer", e) < 0)
        return -1;
    if (mkdir("layer/node_modules", 0755) < 0 && errno != EEXIST)
        return err_sys(e, "make 'layer/node_modules'");
    return 0;
}

int manager_install(struct work *w, struct err *e)
{
    if ((w->language == WIRE_NODE ? install_node : install_python)(w, e) < 0)
        return -1;
    return work_send(w, WIRE_INSTALLED, STR(""), e);
}
