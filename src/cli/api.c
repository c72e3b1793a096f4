/* api — what commands share: the server and key in use, requests, the project, the function. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/pretty.h"

#include <stdlib.h>
#include <string.h>

struct profiles *cli_profiles(struct cli *c, struct err *e)
{
    if (c->profiles)
        return c->profiles;
    struct profiles *p = mem_alloc(sizeof *p);
    if (profiles_load(p, e) < 0) {
        profiles_done(p);
        free(p);
        return NULL;
    }
    return c->profiles = p;
}

/* --profile, else VIRGA_PROFILE, else NULL: the current one. */
static const char *profile_name(const struct cli *c)
{
    const char *name = options_value(&c->options, "profile");
    if (!name)
        name = getenv("VIRGA_PROFILE");
    return name && *name ? name : NULL;
}

const json_t *cli_profile(struct cli *c)
{
    struct err e = {0};
    struct profiles *p = cli_profiles(c, &e);
    if (!p)
        term_say(&c->err, STYLE_YELLOW, "virga: profiles ignored: %s\n", e.text);
    return p ? profiles_find(p, profile_name(c)) : NULL;
}

const char *cli_project(struct cli *c)
{
    const char *name = options_value(&c->options, "project");
    if (!name)
        name = getenv("VIRGA_PROJECT");
    if (!name || !*name)
        name = json_string_value(json_object_get(cli_profile(c), "project"));
    return name && *name ? name : NULL;
}

int cli_project_path(struct cli *c, const char *rest, struct buf *ret, struct err *e)
{
    const char *slug = cli_project(c);
    if (!slug)
        return err_set(e, ERR_INVALID,
                       "which project? give --project SLUG, or choose one: virga project use SLUG");
    buf_addz(ret, "/api/projects/");
    client_escape(ret, slug);
    buf_addz(ret, rest);
    return 0;
}

/* An option wins over the environment, that over the profile. A profile that is named must exist.
 */
int cli_client(struct cli *c, struct client **ret, struct err *e)
{
    if (c->client) {
        *ret = c->client;
        return 0;
    }
    const json_t *profile = cli_profile(c);
    const char *server = options_value(&c->options, "server");
    const char *key = options_value(&c->options, "key"), *environment = getenv("VIRGA_KEY");
    if (!profile && profile_name(c))
        return err_set(e, ERR_INVALID, "there is no profile '%s': virga login --profile %s URL",
                       profile_name(c), profile_name(c));
    if (!server)
        server = getenv("VIRGA_SERVER");
    bool elsewhere = server && *server; /* a profile's key is for the profile's server only */
    if (!elsewhere)
        server = json_string_value(json_object_get(profile, "server"));
    if (!key && !(environment && *environment) && !elsewhere)
        key = json_string_value(json_object_get(profile, "key"));
    if (client_open(server ? server : "http://127.0.0.1:8000", key, &c->client, e) < 0)
        return -1;
    *ret = c->client;
    return 0;
}

int cli_send(struct cli *c, const char *method, const char *path, json_t *take_body, json_t **ret,
             struct buf *raw, struct err *e)
{
    struct client *client;
    auto_json json_t *body = take_body;
    auto_ptr char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    auto_buf struct buf answer = {0};
    struct client_request req = {.method = method,
                                 .path = path,
                                 .content_type = text ? "application/json" : NULL,
                                 .body = str_of(text)};
    if (cli_client(c, &client, e) < 0 || client_call(client, &req, &answer, e) < 0)
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

static int not_there(const char *name, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "%s: Function not found; 'virga list' shows all", name);
}

/* In a project names are asked for, since another project may have the same one. */
static int function_in_project(struct cli *c, const char *name, json_t **ret, struct err *e)
{
    auto_json json_t *found = NULL;
    auto_buf struct buf path = {0};
    buf_addz(&path, "/api/functions?limit=1&project=");
    client_escape(&path, cli_project(c));
    buf_addz(&path, "&name=");
    client_escape(&path, name);
    if (cli_get(c, path.data, &found, NULL, e) < 0)
        return -1;
    if (json_array_size(found) == 0)
        return not_there(name, e);
    *ret = json_incref(json_array_get(found, 0));
    return 0;
}

int cli_function(struct cli *c, const char *name, json_t **ret, struct err *e)
{
    auto_buf struct buf path = {0};
    if (!*name)
        return err_set(e, ERR_INVALID, "the name of the function is empty");
    if (cli_project(c))
        return function_in_project(c, name, ret, e);
    buf_addz(&path, "/api/functions/");
    client_escape(&path, name);
    if (cli_get(c, path.data, ret, NULL, e) == 0)
        return 0;
    return e->code == ERR_NOT_FOUND ? not_there(name, e) : err_in(e, "%s", name);
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
