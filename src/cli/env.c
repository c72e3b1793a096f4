/* env — the variables of a project. */
#include "base/fd.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/dotenv.h"
#include "cli/table.h"

#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, VALUE_MAX = 64 << 10, MANY = 200 };

const struct option_spec env_options[] = {
    {0, "plain", NULL, "no secret, shown to every member"},
    {'y', "yes", NULL, "does not ask"},
    {0},
};

/* --- list, reveal --- */

static int get_variables(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf path = {0};
    if (cli_project_path(c, "/env", &path, e) < 0)
        return -1;
    return cli_get_all(c, path.data, ret, raw, e);
}

static void print_variables(struct cli *c, const json_t *variables)
{
    size_t i;
    const json_t *v;
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"KEY", "SECRET", "UPDATED", "VALUE"});
    json_array_foreach(variables, i, v)
    {
        bool secret = json_is_true(json_object_get(v, "is_secret"));
        bool lost = json_is_null(json_object_get(v, "value"));
        table_add(&t, STYLE_BOLD, cli_text(v, "key"));
        table_add(&t, STYLE_PLAIN, secret ? STR("yes") : STR("no"));
        table_add_ago(&t, cli_text(v, "updated_at"));
        if (lost)
            table_add(&t, STYLE_RED, STR("cannot be opened: the server's key is another one"));
        else
            table_add(&t, secret ? STYLE_DIM : STYLE_PLAIN, cli_text(v, "value"));
    }
    table_print(&t, &c->out);
}

