/* settings — what holds for a function, and changing it without a deploy. */
#include "base/mem.h"
#include "base/must.h"
#include "cli/command.h"
#include "cli/manifest.h"
#include "cli/when.h"

#include <string.h>

const struct option_spec settings_options[] = {
    {'n', "name", "NAME", "what the function is called"},
    MANIFEST_SETTINGS,
    {0, "unset-env", "KEY", "removes an environment variable; may be repeated"},
    {0, "status", "WORD", "active, or inactive: calls are refused"},
    {0, "move-to", "SLUG", "the project it belongs to; '' for none"},
    {0},
};

/* --- what is shown --- */

static void say_limits(struct cli *c, const json_t *fn)
{
    const json_t *l = json_object_get(fn, "limits");
    char time[WHEN_TEXT];
    auto_buf struct buf text = {0};
    when_duration((uint64_t)cli_integer(l, "timeout_ms") * 1000, time);
    buf_addf(&text, "%lld MB, %g cores, %s a call", (long long)cli_integer(l, "memory_mb"),
             json_number_value(json_object_get(l, "cpu")), time);
    cli_field(c, "limits", buf_str(&text));
    buf_clear(&text);
    buf_addf(&text, "%lld processes, %lld open files, /tmp %lld MB, result %lld KB, log %lld KB",
             (long long)cli_integer(l, "pids"), (long long)cli_integer(l, "open_files"),
             (long long)cli_integer(l, "tmp_mb"), (long long)cli_integer(l, "result_kb"),
             (long long)cli_integer(l, "output_kb"));
    cli_field(c, "", buf_str(&text));
    buf_clear(&text);
    buf_addf(&text, "%lld calls at a time, %lld more may wait",
             (long long)cli_integer(fn, "concurrency"), (long long)cli_integer(fn, "queue"));
    cli_field(c, "", buf_str(&text));
}

static void add_rate(struct buf *text, json_int_t rate, const char *whose)
{
    if (rate)
        buf_addf(text, "%s%lld calls a minute%s", text->len ? ", " : "", (long long)rate, whose);
}

static void say_access(struct cli *c, const json_t *fn)
{
    auto_buf struct buf rates = {0};
    bool open = json_is_true(json_object_get(fn, "public_logs"));
    cli_field(c, "access", cli_text(fn, "access"));
    add_rate(&rates, cli_integer(fn, "rate_limit"), "");
    add_rate(&rates, cli_integer(fn, "client_rate_limit"), " from each client");
    cli_field(c, "rates", rates.len ? buf_str(&rates) : STR("no bound"));
    cli_field(c, "records", open ? STR("anybody may read them") : STR("for members"));
    bool network = json_is_true(json_object_get(fn, "network_enabled"));
    cli_field(c, "network", network ? STR("on") : STR("off"));
}

static void say_variables(struct cli *c, const json_t *fn)
{
    const char *key;
    const json_t *value, *all = json_object_get(fn, "environment");
    auto_buf struct buf names = {0};
    json_object_foreach((json_t *)all, key, value)
    {
        buf_addf(&names, "%s%s", names.len ? ", " : "", key);
    }
    if (json_is_null(all))
        buf_addz(&names, "cannot be opened: the server's key is another one");
    cli_field(c, "variables", names.len ? buf_str(&names) : STR("none of its own"));
}

static void show(struct cli *c, const json_t *fn)
{
    struct str about = cli_text(fn, "description");
    auto_buf struct buf text = {0};
    bool active = str_is(cli_text(fn, "status"), "active");
    term_show(&c->out, STYLE_BOLD, cli_text(fn, "name"));
    term_show(&c->out, active ? STYLE_GREEN : STYLE_YELLOW, STR("  "));
    term_show(&c->out, active ? STYLE_GREEN : STYLE_YELLOW, cli_text(fn, "status"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    if (about.n)
        cli_field(c, "about", about);
    cli_field(c, "id", cli_text(fn, "id"));
    if (cli_text(fn, "project_id").n)
        cli_field(c, "project", cli_text(fn, "project_id"));
    buf_addf(&text, "%s, %s, version %lld", cli_text(fn, "runtime").p, cli_text(fn, "handler").p,
             (long long)cli_integer(fn, "active_version"));
    cli_field(c, "code", buf_str(&text));
    say_limits(c, fn);
    bool snapstart = json_is_true(json_object_get(fn, "snapstart"));
    buf_clear(&text);
    buf_addf(&text, "%s, snapstart %s", cli_text(fn, "reuse").p, snapstart ? "on" : "off");
    cli_field(c, "reuse", buf_str(&text));
    say_access(c, fn);
    say_variables(c, fn);
}

/* --- what is changed --- */

/* The list replaces the one there is; a masked value stays what it is. */
static int settle_environment(const struct options *o, const json_t *fn, json_t *body,
                              struct err *e)
{
    auto_json json_t *all = json_deep_copy(json_object_get(fn, "environment"));
    json_t *given = json_object_get(body, "environment");
    if (!given && !options_has(o, "unset-env"))
        return 0;
    if (!json_is_object(all))
        return err_set(e, ERR_INVALID,
                       "the variables of '%s' cannot be opened: set them anew with a deploy",
                       cli_text(fn, "name").p);
    for (size_t i = 0; i < o->given_count; i++) {
        const char *key = o->given[i].value;
        if (strcmp(o->given[i].spec->name, "unset-env") == 0 && json_object_del(all, key) < 0)
            return err_set(e, ERR_INVALID, "--unset-env: '%s' has no variable '%.100s'",
                           cli_text(fn, "name").p, key);
    }
    if (given)
        (void)json_object_update(all, given);
    (void)json_object_set(body, "environment", all);
    return 0;
}

static int settle_status(const char *word, json_t *body, struct err *e)
{
    if (!word)
        return 0;
    if (strcmp(word, "active") != 0 && strcmp(word, "inactive") != 0)
        return err_set(e, ERR_INVALID, "--status is active or inactive, not '%.40s'", word);
    (void)json_object_set_new(body, "status", json_string(word));
    return 0;
}

static int settle_project(struct cli *c, const char *slug, json_t *body, struct err *e)
{
    auto_json json_t *project = NULL;
    auto_buf struct buf path = {0};
    if (!slug)
        return 0;
    if (!*slug) {
        (void)json_object_set_new(body, "project_id", json_null());
        return 0;
    }
    buf_addz(&path, "/api/projects/");
    client_escape(&path, slug);
    if (cli_get(c, path.data, &project, NULL, e) < 0)
        return -1;
    (void)json_object_set_new(body, "project_id", json_string(cli_text(project, "id").p));
    return 0;
}

static int make_change(struct cli *c, const json_t *fn, json_t *body, struct err *e)
{
    const struct options *o = &c->options;
    if (manifest_merge(body, o, e) < 0 || settle_environment(o, fn, body, e) < 0 ||
        settle_status(options_value(o, "status"), body, e) < 0)
        return -1;
    return settle_project(c, options_value(o, "move-to"), body, e);
}

int settings_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *now = NULL, *body = json_object();
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || make_change(c, fn, body, e) < 0 ||
        cli_function_path(fn, "", &path, e) < 0)
        return -1;
    bool changing = json_object_size(body) > 0;
    if (cli_send(c, changing ? "PUT" : "GET", path.data, changing ? json_incref(body) : NULL, &now,
                 &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        show(c, now);
    return CLI_OK;
}
