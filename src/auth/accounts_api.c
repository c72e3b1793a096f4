/* accounts_api — accounts for administrators, and the rows of one's own (account_api.c). */
#include "app.h"
#include "auth/account_api.h"
#include "auth/accounts.h"
#include "auth/password.h"
#include "auth/private.h"
#include "auth/sessions_store.h"
#include "http/form.h"

#include <string.h>

enum { LIST_STANDARD = 100, LIST_MAX = 1000, TEMPORARY_RANDOM = 18 };

static int named(struct request *req, struct account *ret, struct err *e)
{
    return accounts_find(req->context, req->arena, http_param(req, "account"), ret, e);
}

/* Whom it named may be gone. */
static int refuse_cursor(struct request *req, struct err *e)
{
    if (e->code != ERR_NOT_FOUND)
        return -1;
    return http_invalid(req, "query.before", "value_error", e, "Value error, no such account");
}

static int list_accounts(struct request *req, struct response *res, struct err *e)
{
    size_t limit = 0, count = 0;
    const char *before = http_query(req, "before");
    if (form_limit(req, LIST_STANDARD, LIST_MAX, &limit, e) < 0)
        return -1;
    struct account *rows = arena_alloc(req->arena, (limit + 1) * sizeof *rows);
    if (accounts_list(req->context, req->arena, before, limit + 1, rows, &count, e) < 0)
        return before ? refuse_cursor(req, e) : -1;
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < limit; i++)
        json_array_append_new(list, accounts_json(&rows[i]));
    if (count > limit)
        form_link_next(req, res, rows[limit - 1].id);
    return http_reply_json(req, res, 200, list);
}

/* A number, or null: the server's. */
static int read_quota(const struct form *quotas, int i, struct account *account, struct err *e)
{
    if (json_is_null(json_object_get(quotas->object, account_quota_names[i]))) {
        account->quota[i] = -1;
        return 0;
    }
    return form_int(quotas, account_quota_names[i], FORM_OPTIONAL, 0, 1000000000000,
                    &account->quota[i], e);
}

static int read_quotas(const struct form *form, struct account *account, struct err *e)
{
    const json_t *object = json_object_get(form->object, "quotas");
    const struct form quotas = {form->req, "body.quotas", object};
    if (!object)
        return 0;
    if (!json_is_object(object))
        return form_invalid(form, "quotas", "dict_type", e, "Input should be a valid dictionary");
    for (int i = 0; i < ACCOUNT_QUOTAS; i++)
        if (read_quota(&quotas, i, account, e) < 0)
            return -1;
    return 0;
}

static int read_change(const struct form *form, struct account *account, struct err *e)
{
    static const char *const words[] = {"active", "disabled", NULL};
    int status = !account->active;
    if (form_choice(form, "status", FORM_OPTIONAL, words, &status, e) < 0 ||
        form_bool(form, "admin", FORM_OPTIONAL, &account->admin, e) < 0)
        return -1;
    account->active = status == 0;
    return read_quotas(form, account, e);
}

/* The owner's account is always there: so is an administrator. */
static int keep_owner(const struct account *account, struct err *e)
{
    if (strcmp(account->id, OWNER_ACCOUNT) != 0 || (account->active && account->admin))
        return 0;
    return err_set(e, ERR_CONFLICT, "The owner of this server stays an active administrator");
}

static const char *describe(struct arena *a, const struct account *account)
{
    return arena_printf(a, "%s%s", account->active ? "active" : "disabled",
                        account->admin ? ", administrator" : "");
}

static int change(struct request *req, const struct form *form, struct err *e)
{
    struct account account;
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 || named(req, &account, e) < 0 ||
        read_change(form, &account, e) < 0 || keep_owner(&account, e) < 0 ||
        accounts_update(req->context, req->arena, &account, e) < 0 ||
        audit_write(req->context, req, "account.administrate", account.id,
                    describe(req->arena, &account), e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, account.id);
    return db_commit(&tx, e);
}

static int change_account(struct request *req, struct response *res, struct err *e)
{
    struct account account;
    struct form form;
    if (form_open(&form, req, e) < 0 || change(req, &form, e) < 0 || named(req, &account, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, accounts_json(&account));
}

static int delete_account(struct request *req, struct response *res, struct err *e)
{
    if (account_remove(req, http_param(req, "account"), e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Account deleted"));
}

static int store_reset(struct request *req, const struct account *account, const char *hash,
                       struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 ||
        accounts_set_password(req->context, account->id, hash, e) < 0 ||
        sessions_delete_others(req->context, account->id, "", e) < 0 ||
        audit_write(req->context, req, "account.password_reset", account->id, account->name, e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, account->id);
    return db_commit(&tx, e);
}

static void make_password(char *out, size_t size)
{
    unsigned char bytes[TEMPORARY_RANDOM];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(out, size, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

/* Whom the issuer signs in has no password here, and gets none by the back door. */
static int reset_password(struct request *req, struct response *res, struct err *e)
{
    struct auth *a = ((const struct app *)req->app)->auth;
    struct account account;
    char password[64], hash[PASSWORD_HASH];
    if (named(req, &account, e) < 0)
        return -1;
    if (account.issuer)
        return err_set(e, ERR_CONFLICT, "This account signs in with its issuer");
    make_password(password, sizeof password);
    int rc = password_hash(a->password, password, hash, e);
    if (rc == 0)
        rc = store_reset(req, &account, hash, e);
    if (rc == 0)
        rc = http_reply_json(req, res, 200, json_pack("{s:s}", "password", password));
    sodium_memzero(password, sizeof password);
    sodium_memzero(hash, sizeof hash);
    return rc;
}

const struct route accounts_routes[] = {
    {HTTP_GET, "/api/account", PERM_ACCOUNT, PLANE_CONTROL, account_get, NULL},
    {HTTP_PUT, "/api/account", PERM_ACCOUNT, PLANE_CONTROL, account_change, NULL},
    {HTTP_PUT, "/api/account/password", PERM_ACCOUNT, PLANE_SLOW, account_change_password, NULL},
    {HTTP_DELETE, "/api/account", PERM_ACCOUNT, PLANE_SLOW, account_delete, NULL},
    {HTTP_GET, "/api/accounts", PERM_ADMIN, PLANE_CONTROL, list_accounts, NULL},
    {HTTP_PUT, "/api/accounts/:account", PERM_ADMIN, PLANE_CONTROL, change_account, NULL},
    {HTTP_DELETE, "/api/accounts/:account", PERM_ADMIN, PLANE_CONTROL, delete_account, NULL},
    {HTTP_POST, "/api/accounts/:account/password-reset", PERM_ADMIN, PLANE_SLOW, reset_password,
     NULL},
    {0},
};
