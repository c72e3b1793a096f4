/* route — the routes of a project's gateway. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"

#include <string.h>
#include <strings.h>

static int get_routes(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf path = {0};
    if (cli_project_path(c, "/routes", &path, e) < 0)
        return -1;
    return cli_get_all(c, path.data, ret, raw, e);
}

/* --- names of functions: routes know ids --- */

static int get_functions(struct cli *c, json_t **ret, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    buf_addz(&path, "/api/functions?project=");
    client_escape(&path, cli_project(c));
    return cli_get_all(c, path.data, ret, &raw, e);
}

static struct str name_of(const json_t *functions, struct str id)
{
    size_t i;
    const json_t *fn;
    json_array_foreach(functions, i,
                       fn) if (str_eq(cli_text(fn, "id"), id)) return cli_text(fn, "name");
    return id;
}

static void print_routes(struct cli *c, const json_t *routes, const json_t *functions)
{
    size_t i;
    const json_t *r;
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"METHOD", "PATH", "FUNCTION", "ID"});
    json_array_foreach(routes, i, r)
    {
        table_add(&t, STYLE_BOLD, cli_text(r, "method"));
        table_add(&t, STYLE_PLAIN, cli_text(r, "path"));
        table_add(&t, STYLE_PLAIN, name_of(functions, cli_text(r, "function_id")));
        table_add(&t, STYLE_DIM, cli_text(r, "id"));
    }
    table_print(&t, &c->out);
}

static int route_list(struct cli *c, struct err *e)
{
    auto_json json_t *routes = NULL, *functions = NULL;
    auto_buf struct buf raw = {0};
    if (get_routes(c, &routes, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    if (json_array_size(routes) == 0) {
        term_say(&c->err, STYLE_PLAIN,
                 "no routes yet; add one with: virga route add GET /hello FUNCTION\n");
        return CLI_OK;
    }
    if (get_functions(c, &functions, e) < 0)
        return -1;
    print_routes(c, routes, functions);
    return CLI_OK;
}

static int route_add(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *route = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_project_path(c, "/routes", &path, e) < 0 || cli_function(c, cli_arg(c, 2), &fn, e) < 0)
        return -1;
    json_t *body = json_pack("{s:s, s:s, s:s}", "method", cli_arg(c, 0), "path", cli_arg(c, 1),
                             "function_id", cli_text(fn, "id").p);
    if (!body)
        return err_set(e, ERR_INVALID, "method and path must be UTF-8 text");
    if (cli_send(c, "POST", path.data, body, &route, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s %s/api/gateway/%s%s", cli_text(route, "method").p,
                    client_server(c->client), cli_project(c), cli_text(route, "path").p);
}

/* By id, or by method and path as listed. */
static const json_t *find(const struct cli *c, const json_t *routes)
{
    size_t i;
    const json_t *r;
    const char *first = cli_arg(c, 0), *path = cli_arg(c, 1);
    json_array_foreach(routes, i, r)
    {
        bool same = path ? strcasecmp(cli_text(r, "method").p, first) == 0 &&
                               str_is(cli_text(r, "path"), path)
                         : str_is(cli_text(r, "id"), first);
        if (same)
            return r;
    }
    return NULL;
}

/* The route that the arguments name, and its path in the API. */
static int locate(struct cli *c, json_t **ret_routes, const json_t **ret, struct buf *ret_path,
                  struct err *e)
{
    auto_buf struct buf raw = {0};
    if (get_routes(c, ret_routes, &raw, e) < 0 || cli_project_path(c, "/routes/", ret_path, e) < 0)
        return -1;
    *ret = find(c, *ret_routes);
    if (!*ret)
        return err_set(e, ERR_NOT_FOUND, "no such route in %s; 'virga route list' shows all",
                       cli_project(c));
    client_escape(ret_path, cli_text(*ret, "id").p);
    return 0;
}

static int route_remove(struct cli *c, struct err *e)
{
    const json_t *route;
    auto_json json_t *routes = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (locate(c, &routes, &route, &path, e) < 0 ||
        cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "removed %s %s", cli_text(route, "method").p,
                    cli_text(route, "path").p);
}

/* The route stays the same one: no request falls into a gap. */
static int route_change(struct cli *c, struct err *e)
{
    const json_t *route;
    auto_json json_t *routes = NULL, *fn = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (locate(c, &routes, &route, &path, e) < 0 || cli_function(c, cli_arg(c, 2), &fn, e) < 0)
        return -1;
    json_t *body = json_pack("{s:s}", "function_id", cli_text(fn, "id").p);
    if (cli_send(c, "PUT", path.data, body, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s %s calls %s", cli_text(route, "method").p,
                    cli_text(route, "path").p, cli_text(fn, "name").p);
}

/* --- match --- */

static int print_match(struct cli *c, const json_t *match, struct err *e)
{
    const char *name;
    const json_t *value, *route = json_object_get(match, "route");
    auto_json json_t *functions = NULL;
    if (!json_is_object(route)) {
        term_say(&c->err, STYLE_PLAIN, "no route takes %s %s\n", cli_arg(c, 0), cli_arg(c, 1));
        return CLI_FAILED;
    }
    if (get_functions(c, &functions, e) < 0)
        return -1;
    struct str function = name_of(functions, cli_text(route, "function_id"));
    term_say(&c->out, STYLE_BOLD, "%s %s", cli_text(route, "method").p, cli_text(route, "path").p);
    term_say(&c->out, STYLE_PLAIN, " calls " STR_FMT "\n", STR_ARG(function));
    json_object_foreach(json_object_get(match, "params"), name, value)
    {
        term_say(&c->out, STYLE_PLAIN, "  %s = %s\n", name,
                 json_is_string(value) ? json_string_value(value) : "");
    }
    return CLI_OK;
}

/* Status 1 when there is none, as with grep. */
static int route_match(struct cli *c, struct err *e)
{
    auto_json json_t *match = NULL;
    auto_buf struct buf raw = {0}, path = {0};
    if (cli_project_path(c, "/routes/match?method=", &path, e) < 0)
        return -1;
    client_escape(&path, cli_arg(c, 0));
    buf_addz(&path, "&path=");
    client_escape(&path, cli_arg(c, 1));
    if (cli_get(c, path.data, &match, &raw, e) < 0)
        return -1;
    if (!c->json)
        return print_match(c, match, e);
    cli_print_json(c, buf_str(&raw));
    return json_is_object(json_object_get(match, "route")) ? CLI_OK : CLI_FAILED;
}

const struct verb route_verbs[] = {
    {"list", "", "routes of the project", 0, 0, route_list, NULL},
    {"add", "METHOD PATH FUNCTION", "send requests to a function", 3, 3, route_add, NULL},
    {"change", "METHOD PATH FUNCTION", "send them to another function", 3, 3, route_change, NULL},
    {"remove", "ID | METHOD PATH", "remove one", 1, 2, route_remove, NULL},
    {"match", "METHOD PATH", "show which route a request would take", 2, 2, route_match, NULL},
    {0},
};
