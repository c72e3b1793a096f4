#include "cli/input.h"

#include "base/fd.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/pretty.h"
#include "cli/table.h"

#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 6 << 20 };

static int read_text(const char *arg, struct buf *ret, struct err *e)
{
    if (!arg)
        buf_addz(ret, "{}");
    else if (strcmp(arg, "-") == 0)
        return fd_read_all(STDIN_FILENO, INPUT_MAX, ret, e) < 0 ? err_in(e, "standard input") : 0;
    else if (arg[0] == '@')
        return fd_read_file(arg + 1, INPUT_MAX, ret, e);
    else
        buf_addz(ret, arg);
    return 0;
}

static void wrap(struct str input, struct buf *ret)
{
    buf_addz(ret, "{\"input\":");
    buf_add_str(ret, input);
    buf_addz(ret, "}");
}

int input_body(const char *arg, struct buf *ret, struct err *e)
{
    auto_buf struct buf input = {0};
    if (read_text(arg, &input, e) < 0)
        return err_in(e, "input");
    if (json_check(buf_str(&input), e) < 0) {
        e->code = ERR_INVALID;
        return err_in(e, "the input is no JSON");
    }
    wrap(buf_str(&input), ret);
    return 0;
}

/* --- those that are saved: read without a tree, which would round numbers --- */

static int get_all(struct cli *c, const char *path, struct buf *ret, struct err *e)
{
    struct client *client;
    auto_buf struct buf all = {0};
    buf_addf(&all, "%s/inputs", path);
    return cli_client(c, &client, e) < 0 ? -1 : client_get(client, all.data, ret, e);
}

/* A member that is a text, decoded. */
static void get_text(struct str item, const char *name, struct buf *ret)
{
    struct err ignored = {0};
    struct str member = {0};
    buf_clear(ret);
    if (json_member(item, name, &member, &ignored) == 0 && member.n && member.p[0] == '"')
        json_add_decoded(ret, member);
}

static int find(struct cli *c, const char *path, const char *name, struct buf *all, struct str *ret,
                struct err *e)
{
    struct json_walk walk;
    struct str none, item;
    if (get_all(c, path, all, e) < 0)
        return -1;
    auto_buf struct buf named = {0};
    for (bool more = json_walk_open(buf_str(all), &walk);
         more && json_walk_next(&walk, &none, &item);) {
        get_text(item, "name", &named);
        if (str_is(buf_str(&named), name) && json_member(item, "input", ret, e) == 0 && ret->p)
            return 0;
    }
    return err_set(e, ERR_NOT_FOUND, "no input '%.100s' is saved; 'virga input list' shows all",
                   name);
}

int input_saved(struct cli *c, const char *path, const char *name, struct buf *ret, struct err *e)
{
    auto_buf struct buf all = {0};
    struct str input = {0};
    if (find(c, path, name, &all, &input, e) < 0)
        return -1;
    wrap(input, ret);
    return 0;
}

/* The path of the function that the first argument names. */
static int function_path(struct cli *c, struct buf *ret, struct err *e)
{
    auto_json json_t *fn = NULL;
    return cli_function(c, cli_arg(c, 0), &fn, e) < 0 ? -1 : cli_function_path(fn, "", ret, e);
}

static size_t add_rows(struct table *t, struct str inputs)
{
    size_t count = 0;
    struct json_walk walk;
    struct str none, item;
    auto_buf struct buf text = {0};
    for (bool more = json_walk_open(inputs, &walk); more && json_walk_next(&walk, &none, &item);) {
        struct err ignored = {0};
        struct str input = {0};
        (void)json_member(item, "input", &input, &ignored);
        get_text(item, "name", &text);
        table_add(t, STYLE_BOLD, buf_str(&text));
        get_text(item, "updated_at", &text);
        table_add_ago(t, buf_str(&text));
        buf_clear(&text);
        pretty_compact(input, &text);
        table_add(t, STYLE_PLAIN, buf_str(&text));
        count++;
    }
    return count;
}

static int list(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    auto_table struct table t = {0};
    if (function_path(c, &path, e) < 0 || get_all(c, path.data, &raw, e) < 0)
        return -1;
    table_init(&t, 3, (const char *const[]){"NAME", "SAVED", "INPUT"});
    size_t count = add_rows(&t, buf_str(&raw));
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (count == 0)
        term_say(&c->err, STYLE_PLAIN,
                 "no inputs yet; save one with: virga input save %s NAME JSON\n", cli_arg(c, 0));
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static int show(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, all = {0};
    struct str input = {0};
    if (function_path(c, &path, e) < 0 || find(c, path.data, cli_arg(c, 1), &all, &input, e) < 0)
        return -1;
    cli_print_json(c, input);
    return CLI_OK;
}

static int save(struct cli *c, struct err *e)
{
    struct client *client;
    auto_buf struct buf path = {0}, body = {0}, raw = {0};
    if (input_body(cli_arg(c, 2), &body, e) < 0 || function_path(c, &path, e) < 0 ||
        cli_client(c, &client, e) < 0)
        return -1;
    buf_addz(&path, "/inputs/");
    client_escape(&path, cli_arg(c, 1));
    struct client_request req = {.method = "PUT",
                                 .path = path.data,
                                 .content_type = "application/json",
                                 .body = buf_str(&body)};
    if (client_call(client, &req, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "saved %s; call with it: virga invoke %s --saved '%s'", cli_arg(c, 1),
                    cli_arg(c, 0), cli_arg(c, 1));
}

static int take_out(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    if (function_path(c, &path, e) < 0)
        return -1;
    buf_addz(&path, "/inputs/");
    client_escape(&path, cli_arg(c, 1));
    if (cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "removed %s", cli_arg(c, 1));
}

const struct verb input_verbs[] = {
    {"list", "NAME", "inputs that are saved with a function", 1, 1, list, NULL},
    {"show", "NAME INPUT", "print one", 2, 2, show, NULL},
    {"save", "NAME INPUT JSON", "save one, or replace it; @FILE or - as in 'virga invoke'", 3, 3,
     save, NULL},
    {"remove", "NAME INPUT", "remove one", 2, 2, take_out, NULL},
    {0},
};
