#include "auth/external.h"

#include "auth/accounts.h"
#include "auth/jwks.h"
#include "auth/private.h"
#include "base/clock.h"
#include "base/id.h"

#include <string.h>

enum { SECOND = 1000 * 1000, NAMES_TRIED = 5 };

static int verify(const struct auth *a, const struct token *t, struct err *e)
{
    EVP_PKEY *key = NULL;
    if (jwks_find(a->jwks, t, clock_mono_us(), &key, e) < 0)
        return -1;
    bool right = signature_verify(key, t);
    EVP_PKEY_free(key);
    return right ? 0 : token_invalid(e);
}

/* Tokens of somebody else's issuer, which functions may take for themselves, must not make us ask
 * ours. */
static bool is_of_issuer(const struct auth *a, const struct token *t)
{
    const char *iss = json_string_value(json_object_get(t->claims, "iss"));
    return iss && strcmp(iss, a->config.issuer) == 0;
}

bool auth_has_issuers_token(const struct auth *a, const struct request *req)
{
    auto_token struct token t = {0};
    struct err ignored;
    struct str text = str_of(http_header(req, "Authorization"));
    if (!a->config.issuer || !text.n)
        return false;
    (void)str_cut(&text, ' '); /* whatever the scheme is called */
    text = str_trim(text);
    return token_has_form(text) && token_parse(text, &t, &ignored) == 0 && is_of_issuer(a, &t) &&
           token_has_audience(&t, a->config.audience);
}

/* --- somebody new --- */

static const char *text_claim(const struct token *t, const char *name)
{
    const char *text = json_string_value(json_object_get(t->claims, name));
    return text && text[0] ? text : NULL;
}

static const char *wished_name(const struct token *t)
{
    static const char *const claims[] = {"preferred_username", "email", "name"};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        if (text_claim(t, claims[i]))
            return text_claim(t, claims[i]);
    return "user";
}

/* Only what the issuer has verified, and what nobody here has proven to have: an address is never a
 * proof that two accounts are of one person. */
static int wished_email(struct request *req, const struct token *t, const char **ret, struct err *e)
{
    struct account other;
    const char *email = text_claim(t, "email");
    *ret = NULL;
    if (!email || !json_is_true(json_object_get(t->claims, "email_verified")) ||
        !accounts_is_email(email))
        return 0;
    int taken = accounts_find_login(req->context, req->arena, email, &other, e);
    if (taken == 0 || (taken > 0 && !other.email_proven))
        *ret = email;
    return taken < 0 ? -1 : 0;
}

static int create(struct request *req, struct account *account, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(req->context, &tx, e) < 0 ||
        accounts_create(req->context, req->arena, account, e) < 0 ||
        audit_write(req->context, req, "account.create", account->id, account->issuer, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

/* 1: it is there now, by us or by a request that was faster; 0: the name or address is taken. */
static int try_name(struct request *req, struct account *account, struct err *e)
{
    struct err why = {0};
    if (create(req, account, &why) == 0)
        return 1;
    if (why.code != ERR_CONFLICT) {
        *e = why;
        return -1;
    }
    return accounts_find_subject(req->context, req->arena, account->issuer, account->subject,
                                 account, e);
}

static const char *other_name(struct arena *a, const char *name)
{
    char id[ID_TEXT];
    id_new(id);
    return arena_printf(a, "%s-%.6s", name, id);
}

static int welcome(const struct auth *a, struct request *req, const struct token *t,
                   const char *subject, struct account *ret, struct err *e)
{
    const char *name = accounts_near_name(req->arena, wished_name(t)), *email;
    for (int i = 0; i < NAMES_TRIED; i++) {
        if (wished_email(req, t, &email, e) < 0)
            return -1;
        *ret = (struct account){.name = i ? other_name(req->arena, name) : name,
                                .email = email,
                                .email_proven = true,
                                .issuer = a->config.issuer,
                                .subject = subject};
        int done = try_name(req, ret, e);
        if (done)
            return done < 0 ? -1 : 0;
    }
    return err_set(e, ERR_UNAVAILABLE, "No free name for a new account: try again");
}

int external_account(struct auth *a, struct request *req, const struct token *t,
                     struct account *ret, int64_t *ret_expires_us, struct err *e)
{
    const char *subject;
    int64_t expires_s;
    if (!a->jwks || t->alg == TOKEN_HS256)
        return token_invalid(e);
    if (!is_of_issuer(a, t))
        return token_unverified("'iss' is not --issuer", e);
    if (verify(a, t, e) < 0 ||
        token_check_claims(t, a->config.issuer, a->config.audience, clock_wall_us() / SECOND,
                           &subject, &expires_s, e) < 0)
        return -1;
    *ret_expires_us = expires_s * SECOND;
    subject = arena_strdup(req->arena, subject);
    int found = accounts_find_subject(req->context, req->arena, a->config.issuer, subject, ret, e);
    if (found)
        return found < 0 ? -1 : 0;
    return welcome(a, req, t, subject, ret, e);
}
