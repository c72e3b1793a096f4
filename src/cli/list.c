#include "cli/command.h"
#include "cli/table.h"

const struct option_spec list_options[] = {
    {0, "all", NULL, "of every project, whichever is in use"},
    {0, "names", NULL, "prints names only, one per line"},
    {0},
};

static void print_names(struct cli *c, const json_t *functions)
{
    size_t i;
    const json_t *fn;
    json_array_foreach(functions, i, fn)
    {
        auto_buf struct buf line = {0};
        term_clean(cli_text(fn, "name"), false, &line); /* a name with a newline is one name */
        buf_addz(&line, "\n");
        (void)fwrite(line.data, 1, line.len, c->out.file);
    }
}

static void print_functions(struct cli *c, const json_t *functions)
{
    size_t i;
    const json_t *fn;
    auto_table struct table t;
    table_init(
        &t, 7,
        (const char *const[]){"NAME", "RUNTIME", "VERSION", "STATUS", "NETWORK", "UPDATED", "ID"});
    json_array_foreach(functions, i, fn)
    {
        bool active = str_is(cli_text(fn, "status"), "active");
        bool network = json_is_true(json_object_get(fn, "network_enabled"));
        table_add(&t, STYLE_BOLD, cli_text(fn, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(fn, "runtime"));
        table_add_number(&t, STYLE_PLAIN, cli_integer(fn, "active_version"));
        table_add(&t, active ? STYLE_GREEN : STYLE_YELLOW, cli_text(fn, "status"));
        table_add(&t, STYLE_PLAIN, network ? STR("on") : STR("off"));
        table_add_ago(&t, cli_text(fn, "updated_at"));
        table_add(&t, STYLE_DIM, cli_text(fn, "id"));
    }
    table_print(&t, &c->out);
}

static int get_functions(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    const struct target *t;
    auto_buf struct buf path = {0};
    if (cli_target(c, &t, e) < 0)
        return -1;
    buf_addz(&path, "/api/functions");
    if (t->project && !options_has(&c->options, "all")) {
        buf_addz(&path, "?project=");
        client_escape(&path, t->project);
    }
    return cli_get_all(c, path.data, ret, raw, e);
}

int list_run(struct cli *c, struct err *e)
{
    auto_json json_t *functions = NULL;
    auto_buf struct buf raw = {0};
    if (get_functions(c, &functions, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (options_has(&c->options, "names"))
        print_names(c, functions);
    else if (json_array_size(functions) == 0)
        term_say(&c->err, STYLE_PLAIN, "no functions yet; make one with: virga deploy FILE\n");
    else
        print_functions(c, functions);
    return CLI_OK;
}
