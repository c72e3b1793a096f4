#include "cli/versions.h"

#include "cli/command.h"
#include "cli/table.h"

int versions_get(struct cli *c, const json_t *fn, json_t **ret, struct buf *raw, struct err *e)
{
    auto_buf struct buf path = {0};
    if (cli_function_path(fn, "/versions", &path, e) < 0)
        return -1;
    return cli_get(c, path.data, ret, raw, e);
}

static void print_versions(struct cli *c, const json_t *versions, json_int_t active)
{
    size_t i;
    const json_t *v;
    auto_table struct table t;
    table_init(&t, 3, (const char *const[]){"VERSION", "STATE", "CREATED"});
    json_array_foreach(versions, i, v)
    {
        bool is_active = cli_integer(v, "version") == active;
        table_add_number(&t, STYLE_BOLD, cli_integer(v, "version"));
        table_add(&t, STYLE_GREEN, is_active ? STR("active") : STR("-"));
        table_add_ago(&t, cli_text(v, "created_at"));
    }
    table_print(&t, &c->out);
}

int versions_run(struct cli *c, struct err *e)
{
    auto_json json_t *fn = NULL, *versions = NULL;
    auto_buf struct buf raw = {0};
    if (cli_function(c, cli_arg(c, 0), &fn, e) < 0 || versions_get(c, fn, &versions, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print_versions(c, versions, cli_integer(fn, "active_version"));
    return CLI_OK;
}
