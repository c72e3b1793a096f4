/* env — the variables of a project. */
#include "base/fd.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"

#include <fcntl.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

const struct option_spec env_options[] = {
    {0, "plain", NULL, "no secret: shown to every member (set, push)"},
    {0},
};

static int env_list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *v;
    auto_json json_t *variables = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (cli_project_path(c, "/env", &path, e) < 0 || cli_get(c, path.data, &variables, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"KEY", "VALUE", "SECRET", "UPDATED"});
    json_array_foreach(variables, i, v)
    {
        bool secret = json_is_true(json_object_get(v, "is_secret"));
        table_add(&t, STYLE_BOLD, cli_text(v, "key"));
        table_add(&t, secret ? STYLE_DIM : STYLE_PLAIN, cli_text(v, "value"));
        table_add(&t, STYLE_PLAIN, secret ? STR("yes") : STR("no"));
        table_add_ago(&t, cli_text(v, "updated_at"));
    }
    if (json_array_size(variables) == 0)
        term_say(&c->err, STYLE_PLAIN, "no variables yet; set one with: virga env set KEY=VALUE\n");
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static int set_one(struct cli *c, struct str key, struct str value, struct err *e)
{
    auto_buf struct buf path = {0};
    json_t *body = json_pack("{s:s%, s:s%, s:b}", "key", key.p, key.n, "value", value.p, value.n,
                             "is_secret", !options_has(&c->options, "plain"));
    if (!body)
        return err_set(e, ERR_INVALID, "key and value must be UTF-8 text");
    if (cli_project_path(c, "/env", &path, e) < 0) {
        json_decref(body);
        return -1;
    }
    return cli_send(c, "POST", path.data, body, NULL, NULL, e);
}

/* KEY=VALUE at *ret_key and *ret_value. */
static int split(const char *text, struct str *ret_key, struct str *ret_value, struct err *e)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return err_set(e, ERR_INVALID, "'%.40s' is not KEY=VALUE", text);
    *ret_key = (struct str){text, (size_t)(equals - text)};
    *ret_value = str_of(equals + 1);
    return 0;
}

static int env_set(struct cli *c, struct err *e)
{
    struct str key, value;
    for (size_t i = 0; cli_arg(c, i); i++) /* all or none is checked before the first is sent */
        if (split(cli_arg(c, i), &key, &value, e) < 0)
            return -1;
    for (size_t i = 0; cli_arg(c, i); i++)
        if (split(cli_arg(c, i), &key, &value, e) < 0 || set_one(c, key, value, e) < 0)
            return -1;
    return CLI_OK;
}

static int env_unset(struct cli *c, struct err *e)
{
    for (size_t i = 0; cli_arg(c, i); i++) {
        auto_buf struct buf path = {0};
        if (cli_project_path(c, "/env/", &path, e) < 0)
            return -1;
        client_escape(&path, cli_arg(c, i));
        if (cli_send(c, "DELETE", path.data, NULL, NULL, NULL, e) < 0)
            return -1;
    }
    return CLI_OK;
}

static int env_reveal(struct cli *c, struct err *e)
{
    auto_json json_t *variable = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (cli_project_path(c, "/env/", &path, e) < 0)
        return -1;
    client_escape(&path, cli_arg(c, 0));
    buf_addz(&path, "/reveal");
    if (cli_send(c, "POST", path.data, NULL, &variable, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_show(&c->out, STYLE_PLAIN, cli_text(variable, "value"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}

/* One pair of quotes around the whole value goes, as in every .env file. */
static struct str unquote(struct str value)
{
    bool quoted = value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') &&
                  value.p[value.n - 1] == value.p[0];
    return quoted ? (struct str){value.p + 1, value.n - 2} : value;
}

static int add_line(json_t *variables, struct str line, unsigned number, bool secret, struct err *e)
{
    line = str_trim(line);
    if (str_starts(line, STR("export ")))
        line = str_trim((struct str){line.p + 7, line.n - 7});
    if (line.n == 0 || line.p[0] == '#')
        return 0;
    struct str value = line, key = str_trim(str_cut(&value, '='));
    if (!value.p || key.n == 0)
        return err_set(e, ERR_INVALID, "line %u is not KEY=VALUE", number);
    value = unquote(str_trim(value));
    json_t *one = json_pack("{s:s%, s:s%, s:b}", "key", key.p, key.n, "value", value.p, value.n,
                            "is_secret", secret);
    if (!one)
        return err_set(e, ERR_INVALID, "line %u is no UTF-8 text", number);
    json_array_append_new(variables, one);
    return 0;
}

/* Replaces all variables by those of the file, in one step. */
static int env_push(struct cli *c, struct err *e)
{
    auto_json json_t *variables = json_array();
    auto_buf struct buf text = {0}, path = {0};
    unsigned number = 0;
    if (fd_read_file(cli_arg(c, 0), FILE_MAX, &text, e) < 0 ||
        cli_project_path(c, "/env", &path, e) < 0)
        return -1;
    for (struct str rest = buf_str(&text); rest.p;) {
        struct str line = str_cut(&rest, '\n');
        if (add_line(variables, line, ++number, !options_has(&c->options, "plain"), e) < 0)
            return err_in(e, "%s", cli_arg(c, 0));
    }
    size_t count = json_array_size(variables);
    json_t *body = json_pack("{s:O}", "variables", variables);
    if (cli_send(c, "PUT", path.data, body, NULL, NULL, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "%zu variable%s set\n", count, count == 1 ? "" : "s");
    return CLI_OK;
}

enum { MANY = 200 };

const struct verb env_verbs[] = {
    {"list", "", "variables of the project; secrets are masked", 0, 0, env_list},
    {"set", "KEY=VALUE...", "set some", 1, MANY, env_set},
    {"unset", "KEY...", "remove some", 1, MANY, env_unset},
    {"reveal", "KEY", "show a secret; the server notes who asked", 1, 1, env_reveal},
    {"push", "FILE", "replace all by those of a .env file", 1, 1, env_push},
    {0},
};
