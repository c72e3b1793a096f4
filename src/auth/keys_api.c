/* keys_api — API keys of one's own account. */
#include "app.h"
#include "auth/keys.h"
#include "auth/keys_store.h"
#include "auth/private.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/must.h"
#include "http/form.h"

enum { KEYS_MAX = 100, KEY_NAME_MAX = 64, HINT_TEXT = 7 };

static json_t *key_json(const struct api_key *k)
{
    json_t *ret =
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", k->id, "name", k->name, "hint",
                  k->hint, "scopes", keys_scopes_json(k->scopes), "created_at",
                  form_time_json(k->created_us), "expires_at", form_time_json(k->expires_us),
                  "last_used_at", form_time_json(k->last_used_us));
    must(ret);
    return ret;
}

static int list_keys(struct request *req, struct response *res, struct err *e)
{
    struct api_key *rows = arena_alloc(req->arena, KEYS_MAX * sizeof *rows);
    size_t count;
    if (keys_list(req->context, req->arena, req->principal->account, KEYS_MAX, rows, &count, e) < 0)
        return -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, key_json(&rows[i]));
    return http_reply_json(req, res, 200, list);
}

/* What the caller may hand on: no more than it has. */
static unsigned grantable(const struct principal *p)
{
    return p->admin ? p->scopes : p->scopes & ~(unsigned)SCOPE_ADMIN;
}

static int read_scope(const struct form *form, const json_t *word, unsigned *scopes, struct err *e)
{
    const char *name = json_string_value(word);
    unsigned scope = name ? keys_scope(name) : 0;
    if (!scope)
        return form_invalid(form, "scopes", "literal_error", e, "There is no such scope");
    if (!(scope & grantable(form->req->principal)))
        return err_set(e, ERR_DENIED, "You cannot give a key the scope '%s': you lack it", name);
    *scopes |= scope;
    return 0;
}

static int read_scopes(const struct form *form, unsigned *ret, struct err *e)
{
    const json_t *list = NULL;
    *ret = grantable(form->req->principal) & ~(unsigned)SCOPE_ADMIN;
    if (form_array(form, "scopes", FORM_OPTIONAL, 32, &list, e) < 0)
        return -1;
    if (!list)
        return 0;
    *ret = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (read_scope(form, json_array_get(list, i), ret, e) < 0)
            return -1;
    return *ret ? 0 : form_invalid(form, "scopes", "too_short", e, "A key needs a scope");
}

/* It is read on terminals, in lists and in the audit log. */
static int read_name(const struct form *form, const char **ret, struct err *e)
{
    if (form_text(form, "name", FORM_REQUIRED, 1, KEY_NAME_MAX, ret, e) < 0)
        return -1;
    for (const char *p = *ret; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return form_invalid(form, "name", "value_error", e,
                                "Value error, a name has no control characters");
    return 0;
}

static int read_key(struct request *req, struct api_key *ret, struct err *e)
{
    struct form form;
    char *id = arena_alloc(req->arena, ID_TEXT);
    id_new(id);
    *ret = (struct api_key){.id = id, .created_us = clock_wall_us()};
    if (form_open(&form, req, e) < 0 || read_name(&form, &ret->name, e) < 0 ||
        read_scopes(&form, &ret->scopes, e) < 0)
        return -1;
    if (json_is_null(json_object_get(form.object, "expires_at")))
        return 0;
    if (form_time(&form, "expires_at", FORM_OPTIONAL, &ret->expires_us, e) < 0)
        return -1;
    if (ret->expires_us && ret->expires_us <= ret->created_us)
        return form_invalid(&form, "expires_at", "value_error", e,
                            "Value error, this time is over");
    return 0;
}

/* A key that another one makes ends no later than that: whoever finds one for a day must not have
 * it for ever. */
static int limit_end(struct request *req, struct api_key *key, struct err *e)
{
    const struct principal *p = req->principal;
    int64_t end_us = 0;
    if (p->kind != CREDENTIAL_KEY)
        return 0;
    int found = keys_end(req->context, p->account, p->credential, &end_us, e);
    if (found <= 0)
        return found < 0 ? -1 : token_invalid(e); /* revoked in this moment */
    if (end_us && (!key->expires_us || key->expires_us > end_us))
        key->expires_us = end_us;
    return 0;
}

static int store(struct request *req, struct api_key *key, struct str text, struct err *e)
{
    const char *account = req->principal->account;
    unsigned char hash[AUTH_HASH];
    int64_t count;
    auto_tx struct tx tx = {0};
    auth_hash_secret(text, hash);
    if (db_begin(req->context, &tx, e) < 0 || limit_end(req, key, e) < 0 ||
        keys_count(req->context, account, &count, e) < 0)
        return -1;
    if (count >= KEYS_MAX)
        return err_set(e, ERR_CONFLICT, "An account has at most %d keys: revoke some", KEYS_MAX);
    if (keys_insert(req->context, account, key, (struct str){(char *)hash, sizeof hash}, e) < 0 ||
        audit_write(req->context, req, "key.create", account, key->name, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

/* The only time that the key is shown. */
static int create_key(struct request *req, struct response *res, struct err *e)
{
    struct api_key key;
    char text[AUTH_KEY_TEXT + 1], hint[HINT_TEXT + 1];
    if (read_key(req, &key, e) < 0)
        return -1;
    auth_new_key(text);
    snprintf(hint, sizeof hint, "%s", text);
    key.hint = hint;
    int rc = store(req, &key, str_of(text), e);
    if (rc == 0) {
        json_t *body = key_json(&key);
        json_object_set_new(body, "key", json_string(text));
        rc = http_reply_json(req, res, 200, body);
    }
    sodium_memzero(text, sizeof text);
    return rc;
}

static int revoke_key(struct request *req, struct response *res, struct err *e)
{
    const char *account = req->principal->account, *id = http_param(req, "key");
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0)
        return -1;
    int gone = keys_delete(req->context, account, id, e);
    if (gone <= 0)
        return gone < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Key not found");
    if (audit_write(req->context, req, "key.revoke", account, id, e) < 0)
        return -1;
    db_note(&tx, NOTE_CREDENTIAL, id);
    if (db_commit(&tx, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Key revoked"));
}

const struct route keys_routes[] = {
    {HTTP_GET, "/api/keys", PERM_ACCOUNT, PLANE_CONTROL, list_keys, NULL},
    {HTTP_POST, "/api/keys", PERM_ACCOUNT, PLANE_CONTROL, create_key, NULL},
    {HTTP_DELETE, "/api/keys/:key", PERM_ACCOUNT, PLANE_CONTROL, revoke_key, NULL},
    {0},
};
