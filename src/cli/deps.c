/* deps — the packages of a project. */
#include "base/fd.h"
#include "base/mem.h"
#include "cli/build.h"
#include "cli/command.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 2 << 20, MANY = 100 };

const struct option_spec deps_options[] = {
    {0, "node", NULL, "packages of Node.js, not of Python"},
    {0, "refresh", NULL, "builds anew even when an equal set was built before"},
    {'d', "detach", NULL, "does not wait for the build"},
    {0, "stdout", NULL, "prints, and saves nothing"},
    {0},
};

/* What is asked for, by the files that people keep it in. */
static const struct asked {
    const char *file, *member;
} asked[] = {
    {"requirements.txt", "requirements_txt"},
    {"package.json", "package_json"},
    {"package-lock.json", "package_lock"},
};

static int get_requirements(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf path = {0};
    if (cli_project_path(c, "/requirements", &path, e) < 0)
        return -1;
    return cli_get(c, path.data, ret, raw, e);
}

/* --- show --- */

static void print_layer(struct cli *c, const char *language, const json_t *layer)
{
    size_t i;
    const json_t *p, *packages = json_object_get(layer, "packages");
    auto_table struct table t = {0};
    if (!json_is_object(layer))
        return;
    term_say(&c->out, STYLE_BOLD, "%s %s", language, cli_text(layer, "runtime_version").p);
    term_say(&c->out, STYLE_DIM, "  %zu packages, %.1f MB, layer %.12s\n",
             json_array_size(packages), (double)cli_integer(layer, "bytes") / 1e6,
             cli_text(layer, "id").p);
    table_init(&t, 2, (const char *const[]){"PACKAGE", "VERSION"});
    json_array_foreach(packages, i, p)
    {
        table_add(&t, STYLE_PLAIN, cli_text(p, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(p, "version"));
    }
    table_print(&t, &c->out);
}

static void print_last_build(struct cli *c, const json_t *build)
{
    struct str status = cli_text(build, "status");
    if (!json_is_object(build) || str_is(status, "succeeded"))
        return;
    term_say(&c->err, STYLE_YELLOW, "the last build (%s): " STR_FMT "%s" STR_FMT "\n",
             cli_text(build, "id").p, STR_ARG(status), cli_text(build, "error").n ? ": " : "",
             STR_ARG(cli_text(build, "error")));
}

static int deps_show(struct cli *c, struct err *e)
{
    auto_json json_t *now = NULL;
    auto_buf struct buf raw = {0};
    if (get_requirements(c, &now, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    const json_t *python = json_object_get(now, "python"), *node = json_object_get(now, "node");
    print_layer(c, "Python", python);
    print_layer(c, "Node.js", node);
    if (!json_is_object(python) && !json_is_object(node))
        term_say(&c->err, STYLE_PLAIN,
                 "no packages yet; add some with: virga deps add requests, or install files with: "
                 "virga deps install\n");
    print_last_build(c, json_object_get(now, "build"));
    return CLI_OK;
}

/* --- what changes them --- */

static int save(struct cli *c, json_t *take_body, struct err *e)
{
    if (options_has(&c->options, "refresh"))
        (void)json_object_set_new(take_body, "refresh", json_true());
    return build_save(c, take_body, options_has(&c->options, "detach"), e);
}

static const struct asked *asked_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        if (strcmp(name, asked[i].file) == 0)
            return &asked[i];
    return n > 4 && strcmp(name + n - 4, ".txt") == 0 ? &asked[0] : NULL;
}

static int read_into(json_t *body, const char *path, struct err *e)
{
    auto_buf struct buf text = {0};
    const struct asked *a = asked_of(path);
    if (!a)
        return err_set(e, ERR_INVALID,
                       "'%.100s' is no requirements file (*.txt), package.json or "
                       "package-lock.json",
                       path);
    if (fd_read_file(path, FILE_MAX, &text, e) < 0)
        return -1;
    json_t *value = json_stringn(text.data ? text.data : "", text.len);
    if (!value)
        return err_set(e, ERR_INVALID, "%.100s is not UTF-8 text", path);
    return json_object_set_new(body, a->member, value);
}

static int read_folder(json_t *body, const char *folder, struct err *e)
{
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        auto_buf struct buf path = {0};
        buf_addf(&path, "%s/%s", folder, asked[i].file);
        if (access(path.data, F_OK) == 0 && read_into(body, path.data, e) < 0)
            return -1;
    }
    return 0;
}

static int read_argument(json_t *body, const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return read_folder(body, path, e);
    return read_into(body, path, e);
}

static int deps_install(struct cli *c, struct err *e)
{
    auto_json json_t *body = json_object();
    if (!cli_arg(c, 0) && read_folder(body, ".", e) < 0)
        return -1;
    for (size_t i = 0; cli_arg(c, i); i++)
        if (read_argument(body, cli_arg(c, i), e) < 0)
            return -1;
    if (json_object_size(body) == 0)
        return err_set(e, ERR_INVALID, "there is no requirements.txt and no package.json in %.100s",
                       cli_arg(c, 0) ? cli_arg(c, 0) : "this directory");
    return save(c, json_incref(body), e);
}

static int add_python(struct cli *c, const json_t *now, json_t *body, struct err *e)
{
    auto_buf struct buf text = {0};
    buf_add_str(&text, cli_text(now, "requirements_txt"));
    if (text.len > 0 && text.data[text.len - 1] != '\n')
        buf_addz(&text, "\n");
    for (size_t i = 0; cli_arg(c, i); i++)
        buf_addf(&text, "%s\n", cli_arg(c, i));
    json_t *value = json_stringn(text.data, text.len);
    if (!value)
        return err_set(e, ERR_INVALID, "the names must be UTF-8 text");
    return json_object_set_new(body, "requirements_txt", value);
}

/* "@scope/name@^1" becomes name and "^1"; without a version, any. */
static int add_dependency(json_t *dependencies, const char *text, struct err *e)
{
    const char *at = strchr(*text ? text + 1 : text, '@');
    auto_ptr char *name = mem_strdup(text);
    if (at)
        name[at - text] = 0;
    json_t *version = json_string(at ? at + 1 : "*");
    if (!version || json_object_set_new(dependencies, name, version) < 0)
        return err_set(e, ERR_INVALID, "'%.100s' is not UTF-8 text", text);
    return 0;
}

static int add_node(struct cli *c, const json_t *now, json_t *body, struct err *e)
{
    struct str before = cli_text(now, "package_json");
    auto_json json_t *package = before.n ? json_loadb(before.p, before.n, 0, NULL) : json_object();
    json_t *dependencies = json_object_get(package, "dependencies");
    if (!dependencies && json_is_object(package)) {
        dependencies = json_object();
        (void)json_object_set_new(package, "dependencies", dependencies);
    }
    if (!json_is_object(dependencies))
        return err_set(e, ERR_INVALID, "the project's package.json is not understood");
    for (size_t i = 0; cli_arg(c, i); i++)
        if (add_dependency(dependencies, cli_arg(c, i), e) < 0)
            return -1;
    auto_ptr char *text = json_dumps(package, JSON_INDENT(2));
    (void)json_object_set_new(body, "package_json", json_string(text));
    /* The lock does not know them. */
    return json_object_set_new(body, "package_lock", json_string(""));
}

static int deps_add(struct cli *c, struct err *e)
{
    auto_json json_t *now = NULL, *body = json_object();
    if (get_requirements(c, &now, NULL, e) < 0)
        return -1;
    int rc =
        options_has(&c->options, "node") ? add_node(c, now, body, e) : add_python(c, now, body, e);
    return rc < 0 ? -1 : save(c, json_incref(body), e);
}

/* --- lock --- */

static int deps_lock(struct cli *c, struct err *e)
{
    auto_json json_t *lock = NULL, *body = json_object();
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_project_path(c, "/requirements/lock", &path, e) < 0 ||
        cli_get(c, path.data, &lock, &raw, e) < 0)
        return -1;
    struct str python = cli_text(lock, "requirements_txt"), node = cli_text(lock, "package_lock");
    if (python.n == 0 && node.n == 0)
        return err_set(e, ERR_INVALID, "nothing is installed yet: there are no versions to pin");
    if (options_has(&c->options, "stdout")) {
        if (c->json)
            cli_print_json(c, buf_str(&raw));
        else
            term_show(&c->out, STYLE_PLAIN, options_has(&c->options, "node") ? node : python);
        return CLI_OK;
    }
    if (python.n)
        (void)json_object_set_new(body, "requirements_txt", json_stringn(python.p, python.n));
    if (node.n)
        (void)json_object_set_new(body, "package_lock", json_stringn(node.p, node.n));
    return save(c, json_incref(body), e);
}

