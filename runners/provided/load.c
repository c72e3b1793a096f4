#include "provided.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 1024 };

/* Files */

struct file {
    struct str path, bytes;
    uint16_t mode;
};

static bool path_is_plain(struct str path)
{
    if (!path.n || path.n >= PATH_LEN_MAX || memchr(path.p, 0, path.n))
        return false;
    while (path.p) {
        struct str segment = str_cut(&path, '/');
        if (!segment.n || str_is(segment, ".") || str_is(segment, ".."))
            return false;
    }
    return true;
}

static int take_file(struct str *rest, struct file *ret, struct err *e)
{
    uint16_t path_length;
    uint32_t size;
    if (!frames_u16(rest, &path_length) || !frames_u16(rest, &ret->mode) ||
        !frames_u32(rest, &size) || !frames_bytes(rest, path_length, &ret->path) ||
        !frames_bytes(rest, size, &ret->bytes))
        return err_set(e, ERR_INVALID, "the LOAD frame is cut short");
    if (!path_is_plain(ret->path))
        return err_set(e, ERR_INVALID, "file name '" STR_FMT "' is not allowed",
                       STR_ARG(ret->path));
    return 0;
}

static int make_parents(int dir, char *path, struct err *e)
{
    for (char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdirat(dir, path, 0755) < 0 && errno != EEXIST)
            return err_sys(e, "create directory '%s'", path);
        *at = '/';
    }
    return 0;
}

/* Plain openat: no user code has run yet that could have put a link into the directory. */
static int write_file(int dir, const struct file *file, struct err *e)
{
    char path[PATH_LEN_MAX];
    memcpy(path, file->path.p, file->path.n);
    path[file->path.n] = 0;
    if (make_parents(dir, path, e) < 0)
        return -1;
    auto_fd int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_sys(e, "create '%s'", path);
    if (fd_write_all(fd, file->bytes.p, file->bytes.n, e) < 0)
        return err_in(e, "'%s'", path);
    if (file->mode & 0111 && fchmod(fd, 0755) < 0)
        return err_sys(e, "make '%s' executable", path);
    return 0;
}

static int write_files(int dir, struct str files, struct err *e)
{
    while (files.n) {
        struct file file;
        if (take_file(&files, &file, e) < 0 || write_file(dir, &file, e) < 0)
            return -1;
    }
    return 0;
}

/* Environment */

struct environment {
    char **list; /* NULL-terminated, owned */
    size_t count;
};

static void environment_guard(struct environment *env)
{
    for (size_t i = 0; i < env->count; i++)
        free(env->list[i]);
    free(env->list);
}

/* Sets a variable; one of the same name is replaced. */
static void set(struct environment *env, const char *name, const char *value)
{
    auto_buf struct buf text = {0};
    buf_addf(&text, "%s=", name);
    size_t name_len = text.len, at = 0;
    buf_addz(&text, value);
    while (at < env->count && strncmp(env->list[at], text.data, name_len) != 0)
        at++;
    if (at == env->count) {
        env->list = mem_realloc(env->list, (env->count + 2) * sizeof *env->list);
        env->list[env->count++] = NULL;
        env->list[env->count] = NULL;
    }
    free(env->list[at]);
    env->list[at] = buf_take(&text);
}

static void set_number(struct environment *env, const char *name, json_int_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, value);
    set(env, name, text);
}

/* What the platform says about itself comes last: the user's variables cannot hide it. */
static void set_all(struct environment *env, const struct provided *p, const json_t *settings)
{
    const char *name;
    json_t *value;
    char address[32];
    set(env, "PATH", "/usr/local/bin:/usr/bin:/bin");
    set(env, "HOME", "/tmp");
    set(env, "TMPDIR", "/tmp");
    set(env, "LANG", "C.UTF-8");
    json_object_foreach(json_object_get(settings, "environment"), name,
                        value) if (json_is_string(value)) set(env, name, json_string_value(value));
    snprintf(address, sizeof address, "127.0.0.1:%u", p->port);
    set(env, "AWS_LAMBDA_RUNTIME_API", address);
    set(env, "AWS_LAMBDA_FUNCTION_NAME", json_string_value(json_object_get(settings, "function")));
    set_number(env, "AWS_LAMBDA_FUNCTION_VERSION",
               json_integer_value(json_object_get(settings, "version")));
    set(env, "LAMBDA_TASK_ROOT", p->code_dir);
    set(env, "_HANDLER", json_string_value(json_object_get(settings, "handler")));
}

