/* token — JSON Web Tokens (RFC 7515, RFC 7519), in the strict form that we take. Only for auth/.
 *
 * Three parts of unpadded base64url, 8 KB at most; header and claims are JSON objects without
 * duplicate members. The algorithm is one of ours and decides which kind of key may verify: what a
 * token says about itself never turns a public key into a shared secret. `crit` is refused. Our own
 * tokens are told by their first part, which is always the same. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    TOKEN_MAX = 8192,
    TOKEN_SIGNATURE_MAX = 1024, /* RSA with 8192 bits */
    TOKEN_KEY = 32,             /* bytes of token.key */
    TOKEN_LEEWAY_S = 60,        /* how far the issuer's clock may be ahead */
};
enum token_alg { TOKEN_HS256, TOKEN_RS256, TOKEN_ES256 };

struct token {
    enum token_alg alg;
    const char *kid;        /* of the header, or NULL */
    struct str signed_part; /* a view of the text */
    unsigned char signature[TOKEN_SIGNATURE_MAX];
    size_t signature_len;
    json_t *header, *claims;
};

#define auto_token __attribute__((cleanup(token_done)))

/* Cheap looks at a text, for the loop thread. */
bool token_has_form(struct str text);
bool token_is_own(struct str text);

/* Reads what is there; verifies nothing. Whatever happens, token_done frees. */
int token_parse(struct str text, struct token *ret, struct err *e);
void token_done(struct token *t);

/* The session that one of our own tokens names. */
struct token_session {
    const char *account, *id; /* in the token, or the caller's */
    int64_t expires_s;        /* since 1970, as in the token */
};
void token_issue(const unsigned char key[TOKEN_KEY], const struct token_session *session,
                 int64_t now_s, struct buf *out);
/* Signature, issuer and time of one of ours. */
int token_check_own(const unsigned char key[TOKEN_KEY], const struct token *t, int64_t now_s,
                    struct token_session *ret, struct err *e);

bool token_has_audience(const struct token *t, const char *audience);
/* The claims of an external token whose signature is right. */
int token_check_claims(const struct token *t, const char *issuer, const char *audience,
                       int64_t now_s, const char **ret_subject, int64_t *ret_expires_s,
                       struct err *e);

/* The refusals (contracts 1.1): 401 each, and -1. */
int token_invalid(struct err *e); /* malformed, or a bad signature */
int token_expired(struct err *e); /* its time is over */
/* Anything else. The client is not told what; the administrator is, with --log-level debug. */
int token_unverified(const char *why, struct err *e);
