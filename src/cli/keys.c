/* keys — API keys of the account in use. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"

#include <string.h>
#include <time.h>

const struct option_spec key_options[] = {
    {0, "scopes", "WORDS", "what the key may do, separated by commas (all that you may)"},
    {0, "expires", "TIME", "it ends after so long, such as 90d or 12h (never)"},
    {0},
};

static void add_scopes(struct table *t, const json_t *key)
{
    size_t i;
    const json_t *scope;
    auto_buf struct buf words = {0};
    json_array_foreach(json_object_get(key, "scopes"), i, scope)
    {
        if (json_is_string(scope))
            buf_addf(&words, "%s%s", words.len ? " " : "", json_string_value(scope));
    }
    table_add(t, STYLE_PLAIN, buf_str(&words));
}

static void print_keys(struct cli *c, const json_t *keys)
{
    size_t i;
    const json_t *k;
    auto_table struct table t;
    table_init(&t, 6,
               (const char *const[]){"NAME", "BEGINS", "EXPIRES", "LAST USED", "ID", "SCOPES"});
    json_array_foreach(keys, i, k)
    {
        char date[11];
        (void)snprintf(date, sizeof date, "%s", cli_text(k, "expires_at").p);
        table_add(&t, STYLE_BOLD, cli_text(k, "name"));
        table_add(&t, STYLE_PLAIN, cli_text(k, "hint"));
        table_add(&t, STYLE_PLAIN, *date ? str_of(date) : STR("never"));
        table_add_ago(&t, cli_text(k, "last_used_at"));
        table_add(&t, STYLE_DIM, cli_text(k, "id"));
        add_scopes(&t, k);
    }
    table_print(&t, &c->out);
}

static int key_list(struct cli *c, struct err *e)
{
    auto_json json_t *keys = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get_all(c, "/api/keys", &keys, &raw, e) < 0)
        return -1;
    if (c->json)
        cli_print_json(c, buf_str(&raw));
    else if (json_array_size(keys) == 0)
        term_say(&c->err, STYLE_PLAIN, "no keys yet; make one with: virga key create NAME\n");
    else
        print_keys(c, keys);
    return CLI_OK;
}

static int add_scopes_to(json_t *body, const char *words, struct err *e)
{
    json_t *list = json_array();
    (void)json_object_set_new(body, "scopes", list);
    for (struct str rest = str_of(words); rest.p;) {
        struct str word = str_trim(str_cut(&rest, ','));
        if (word.n == 0 || json_array_append_new(list, json_stringn(word.p, word.n)) < 0)
            return err_set(e, ERR_INVALID,
                           "--scopes takes words with commas between them, such as "
                           "functions:read,invoke; 'virga key --help' lists them");
    }
    return 0;
}

static int add_expiry(json_t *body, const char *text, struct err *e)
{
    int64_t seconds;
    char at[WHEN_TEXT];
    if (!when_span(text, &seconds) || seconds == 0)
        return err_set(e, ERR_INVALID, "--expires takes a time such as 90d or 12h, not '%s'", text);
    (void)json_object_set_new(body, "expires_at",
                              json_string(when_rfc3339(time(NULL) + seconds, at)));
    return 0;
}

/* The key alone goes to standard output, so that it can be piped to where it belongs. */
static int key_create(struct cli *c, struct err *e)
{
    const char *scopes = options_value(&c->options, "scopes");
    const char *expires = options_value(&c->options, "expires");
    auto_json json_t *key = NULL, *body = json_pack("{s:s}", "name", cli_arg(c, 0));
    auto_buf struct buf raw = {0};
    if (!body)
        return err_set(e, ERR_INVALID, "a name is UTF-8 text");
    if ((scopes && add_scopes_to(body, scopes, e) < 0) ||
        (expires && add_expiry(body, expires, e) < 0) ||
        cli_send(c, "POST", "/api/keys", json_incref(body), &key, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_say(&c->err, STYLE_PLAIN,
             "This key is shown only now. Use it as VIRGA_KEY or in 'Authorization: Bearer ...';\n"
             "'virga key revoke %s' ends it.\n",
             cli_text(key, "id").p);
    (void)fflush(c->err.file);
    term_show(&c->out, STYLE_BOLD, cli_text(key, "key"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}

/* By id, else by a name that one key has. */
static int find(struct cli *c, const char *given, struct str *ret, json_t **ret_keys, struct err *e)
{
    size_t i, named = 0;
    const json_t *k;
    auto_buf struct buf raw = {0};
    if (cli_get_all(c, "/api/keys", ret_keys, &raw, e) < 0)
        return -1;
    json_array_foreach(*ret_keys, i, k)
    {
        if (str_is(cli_text(k, "id"), given)) {
            *ret = cli_text(k, "id");
            return 0;
        }
        if (str_is(cli_text(k, "name"), given)) {
            *ret = cli_text(k, "id");
            named++;
        }
    }
    if (named == 0)
        return err_set(e, ERR_NOT_FOUND, "%s: no such key; 'virga key list' shows all", given);
    if (named > 1)
        return err_set(e, ERR_INVALID, "%zu keys are named '%s': give the id", named, given);
    return 0;
}

static int key_revoke(struct cli *c, struct err *e)
{
    struct str id;
    auto_json json_t *keys = NULL;
    auto_buf struct buf path = {0}, raw = {0};
    if (find(c, cli_arg(c, 0), &id, &keys, e) < 0)
        return -1;
    buf_addz(&path, "/api/keys/");
    client_escape(&path, id.p);
    if (cli_send(c, "DELETE", path.data, NULL, NULL, &raw, e) < 0)
        return -1;
    return cli_done(c, &raw, "revoked %s", cli_arg(c, 0));
}

const struct verb key_verbs[] = {
    {"list", "", "your keys; only their beginning is known to the server", 0, 0, key_list, NULL},
    {"create", "NAME", "make one and show it", 1, 1, key_create, "scopes expires"},
    {"revoke", "NAME|ID", "end one at once", 1, 1, key_revoke, NULL},
    {0},
};
