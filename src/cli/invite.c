/* invite — links with which somebody makes an account. For administrators. */
#include "cli/invite.h"

#include "cli/account.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"

#include <time.h>

static int make_body(struct cli *c, json_t **ret, struct err *e)
{
    const char *expires = options_value(&c->options, "expires");
    int64_t seconds;
    char at[WHEN_TEXT];
    *ret = json_pack("{s:s*}", "email", cli_arg(c, 0));
    if (!*ret)
        return err_set(e, ERR_INVALID, "an e-mail address is UTF-8 text");
    if (!expires)
        return 0;
    if (!when_span(expires, &seconds))
        return err_set(e, ERR_INVALID, "--expires takes a time such as 3d or 12h, not '%.40s'",
                       expires);
    (void)json_object_set_new(*ret, "expires_at",
                              json_string(when_rfc3339(time(NULL) + seconds, at)));
    return 0;
}

int invite_make(struct cli *c, struct err *e)
{
    auto_json json_t *body = NULL, *invite = NULL;
    auto_buf struct buf raw = {0};
    char until[WHEN_TEXT];
    if (make_body(c, &body, e) < 0)
        return -1;
    if (cli_send(c, "POST", "/api/invites", json_incref(body), &invite, &raw, e) < 0)
        return account_explain(c, e);
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_say(&c->err, STYLE_PLAIN,
             "Whoever has this link first makes one account, until %s; it is shown only now.\n"
             "In a browser, or: virga setup LINK\n",
             when_local(cli_text(invite, "expires_at").p, until));
    (void)fflush(c->err.file);
    struct str url = cli_text(invite, "url"); /* without a public URL it is a path */
    term_say(&c->out, STYLE_BOLD, "%s%s\n",
             str_starts(url, STR("/")) ? client_server(c->client) : "", url.p);
    return CLI_OK;
}

static void print(struct cli *c, const json_t *invites)
{
    size_t i;
    const json_t *one;
    auto_table struct table t;
    table_init(&t, 5, (const char *const[]){"FOR", "MADE", "EXPIRES", "USED", "ID"});
    json_array_foreach(invites, i, one)
    {
        char until[WHEN_TEXT];
        struct str email = cli_text(one, "email"), used = cli_text(one, "used_at");
        table_add(&t, STYLE_BOLD, email.n ? email : STR("anybody"));
        table_add_ago(&t, cli_text(one, "created_at"));
        table_add(&t, STYLE_PLAIN, str_of(when_local(cli_text(one, "expires_at").p, until)));
        if (used.n)
            table_add_ago(&t, used);
        else
            table_add(&t, STYLE_PLAIN, STR("-"));
        table_add(&t, STYLE_DIM, cli_text(one, "id"));
    }
    table_print(&t, &c->out);
}

int invite_list(struct cli *c, struct err *e)
{
    auto_json json_t *invites = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get_all(c, "/api/invites", &invites, &raw, e) < 0)
        return account_explain(c, e);
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print(c, invites);
    return CLI_OK;
}

int invite_withdraw(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    buf_addz(&path, "/api/invites/");
    client_escape(&path, cli_arg(c, 0));
    if (cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return account_explain(c, e);
    return cli_done(c, &raw, "withdrew %s", cli_arg(c, 0));
}
