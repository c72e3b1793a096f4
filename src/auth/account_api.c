/* account_api — GET, PUT and DELETE of one's own account, and its password. Its rows stand in
 * accounts_api.c. */
#include "auth/account_api.h"

#include "app.h"
#include "auth/accounts.h"
#include "auth/attempts.h"
#include "auth/keys.h"
#include "auth/password.h"
#include "auth/sessions_store.h"
#include "http/form.h"

#include <string.h>

static struct auth *auth_of(const struct request *req)
{
    return ((const struct app *)req->app)->auth;
}

static int own(struct request *req, struct account *ret, struct err *e)
{
    return accounts_find(req->context, req->arena, req->principal->account, ret, e);
}

static json_t *credential_json(const struct principal *p)
{
    static const char *const kinds[] = {"owner_key", "key", "session", "external"};
    return json_pack("{s:s, s:s, s:o}", "kind", kinds[p->kind], "id", p->credential, "scopes",
                     keys_scopes_json(p->scopes));
}

static json_t *quota_json(const struct auth_quota *q)
{
    return json_pack("{s:I, s:I, s:I}", account_quota_names[0], (json_int_t)q->projects,
                     account_quota_names[1], (json_int_t)q->functions, account_quota_names[2],
                     (json_int_t)q->calls_per_day);
}

int account_get(struct request *req, struct response *res, struct err *e)
{
    const struct app *app = req->app;
    struct account account;
    struct auth_quota quota;
    if (own(req, &account, e) < 0 ||
        auth_quota(req->context, app->quota, account.id, &quota, e) < 0)
        return -1;
    json_t *body = accounts_json(&account);
    json_object_set_new(body, "credential", credential_json(req->principal));
    json_object_set_new(body, "effective_quotas", quota_json(&quota)); /* 0: no bound */
    return http_reply_json(req, res, 200, body);
}

/* Read in the transaction: what an administrator takes away in this moment must not be written
 * back. */
static int change(struct request *req, const struct form *form, struct err *e)
{
    struct account account;
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 || own(req, &account, e) < 0 ||
        accounts_read_name(form, FORM_OPTIONAL, &account.name, e) < 0 ||
        accounts_read_email(form, &account.email, e) < 0)
        return -1;
    if (accounts_update(req->context, req->arena, &account, e) < 0)
        return e->code == ERR_CONFLICT
                   ? err_set(e, ERR_CONFLICT, "This name or e-mail address is taken")
                   : -1;
    if (audit_write(req->context, req, "account.change", account.id, account.name, e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, account.id);
    return db_commit(&tx, e);
}

int account_change(struct request *req, struct response *res, struct err *e)
{
    struct form form;
    if (form_open(&form, req, e) < 0 || change(req, &form, e) < 0)
        return -1;
    return account_get(req, res, e);
}

/* Whoever holds a credential may not know the password. 1: right; 0: `res` says to wait; -1. */
static int prove(struct request *req, struct response *res, const struct account *account,
                 const char *password, struct err *e)
{
    struct auth *a = auth_of(req);
    struct attempt attempt;
    bool right = false;
    uint64_t wait_s = attempts_begin(a, req, account->id, ATTEMPT_PROOF, &attempt);
    if (wait_s)
        return attempts_refuse(req, res, wait_s);
    if (password_check(a->password, account->password, password, &right, e) < 0) {
        attempts_untried(a, &attempt);
        return -1;
    }
    if (!right) {
        attempts_wrong(a, &attempt);
        return err_set(e, ERR_DENIED, "Wrong password");
    }
    attempts_right(a, &attempt);
    return 1;
}

static int store_password(struct request *req, const char *hash, struct err *e)
{
    const struct principal *p = req->principal;
    const char *keep = p->kind == CREDENTIAL_SESSION ? p->credential : "";
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 ||
        accounts_set_password(req->context, p->account, hash, e) < 0 ||
        sessions_delete_others(req->context, p->account, keep, e) < 0 ||
        audit_write(req->context, req, "account.password", p->account, "", e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, p->account);
    return db_commit(&tx, e);
}

static int replace_password(struct request *req, const char *password, struct err *e)
{
    char hash[PASSWORD_HASH];
    if (password_hash(auth_of(req)->password, password, hash, e) < 0)
        return -1;
    int rc = store_password(req, hash, e);
    sodium_memzero(hash, sizeof hash);
    return rc;
}

/* Keys stay as they are: they have ends of their own. */
int account_change_password(struct request *req, struct response *res, struct err *e)
{
    struct account account;
    struct form form;
    const char *before = "", *password = "";
    if (form_open(&form, req, e) < 0 || own(req, &account, e) < 0 ||
        form_secret(&form, "old", FORM_REQUIRED, 1, PASSWORD_MAX, &before, e) < 0 ||
        form_secret(&form, "new", FORM_REQUIRED, PASSWORD_MIN, PASSWORD_MAX, &password, e) < 0)
        return -1;
    if (!account.password)
        return err_set(e, ERR_CONFLICT, "This account has no password");
    int proven = prove(req, res, &account, before, e);
    int rc = proven > 0 ? replace_password(req, password, e) : proven;
    sodium_memzero((char *)before, strlen(before));
    sodium_memzero((char *)password, strlen(password));
    if (rc < 0 || proven == 0)
        return rc;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Password changed"));
}

static int refuse_owner(const char *id, struct err *e)
{
    if (strcmp(id, OWNER_ACCOUNT) != 0)
        return 0;
    return err_set(e, ERR_CONFLICT, "The owner of this server cannot be deleted");
}

int account_remove(struct request *req, const char *id, struct err *e)
{
    const struct auth *a = auth_of(req);
    auto_tx struct tx tx = {0};
    if (refuse_owner(id, e) < 0 || db_begin(req->context, &tx, e) < 0 ||
        (a->config.leaving && a->config.leaving(&tx, id, e) < 0))
        return -1;
    int gone = accounts_delete(req->context, id, e);
    if (gone <= 0)
        return gone < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Account not found");
    if (audit_write(req->context, req, "account.delete", id, "", e) < 0)
        return -1;
    db_note(&tx, NOTE_ACCOUNT, id);
    return db_commit(&tx, e);
}

/* Without a password it takes the issuer's word itself: a key may not end the account. */
static int prove_owner(struct request *req, struct response *res, const struct account *account,
                       struct err *e)
{
    struct form form;
    const char *password = "";
    if (!account->password)
        return req->principal->kind == CREDENTIAL_EXTERNAL
                   ? 1
                   : err_set(e, ERR_DENIED, "Deleting this account takes a token of its issuer");
    if (form_open(&form, req, e) < 0 ||
        form_secret(&form, "password", FORM_REQUIRED, 1, PASSWORD_MAX, &password, e) < 0)
        return -1;
    int proven = prove(req, res, account, password, e);
    sodium_memzero((char *)password, strlen(password));
    return proven;
}

int account_delete(struct request *req, struct response *res, struct err *e)
{
    struct account account;
    if (own(req, &account, e) < 0 || refuse_owner(account.id, e) < 0)
        return -1;
    int proven = prove_owner(req, res, &account, e);
    if (proven <= 0)
        return proven;
    if (account_remove(req, account.id, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, json_pack("{s:s}", "detail", "Account deleted"));
}
