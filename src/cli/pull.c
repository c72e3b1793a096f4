/* pull — the code of a version as files. Their paths come from a server: each stays below the
 * directory, and no link is followed on the way. */
#include "base/base64.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct option_spec pull_options[] = {
    {0, "version", "NUMBER", "which one (the active one)"},
    {0, "force", NULL, "writes over files that are there"},
    {0},
};

enum { SEGMENT_MAX = 256 };

/* --- one file --- */

static bool is_segment(struct str s)
{
    return s.n > 0 && s.n < SEGMENT_MAX && !str_is(s, ".") && !str_is(s, "..") &&
           !memchr(s.p, 0, s.n) && !memchr(s.p, '/', s.n);
}

/* Opens the directory of this name in `dir`, made when it is not there. */
static int enter(int dir, struct str name, struct err *e)
{
    char text[SEGMENT_MAX];
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(name));
    if (mkdirat(dir, text, 0777) < 0 && errno != EEXIST)
        return err_sys(e, "make the directory %s", text);
    int fd = openat(dir, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(e, "open the directory %s", text) : fd;
}

static int create(int dir, struct str name, mode_t mode, bool force, struct err *e)
{
    char text[SEGMENT_MAX];
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(name));
    int how = force ? O_TRUNC : O_EXCL;
    int fd = openat(dir, text, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | how, mode);
    if (fd < 0 && errno == EEXIST)
        return err_set(e, ERR_INVALID, "%s is there already: --force writes over it", text);
    return fd < 0 ? err_sys(e, "make %s", text) : fd;
}

static int write_file(int root, struct str path, mode_t mode, struct str bytes, bool force,
                      struct err *e)
{
    auto_fd int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
    struct str rest = path, name = str_cut(&rest, '/');
    for (; rest.p && is_segment(name); name = str_cut(&rest, '/')) {
        int next = enter(dir, name, e);
        if (next < 0)
            return -1;
        fd_close(&dir);
        dir = next;
    }
    if (rest.p || !is_segment(name))
        return err_set(e, ERR_INVALID, "the server named a file '" STR_FMT "'", STR_ARG(path));
    auto_fd int file = create(dir, name, mode, force, e);
    return file < 0 ? -1 : fd_write_all(file, bytes.p, bytes.n, e);
}

static int take_base64(const json_t *file, struct buf *ret, struct err *e)
{
    if (json_is_string(json_object_get(file, "base64")) &&
        base64_add_decoded(ret, cli_text(file, "base64")))
        return 0;
    return err_set(e, ERR_SYSTEM, "the server sent no content of %.200s", cli_text(file, "path").p);
}

static int pull_file(int root, const json_t *file, bool force, struct err *e)
{
    auto_buf struct buf decoded = {0};
    struct str bytes = cli_text(file, "text");
    mode_t mode = str_is(cli_text(file, "mode"), "0755") ? 0777 : 0666; /* less the umask */
    if (!json_is_string(json_object_get(file, "text"))) {
        if (take_base64(file, &decoded, e) < 0)
            return -1;
        bytes = buf_str(&decoded);
    }
    return write_file(root, cli_text(file, "path"), mode, bytes, force, e);
}

/* --- all of them --- */

/* What `virga deploy` of the directory needs to make the next version of the same function. */
static int write_manifest(int root, const json_t *fn, const json_t *version, bool force,
                          struct err *e)
{
    auto_json json_t *manifest =
        json_pack("{s:s, s:s, s:s}", "name", cli_text(fn, "name").p, "runtime",
                  cli_text(version, "runtime").p, "handler", cli_text(version, "handler").p);
    char *text = manifest ? json_dumps(manifest, JSON_INDENT(2)) : NULL;
    auto_buf struct buf line = {0};
    if (!text)
        return err_set(e, ERR_SYSTEM, "the answer about the version is not understood");
    buf_addf(&line, "%s\n", text);
    free(text);
    return write_file(root, STR("virga.json"), 0666, buf_str(&line), force, e);
}

static int open_root(const char *name, struct err *e)
{
    if (mkdir(name, 0777) < 0 && errno != EEXIST)
        return err_sys(e, "make the directory %s", name);
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(e, "open the directory %s", name) : fd;
}

static int find_version(struct cli *c, const json_t *fn, json_t **ret, struct buf *path,
                        struct err *e)
{
    uint64_t number = (uint64_t)cli_integer(fn, "active_version");
    const char *given = options_value(&c->options, "version");
    char rest[48];
    if (given && (!str_to_u64(str_of(given), &number) || number == 0 || number > INT32_MAX))
        return err_set(e, ERR_INVALID, "--version takes a number, not '%.40s'", given);
    (void)snprintf(rest, sizeof rest, "/versions/%llu", (unsigned long long)number);
    if (cli_function_path(fn, rest, path, e) < 0)
        return -1;
    return cli_get(c, path->data, ret, NULL, e);
}

static int write_all(struct cli *c, const char *name, const json_t *fn, const json_t *version,
                     const json_t *files, struct err *e)
{
    size_t i;
    const json_t *file;
    bool force = options_has(&c->options, "force");
    auto_fd int root = open_root(name, e);
    if (root < 0)
        return -1;
    json_array_foreach(files, i, file)
    {
        if (pull_file(root, file, force, e) < 0)
            return err_in(e, "%.100s", name);
    }
    return write_manifest(root, fn, version, force, e);
}

int pull_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *version = NULL, *all = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || find_version(c, fn, &version, &path, e) < 0)
        return -1;
    buf_addz(&path, "/files?binary=true");
    if (cli_get(c, path.data, &all, &raw, e) < 0)
        return -1;
    const json_t *files = json_object_get(all, "files");
    const char *name = cli_arg(c, 1) ? cli_arg(c, 1) : cli_text(fn, "name").p;
    if (!cli_arg(c, 1) && !is_segment(cli_text(fn, "name")))
        return err_set(e, ERR_INVALID, "'%.100s' is no name for a directory: give DIR", name);
    if (write_all(c, name, fn, version, files, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s: %zu files of version %lld of %s", name, json_array_size(files),
                    (long long)cli_integer(version, "version"), cli_text(fn, "name").p);
}
