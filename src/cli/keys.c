/* keys — API keys of the account in use. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/manifest.h"
#include "cli/table.h"

#include <string.h>
#include <time.h>

const struct option_spec key_options[] = {
    {0, "scopes", "WORDS", "what the key may do, separated by commas (all that you may)"},
    {0, "expires", "DAYS", "it ends after so many days, such as 90d (never)"},
    {0},
};

static void add_scopes(struct table *t, const json_t *key)
{
    size_t i;
    const json_t *scope;
    auto_buf struct buf words = {0};
    json_array_foreach(json_object_get(key, "scopes"), i, scope)
        buf_addf(&words, "%s%s", i ? " " : "", json_string_value(scope));
    table_add(t, STYLE_PLAIN, buf_str(&words));
}

static int key_list(struct cli *c, struct err *e)
{
    size_t i;
    const json_t *k;
    auto_json json_t *keys = NULL;
    auto_buf struct buf raw = {0};
    if (cli_get(c, "/api/keys", &keys, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    auto_table struct table t;
    table_init(&t, 5, (const char *const[]){"NAME", "SCOPES", "EXPIRES", "LAST USED", "ID"});
    json_array_foreach(keys, i, k)
    {
        char date[11];
        (void)snprintf(date, sizeof date, "%s", cli_text(k, "expires_at").p);
        table_add(&t, STYLE_BOLD, cli_text(k, "name"));
        add_scopes(&t, k);
        table_add(&t, STYLE_PLAIN, *date ? str_of(date) : STR("never"));
        table_add_ago(&t, cli_text(k, "last_used_at"));
        table_add(&t, STYLE_DIM, cli_text(k, "id"));
    }
    table_print(&t, &c->out);
    return CLI_OK;
}

static json_t *scopes_of(const char *words)
{
    json_t *list = json_array();
    for (struct str rest = str_of(words); rest.p;) {
        struct str word = str_trim(str_cut(&rest, ','));
        json_array_append_new(list, json_stringn(word.p, word.n));
    }
    return list;
}

static int add_expiry(json_t *body, const char *text, struct err *e)
{
    uint64_t days;
    struct str number = str_of(text);
    char at[32];
    if (str_ends(number, STR("d")))
        number.n--;
    if (!str_to_u64(number, &days) || days == 0 || days > 36500)
        return err_set(e, ERR_INVALID, "--expires takes days, such as 90d, not '%s'", text);
    time_t when = time(NULL) + (time_t)days * 86400;
    (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&when));
    json_object_set_new(body, "expires_at", json_string(at));
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
    if (scopes)
        json_object_set_new(body, "scopes", scopes_of(scopes));
    if ((expires && add_expiry(body, expires, e) < 0) ||
        cli_send(c, "POST", "/api/keys", json_incref(body), &key, &raw, e) < 0)
        return -1;
    if (c->json) {
        cli_print_json(c, buf_str(&raw));
        return CLI_OK;
    }
    term_say(&c->err, STYLE_PLAIN, "This key is shown once:\n");
    term_show(&c->out, STYLE_BOLD, cli_text(key, "key"));
    term_say(&c->out, STYLE_PLAIN, "\n");
    return CLI_OK;
}

/* By id, else by a name that one key has. */
static int find(struct cli *c, const char *given, struct str *ret, json_t **ret_keys, struct err *e)
{
    size_t i, named = 0;
    const json_t *k;
    if (cli_get(c, "/api/keys", ret_keys, NULL, e) < 0)
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
    auto_buf struct buf path = {0};
    if (find(c, cli_arg(c, 0), &id, &keys, e) < 0)
        return -1;
    buf_addz(&path, "/api/keys/");
    client_escape(&path, id.p);
    if (cli_send(c, "DELETE", path.data, NULL, NULL, NULL, e) < 0)
        return -1;
    term_say(&c->out, STYLE_PLAIN, "revoked %s\n", cli_arg(c, 0));
    return CLI_OK;
}

const struct verb key_verbs[] = {
    {"list", "", "your keys; their text is not known to the server", 0, 0, key_list},
    {"create", "NAME", "make one and show it", 1, 1, key_create},
    {"revoke", "NAME|ID", "end one at once", 1, 1, key_revoke},
    {0},
};
