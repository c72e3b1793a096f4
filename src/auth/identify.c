/* The part of a request's check that needs the store or the issuer: on a worker. What is found is
 * believed for a minute by the cache, here and on the loop thread. */
#include "app.h"
#include "auth/credentials.h"
#include "auth/external.h"
#include "auth/keys_store.h"
#include "auth/private.h"
#include "auth/sessions_store.h"
#include "auth/token.h"
#include "auth/used.h"
#include "base/clock.h"

#include <string.h>

enum { SECOND = 1000 * 1000 };

void auth_hash_secret(struct str text, unsigned char out[AUTH_HASH])
{
    crypto_generichash(out, AUTH_HASH, (const unsigned char *)text.p, text.n, NULL, 0);
}

/* What a credential stands for, and until when (wall clock; 0: no end). */
struct finding {
    struct principal principal;
    int64_t expires_us;
};

static void set_principal(struct finding *ret, const struct account *account, unsigned scopes,
                          enum credential kind, const char *credential)
{
    ret->principal = (struct principal){.account = account->id,
                                        .name = account->name,
                                        .admin = account->admin && (scopes & SCOPE_ADMIN),
                                        .scopes = scopes,
                                        .kind = kind,
                                        .credential = credential};
}

static int check_active(const struct account *account, struct err *e)
{
    return account->active ? 0 : err_set(e, ERR_UNAUTHORIZED, "Account disabled");
}

static void note_use(const struct app *app, enum used_kind kind, const char *id, int64_t last_us,
                     int64_t now_us)
{
    if (now_us - last_us >= USED_EVERY_US)
        used_note(app->auth->used, app->workers, kind, id, now_us);
}

static int find_key(const struct app *app, struct request *req, struct str text,
                    struct finding *ret, struct err *e)
{
    unsigned char hash[AUTH_HASH];
    struct api_key key;
    struct account account;
    int64_t now_us = clock_wall_us();
    auth_hash_secret(text, hash);
    int found = keys_find(req->context, req->arena, (struct str){(char *)hash, sizeof hash}, &key,
                          &account, e);
    if (found <= 0)
        return found < 0 ? -1 : token_invalid(e);
    if (key.expires_us && key.expires_us <= now_us)
        return token_expired(e);
    if (check_active(&account, e) < 0)
        return -1;
    set_principal(ret, &account, key.scopes, CREDENTIAL_KEY, key.id);
    ret->expires_us = key.expires_us;
    note_use(app, USED_KEY, key.id, key.last_used_us, now_us);
    return 0;
}

/* The token only names the session; whether that goes on, the store says. */
static int find_session(const struct app *app, struct request *req, const struct token *t,
                        struct finding *ret, struct err *e)
{
    struct token_session named = {0};
    struct session session;
    struct account account;
    int64_t now_us = clock_wall_us();
    if (token_check_own(app->auth->token_key, t, now_us / SECOND, &named, e) < 0)
        return -1;
    int found = sessions_find(req->context, req->arena, named.id, &session, &account, e);
    if (found <= 0)
        return found < 0 ? -1 : token_invalid(e);
    if (strcmp(account.id, named.account) != 0)
        return token_invalid(e);
    if (session.expires_us <= now_us)
        return token_expired(e);
    if (check_active(&account, e) < 0)
        return -1;
    set_principal(ret, &account, SCOPE_ALL, CREDENTIAL_SESSION, session.id);
    ret->expires_us = session.expires_us;
    note_use(app, USED_SESSION, session.id, session.last_used_us, now_us);
    return 0;
}

static int find_external(const struct app *app, struct request *req, const struct token *t,
                         struct finding *ret, struct err *e)
{
    struct account account;
    if (external_account(app->auth, req, t, &account, &ret->expires_us, e) < 0 ||
        check_active(&account, e) < 0)
        return -1;
    set_principal(ret, &account, SCOPE_ALL, CREDENTIAL_EXTERNAL, "");
    return 0;
}

static int find_token(const struct app *app, struct request *req, struct str text,
                      struct finding *ret, struct err *e)
{
    auto_token struct token t = {0};
    if (token_parse(text, &t, e) < 0)
        return -1;
    return token_is_own(text) ? find_session(app, req, &t, ret, e)
                              : find_external(app, req, &t, ret, e);
}

static void remember(struct auth *a, uint64_t generation, struct str text, const struct finding *f)
{
    uint64_t for_us = AUTH_CACHE_US;
    int64_t left_us = f->expires_us - clock_wall_us();
    if (f->expires_us && left_us < AUTH_CACHE_US)
        for_us = left_us > 0 ? (uint64_t)left_us : 0;
    cache_put(a->cache, generation, text, &f->principal, clock_mono_us() + for_us);
}

static int resolve(const struct app *app, struct request *req, struct err *e)
{
    struct auth *a = app->auth;
    struct finding found = {0};
    struct str text;
    if (credentials_text(a, req, &text, e) < 0)
        return -1;
    uint64_t generation = cache_generation(a->cache);
    if ((auth_is_key(text) ? find_key : find_token)(app, req, text, &found, e) < 0)
        return -1;
    remember(a, generation, text, &found);
    struct principal *p = arena_alloc(req->arena, sizeof *p);
    *p = found.principal;
    req->principal = p;
    return 0;
}

/* Wrong credentials of a caller of functions count as none; a store that is away does not. */
static int refuse_resolved(struct request *req, int permission, const struct err *why,
                           struct err *e)
{
    req->principal = NULL;
    if (permission == PERM_CALL && why->code == ERR_UNAUTHORIZED)
        return 0;
    *e = *why;
    return -1;
}

int auth_identify(void *app, struct request *req, int permission, struct err *e)
{
    struct auth *a = ((const struct app *)app)->auth;
    req->principal = NULL;
    if (permission == PERM_PUBLIC)
        return 0;
    enum auth_look look = auth_look(a, req, &req->principal, e);
    if (look != LOOK_KNOWN && look != LOOK_UNKNOWN)
        return auth_refuse(req, permission, look, e);
    struct err why = {0};
    if (look == LOOK_UNKNOWN && resolve(app, req, &why) < 0)
        return refuse_resolved(req, permission, &why, e);
    return auth_check(req->principal, permission, e);
}
