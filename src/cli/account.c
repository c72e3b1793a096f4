/* account — the accounts of a server, for its administrators. */
#include "cli/account.h"

#include "base/mem.h"
#include "base/must.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/invite.h"
#include "cli/own.h"
#include "cli/table.h"

#include <string.h>
#include <strings.h>

const struct option_spec account_options[] = {
    {0, "expires", "TIME", "it ends after so long, such as 3d (7d)"},
    {0, "projects", "N", "how many projects it may have; 'none': as the server's options say"},
    {0, "functions", "N", "how many functions"},
    {0, "calls", "N", "how many calls of its functions a day"},
    {0, "name", "NAME", "what the account is called"},
    {0, "email", "E-MAIL", "its e-mail address"},
    {0, "password-stdin", NULL, "reads the password from standard input"},
    {'y', "yes", NULL, "does not ask"},
    {0},
};

int account_explain(struct cli *c, const struct err *e)
{
    if (e->code == ERR_DENIED)
        cli_hint(c, "an administrator's key is made by: virga login --admin");
    return -1;
}

static int get_accounts(struct cli *c, json_t **ret, struct buf *raw, struct err *e)
{
    return cli_get_all(c, "/api/accounts?limit=1000", ret, raw, e) < 0 ? account_explain(c, e) : 0;
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

static int change(struct cli *c, json_t *take_body, const char *now, struct err *e)
{
    auto_json json_t *body = take_body;
    auto_buf struct buf path = {0}, raw = {0};
    if (account_path(c, "", &path, e) < 0 ||
        cli_send(c, "PUT", path.data, json_incref(body), NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "%s is %s", cli_arg(c, 0), now);
}

static int account_disable(struct cli *c, struct err *e)
{
    return change(c, json_pack("{s:s}", "status", "disabled"), "disabled", e);
}

static int account_enable(struct cli *c, struct err *e)
{
    return change(c, json_pack("{s:s}", "status", "active"), "active", e);
}

static int account_promote(struct cli *c, struct err *e)
{
    return change(c, json_pack("{s:b}", "admin", 1), "an administrator", e);
}

static int account_demote(struct cli *c, struct err *e)
{
    return change(c, json_pack("{s:b}", "admin", 0), "no administrator", e);
}

static int account_delete(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0}, raw = {0}, warning = {0};
    if (account_path(c, "", &path, e) < 0)
        return -1;
    buf_addf(&warning,
             "This deletes the account '%s' with its keys. Its projects go to their other owners.",
             cli_arg(c, 0));
    if (ask_typed(c, warning.data, cli_arg(c, 0), "nothing deleted", e) < 0 ||
        cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "deleted %s", cli_arg(c, 0));
}

/* --- quotas --- */

static const struct quota {
    const char *option, *member, *what;
} quotas[] = {{"projects", "projects", "projects"},
              {"functions", "functions", "functions"},
              {"calls", "calls_per_day", "calls a day"}};

static int read_quotas(const struct cli *c, json_t *ret, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(quotas); i++) {
        uint64_t n = 0;
        const char *text = options_value(&c->options, quotas[i].option);
        if (!text)
            continue;
        bool none = strcmp(text, "none") == 0;
        if (!none && (!str_to_u64(str_of(text), &n) || n > INT64_MAX))
            return err_set(e, ERR_INVALID, "--%s takes a number or 'none', not '%.40s'",
                           quotas[i].option, text);
        (void)json_object_set_new(ret, quotas[i].member,
                                  none ? json_null() : json_integer((json_int_t)n));
    }
    return 0;
}

static void print_quotas(struct cli *c, const json_t *account)
{
    const json_t *all = json_object_get(account, "quotas");
    for (size_t i = 0; i < ARRAY_LEN(quotas); i++) {
        auto_buf struct buf text = {0};
        const json_t *n = json_object_get(all, quotas[i].member);
        if (json_is_integer(n))
            buf_addf(&text, "%lld", (long long)json_integer_value(n));
        else
            buf_addz(&text, "as the server's options say");
        cli_field(c, quotas[i].what, buf_str(&text));
    }
}

/* Shows them, and changes those that are given. */
static int account_quota(struct cli *c, struct err *e)
{
    auto_json json_t *account = NULL, *body = json_pack("{s:{}}", "quotas");
    auto_buf struct buf path = {0}, raw = {0};
    if (read_quotas(c, json_object_get(body, "quotas"), e) < 0 || account_path(c, "", &path, e) < 0)
        return -1;
    if (cli_send(c, "PUT", path.data, json_incref(body), &account, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else
        print_quotas(c, account);
    return CLI_OK;
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

const struct verb account_verbs[] = {
    {"list", "", "all accounts of the server", 0, 0, account_list, NULL},
    {"invite", "[E-MAIL]", "make a link with which somebody makes an account", 0, 1, invite_make,
     "expires"},
    {"invites", "", "list the links that were made", 0, 0, invite_list, NULL},
    {"withdraw", "INVITE", "end a link, by its id", 1, 1, invite_withdraw, NULL},
    {"disable", "NAME", "refuse all its credentials at once", 1, 1, account_disable, NULL},
    {"enable", "NAME", "take them again", 1, 1, account_enable, NULL},
    {"promote", "NAME", "make an administrator of it", 1, 1, account_promote, NULL},
    {"demote", "NAME", "take that back", 1, 1, account_demote, NULL},
    {"quota", "NAME", "show what it may have, and change it", 1, 1, account_quota,
     "projects functions calls"},
    {"reset-password", "NAME", "show a new password for it", 1, 1, account_reset, "yes"},
    {"delete", "NAME", "delete it", 1, 1, account_delete, "yes"},
    {"change", "", "change your own name or e-mail address", 0, 0, own_change, "name email"},
    {"password", "", "change your own password", 0, 0, own_password, NULL},
    {"close", "", "delete your own account", 0, 0, own_close, "yes password-stdin"},
    {0},
};
