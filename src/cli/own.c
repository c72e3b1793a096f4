/* own — one's own account. */
#include "cli/own.h"

#include "cli/ask.h"
#include "cli/command.h"

#include <string.h>

int own_password(struct cli *c, struct err *e)
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

int own_change(struct cli *c, struct err *e)
{
    auto_json json_t *account = NULL;
    auto_buf struct buf raw = {0};
    const char *name = options_value(&c->options, "name");
    const char *email = options_value(&c->options, "email");
    if (!name && !email)
        return err_set(e, ERR_INVALID, "nothing to change: give --name or --email");
    json_t *body = json_pack("{s:s*, s:s*}", "name", name, "email", email);
    if (!body)
        return err_set(e, ERR_INVALID, "name and e-mail address must be UTF-8 text");
    if (cli_send(c, "PUT", "/api/account", body, &account, &raw, e) < 0)
        return -1;
    struct str now = cli_text(account, "email");
    return cli_done(c, &raw, "%s%s%s", cli_text(account, "name").p, now.n ? ", " : "", now.p);
}

/* An account of an external issuer has no password to ask for. */
static int make_proof(struct cli *c, const json_t *account, json_t **ret, struct err *e)
{
    char password[ASK_MAX] = "";
    *ret = NULL;
    if (!json_is_true(json_object_get(account, "has_password")))
        return 0;
    if (ask_password(c, "password", password, e) < 0)
        return -1;
    *ret = json_pack("{s:s}", "password", password);
    explicit_bzero(password, sizeof password);
    return *ret ? 0 : err_set(e, ERR_INVALID, "a password must be UTF-8 text");
}

int own_close(struct cli *c, struct err *e)
{
    auto_json json_t *account = NULL, *proof = NULL;
    auto_buf struct buf raw = {0}, warning = {0};
    if (cli_get(c, "/api/account", &account, NULL, e) < 0)
        return -1;
    const char *name = cli_text(account, "name").p;
    buf_addf(&warning,
             "This deletes the account '%s' on %s with its keys. Its projects go to their"
             " other owners.",
             name, client_server(c->client));
    if (ask_typed(c, warning.data, name, "nothing deleted", e) < 0 ||
        make_proof(c, account, &proof, e) < 0 ||
        cli_send(c, "DELETE", "/api/account", json_incref(proof), NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "deleted the account %s", name);
}
