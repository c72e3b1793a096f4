/* issuer — an external issuer for tests: keys, their public list, and tokens of any kind. */
#pragma once

#include "auth/token.h"
#include "base/buf.h"
#include "base/test.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

struct issuer_key {
    EVP_PKEY *key;
    const char *kid;
    bool ec;
};

static inline struct issuer_key issuer_rsa(const char *kid, unsigned bits)
{
    return (struct issuer_key){EVP_RSA_gen(bits), kid, false};
}

static inline struct issuer_key issuer_ec(const char *kid)
{
    return (struct issuer_key){EVP_EC_gen("P-256"), kid, true};
}

static inline void issuer_base64(struct buf *out, const void *p, size_t n)
{
    char text[4096];
    sodium_bin2base64(text, sizeof text, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_addz(out, text);
}

static inline void issuer_number(struct buf *out, EVP_PKEY *key, const char *name, int bytes)
{
    unsigned char text[1024];
    BIGNUM *n = NULL;
    CHECK(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    int len = bytes ? BN_bn2binpad(n, text, bytes) : BN_bn2bin(n, text);
    issuer_base64(out, text, (size_t)len);
    BN_free(n);
}

/* The public key as a JWK; `more`: further members, beginning with a comma. */
static inline void issuer_add_jwk(struct buf *out, const struct issuer_key *k, const char *more)
{
    buf_addf(out, "{\"kty\":\"%s\"%s", k->ec ? "EC" : "RSA", more);
    if (k->kid)
        buf_addf(out, ",\"kid\":\"%s\"", k->kid);
    buf_addz(out, k->ec ? ",\"crv\":\"P-256\",\"x\":\"" : ",\"n\":\"");
    issuer_number(out, k->key, k->ec ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N,
                  k->ec ? 32 : 0);
    buf_addz(out, k->ec ? "\",\"y\":\"" : "\",\"e\":\"");
    issuer_number(out, k->key, k->ec ? OSSL_PKEY_PARAM_EC_PUB_Y : OSSL_PKEY_PARAM_RSA_E,
                  k->ec ? 32 : 0);
    buf_addz(out, "\"}");
}

static inline void issuer_list(struct buf *out, const struct issuer_key *keys, size_t count)
{
    buf_clear(out);
    buf_addz(out, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        buf_addz(out, i ? "," : "");
        issuer_add_jwk(out, &keys[i], "");
    }
    buf_addz(out, "]}");
}

static inline size_t issuer_sign_der(const struct issuer_key *k, struct str text,
                                     unsigned char out[1024])
{
    size_t len = 1024;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, k->key) == 1 &&
          EVP_DigestSign(c, out, &len, (const unsigned char *)text.p, text.n) == 1);
    EVP_MD_CTX_free(c);
    return len;
}

static inline size_t issuer_sign(const struct issuer_key *k, struct str text,
                                 unsigned char out[1024])
{
    size_t len = issuer_sign_der(k, text, out);
    if (!k->ec)
        return len;
    const unsigned char *at = out;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)len);
    unsigned char raw[64];
    BN_bn2binpad(ECDSA_SIG_get0_r(both), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), raw + 32, 32);
    ECDSA_SIG_free(both);
    memcpy(out, raw, sizeof raw);
    return sizeof raw;
}

/* A token with exactly this header and these claims. */
static inline void issuer_raw(struct buf *out, const struct issuer_key *k, const char *header,
                              const char *claims)
{
    unsigned char signature[1024];
    buf_clear(out);
    issuer_base64(out, header, strlen(header));
    buf_addz(out, ".");
    issuer_base64(out, claims, strlen(claims));
    size_t len = issuer_sign(k, buf_str(out), signature);
    buf_addz(out, ".");
    issuer_base64(out, signature, len);
}

static inline void issuer_token(struct buf *out, const struct issuer_key *k, const char *claims)
{
    char header[200];
    if (k->kid)
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\"}",
                 k->ec ? "ES256" : "RS256", k->kid);
    else
        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", k->ec ? "ES256" : "RS256");
    issuer_raw(out, k, header, claims);
}
