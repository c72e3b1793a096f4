/* signature — an issuer's public keys (RFC 7517) and what they have signed (RFC 7518): RS256 with
 * 2048 bits or more, and ES256. Only for auth/. Any thread. */
#pragma once

#include "auth/token.h"

#include <openssl/evp.h>

/* A JWK that verifies signatures: the key, to be freed with EVP_PKEY_free, and its one algorithm.
 * NULL when it is of another kind, for another use, too weak or malformed. */
EVP_PKEY *signature_key(const json_t *jwk, enum token_alg *ret_alg);

/* The token's algorithm must be the key's; the caller has seen to that. */
bool signature_verify(EVP_PKEY *key, const struct token *t);
