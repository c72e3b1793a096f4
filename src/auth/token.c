#include "auth/token.h"

#include "base/log.h"

#include <sodium.h>
#include <string.h>

/* {"alg":"HS256","typ":"virga+jwt"}: not the header that everybody else's HS256 tokens have, which
 * functions may use for purposes of their own. */
#define OWN_HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6InZpcmdhK2p3dCJ9"
#define OWN_ISSUER "virga"

enum { SUBJECT_MAX = 255, KID_MAX = 255 };

int token_invalid(struct err *e)
{
    return err_set(e, ERR_UNAUTHORIZED, "Invalid token");
}

int token_expired(struct err *e)
{
    return err_set(e, ERR_UNAUTHORIZED, "Token expired");
}

int token_unverified(const char *why, struct err *e)
{
    log_debug("auth", "token not verified: %s", why);
    return err_set(e, ERR_UNAUTHORIZED, "Could not verify token");
}

static bool is_base64url(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return s.n > 0;
}

static bool cut(struct str text, struct str parts[3])
{
    if (text.n > TOKEN_MAX)
        return false;
    for (int i = 0; i < 3; i++) {
        parts[i] = str_cut(&text, '.');
        if (!is_base64url(parts[i]))
            return false;
    }
    return !text.p;
}

bool token_has_form(struct str text)
{
    struct str parts[3];
    return cut(text, parts);
}

bool token_is_own(struct str text)
{
    return str_starts(text, STR(OWN_HEADER ".")) && token_has_form(text);
}

