/* jwks — the public keys of the external issuer, fetched and kept. Only for auth/. Worker threads.
 *
 * The list is good for 10 minutes, and for an hour while the issuer cannot be reached. A key that
 * it does not name makes us look again, so that a new key works at once and one that was taken
 * away stops working; but no more than once in 10 seconds, or tokens with invented names of keys
 * would hammer the issuer. One fetch at a time: who has an older key goes on with it, two others
 * wait, the rest is told to come back. */
#pragma once

#include "auth/signature.h"
#include "auth/token.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct jwks;

enum {
    JWKS_BYTES_MAX = 256 * 1024,
    JWKS_KEYS_MAX = 64,
    JWKS_FRESH_S = 10 * 60,
    JWKS_KEPT_S = 60 * 60,
    JWKS_RETRY_S = 10,
    JWKS_TIMEOUT_S = 5,
    JWKS_WAITING = 2,
};

/* The body of a 200; anything else is an error that says what came. */
typedef int jwks_fetcher(const char *url, struct buf *ret, struct err *e);
/* By libcurl: https, or http when the URL says so; never from https to http. */
jwks_fetcher jwks_fetch;

/* `url` NULL: the issuer's OpenID configuration names it. Texts must live as long. */
struct jwks *jwks_new(const char *issuer, const char *url, jwks_fetcher *fetch);
void jwks_free(struct jwks *j);

/* The key that the token names and that fits its algorithm; without a name, the only one that fits.
 * Freed with EVP_PKEY_free. `now_us` is of the monotonic clock. ERR_UNAUTHORIZED when there is none
 * or nobody can tell; ERR_UNAVAILABLE when too many wait for the issuer. */
int jwks_find(struct jwks *j, const struct token *t, uint64_t now_us, EVP_PKEY **ret,
              struct err *e);
