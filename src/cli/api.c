/* api — what commands share: requests, whole lists, functions by name, answers in JSON. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/pretty.h"

#include <stdarg.h>
#include <string.h>

enum { PAGES_MAX = 1000, ID_LENGTH = 24 };

/* It may be a password. */
static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

int cli_send(struct cli *c, const char *method, const char *path, json_t *take_body, json_t **ret,
             struct buf *raw, struct err *e)
{
    struct client *client;
    auto_json json_t *body = take_body;
    auto_buf struct buf answer = {0};
    if (cli_client(c, &client, e) < 0)
        return -1;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct client_request req = {.method = method,
                                 .path = path,
                                 .content_type = text ? "application/json" : NULL,
                                 .body = str_of(text),
                                 .patient = c->patient};
    int rc = client_call(client, &req, &answer, e);
    wipe(text);
    if (rc < 0)
        return -1;
    if (raw)
        buf_add_str(raw, buf_str(&answer));
    if (ret)
        *ret = json_loadb(answer.data, answer.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    if (ret && !*ret)
        return err_set(e, ERR_SYSTEM, "the answer to %s is not understood", path);
    return 0;
}

int cli_get(struct cli *c, const char *path, json_t **ret, struct buf *raw, struct err *e)
{
    return cli_send(c, "GET", path, NULL, ret, raw, e);
}

/* The link's query in place of the path's. */
static bool turn_page(const struct cli *c, struct buf *path)
{
    auto_buf struct buf query = {0};
    if (!client_link(c->client, "next", &query))
        return false;
    path->len = strcspn(path->data, "?");
    buf_add_str(path, buf_str(&query));
    return true;
}

int cli_get_all(struct cli *c, const char *path, json_t **ret, struct buf *raw, struct err *e)
{
    auto_json json_t *all = NULL;
    auto_buf struct buf at = {0};
    buf_addz(&at, path);
    if (cli_get(c, path, &all, raw, e) < 0)
        return -1;
    int pages = 1;
    for (; json_is_array(all) && pages < PAGES_MAX && turn_page(c, &at); pages++) {
        auto_json json_t *page = NULL;
        if (cli_get(c, at.data, &page, NULL, e) < 0)
            return -1;
        (void)json_array_extend(all, page);
    }
    if (pages == PAGES_MAX)
        term_say(&c->err, STYLE_YELLOW, "virga: the list goes on; this is its beginning\n");
    if (pages > 1) {
        auto_ptr char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(15));
        buf_clear(raw);
        buf_addz(raw, text);
    }
    *ret = take_ptr(all);
    return 0;
}

bool cli_is_id(const char *text)
{
    return strlen(text) == ID_LENGTH && strspn(text, "0123456789abcdef") == ID_LENGTH;
}

static int not_there(const struct cli *c, const char *name, struct err *e)
{
    if (c->target.project)
        return err_set(e, ERR_NOT_FOUND,
                       "%s: Function not found in project '%s'; 'virga list' shows those of it, "
                       "'virga list --all' all",
                       name, c->target.project);
    return err_set(e, ERR_NOT_FOUND, "%s: Function not found; 'virga list' shows all", name);
}

/* In a project names are asked for, since another project may have the same one. */
static int function_in_project(struct cli *c, const char *name, json_t **ret, struct err *e)
{
    auto_json json_t *found = NULL;
    auto_buf struct buf path = {0};
    buf_addz(&path, "/api/functions?limit=1&project=");
    client_escape(&path, c->target.project);
    buf_addz(&path, "&name=");
    client_escape(&path, name);
    if (cli_get(c, path.data, &found, NULL, e) < 0)
        return -1;
    if (json_array_size(found) == 0)
        return not_there(c, name, e);
    *ret = json_incref(json_array_get(found, 0));
    return 0;
}

int cli_function(struct cli *c, const char *name, json_t **ret, struct err *e)
{
    const struct target *t;
    auto_buf struct buf path = {0};
    if (!*name)
        return err_set(e, ERR_INVALID, "the name of the function is empty");
    if (cli_target(c, &t, e) < 0)
        return -1;
    if (t->project && !cli_is_id(name))
        return function_in_project(c, name, ret, e);
    buf_addz(&path, "/api/functions/");
    client_escape(&path, name);
    if (cli_get(c, path.data, ret, NULL, e) == 0)
        return 0;
    return e->code == ERR_NOT_FOUND ? not_there(c, name, e) : err_in(e, "%s", name);
}

int cli_function_path(const json_t *function, const char *rest, struct buf *ret, struct err *e)
{
    struct str id = cli_text(function, "id");
    if (id.n == 0)
        return err_set(e, ERR_SYSTEM, "the server named no id");
    buf_addz(ret, "/api/functions/");
    client_escape(ret, id.p);
    buf_addz(ret, rest);
    return 0;
}

void cli_print_json(struct cli *c, struct str json)
{
    auto_buf struct buf text = {0};
    if (c->out.tty)
        pretty_indent(json, &text);
    else
        pretty_compact(json, &text);
    buf_addz(&text, "\n");
    term_show(&c->out, STYLE_PLAIN, buf_str(&text));
}

void cli_field(struct cli *c, const char *name, struct str value)
{
    term_say(&c->out, STYLE_DIM, "  %-11s ", name);
    term_show(&c->out, STYLE_PLAIN, value);
    term_say(&c->out, STYLE_PLAIN, "\n");
}

int cli_done(struct cli *c, const struct buf *raw, const char *fmt, ...)
{
    va_list args;
    auto_buf struct buf text = {0};
    if (c->json) {
        cli_print_json(c, buf_str(raw));
        return CLI_OK;
    }
    va_start(args, fmt);
    buf_vaddf(&text, fmt, args);
    va_end(args);
    term_say(&c->out, STYLE_PLAIN, "%s\n", text.data);
    return CLI_OK;
}

void cli_hint(struct cli *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_clear(&c->hint);
    buf_vaddf(&c->hint, fmt, args);
    va_end(args);
}

json_int_t cli_integer(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

struct str cli_text(const json_t *object, const char *member)
{
    const json_t *text = json_object_get(object, member);
    if (!json_is_string(text))
        return STR("");
    return (struct str){json_string_value(text), json_string_length(text)};
}