/* sodium_base642bin refuses padding and stray bits in the last digit. */
static bool decode(struct str part, void *out, size_t size, size_t *ret_len)
{
    return sodium_base642bin(out, size, part.p, part.n, NULL, ret_len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static json_t *decode_json(struct str part)
{
    char text[TOKEN_MAX];
    size_t len;
    if (!decode(part, text, sizeof text, &len))
        return NULL;
    json_t *ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(ret))
        return ret;
    json_decref(ret);
    return NULL;
}

static bool read_alg(const json_t *header, enum token_alg *ret)
{
    static const char *const names[] = {"HS256", "RS256", "ES256"};
    const char *alg = json_string_value(json_object_get(header, "alg"));
    for (int i = 0; alg && i < 3; i++)
        if (strcmp(alg, names[i]) == 0) {
            *ret = (enum token_alg)i;
            return true;
        }
    return false;
}

/* `b64` (RFC 7797) changes what is signed; it must come with `crit`, but not everybody does. */
static bool read_header(struct token *t)
{
    const json_t *kid = json_object_get(t->header, "kid");
    if (!t->header || !read_alg(t->header, &t->alg) || json_object_get(t->header, "crit") ||
        json_object_get(t->header, "b64"))
        return false;
    if (kid && (!json_is_string(kid) || json_string_length(kid) > KID_MAX))
        return false;
    t->kid = json_string_value(kid);
    return true;
}

int token_parse(struct str text, struct token *ret, struct err *e)
{
    struct str parts[3];
    *ret = (struct token){0};
    if (!cut(text, parts))
        return token_invalid(e);
    ret->signed_part = (struct str){text.p, parts[0].n + 1 + parts[1].n};
    ret->header = decode_json(parts[0]);
    ret->claims = decode_json(parts[1]);
    if (!ret->claims || !read_header(ret) ||
        !decode(parts[2], ret->signature, sizeof ret->signature, &ret->signature_len))
        return token_invalid(e);
    return 0;
}

void token_done(struct token *t)
{
    json_decref(t->header);
    json_decref(t->claims);
    *t = (struct token){0};
}

/* --- ours --- */

static void sign(const unsigned char key[TOKEN_KEY], struct str text,
                 unsigned char out[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256(out, (const unsigned char *)text.p, text.n, key);
}

static void add_base64url(struct buf *out, const void *p, size_t n)
{
    size_t size = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_reserve(out, size);
    sodium_bin2base64(out->data + out->len, size, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->len += size - 1; /* without its NUL */
}

void token_issue(const unsigned char key[TOKEN_KEY], const struct token_session *session,
                 int64_t now_s, struct buf *out)
{
    unsigned char signature[crypto_auth_hmacsha256_BYTES];
    auto_buf struct buf claims = {0};
    size_t start = out->len;
    buf_addf(&claims,
             "{\"iss\":\"" OWN_ISSUER "\",\"sub\":\"%s\",\"sid\":\"%s\",\"iat\":%lld,\"exp\":%lld}",
             session->account, session->id, (long long)now_s, (long long)session->expires_s);
    buf_addz(out, OWN_HEADER ".");
    add_base64url(out, claims.data, claims.len);
    sign(key, (struct str){out->data + start, out->len - start}, signature);
    buf_add(out, ".", 1);
    add_base64url(out, signature, sizeof signature);
}

static const char *text_claim(const struct token *t, const char *name)
{
    return json_string_value(json_object_get(t->claims, name));
}

/* NumericDate: seconds since 1970, perhaps with a fraction. False when absent or nonsense. */
static bool time_claim(const struct token *t, const char *name, double *ret)
{
    const json_t *value = json_object_get(t->claims, name);
    *ret = json_number_value(value);
    return json_is_number(value) && *ret >= 0 && *ret < 9007199254740992.0;
}

int token_check_own(const unsigned char key[TOKEN_KEY], const struct token *t, int64_t now_s,
                    struct token_session *ret, struct err *e)
{
    unsigned char signature[crypto_auth_hmacsha256_BYTES];
    double expires_s;
    if (t->alg != TOKEN_HS256 || t->signature_len != sizeof signature)
        return token_invalid(e);
    sign(key, t->signed_part, signature);
    if (sodium_memcmp(signature, t->signature, sizeof signature) != 0)
        return token_invalid(e);
    const char *issuer = text_claim(t, "iss");
    ret->account = text_claim(t, "sub");
    ret->id = text_claim(t, "sid");
    if (!issuer || strcmp(issuer, OWN_ISSUER) != 0 || !ret->account || !ret->id ||
        !time_claim(t, "exp", &expires_s))
        return token_unverified("a claim of ours is missing", e);
    ret->expires_s = (int64_t)expires_s;
    return ret->expires_s <= now_s ? token_expired(e) : 0;
}

/* --- the issuer's --- */

bool token_has_audience(const struct token *t, const char *audience)
{
    const json_t *aud = json_object_get(t->claims, "aud");
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), audience) == 0;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const json_t *one = json_array_get(aud, i);
        if (json_is_string(one) && strcmp(json_string_value(one), audience) == 0)
            return true;
    }
    return false;
}

/* Absent is fine. */
static bool lies_ahead(const struct token *t, const char *name, int64_t now_s)
{
    double at_s;
    if (!json_object_get(t->claims, name))
        return false;
    return !time_claim(t, name, &at_s) || at_s > (double)(now_s + TOKEN_LEEWAY_S);
}

int token_check_claims(const struct token *t, const char *issuer, const char *audience,
                       int64_t now_s, const char **ret_subject, int64_t *ret_expires_s,
                       struct err *e)
{
    double expires_s;
    const char *iss = text_claim(t, "iss"), *sub = text_claim(t, "sub");
    if (!iss || strcmp(iss, issuer) != 0)
        return token_unverified("'iss' is not --issuer", e);
    if (!token_has_audience(t, audience))
        return token_unverified("'aud' does not name --audience", e);
    if (!time_claim(t, "exp", &expires_s))
        return token_unverified("'exp' is missing", e);
    if (expires_s <= (double)now_s)
        return token_expired(e);
    if (lies_ahead(t, "nbf", now_s) || lies_ahead(t, "iat", now_s))
        return token_unverified("'nbf' or 'iat' lies ahead", e);
    if (!sub || !sub[0] || strlen(sub) > SUBJECT_MAX)
        return token_unverified("'sub' is missing or too long", e);
    *ret_subject = sub;
    *ret_expires_s = (int64_t)expires_s;
    return 0;
}
