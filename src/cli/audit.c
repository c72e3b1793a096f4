/* audit — who has changed or revealed what. */
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 50, COUNT_MAX = 1000 };

const struct option_spec audit_options[] = {
    {'n', "lines", "COUNT", "how many (50)"},
    {0, "object", "ID", "only of this project, function or account"},
    {0},
};

static int parse_count(const struct cli *c, uint64_t *ret, struct err *e)
{
    const char *text = options_value(&c->options, "lines");
    *ret = SHOWN;
    if (text && (!str_to_u64(str_of(text), ret) || *ret == 0 || *ret > COUNT_MAX))
        return err_set(e, ERR_INVALID, "--lines takes a number from 1 to %d, not '%.40s'",
                       COUNT_MAX, text);
    return 0;
}

/* Of the project in use, else of all that the account may see. */
static int make_path(struct cli *c, struct buf *ret, struct err *e)
{
    uint64_t count;
    const struct target *t;
    const char *object = options_value(&c->options, "object");
    if (parse_count(c, &count, e) < 0 || cli_target(c, &t, e) < 0)
        return -1;
    if (t->project && object)
        return err_set(e, ERR_INVALID, "--object is for all projects: give --project '' with it");
    if (!t->project)
        buf_addz(ret, "/api/audit");
    else if (cli_project_path(c, "/audit", ret, e) < 0)
        return -1;
    buf_addf(ret, "?limit=%llu", (unsigned long long)count);
    if (object) {
        buf_addz(ret, "&object=");
        client_escape(ret, object);
    }
    return 0;
}

static void print_lines(struct cli *c, const json_t *lines)
{
    auto_table struct table t;
    table_init(&t, 6, (const char *const[]){"WHEN", "WHO", "WITH", "ACTION", "OBJECT", "DETAIL"});
    for (size_t i = json_array_size(lines); i-- > 0;) {
        const json_t *line = json_array_get(lines, i);
        char at[WHEN_TEXT];
        struct str who = cli_text(line, "account");
        table_add(&t, STYLE_DIM, str_of(when_local(cli_text(line, "created_at").p, at)));
        table_add(&t, STYLE_BOLD, who.n ? who : cli_text(line, "account_id"));
        table_add(&t, STYLE_PLAIN, cli_text(line, "credential"));
        table_add(&t, STYLE_PLAIN, cli_text(line, "action"));
        table_add(&t, STYLE_DIM, cli_text(line, "object"));
        table_add(&t, STYLE_PLAIN, cli_text(line, "detail"));
    }
    table_print(&t, &c->out);
}

int audit_run(struct cli *c, struct err *e)
{
    auto_json json_t *lines = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (make_path(c, &path, e) < 0 || cli_get(c, path.data, &lines, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (json_array_size(lines) == 0)
        term_say(&c->err, STYLE_PLAIN, "nothing yet\n");
    else
        print_lines(c, lines);
    return CLI_OK;
}
