/* account — the accounts of a server, for its administrators; and one's own password. */
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"

#include <string.h>
#include <strings.h>
#include <time.h>

const struct option_spec account_options[] = {
    {0, "expires", "TIME", "it ends after so long, such as 3d (7d)"},
    {'y', "yes", NULL, "does not ask"},
    {0},
};

/* A key of `virga login` leaves the rights of administrators out unless it is asked for them. */
static int explain(struct cli *c, const struct err *e)
{
    if (e->code == ERR_DENIED)
        cli_hint(c, "an administrator's key is made by: virga login --admin");
    return -1;
}

static int get_accounts(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    return cli_get_all(c, "/api/accounts?limit=1000", ret, raw, e) < 0 ? explain(c, e) : 0;
}

static void print_accounts(struct cli *c, const json_t *accounts)
{
    size_t i;
    const json_t *a;
    auto_table struct table t;
    table_init(&t, 6,
               (const char *const[]){"NAME", "E-MAIL", "STATUS", "ADMIN", "SIGNS IN", "SINCE"});
    json_array_foreach(accounts, i, a)
    {
        struct str email = cli_text(a, "email"), status = cli_text(a, "status");
        bool external = json_is_true(json_object_get(a, "external"));
        bool password = json_is_true(json_object_get(a, "has_password"));
        table_add(&t, STYLE_BOLD, cli_text(a, "name"));
        table_add(&t, STYLE_PLAIN, email.n > 0 ? email : STR("-"));
        table_add(&t, str_is(status, "active") ? STYLE_GREEN : STYLE_YELLOW, status);
        table_add(&t, STYLE_PLAIN,
                  json_is_true(json_object_get(a, "admin")) ? STR("yes") : STR("-"));
        table_add(&t, STYLE_PLAIN,
                  external   ? STR("issuer")
                  : password ? STR("password")
                             : STR("-"));
        table_add_ago(&t, cli_text(a, "created_at"));
    }
    table_print(&t, &c->out);
}

static int account_list(struct cli *c, struct err *e)
{
    auto_json json_t *accounts = NULL;
    auto_buf struct buf raw = {0};
    if (get_accounts(c, &accounts, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print_accounts(c, accounts);
    return CLI_OK;
}

/* By id, name or e-mail address. */
static const json_t *find(const json_t *accounts, const char *who)
{
    static const char *const members[] = {"id", "name", "email", NULL};
    size_t i;
    const json_t *a;
    for (const char *const *m = members; *m; m++) {
        json_array_foreach(accounts, i, a)
        {
            if (cli_text(a, *m).n > 0 && strcasecmp(cli_text(a, *m).p, who) == 0)
                return a;
        }
    }
    return NULL;
}

static int account_path(struct cli *c, const char *rest, struct buf *ret, struct err *e)
{
    auto_json json_t *accounts = NULL;
    auto_buf struct buf raw = {0};
    if (get_accounts(c, &accounts, &raw, e) < 0)
        return -1;
    const json_t *account = find(accounts, cli_arg(c, 0));
    if (!account)
        return err_set(e, ERR_NOT_FOUND, "there is no account '%s'; 'virga account list' shows all",
                       cli_arg(c, 0));
    buf_addz(ret, "/api/accounts/");
    client_escape(ret, cli_text(account, "id").p);
    buf_addz(ret, rest);
    return 0;
}

static int set_status(struct cli *c, const char *status, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0};
    if (account_path(c, "", &path, e) < 0 ||
        cli_send(c, "PUT", path.data, json_pack("{s:s}", "status", status), NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s is %s", cli_arg(c, 0), status);
}

static int account_disable(struct cli *c, struct err *e)
{
    return set_status(c, "disabled", e);
}

static int account_enable(struct cli *c, struct err *e)
{
    return set_status(c, "active", e);
}

static int account_reset(struct cli *c, struct err *e)
{
    auto_json json_t *answer = NULL;
    auto_buf struct buf path = {0}, raw = {0}, question = {0};
    if (account_path(c, "/password-reset", &path, e) < 0)
        return -1;
    buf_addf(&question, "Give %s a new password and end its sessions?", cli_arg(c, 0));
    if (ask_yes(c, question.data, "nothing changed", e) < 0 ||
        cli_send(c, "POST", path.data, NULL, &answer, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_say(&c->err, STYLE_PLAIN,
             "This password is shown only now; %s changes it with: virga account password\n",
             cli_arg(c, 0));
    (void)fflush(c->err.file);
    term_say(&c->out, STYLE_BOLD, "%s\n", cli_text(answer, "password").p);
    return CLI_OK;
}

/* --- invites --- */

static int make_invite(struct cli *c, json_t **ret, struct err *e)
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
        return err_set(e, ERR_INVALID, "--expires takes a time such as 3d or 12h, not '%s'",
                       expires);
    (void)json_object_set_new(*ret, "expires_at",
                              json_string(when_rfc3339(time(NULL) + seconds, at)));
    return 0;
}

static int account_invite(struct cli *c, struct err *e)
{
    auto_json json_t *body = NULL, *invite = NULL;
    auto_buf struct buf raw = {0};
    char until[WHEN_TEXT];
    if (make_invite(c, &body, e) < 0)
        return -1;
    if (cli_send(c, "POST", "/api/invites", json_incref(body), &invite, &raw, e) < 0)
        return explain(c, e);
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

/* --- one's own password --- */

static int account_password(struct cli *c, struct err *e)
{
    char before[ASK_MAX] = "", now[ASK_MAX] = "";
    struct client *client;
    auto_buf struct buf raw = {0};
    if (cli_client(c, &client, e) < 0)
        return -1;
    int rc = ask_secret(c, "password until now", before, e);
    if (rc == 0)
        rc = ask_new_password(c, now, e);
    json_t *body = rc == 0 ? json_pack("{s:s, s:s}", "old", before, "new", now) : NULL;
    explicit_bzero(before, sizeof before);
    explicit_bzero(now, sizeof now);
    if (rc < 0)
        return -1;
    if (!body)
        return err_set(e, ERR_INVALID, "passwords must be UTF-8 text");
    if (cli_send(c, "PUT", "/api/account/password", body, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "password changed; sessions in browsers have ended, keys stay");
}

const struct verb account_verbs[] = {
    {"list", "", "all accounts of the server", 0, 0, account_list, NULL},
    {"invite", "[E-MAIL]", "make a link with which somebody makes an account", 0, 1, account_invite,
     "expires"},
    {"disable", "NAME", "refuse all its credentials at once", 1, 1, account_disable, NULL},
    {"enable", "NAME", "take them again", 1, 1, account_enable, NULL},
    {"reset-password", "NAME", "show a new password for it", 1, 1, account_reset, "yes"},
    {"password", "", "change your own", 0, 0, account_password, NULL},
    {0},
};
