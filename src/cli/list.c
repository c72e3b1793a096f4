#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"

enum { LIST_PAGE = 1000 /* the most that the server gives at once */, LIST_PAGES_MAX = 100 };

const struct option_spec list_options[] = {
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
    table_init(&t, 6,
               (const char *const[]){"NAME", "RUNTIME", "VERSION", "STATUS", "UPDATED", "ID"});
    json_array_foreach(functions, i, fn)
    {
        bool active = str_is(cli_text(fn, "status"), "active");
        table_add(&t, STYLE_BOLD, cli_text(fn, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(fn, "runtime"));
        table_add_number(&t, STYLE_PLAIN, cli_integer(fn, "active_version"));
        table_add(&t, active ? STYLE_GREEN : STYLE_YELLOW, cli_text(fn, "status"));
        table_add_ago(&t, cli_text(fn, "updated_at"));
        table_add(&t, STYLE_DIM, cli_text(fn, "id"));
    }
    table_print(&t, &c->out);
}

/* The server lists a page at a time. `raw` is what it sent, or all pages as one array. */
static int get_functions(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    auto_json json_t *all = NULL;
    auto_buf struct buf project = {0};
    if (cli_project(c)) {
        buf_addz(&project, "project=");
        client_escape(&project, cli_project(c));
    }
    auto_buf struct buf first = {0};
    buf_addf(&first, "/api/functions%s%s", project.len ? "?" : "", project.len ? project.data : "");
    if (cli_get(c, first.data, &all, raw, e) < 0)
        return -1;
    size_t page_size = json_array_size(all);
    for (int i = 1; i < LIST_PAGES_MAX && page_size >= LIST_PAGE; i++) {
        auto_json json_t *page = NULL;
        auto_buf struct buf path = {0};
        buf_addf(&path, "/api/functions?%s%slimit=%d&before=", project.len ? project.data : "",
                 project.len ? "&" : "", LIST_PAGE);
        client_escape(&path, cli_text(json_array_get(all, json_array_size(all) - 1), "id").p);
        if (cli_get(c, path.data, &page, NULL, e) < 0)
            return -1;
        page_size = json_array_size(page);
        (void)json_array_extend(all, page);
    }
    if (json_array_size(all) > LIST_PAGE) {
        auto_ptr char *text = json_dumps(all, JSON_COMPACT);
        buf_clear(raw);
        buf_addz(raw, text);
    }
    *ret = take_ptr(all);
    return 0;
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
