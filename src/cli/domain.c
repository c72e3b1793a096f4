/* domain — host names that lead to a project's gateway. */
#include "cli/command.h"
#include "cli/table.h"

static int list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *d;
    auto_json json_t *domains = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    auto_table struct table t = {0};
    if (cli_project_path(c, "/domains", &path, e) < 0 ||
        cli_get_all(c, path.data, &domains, &raw, e) < 0)
        return -1;
    table_init(&t, 2, (const char *const[]){"DOMAIN", "SINCE"});
    json_array_foreach(domains, i, d)
    {
        table_add(&t, STYLE_BOLD, cli_text(d, "domain"));
        table_add_ago(&t, cli_text(d, "created_at"));
    }
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (json_array_size(domains) == 0)
        term_say(&c->err, STYLE_PLAIN,
                 "no domains yet; add one with: virga domain add api.example.com\n");
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static int add(struct cli *c, struct err *e)
{
    auto_json json_t *domain = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    json_t *body = json_pack("{s:s}", "domain", cli_arg(c, 0));
    if (!body)
        return err_set(e, ERR_INVALID, "a domain is UTF-8 text");
    if (cli_project_path(c, "/domains", &path, e) < 0) {
        json_decref(body);
        return -1;
    }
    if (cli_send(c, "POST", path.data, body, &domain, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s leads to the gateway of %s, once its name resolves to this server",
                    cli_text(domain, "domain").p, cli_project(c));
}

static int take_out(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    if (cli_project_path(c, "/domains/", &path, e) < 0)
        return -1;
    client_escape(&path, cli_arg(c, 0));
    if (cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "removed %s from %s", cli_arg(c, 0), cli_project(c));
}

const struct verb domain_verbs[] = {
    {"list", "", "domains of the project", 0, 0, list, NULL},
    {"add", "DOMAIN", "send requests for a host name to its gateway", 1, 1, add, NULL},
    {"remove", "DOMAIN", "remove one", 1, 1, take_out, NULL},
    {0},
};
