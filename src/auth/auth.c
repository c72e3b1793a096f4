/* Opening, and what the loop thread decides: by the owner's key and the cache, without the store.
 * The rest is identify.c, on a worker. */
#include "auth/auth.h"

#include "app.h"
#include "auth/credentials.h"
#include "auth/jwks.h"
#include "auth/keyfile.h"
#include "auth/keys.h"
#include "auth/password.h"
#include "auth/private.h"
#include "auth/setup.h"
#include "auth/throttle.h"
#include "auth/used.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <string.h>

const struct principal auth_owner = {.account = OWNER_ACCOUNT,
                                     .name = "owner",
                                     .admin = true,
                                     .scopes = SCOPE_ALL,
                                     .kind = CREDENTIAL_OWNER_KEY,
                                     .credential = ""};

void auth_new_key(char out[AUTH_KEY_TEXT + 1])
{
    unsigned char bytes[AUTH_KEY_RANDOM];
    randombytes_buf(bytes, sizeof bytes);
    memcpy(out, "vk_", 3);
    sodium_bin2hex(out + 3, AUTH_KEY_TEXT - 2, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

static void make_owner_key(struct buf *out)
{
    char text[AUTH_KEY_TEXT + 1];
    auth_new_key(text);
    buf_addf(out, "%s\n", text);
    sodium_memzero(text, sizeof text);
}

bool auth_is_key(struct str s)
{
    if (s.n != AUTH_KEY_TEXT || !str_starts(s, STR("vk_")))
        return false;
    for (size_t i = 3; i < s.n; i++)
        if (!strchr("0123456789abcdef", s.p[i]) || !s.p[i])
            return false;
    return true;
}

static void hash(const struct auth *a, struct str key, unsigned char out[AUTH_HASH])
{
    crypto_generichash(out, AUTH_HASH, (const unsigned char *)key.p, key.n, a->salt,
                       sizeof a->salt);
}

bool auth_is_owner_key(const struct auth *a, struct str key)
{
    unsigned char theirs[AUTH_HASH];
    if (key.n != AUTH_KEY_TEXT) /* the length of a key is no secret */
        return false;
    hash(a, key, theirs);
    return sodium_memcmp(theirs, a->owner_hash, AUTH_HASH) == 0;
}

/* --- opening --- */

static int load_owner_key(struct auth *a, struct err *e)
{
    auto_secret struct buf file = {0};
    if (keyfile_load(a->config.dir_fd, "owner.key", make_owner_key, &file, e) < 0)
        return -1;
    struct str key = str_trim(buf_str(&file));
    if (!auth_is_key(key))
        return err_set(e, ERR_INVALID,
                       "'owner.key' holds no key: remove it, and the next start makes a new one");
    randombytes_buf(a->salt, sizeof a->salt);
    hash(a, key, a->owner_hash);
    return 0;
}

static void make_token_key(struct buf *out)
{
    unsigned char key[TOKEN_KEY];
    randombytes_buf(key, sizeof key);
    buf_add(out, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

static int load_token_key(struct auth *a, struct err *e)
{
    auto_secret struct buf file = {0};
    if (keyfile_load(a->config.dir_fd, "token.key", make_token_key, &file, e) < 0)
        return -1;
    if (file.len != TOKEN_KEY)
        return err_set(e, ERR_INVALID,
                       "'token.key' has %zu bytes instead of %d: remove it, and everybody signs in "
                       "again",
                       file.len, TOKEN_KEY);
    memcpy(a->token_key, file.data, TOKEN_KEY);
    return 0;
}

static bool is_plain(const char *url)
{
    return url && str_starts(str_of(url), STR("http://"));
}

static int check_url(const char *option, const char *url, struct err *e)
{
    if (!url || is_plain(url) || str_starts(str_of(url), STR("https://")))
        return 0;
    return err_set(e, ERR_INVALID, "%s takes an address that begins with https:// or http://",
                   option);
}

/* Accounts beside an owner that takes no credentials would only be a way around the check of hosts
 * and origins, which a bearer's token does not go through. */
static int check_none(const struct auth_config *c, struct err *e)
{
    if (!c->none)
        return 0;
    if (!c->loopback)
        return err_set(e, ERR_DENIED,
                       "--auth none makes everybody the owner: it takes a loopback address such "
                       "as --listen 127.0.0.1:8000");
    if (c->registration != REGISTRATION_CLOSED || c->issuer)
        return err_set(e, ERR_INVALID,
                       "--auth none has no accounts: it goes with neither --registration nor "
                       "--issuer");
    return 0;
}

static int check_config(const struct auth_config *c, struct err *e)
{
    if (check_none(c, e) < 0 || check_url("--issuer", c->issuer, e) < 0 ||
        check_url("--jwks-url", c->jwks_url, e) < 0)
        return -1;
    if (c->issuer && (!c->audience || !c->audience[0]))
        return err_set(e, ERR_INVALID,
                       "--issuer needs --audience: tokens for other services must not open this "
                       "one");
    if (!c->issuer && (c->audience || c->jwks_url))
        return err_set(e, ERR_INVALID, "--audience and --jwks-url need --issuer");
    return 0;
}

int auth_open(const struct auth_config *config, struct auth **ret, struct err *e)
{
    if (check_config(config, e) < 0)
        return -1;
    struct auth *a = mem_alloc(sizeof *a);
    a->config = *config;
    if (load_owner_key(a, e) < 0 || load_token_key(a, e) < 0) {
        auth_free(a);
        return -1;
    }
    a->cache = cache_new(AUTH_CACHE_MAX);
    if (is_plain(config->jwks_url ? config->jwks_url : config->issuer))
        log_warn("auth", "the issuer's keys come by plain HTTP: whoever is on the way can sign in "
                         "as anybody of it");
    a->jwks = config->issuer ? jwks_new(config->issuer, config->jwks_url, jwks_fetch) : NULL;
    a->password = password_new();
    a->throttle = throttle_new();
    a->used = used_new();
    a->setup = setup_new();
    *ret = a;
    return 0;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    cache_free(a->cache);
    jwks_free(a->jwks);
    password_free(a->password);
    throttle_free(a->throttle);
    used_free(a->used);
    setup_free(a->setup);
    sodium_memzero(a, sizeof *a);
    free(a);
}

/* --- the loop thread --- */

int auth_missing(struct err *e)
{
    return err_set(e, ERR_UNAUTHORIZED, "Missing auth token");
}

enum auth_look auth_look(struct auth *a, struct request *req, const struct principal **ret,
                         struct err *e)
{
    struct str text;
    if (credentials_text(a, req, &text, e) < 0)
        return LOOK_REFUSED;
    if (!text.p && !http_header(req, "Authorization") && a->config.none) {
        if (credentials_local(a, req, e) < 0)
            return LOOK_REFUSED;
        *ret = &auth_owner;
        return LOOK_KNOWN;
    }
    if (!text.p)
        return LOOK_NONE;
    if (auth_is_owner_key(a, text)) {
        *ret = &auth_owner;
        return LOOK_KNOWN;
    }
    if (!credentials_plausible(a, text))
        return LOOK_WRONG;
    return cache_find(a->cache, text, clock_mono_us(), req->arena, ret) ? LOOK_KNOWN : LOOK_UNKNOWN;
}

int auth_lookup(struct auth *a, struct request *req, const struct principal **ret)
{
    struct err ignored;
    switch (auth_look(a, req, ret, &ignored)) {
    case LOOK_KNOWN:
        return 1;
    case LOOK_UNKNOWN:
        return AUTH_ASK;
    default:
        return 0;
    }
}

/* Who may do without an account goes on as nobody; the others are told what is wrong. */
int auth_refuse(struct request *req, int permission, enum auth_look look, struct err *e)
{
    bool none = look == LOOK_NONE && !http_header(req, "Authorization");
    req->principal = NULL;
    if (permission == PERM_CALL || (auth_permission(permission)->anonymous && none))
        return 0;
    if (look == LOOK_NONE)
        return auth_missing(e);
    return look == LOOK_WRONG ? token_invalid(e) : -1; /* LOOK_REFUSED has said why */
}

int auth_check(const struct principal *p, int permission, struct err *e)
{
    const struct permission_rule *rule = auth_permission(permission);
    if ((p->scopes & rule->scope) != rule->scope)
        return err_set(e, ERR_DENIED, "This key lacks the scope '%s'",
                       keys_scope_name(rule->scope));
    if (rule->admin && !p->admin)
        return err_set(e, ERR_DENIED, "This takes an administrator of this server");
    return 0;
}

/* What a role on an object asks for, only a worker can tell: a handler of the data plane must not
 * run before it has. */
int auth_authorize(void *app, struct request *req, int permission, struct err *e)
{
    struct auth *a = ((const struct app *)app)->auth;
    req->principal = NULL;
    if (permission == PERM_PUBLIC)
        return 0;
    enum auth_look look = auth_look(a, req, &req->principal, e);
    if (look == LOOK_UNKNOWN)
        return HTTP_ASK;
    if (look != LOOK_KNOWN)
        return auth_refuse(req, permission, look, e);
    if (auth_check(req->principal, permission, e) < 0)
        return -1;
    return auth_permission(permission)->object == OBJECT_NONE ? 0 : HTTP_ASK;
}

void auth_forget(struct auth *a, const char *topic, const char *id)
{
    cache_forget(a->cache, topic, id);
}
