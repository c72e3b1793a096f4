/* logout — signing out: the key ends at its server, the profile here. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/session.h"

/* The next command would go somewhere: better to say where. */
static void mention_rest(struct cli *c)
{
    const json_t *left = profiles_find(c->profiles, NULL);
    if (left)
        term_say(&c->err, STYLE_PLAIN, "using %s now (profile %s)\n", profiles_server(left),
                 profiles_current(c->profiles));
    else if (!profiles_is_empty(c->profiles))
        term_say(&c->err, STYLE_PLAIN,
                 "no profile is in use now; 'virga profile use NAME' chooses one\n");
}

/* A server that is gone, or a key that no longer works, must not keep a profile alive. */
int logout_run(struct cli *c, struct err *e)
{
    struct err refused = {0};
    const struct target *t;
    if (cli_target(c, &t, e) < 0)
        return -1;
    if (!t->profile)
        return err_set(e, ERR_INVALID, "not signed in to %s", t->server);
    auto_ptr char *name = mem_strdup(t->profile);
    const json_t *profile = profiles_find(c->profiles, name);
    bool revoked = session_revoke(profile, &refused) == 0;
    if (!revoked && refused.code != ERR_NOT_FOUND)
        term_say(&c->err, STYLE_YELLOW,
                 "virga: the key '%s' was not revoked, and works until somebody does: %s\n",
                 cli_text(profile, "key_id").p, refused.text);
    profiles_remove(c->profiles, name);
    if (profiles_save(c->profiles, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "signed out (profile %s)\n", name);
    mention_rest(c);
    return CLI_OK;
}
