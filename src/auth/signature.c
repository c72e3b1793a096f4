#include "auth/signature.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <string.h>

enum {
    RSA_BITS_MIN = 2048,
    RSA_BYTES_MAX = 1024,
    EXPONENT_MAX = 8, /* bytes */
    P256_BYTES = 32,
};

/* True when the member holds at most `size` bytes of base64url. */
static bool read_bytes(const json_t *jwk, const char *name, unsigned char *out, size_t size,
                       size_t *ret_len)
{
    const json_t *value = json_object_get(jwk, name);
    return json_is_string(value) &&
           sodium_base642bin(out, size, json_string_value(value), json_string_length(value), NULL,
                             ret_len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *parameters)
{
    EVP_PKEY *ret = NULL;
    OSSL_PARAM *list = OSSL_PARAM_BLD_to_param(parameters);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (list && c && EVP_PKEY_fromdata_init(c) == 1)
        (void)EVP_PKEY_fromdata(c, &ret, EVP_PKEY_PUBLIC_KEY, list);
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(list);
    return ret;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    unsigned char n[RSA_BYTES_MAX], exponent[EXPONENT_MAX];
    size_t n_len, exponent_len;
    if (!read_bytes(jwk, "n", n, sizeof n, &n_len) ||
        !read_bytes(jwk, "e", exponent, sizeof exponent, &exponent_len))
        return NULL;
    EVP_PKEY *ret = NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL);
    BIGNUM *power = BN_bin2bn(exponent, (int)exponent_len, NULL);
    OSSL_PARAM_BLD *parameters = OSSL_PARAM_BLD_new();
    if (modulus && power && parameters && BN_num_bits(modulus) >= RSA_BITS_MIN &&
        BN_is_odd(modulus) && BN_is_odd(power) && !BN_is_one(power) &&
        OSSL_PARAM_BLD_push_BN(parameters, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(parameters, OSSL_PKEY_PARAM_RSA_E, power) == 1)
        ret = build("RSA", parameters);
    OSSL_PARAM_BLD_free(parameters);
    BN_free(power);
    BN_free(modulus);
    return ret;
}

/* A point that is not on the curve is refused by the import. */
static EVP_PKEY *p256_key(const json_t *jwk)
{
    unsigned char point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t x_len, y_len;
    const char *curve = json_string_value(json_object_get(jwk, "crv"));
    if (!curve || strcmp(curve, "P-256") != 0 ||
        !read_bytes(jwk, "x", point + 1, P256_BYTES, &x_len) || x_len != P256_BYTES ||
        !read_bytes(jwk, "y", point + 1 + P256_BYTES, P256_BYTES, &y_len) || y_len != P256_BYTES)
        return NULL;
    EVP_PKEY *ret = NULL;
    OSSL_PARAM_BLD *parameters = OSSL_PARAM_BLD_new();
    if (parameters &&
        OSSL_PARAM_BLD_push_utf8_string(parameters, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(parameters, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         sizeof point) == 1)
        ret = build("EC", parameters);
    OSSL_PARAM_BLD_free(parameters);
    return ret;
}

/* Absent, or exactly that. */
static bool says(const json_t *jwk, const char *name, const char *wanted)
{
    const json_t *value = json_object_get(jwk, name);
    return !value || (json_is_string(value) && strcmp(json_string_value(value), wanted) == 0);
}

EVP_PKEY *signature_key(const json_t *jwk, enum token_alg *ret_alg)
{
    const char *type = json_string_value(json_object_get(jwk, "kty"));
    if (!type || !says(jwk, "use", "sig"))
        return NULL;
    if (strcmp(type, "RSA") == 0 && says(jwk, "alg", "RS256")) {
        *ret_alg = TOKEN_RS256;
        return rsa_key(jwk);
    }
    if (strcmp(type, "EC") == 0 && says(jwk, "alg", "ES256")) {
        *ret_alg = TOKEN_ES256;
        return p256_key(jwk);
    }
    return NULL;
}

static bool verify(EVP_PKEY *key, const unsigned char *signature, size_t len, struct str text)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool right = c && EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestVerify(c, signature, len, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(c);
    return right;
}

/* A token holds the two numbers side by side (RFC 7518, 3.4); OpenSSL takes them in DER. */
static bool verify_es256(EVP_PKEY *key, const struct token *t)
{
    if (t->signature_len != 2 * (size_t)P256_BYTES)
        return false;
    ECDSA_SIG *both = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(t->signature, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(t->signature + P256_BYTES, P256_BYTES, NULL);
    unsigned char *der = NULL;
    bool right = false;
    if (both && r && s && ECDSA_SIG_set0(both, r, s) == 1) {
        r = s = NULL; /* its own now */
        int len = i2d_ECDSA_SIG(both, &der);
        right = len > 0 && verify(key, der, (size_t)len, t->signed_part);
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(both);
    return right;
}

bool signature_verify(EVP_PKEY *key, const struct token *t)
{
    if (t->alg == TOKEN_ES256)
        return verify_es256(key, t);
    return t->alg == TOKEN_RS256 && verify(key, t->signature, t->signature_len, t->signed_part);
}
