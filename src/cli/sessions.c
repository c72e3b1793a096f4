/* sessions — where the account in use is signed in, in browsers. (`virga login` keeps a key
 * instead: see session.c.) */
#include "cli/command.h"
#include "cli/table.h"

static int list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *s;
    auto_json json_t *sessions = NULL;
    auto_buf struct buf raw = {0};
    auto_table struct table t = {0};
    if (cli_get_all(c, "/api/sessions", &sessions, &raw, e) < 0)
        return -1;
    table_init(&t, 5, (const char *const[]){"BROWSER", "ADDRESS", "LAST USED", "SINCE", "ID"});
    json_array_foreach(sessions, i, s)
    {
        table_add(&t, STYLE_PLAIN, cli_text(s, "agent"));
        table_add(&t, STYLE_PLAIN, cli_text(s, "address"));
        table_add_ago(&t, cli_text(s, "last_used_at"));
        table_add_ago(&t, cli_text(s, "created_at"));
        table_add(&t, STYLE_DIM, cli_text(s, "id"));
    }
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (json_array_size(sessions) == 0)
        term_say(&c->err, STYLE_PLAIN, "signed in nowhere; keys are listed by: virga key\n");
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static int end(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    buf_addz(&path, "/api/sessions/");
    client_escape(&path, cli_arg(c, 0));
    if (cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "ended %s", cli_arg(c, 0));
}

static int end_all(struct cli *c, struct err *e)
{
    auto_json json_t *said = NULL;
    auto_buf struct buf raw = {0};
    if (cli_send(c, "DELETE", "/api/sessions", NULL, &said, &raw, e) < 0)
        return -1;
    json_int_t count = cli_integer(said, "count");
    return cli_done(c, &raw, "ended %lld session%s; keys stay", (long long)count,
                    count == 1 ? "" : "s");
}

const struct verb session_verbs[] = {
    {"list", "", "where you are signed in", 0, 0, list, NULL},
    {"end", "ID", "sign one out", 1, 1, end, NULL},
    {"end-all", "", "sign all out", 0, 0, end_all, NULL},
    {0},
};
