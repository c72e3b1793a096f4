#include "cli/session.h"

#include "base/mem.h"
#include "cli/command.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

int session_connect(struct cli *c, const char *server, struct err *e)
{
    client_close(take_ptr(c->client));
    struct client_config config = {.server = server, .anonymous = true};
    if (client_open(&config, &c->client, e) < 0)
        return -1;
    if (client_is_exposed(c->client))
        term_say(&c->err, STYLE_YELLOW,
                 "virga: %s is no https: everybody on the way can read password and key\n", server);
    return 0;
}

/* "virga.example" or "10.0.0.7:8000", or "default" for an odd URL. */
static char *name_of(const char *server)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL;
    auto_buf struct buf name = {0};
    if (curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        buf_addz(&name, host);
        if (curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK)
            buf_addf(&name, ":%s", port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return mem_strdup(name.data && profiles_name_ok(name.data) ? name.data : "default");
}

int session_profile(struct cli *c, const char *server, char **ret, struct err *e)
{
    const struct profiles *p = cli_profiles(c, e);
    const char *named = options_value(&c->options, "profile");
    if (!p)
        return -1;
    if (!named)
        named = cli_environment("VIRGA_PROFILE");
    if (named && !profiles_name_ok(named))
        return err_set(e, ERR_INVALID,
                       "'%.100s' is no name for a profile: letters, digits, '.', '_', '-'", named);
    if (!named)
        named = profiles_of_server(p, server);
    if (!named && profiles_is_empty(p))
        named = profiles_current(p);
    *ret = named ? mem_strdup(named) : name_of(server);
    return 0;
}

/* --- the key --- */

/* All that the session may, the administrator's rights included; by default the server leaves those
 * out. */
static int add_scopes(struct cli *c, json_t *body, struct err *e)
{
    auto_json json_t *account = NULL;
    if (cli_get(c, "/api/account", &account, NULL, e) < 0)
        return -1;
    if (!json_is_true(json_object_get(account, "admin")))
        return err_set(e, ERR_DENIED, "%s is no administrator: sign in without --admin",
                       cli_text(account, "name").p);
    const json_t *scopes = json_object_get(json_object_get(account, "credential"), "scopes");
    (void)json_object_set_new(body, "scopes", json_deep_copy(scopes));
    return 0;
}

static int make_key(struct cli *c, bool admin, json_t **ret, struct err *e)
{
    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    auto_json json_t *body = json_pack("{s:s}", "name", *host ? host : "command line");
    if (!body) /* a host name is whatever its administrator wrote */
        body = json_pack("{s:s}", "name", "command line");
    if (admin && add_scopes(c, body, e) < 0)
        return -1;
    return cli_send(c, "POST", "/api/keys", json_incref(body), ret, NULL, e);
}

static int delete_key(struct client *client, const char *id, struct err *e)
{
    auto_buf struct buf path = {0}, answer = {0};
    buf_addz(&path, "/api/keys/");
    client_escape(&path, id);
    struct client_request req = {.method = "DELETE", .path = path.data};
    return client_call(client, &req, &answer, e);
}

int session_revoke(const json_t *profile, struct err *e)
{
    struct client *client = NULL;
    const char *id = json_string_value(json_object_get(profile, "key_id"));
    struct client_config config = {.server = profiles_server(profile),
                                   .key = json_string_value(json_object_get(profile, "key")),
                                   .key_from = "the profile"};
    if (!id || !config.key)
        return err_set(e, ERR_NOT_FOUND, "it has no key");
    if (client_open(&config, &client, e) < 0)
        return -1;
    int rc = delete_key(client, id, e);
    client_close(client);
    return rc;
}

/* --- the profile --- */

/* What the profile remembered of another server, or of another account, is not true any more. */
static void fill(json_t *profile, const char *server, const json_t *key, struct str account)
{
    bool same = profiles_same_server(profiles_server(profile), server) &&
                str_eq(cli_text(profile, "account"), account);
    (void)json_object_set_new(profile, "server", json_string(server));
    (void)json_object_set_new(profile, "account", json_stringn(account.p, account.n));
    (void)json_object_set_new(profile, "key", json_string(cli_text(key, "key").p));
    (void)json_object_set_new(profile, "key_id", json_string(cli_text(key, "id").p));
    if (!same)
        (void)json_object_del(profile, "project");
}

/* The old key goes only when the new one is safe. */
static int store(struct cli *c, const struct session_wish *wish, const json_t *key,
                 struct str account, struct err *e)
{
    struct err ignored = {0};
    struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    json_t *profile = profiles_make(p, wish->profile);
    auto_json json_t *before = json_deep_copy(profile);
    fill(profile, client_server(c->client), key, account);
    profiles_use(p, wish->profile);
    if (profiles_save(p, e) < 0)
        return -1;
    if (session_revoke(before, &ignored) < 0 && ignored.code != ERR_NOT_FOUND)
        term_say(&c->err, STYLE_YELLOW, "virga: the profile's old key was not revoked: %s\n",
                 ignored.text);
    return 0;
}

static int use_token(struct cli *c, const char *server, const char *token, struct err *e)
{
    struct client_config config = {.server = server, .key = token, .key_from = "the server"};
    client_close(take_ptr(c->client));
    return client_open(&config, &c->client, e);
}

int session_keep(struct cli *c, const struct session_wish *wish, const json_t *session,
                 struct err *e)
{
    auto_json json_t *key = NULL;
    struct err ignored = {0};
    struct str account = cli_text(json_object_get(session, "account"), "name");
    if (use_token(c, wish->server, cli_text(session, "token").p, e) < 0)
        return -1;
    int rc = make_key(c, wish->admin, &key, e);
    if (rc == 0)
        rc = store(c, wish, key, account, e);
    if (rc < 0 && key)
        (void)delete_key(c->client, cli_text(key, "id").p, &ignored);
    (void)cli_send(c, "POST", "/api/logout", json_object(), NULL, NULL, &ignored);
    if (rc < 0)
        return -1;
    term_say(&c->out, STYLE_GREEN, "signed in");
    term_say(&c->out, STYLE_PLAIN, " to %s as " STR_FMT " (profile %s)\n", client_server(c->client),
             STR_ARG(account), wish->profile);
    return 0;
}
