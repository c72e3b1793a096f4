/* whoami — the account that the key in use belongs to. */
#include "cli/command.h"

int whoami_run(struct cli *c, struct err *e)
{
    auto_json json_t *account = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get(c, "/api/account", &account, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_show(&c->out, STYLE_BOLD, cli_text(account, "name"));
    term_say(&c->out, STYLE_PLAIN, "%s on %s",
             json_is_true(json_object_get(account, "admin")) ? " (administrator)" : "",
             client_server(c->client));
    if (c->target.profile)
        term_say(&c->out, STYLE_PLAIN, ", profile %s", c->target.profile);
    if (c->target.project)
        term_say(&c->out, STYLE_PLAIN, ", project %s", c->target.project);
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}
