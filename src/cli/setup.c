/* setup — an account from a link: the one that a new server prints at its start, or an invite. */
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/session.h"

#include <string.h>

const struct option_spec setup_options[] = {
    {0, "name", "NAME", "the account's name; asked for when left out"},
    {0, "email", "ADDRESS", "the account's e-mail address (none)"},
    {0, "password-stdin", NULL, "reads the password from standard input"},
    {0},
};

/* What a link says: server, endpoint, and the member of the body that carries the secret. */
struct link {
    char *server;
    const char *endpoint, *member, *secret;
};

static const struct kind {
    const char *in_link, *endpoint, *member;
} kinds[] = {
    {"/setup?token=", "/api/setup", "token"},
    {"/sign-up?invite=", "/api/register", "invite"},
    {NULL, NULL, NULL},
};

static int read_link(struct cli *c, struct link *ret, struct err *e)
{
    const struct target *t;
    const char *given = cli_arg(c, 0);
    const struct kind *k = kinds;
    while (k->in_link && !strstr(given, k->in_link))
        k++;
    if (!k->in_link && strpbrk(given, ":/?"))
        return err_set(e, ERR_INVALID,
                       "this is neither a set-up link (.../setup?token=...) nor an invite "
                       "(.../sign-up?invite=...)");
    if (!k->in_link) { /* the token alone, for the server in use */
        if (cli_target(c, &t, e) < 0)
            return -1;
        *ret = (struct link){mem_strdup(t->server), kinds->endpoint, kinds->member, given};
        return 0;
    }
    const char *at = strstr(given, k->in_link);
    *ret = (struct link){mem_dup(given, (size_t)(at - given)), k->endpoint, k->member,
                         at + strlen(k->in_link)};
    return 0;
}

static int ask_name(struct cli *c, char name[ASK_MAX], const char **ret, struct err *e)
{
    *ret = options_value(&c->options, "name");
    if (*ret)
        return 0;
    if (ask_line(c, "name of your account", name, e) < 0)
        return err_in(e, "give --name NAME");
    *ret = name;
    return 0;
}

static int make_account(struct cli *c, const struct link *link, json_t **ret, struct err *e)
{
    char typed[ASK_MAX] = "", password[ASK_MAX] = "";
    const char *name, *email = options_value(&c->options, "email");
    if (ask_name(c, typed, &name, e) < 0)
        return -1;
    int rc = ask_new_password(c, password, e);
    json_t *body = rc < 0 ? NULL
                          : json_pack("{s:s, s:s, s:s, s:s*}", link->member, link->secret, "name",
                                      name, "password", password, "email", email);
    explicit_bzero(password, sizeof password);
    if (rc < 0)
        return -1;
    if (!body)
        return err_set(e, ERR_INVALID, "name, address and password must be UTF-8 text");
    return cli_send(c, "POST", link->endpoint, body, ret, NULL, e);
}

int setup_run(struct cli *c, struct err *e)
{
    auto_json json_t *session = NULL;
    auto_ptr char *server = NULL, *profile = NULL;
    struct link link = {0};
    if (read_link(c, &link, e) < 0)
        return -1;
    server = link.server;
    if (session_profile(c, server, &profile, e) < 0 || session_connect(c, server, e) < 0 ||
        make_account(c, &link, &session, e) < 0)
        return -1;
    struct session_wish wish = {.server = server, .profile = profile};
    return session_keep(c, &wish, session, e) < 0 ? -1 : CLI_OK;
}
