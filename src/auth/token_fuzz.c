/* Feeds arbitrary bytes to the reader of tokens, of cookies, and of an issuer's keys. Nothing that
 * the fuzzer invents may verify, and what is read must lie inside the text. */
#include "auth/signature.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/must.h"
#include "http/http.h"

#include "auth/auth.h"

static void read_token(struct str text)
{
    static const unsigned char key[TOKEN_KEY] = "fuzzers are not to know this key";
    auto_token struct token t = {0};
    struct token_session session = {0};
    struct err e = {0};
    const char *subject = NULL;
    int64_t expires_s;
    if (token_parse(text, &t, &e) < 0) {
        must(e.code == ERR_UNAUTHORIZED);
        return;
    }
    must(token_has_form(text));
    must(t.signed_part.p == text.p && t.signed_part.n < text.n && t.signature_len < text.n);
    must(token_check_own(key, &t, 0, &session, &e) < 0);
    if (token_check_claims(&t, "i", "a", 0, &subject, &expires_s, &e) == 0)
        must(subject[0] && expires_s >= 0);
}

static void read_key(struct str text)
{
    enum token_alg alg;
    json_t *jwk = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    EVP_PKEY *key = signature_key(jwk, &alg);
    must(!key || alg == TOKEN_RS256 || alg == TOKEN_ES256);
    EVP_PKEY_free(key);
    json_decref(jwk);
}

static void read_headers(struct str text)
{
    auto_arena struct arena *a = arena_new();
    const struct http_header cookie = {"Cookie", arena_dup(a, text.p, text.n)};
    const struct http_header authorization = {"Authorization", cookie.value};
    (void)auth_header_for_guest(a, &cookie);
    (void)auth_header_for_guest(a, &authorization);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    read_token(text);
    read_key(text);
    read_headers(text);
    return 0;
}