/* Bootstrap */

/* As with AWS, the program is "bootstrap" and the handler is told to it in _HANDLER. Without such a
 * file the handler is the program. */
static int find_program(int dir, const char *handler, const char **ret, struct err *e)
{
    *ret = faccessat(dir, "bootstrap", F_OK, 0) == 0 ? "bootstrap" : handler;
    struct stat st;
    if (!path_is_plain(str_of(*ret)) || fstatat(dir, *ret, &st, 0) < 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_NOT_FOUND, "no file 'bootstrap' in the code");
    /* Code that came as text, not as an archive, has no mode of its own. */
    if (!(st.st_mode & 0111) && fchmodat(dir, *ret, 0755, 0) < 0)
        return err_sys(e, "make '%s' executable", *ret);
    return 0;
}

static void exec_program(const char *program, char **env, sigset_t *mask)
{
    char *argv[] = {(char *)program, NULL};
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* outside a slot nothing else ends it with us */
    execve(program, argv, env);
}

/* vfork: the child shares our memory until it executes, so that a failure of execve needs no pipe
 * to come back. It touches nothing but its own descriptors, signals and `failed`. */
static int spawn(struct provided *p, const char *program, char **env, struct err *e)
{
    auto_buf struct buf path = {0};
    buf_addf(&path, "%s/%s", p->code_dir, program);
    sigset_t none;
    sigemptyset(&none);
    volatile int failed = 0;
    p->bootstrap = vfork();
    if (p->bootstrap == 0) {
        exec_program(path.data, env, &none);
        failed = errno;
        _exit(127);
    }
    if (p->bootstrap < 0)
        return err_sys(e, "start '%s'", program);
    if (!failed)
        return 0;
    waitpid(p->bootstrap, NULL, 0);
    p->bootstrap = 0;
    errno = failed;
    return err_sys(e, "execute '%s'%s", program,
                   failed == ENOEXEC  ? " (neither a program for this machine nor a script with #!)"
                   : failed == ENOENT ? " (the interpreter that it names does not exist)"
                                      : "");
}

static void json_guard(json_t **value)
{
    json_decref(*value);
}

/* Names end up in a header: whatever could end one becomes "_". */
static char *arn_of(const json_t *settings)
{
    struct buf arn = {0};
    buf_addf(&arn, "arn:virga:lambda:local:0:function:%s:%" JSON_INTEGER_FORMAT,
             json_string_value(json_object_get(settings, "function")),
             json_integer_value(json_object_get(settings, "version")));
    for (size_t i = 0; i < arn.len; i++)
        if (arn.data[i] <= ' ' || arn.data[i] > '~')
            arn.data[i] = '_';
    return buf_take(&arn);
}

static int check_settings(const json_t *settings, struct err *e)
{
    const json_t *limit = json_object_get(settings, "result_limit");
    if (!json_is_string(json_object_get(settings, "function")) ||
        !json_is_string(json_object_get(settings, "handler")) || !json_is_integer(limit) ||
        json_integer_value(limit) < 0)
        return err_set(e, ERR_INVALID, "the settings of the LOAD frame are malformed");
    return 0;
}

static int start(struct provided *p, int dir, const json_t *settings, struct err *e)
{
    __attribute__((cleanup(environment_guard))) struct environment env = {0};
    const char *program;
    if (find_program(dir, json_string_value(json_object_get(settings, "handler")), &program, e) < 0)
        return -1;
    p->arn = arn_of(settings);
    p->result_limit = (size_t)json_integer_value(json_object_get(settings, "result_limit"));
    set_all(&env, p, settings);
    if (fchdir(dir) < 0)
        return err_sys(e, "enter '%s'", p->code_dir);
    return spawn(p, program, env.list, e);
}

int load_run(struct provided *p, struct str payload, struct err *e)
{
    uint32_t length;
    struct str text;
    if (!frames_u32(&payload, &length) || !frames_bytes(&payload, length, &text))
        return err_set(e, ERR_INVALID, "the LOAD frame is cut short");
    __attribute__((cleanup(json_guard))) json_t *settings = json_loadb(text.p, text.n, 0, NULL);
    auto_fd int dir = open(p->code_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(e, "open '%s'", p->code_dir);
    if (check_settings(settings, e) < 0 || write_files(dir, payload, e) < 0)
        return -1;
    return start(p, dir, settings, e);
}
