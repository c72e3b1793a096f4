/* login — signing in, and the profiles that remember it. */
#include "base/mem.h"
#include "base/must.h"
#include "cli/command.h"
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_LEN = 512 };

const struct option_spec login_options[] = {
    {0, "name", "NAME", "name or e-mail of the account; asked for when left out"},
    {0, "password-stdin", NULL, "reads the password from standard input"},
    {0},
};

static void cut_line(char *line)
{
    line[strcspn(line, "\r\n")] = 0;
}

static int ask(struct cli *c, const char *what, char line[LINE_LEN], struct err *e)
{
    if (isatty(STDIN_FILENO) != 1)
        return err_set(e, ERR_INVALID, "nobody to ask for the %s; see 'virga login --help'", what);
    term_say(&c->err, STYLE_PLAIN, "%s: ", what);
    (void)fflush(c->err.file);
    if (!fgets(line, LINE_LEN, stdin))
        return err_set(e, ERR_INVALID, "no %s was given", what);
    cut_line(line);
    return 0;
}

/* Without echo; the terminal is set back whatever happens. */
static int ask_password(struct cli *c, char line[LINE_LEN], struct err *e)
{
    struct termios before, silent;
    if (options_has(&c->options, "password-stdin")) {
        if (!fgets(line, LINE_LEN, stdin))
            return err_set(e, ERR_INVALID, "standard input holds no password");
        cut_line(line);
        return 0;
    }
    bool tty = tcgetattr(STDIN_FILENO, &before) == 0;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tty)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    int rc = ask(c, "password", line, e);
    if (tty) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        term_say(&c->err, STYLE_PLAIN, "\n");
    }
    return rc;
}

static int post(struct client *client, const char *path, json_t *take_body, json_t **ret,
                struct err *e)
{
    auto_json json_t *body = take_body;
    auto_ptr char *text = json_dumps(body, JSON_COMPACT);
    auto_buf struct buf answer = {0};
    struct client_request req = {
        .method = "POST", .path = path, .content_type = "application/json", .body = str_of(text)};
    if (client_call(client, &req, &answer, e) < 0)
        return -1;
    explicit_bzero(text, strlen(text));
    *ret = json_loadb(answer.data, answer.len, 0, NULL);
    return *ret ? 0 : err_set(e, ERR_SYSTEM, "the answer to %s is not understood", path);
}

/* A key of this machine's own can be seen in the list of keys, and revoked alone. */
static int make_key(struct cli *c, const char *server, const char *token, json_t **ret,
                    struct err *e)
{
    char host[64] = "", name[96];
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(name, sizeof name, "%.50s", *host ? host : "command line");
    client_close(take_ptr(c->client));
    if (client_open(server, token, &c->client, e) < 0)
        return -1;
    auto_json json_t *ended = NULL;
    struct err ignored = {0};
    if (post(c->client, "/api/keys", json_pack("{s:s}", "name", name), ret, e) < 0)
        return -1;
    (void)post(c->client, "/api/logout", json_object(), &ended, &ignored); /* it ends by itself */
    return 0;
}

static int remember(struct cli *c, const char *server, const json_t *key, struct err *e)
{
    struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    const char *named = options_value(&c->options, "profile");
    const char *environment = getenv("VIRGA_PROFILE");
    auto_ptr char *name = mem_strdup(named                         ? named
                                     : environment && *environment ? environment
                                                                   : profiles_current(p));
    json_t *profile = profiles_make(p, name);
    json_object_set_new(profile, "server", json_string(server));
    json_object_set_new(profile, "key", json_string(cli_text(key, "key").p));
    json_object_set_new(profile, "key_id", json_string(cli_text(key, "id").p));
    profiles_use(p, name);
    if (profiles_save(p, e) < 0)
        return -1;
    term_say(&c->out, STYLE_GREEN, "signed in");
    term_say(&c->out, STYLE_PLAIN, " to %s (profile %s)\n", server, name);
    return 0;
}

static const char *target(struct cli *c)
{
    const char *given = cli_arg(c, 0), *option = options_value(&c->options, "server");
    const char *environment = getenv("VIRGA_SERVER");
    const char *known = json_string_value(json_object_get(cli_profile(c), "server"));
    if (given || option)
        return given ? given : option;
    if (environment && *environment)
        return environment;
    return known ? known : "http://127.0.0.1:8000";
}

