/* login — signing in. */
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/session.h"

#include <string.h>

const struct option_spec login_options[] = {
    {0, "name", "NAME", "name or e-mail of the account; asked for when left out"},
    {0, "password-stdin", NULL, "reads the password from standard input"},
    {0, "admin", NULL, "for 'virga account': the key may do what administrators may"},
    {0},
};

/* URL, else --server, else what a profile that is named stands for, else VIRGA_SERVER, else the
 * server in use. A named profile that does not exist yet is made. */
static int find_server(struct cli *c, char **ret, struct err *e)
{
    const char *named = options_value(&c->options, "profile");
    const char *given = cli_arg(c, 0) ? cli_arg(c, 0) : options_value(&c->options, "server");
    const struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    if (!given && named && profiles_find(p, named))
        given = profiles_server(profiles_find(p, named));
    if (!given)
        given = cli_environment("VIRGA_SERVER");
    if (!given)
        given = profiles_server(profiles_find(p, cli_environment("VIRGA_PROFILE")));
    *ret = mem_strdup(given);
    return 0;
}

static void mention_old(struct cli *c, const char *profile)
{
    const json_t *old = profiles_find(c->profiles, profile);
    struct str account = cli_text(old, "account");
    if (cli_text(old, "key").n > 0)
        term_say(&c->err, STYLE_DIM,
                 "Profile %s is signed in to %s" STR_FMT STR_FMT
                 " already; this replaces its key.\n",
                 profile, profiles_server(old), STR_ARG(account.n ? STR(" as ") : STR("")),
                 STR_ARG(account));
}

static int ask_name(struct cli *c, char name[ASK_MAX], struct err *e)
{
    const char *given = options_value(&c->options, "name");
    if (!given)
        return ask_line(c, "name or e-mail", name, e) < 0 ? err_in(e, "give --name NAME") : 0;
    if (strlen(given) >= ASK_MAX)
        return err_set(e, ERR_INVALID, "the name is longer than %d bytes", ASK_MAX - 1);
    (void)strcpy(name, given);
    return 0;
}

static int log_in(struct cli *c, json_t **ret, struct err *e)
{
    char name[ASK_MAX] = "", password[ASK_MAX] = "";
    if (ask_name(c, name, e) < 0 || ask_password(c, "password", password, e) < 0)
        return -1;
    json_t *body = json_pack("{s:s, s:s}", "login", name, "password", password);
    explicit_bzero(password, sizeof password);
    if (!body)
        return err_set(e, ERR_INVALID, "name and password must be UTF-8 text");
    return cli_send(c, "POST", "/api/login", body, ret, NULL, e);
}

int login_run(struct cli *c, struct err *e)
{
    auto_ptr char *server = NULL, *profile = NULL;
    auto_json json_t *session = NULL;
    if (find_server(c, &server, e) < 0 || session_profile(c, server, &profile, e) < 0 ||
        session_connect(c, server, e) < 0)
        return -1;
    mention_old(c, profile);
    struct session_wish wish = {server, profile, options_has(&c->options, "admin")};
    if (log_in(c, &session, e) < 0 || session_keep(c, &wish, session, e) < 0)
        return -1;
    return CLI_OK;
}