static int env_list(struct cli *c, struct err *e)
{
    auto_json json_t *variables = NULL;
    auto_buf struct buf raw = {0};
    if (get_variables(c, &variables, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (json_array_size(variables) == 0)
        term_say(&c->err, STYLE_PLAIN, "no variables yet; set one with: virga env set KEY=VALUE\n");
    else
        print_variables(c, variables);
    return CLI_OK;
}

static int variable_path(struct cli *c, const char *key, const char *rest, struct buf *ret,
                         struct err *e)
{
    if (cli_project_path(c, "/env/", ret, e) < 0)
        return -1;
    client_escape(ret, key);
    buf_addz(ret, rest);
    return 0;
}

static int env_reveal(struct cli *c, struct err *e)
{
    auto_json json_t *variable = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (variable_path(c, cli_arg(c, 0), "/reveal", &path, e) < 0 ||
        cli_send(c, "POST", path.data, NULL, &variable, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_show(&c->out, STYLE_PLAIN, cli_text(variable, "value"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}

/* --- set, unset --- */

static int add_variable(json_t *list, struct str key, struct str value, bool secret, struct err *e)
{
    json_t *one = json_pack("{s:s%, s:s%, s:b}", "key", key.p, key.n, "value",
                            value.n ? value.p : "", value.n, "is_secret", secret);
    if (!one)
        return err_set(e, ERR_INVALID, "key and value must be UTF-8 text");
    (void)json_array_append_new(list, one);
    return 0;
}

/* A value that stands on no command line: others on the machine could read it there. */
static int ask_value(struct cli *c, const char *key, struct buf *ret, struct err *e)
{
    char typed[ASK_MAX] = "";
    if (isatty(STDIN_FILENO) != 1) {
        if (fd_read_all(STDIN_FILENO, VALUE_MAX, ret, e) < 0)
            return err_in(e, "the value of %.100s from standard input", key);
        while (ret->len > 0 && strchr("\r\n", ret->data[ret->len - 1]))
            ret->data[--ret->len] = 0;
        return 0;
    }
    int rc = ask_secret(c, key, typed, e);
    buf_addz(ret, typed);
    explicit_bzero(typed, sizeof typed);
    return rc;
}

static int read_argument(struct cli *c, const char *text, json_t *list, struct err *e)
{
    auto_buf struct buf asked = {0};
    bool secret = !options_has(&c->options, "plain");
    const char *equals = strchr(text, '=');
    if (*text == 0 || equals == text)
        return err_set(e, ERR_INVALID, "'%.40s' is not KEY=VALUE", text);
    if (equals)
        return add_variable(list, (struct str){text, (size_t)(equals - text)}, str_of(equals + 1),
                            secret, e);
    if (ask_value(c, text, &asked, e) < 0)
        return -1;
    return add_variable(list, str_of(text), buf_str(&asked), secret, e);
}

/* All are read before the first is sent: a slip of the pen sets none. */
static int env_set(struct cli *c, struct err *e)
{
    size_t i;
    json_t *one;
    auto_json json_t *list = json_array();
    auto_buf struct buf path = {0}, names = {0};
    if (cli_project_path(c, "/env", &path, e) < 0)
        return -1;
    for (i = 0; cli_arg(c, i); i++)
        if (read_argument(c, cli_arg(c, i), list, e) < 0)
            return -1;
    auto_buf struct buf raw = {0};
    json_array_foreach(list, i, one)
    {
        buf_clear(&raw);
        if (cli_send(c, "POST", path.data, json_incref(one), NULL, &raw, e) < 0)
            return err_in(e, "%s", cli_text(one, "key").p);
        buf_addf(&names, "%s%s", i ? ", " : "", cli_text(one, "key").p);
    }
    return cli_done(c, &raw, "set %s in %s", names.data, cli_project(c));
}

static int env_unset(struct cli *c, struct err *e)
{
    auto_buf struct buf names = {0}, raw = {0};
    for (size_t i = 0; cli_arg(c, i); i++) {
        auto_buf struct buf path = {0};
        buf_clear(&raw);
        if (variable_path(c, cli_arg(c, i), "", &path, e) < 0)
            return -1;
        if (cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
            return err_in(e, "%s", cli_arg(c, i));
        buf_addf(&names, "%s%s", i ? ", " : "", cli_arg(c, i));
    }
    return cli_done(c, &raw, "removed %s from %s", names.data, cli_project(c));
}

/* --- push --- */

static bool holds(const json_t *variables, struct str key)
{
    size_t i;
    const json_t *v;
    json_array_foreach(variables, i, v)
    {
        if (str_eq(cli_text(v, "key"), key))
            return true;
    }
    return false;
}

/* Names of those in `before` that are not in `now`, "A, B"; returns how many. */
static size_t find_gone(const json_t *before, const json_t *now, struct buf *ret)
{
    size_t i, count = 0;
    const json_t *v;
    json_array_foreach(before, i, v)
    {
        if (!holds(now, cli_text(v, "key")))
            buf_addf(ret, "%s%s", count++ ? ", " : "", cli_text(v, "key").p);
    }
    return count;
}

static int confirm(struct cli *c, size_t gone, const char *names, struct err *e)
{
    auto_buf struct buf question = {0};
    if (gone == 0)
        return 0;
    buf_addf(&question, "%s %s not in %s and will be removed from %s. Go on?", names,
             gone == 1 ? "is" : "are", cli_arg(c, 0), cli_project(c));
    if (ask_yes(c, question.data, "nothing changed", e) == 0)
        return 0;
    if (isatty(STDIN_FILENO) != 1)
        cli_hint(c, "this would remove from %s: %s", cli_project(c), names);
    return -1;
}

static int read_file(struct cli *c, json_t **ret, struct err *e)
{
    size_t i;
    json_t *v;
    auto_buf struct buf text = {0};
    const char *name = cli_arg(c, 0);
    int rc = strcmp(name, "-") == 0 ? fd_read_all(STDIN_FILENO, FILE_MAX, &text, e)
                                    : fd_read_file(name, FILE_MAX, &text, e);
    if (rc < 0)
        return -1;
    if (dotenv_parse(buf_str(&text), ret, e) < 0)
        return err_in(e, "%s", name);
    json_array_foreach(*ret, i, v)
    {
        (void)json_object_set_new(v, "is_secret", json_boolean(!options_has(&c->options, "plain")));
    }
    return 0;
}

/* Replaces all variables by those of the file, in one step. */
static int env_push(struct cli *c, struct err *e)
{
    auto_json json_t *now = NULL, *before = NULL;
    auto_buf struct buf path = {0}, raw = {0}, gone = {0};
    if (cli_project_path(c, "/env", &path, e) < 0 || read_file(c, &now, e) < 0 ||
        get_variables(c, &before, &raw, e) < 0)
        return -1;
    size_t removed = find_gone(before, now, &gone);
    if (confirm(c, removed, gone.data, e) < 0)
        return -1;
    buf_clear(&raw);
    json_t *body = json_pack("{s:O}", "variables", now);
    if (cli_send(c, "PUT", path.data, body, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%zu set, %zu removed in %s", json_array_size(now), removed,
                    cli_project(c));
}

const struct verb env_verbs[] = {
    {"list", "", "variables of the project; secrets are masked", 0, 0, env_list, NULL},
    {"set", "KEY[=VALUE]...", "set some; without VALUE it is asked for or read", 1, MANY, env_set,
     "plain"},
    {"unset", "KEY...", "remove some", 1, MANY, env_unset, NULL},
    {"reveal", "KEY", "show a secret; the server notes who asked", 1, 1, env_reveal, NULL},
    {"push", "FILE", "replace all by those of a .env file, or of standard input (-)", 1, 1,
     env_push, "plain yes"},
    {0},
};