int login_run(struct cli *c, struct err *e)
{
    char name[LINE_LEN] = "", password[LINE_LEN] = "";
    auto_json json_t *session = NULL, *key = NULL;
    auto_ptr char *server = mem_strdup(target(c));
    const char *given = options_value(&c->options, "name");
    if (given)
        (void)snprintf(name, sizeof name, "%s", given);
    else if (ask(c, "name or e-mail", name, e) < 0)
        return -1;
    if (ask_password(c, password, e) < 0 || client_open(server, NULL, &c->client, e) < 0)
        return -1;
    json_t *body = json_pack("{s:s, s:s}", "login", name, "password", password);
    explicit_bzero(password, sizeof password);
    if (!body)
        return err_set(e, ERR_INVALID, "name and password must be UTF-8 text");
    if (post(c->client, "/api/login", body, &session, e) < 0 ||
        make_key(c, server, cli_text(session, "token").p, &key, e) < 0 ||
        remember(c, server, key, e) < 0)
        return -1;
    return CLI_OK;
}

/* A server that is gone, or a key that no longer works, must not keep a profile alive. */
int logout_run(struct cli *c, struct err *e)
{
    auto_buf struct buf path = {0};
    struct err refused = {0};
    struct profiles *p = cli_profiles(c, e);
    const json_t *profile = p ? cli_profile(c) : NULL;
    const char *named = options_value(&c->options, "profile");
    if (!p)
        return -1;
    if (!profile)
        return err_set(e, ERR_INVALID, "not signed in: there is no profile '%s'",
                       named ? named : profiles_current(p));
    auto_ptr char *name = mem_strdup(named ? named : profiles_current(p));
    buf_addz(&path, "/api/keys/");
    client_escape(&path, cli_text(profile, "key_id").p);
    if (cli_send(c, "DELETE", path.data, NULL, NULL, NULL, &refused) < 0)
        term_say(&c->err, STYLE_YELLOW, "virga: the key was not revoked: %s\n", refused.text);
    profiles_remove(p, name);
    if (profiles_save(p, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "signed out (profile %s)\n", name);
    return CLI_OK;
}

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
    term_say(&c->out, STYLE_PLAIN, "%s on %s\n",
             json_is_true(json_object_get(account, "admin")) ? " (administrator)" : "",
             client_server(c->client));
    return CLI_OK;
}

static int profile_list(struct cli *c, struct err *e)
{
    const char *name;
    json_t *profile;
    struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    auto_table struct table t;
    table_init(&t, 4, (const char *const[]){"PROFILE", "IN USE", "SERVER", "PROJECT"});
    json_object_foreach(json_object_get(p->tree, "profiles"), name, profile)
    {
        bool current = strcmp(name, profiles_current(p)) == 0;
        table_add(&t, STYLE_BOLD, str_of(name));
        table_add(&t, STYLE_GREEN, current ? STR("yes") : STR("-"));
        table_add(&t, STYLE_PLAIN, cli_text(profile, "server"));
        table_add(&t, STYLE_PLAIN, cli_text(profile, "project"));
    }
    if (t.count == 4)
        term_say(&c->err, STYLE_PLAIN, "no profiles yet; make one with: virga login URL\n");
    else
        table_print(&t, &c->out);
    return CLI_OK;
}

static int change_profile(struct cli *c, void (*change)(struct profiles *, const char *),
                          struct err *e)
{
    struct profiles *p = cli_profiles(c, e);
    if (!p)
        return -1;
    if (!profiles_find(p, cli_arg(c, 0)))
        return err_set(e, ERR_INVALID, "there is no profile '%s'", cli_arg(c, 0));
    change(p, cli_arg(c, 0));
    return profiles_save(p, e) < 0 ? -1 : CLI_OK;
}

static int profile_use(struct cli *c, struct err *e)
{
    return change_profile(c, profiles_use, e);
}

static int profile_remove(struct cli *c, struct err *e)
{
    return change_profile(c, profiles_remove, e);
}

const struct verb profile_verbs[] = {
    {"list", "", "servers that login has stored", 0, 0, profile_list},
    {"use", "NAME", "choose the one in use", 1, 1, profile_use},
    {"remove", "NAME", "forget one; its key stays valid", 1, 1, profile_remove},
    {0},
};