/* --- builds --- */

static int build_path(struct cli *c, const char *rest, struct buf *ret, struct err *e)
{
    auto_json json_t *now = NULL;
    const char *id = cli_arg(c, 0);
    if (!id && get_requirements(c, &now, NULL, e) < 0)
        return -1;
    if (!id)
        id = cli_text(json_object_get(now, "build"), "id").p;
    if (!*id)
        return err_set(e, ERR_NOT_FOUND, "nothing was built in this project yet");
    if (cli_project_path(c, "/builds/", ret, e) < 0)
        return -1;
    client_escape(ret, id);
    buf_addz(ret, rest);
    return 0;
}

static int deps_builds(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *b;
    auto_table struct table t = {0};
    auto_json json_t *builds = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_project_path(c, "/builds", &path, e) < 0 ||
        cli_get_all(c, path.data, &builds, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    table_init(&t, 4, (const char *const[]){"BUILD", "WHEN", "STATUS", "ERROR"});
    json_array_foreach(builds, i, b)
    {
        struct str status = cli_text(b, "status");
        table_add(&t, STYLE_BOLD, cli_text(b, "id"));
        table_add_ago(&t, cli_text(b, "created_at"));
        table_add(&t, str_is(status, "failed") ? STYLE_RED : STYLE_PLAIN, status);
        table_add(&t, STYLE_DIM, cli_text(b, "error"));
    }
    table_print(&t, &c->out);
    return CLI_OK;
}

static int deps_log(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0};
    return build_path(c, "", &path, e) < 0 ? -1 : build_watch(c, path.data, e);
}

static int deps_cancel(struct cli *c, struct err *e)
{
    auto_json json_t *build = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (build_path(c, "/cancel", &path, e) < 0 ||
        cli_send(c, "POST", path.data, NULL, &build, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "build %s: %s", cli_text(build, "id").p, cli_text(build, "status").p);
}

const struct verb deps_verbs[] = {
    {"show", "", "packages of the project, with their versions", 0, 0, deps_show, NULL},
    {"install", "[FILE|DIR]...", "take what requirements.txt and package.json ask for", 0, 3,
     deps_install, "refresh detach"},
    {"add", "PACKAGE...", "add some: requests, 'numpy>=2', --node is-number@7", 1, MANY, deps_add,
     "node refresh detach"},
    {"lock", "", "pin every package to the version that is installed", 0, 0, deps_lock,
     "node stdout detach"},
    {"builds", "", "list builds", 0, 0, deps_builds, NULL},
    {"log", "[BUILD]", "show the log of a build, live while it runs", 0, 1, deps_log, NULL},
    {"cancel", "[BUILD]", "cancel a build", 0, 1, deps_cancel, NULL},
    {0},
};
