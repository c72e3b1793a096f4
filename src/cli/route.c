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
    return cli_get(c, path.data, ret, raw, e);
}

static int route_list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *r;
    auto_json json_t *routes = NULL;
    auto_buf struct buf raw = {0};
    if (get_routes(c, &routes, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"METHOD", "PATH", "FUNCTION", "ID"});
    json_array_foreach(routes, i, r)
    {
        table_add(&t, STYLE_BOLD, cli_text(r, "method"));
        table_add(&t, STYLE_PLAIN, cli_text(r, "path"));
        table_add(&t, STYLE_PLAIN, cli_text(r, "function_id"));
        table_add(&t, STYLE_DIM, cli_text(r, "id"));
    }
    if (json_array_size(routes) == 0)
        term_say(&c->err, STYLE_PLAIN,
                 "no routes yet; add one with: virga route add GET /hello FUNCTION\n");
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static int route_add(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL;
    auto_buf struct buf path = {0};
    if (cli_project_path(c, "/routes", &path, e) < 0 || cli_function(c, cli_arg(c, 2), &fn, e) < 0)
        return -1;
    json_t *body = json_pack("{s:s, s:s, s:s}", "method", cli_arg(c, 0), "path", cli_arg(c, 1),
                             "function_id", cli_text(fn, "id").p);
    if (!body)
        return err_set(e, ERR_INVALID, "method and path must be UTF-8 text");
    auto_json json_t *route = NULL;
    auto_buf struct buf raw = {0};
    if (cli_send(c, "POST", path.data, body, &route, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        term_say(&c->out, STYLE_PLAIN, "%s %s/api/gateway/%s%s\n", cli_text(route, "method").p,
                 client_server(c->client), cli_project(c), cli_text(route, "path").p);
    return CLI_OK;
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

static int route_remove(struct cli *c, struct err *e)
{
    auto_json json_t *routes = NULL;
    auto_buf struct buf path = {0};
    if (get_routes(c, &routes, NULL, e) < 0)
        return -1;
    const json_t *route = find(c, routes);
    if (!route)
        return err_set(e, ERR_NOT_FOUND, "no such route; 'virga route list' shows all");
    if (cli_project_path(c, "/routes/", &path, e) < 0)
        return -1;
    client_escape(&path, cli_text(route, "id").p);
    if (cli_send(c, "DELETE", path.data, NULL, NULL, NULL, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "removed %s %s\n", cli_text(route, "method").p,
             cli_text(route, "path").p);
    return CLI_OK;
}

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
    cli_print_json(c, buf_str(&raw));
    return CLI_OK;
}

const struct verb route_verbs[] = {
    {"list", "", "routes of the project", 0, 0, route_list},
    {"add", "METHOD PATH FUNCTION", "send requests to a function", 3, 3, route_add},
    {"remove", "ID | METHOD PATH", "remove one", 1, 2, route_remove},
    {"match", "METHOD PATH", "show which route a request would hit", 2, 2, route_match},
    {0},
};
