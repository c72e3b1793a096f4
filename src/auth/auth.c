#include "auth/auth.h"

#include "app.h"
#include "auth/keyfile.h"
#include "base/mem.h"
#include "http/http.h"

#include <sodium.h>
#include <string.h>

enum {
    KEY_RANDOM = 24,               /* bytes */
    KEY_TEXT = 3 + 2 * KEY_RANDOM, /* "vk_" and hex */
    HASH_BYTES = crypto_generichash_BYTES,
};

/* The hash is keyed with bytes of this process, so that a leaked memory image does not help to
 * recognise a guessed key elsewhere. */
struct auth {
    unsigned char salt[crypto_generichash_KEYBYTES];
    unsigned char hash[HASH_BYTES];
};

static void make_key(struct buf *out)
{
    unsigned char bytes[KEY_RANDOM];
    char text[2 * KEY_RANDOM + 1];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
    buf_addf(out, "vk_%s\n", text);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
}

static bool is_key(struct str s)
{
    if (s.n != KEY_TEXT || !str_starts(s, STR("vk_")))
        return false;
    for (size_t i = 3; i < s.n; i++)
        if (!strchr("0123456789abcdef", s.p[i]) || !s.p[i])
            return false;
    return true;
}

static void hash(const struct auth *a, struct str key, unsigned char out[HASH_BYTES])
{
    crypto_generichash(out, HASH_BYTES, (const unsigned char *)key.p, key.n, a->salt,
                       sizeof a->salt);
}

int auth_open(const struct auth_config *config, struct auth **ret, struct err *e)
{
    auto_secret struct buf file = {0};
    if (keyfile_load(config->dir_fd, "owner.key", make_key, &file, e) < 0)
        return -1;
    struct str key = str_trim(buf_str(&file));
    if (!is_key(key))
        return err_set(e, ERR_INVALID,
                       "'owner.key' holds no key: remove it, and the next start makes a new one");
    struct auth *a = mem_alloc(sizeof *a);
    randombytes_buf(a->salt, sizeof a->salt);
    hash(a, key, a->hash);
    *ret = a;
    return 0;
}

void auth_free(struct auth *a)
{
    free(a);
}

static bool is_owner(const struct auth *a, struct str key)
{
    unsigned char theirs[HASH_BYTES];
    if (key.n != KEY_TEXT) /* the length of a key is no secret */
        return false;
    hash(a, key, theirs);
    return sodium_memcmp(theirs, a->hash, HASH_BYTES) == 0;
}

int auth_missing(struct err *e)
{
    return err_set(e, ERR_UNAUTHORIZED, "Missing auth token");
}

/* The key that came along, or p == NULL. */
static struct str bearer(const struct request *req)
{
    static const char scheme[] = "Bearer ";
    const char *header = http_header(req, "Authorization");
    bool ours = header && strncmp(header, scheme, sizeof scheme - 1) == 0;
    return str_of(ours ? header + sizeof scheme - 1 : NULL);
}

static const struct principal owner = {.account = OWNER_ACCOUNT,
                                       .name = "owner",
                                       .admin = true,
                                       .scopes = SCOPE_ALL,
                                       .kind = CREDENTIAL_OWNER_KEY,
                                       .credential = ""};

int auth_lookup(struct auth *a, struct request *req, const struct principal **ret)
{
    struct str key = bearer(req);
    if (!key.p || !is_owner(a, key))
        return 0;
    *ret = &owner;
    return 1;
}

int auth_authorize(void *app, struct request *req, int permission, struct err *e)
{
    struct auth *a = ((const struct app *)app)->auth;
    const struct permission_rule *rule = auth_permission(permission);
    req->principal = NULL;
    if (permission == PERM_PUBLIC || auth_lookup(a, req, &req->principal) == 1)
        return 0;
    if (permission == PERM_CALL || (rule->anonymous && !http_header(req, "Authorization")))
        return 0;
    return bearer(req).p ? err_set(e, ERR_UNAUTHORIZED, "Invalid token") : auth_missing(e);
}

int auth_identify(void *app, struct request *req, int permission, struct err *e)
{
    return auth_authorize(app, req, permission, e);
}
