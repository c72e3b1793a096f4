#include "auth/jwks.h"

#include "auth/testdata/issuer.h"
#include "base/test.h"

#include <pthread.h>

static const uint64_t second = 1000 * 1000;

/* What the issuer's server does. */
static struct {
    struct buf list;
    bool away;
    unsigned fetches;
    const char *discovery; /* the body of its configuration */
    char last_url[200];
} web;

static int fetch(const char *url, struct buf *ret, struct err *e)
{
    web.fetches++;
    snprintf(web.last_url, sizeof web.last_url, "%s", url);
    if (web.away)
        return err_set(e, ERR_UNAVAILABLE, "away");
    if (strstr(url, "openid-configuration"))
        buf_addz(ret, web.discovery);
    else
        buf_add_str(ret, buf_str(&web.list));
    return 0;
}

static void web_reset(void)
{
    buf_done(&web.list);
    memset(&web, 0, sizeof web);
}

/* "" when the key is found and has signed the token, else what the refusal says. */
static const char *verdict(struct jwks *j, const struct buf *text, uint64_t now_us)
{
    static struct err e;
    auto_token struct token t = {0};
    EVP_PKEY *key = NULL;
    e = (struct err){0};
    if (token_parse(buf_str(text), &t, &e) < 0 || jwks_find(j, &t, now_us, &key, &e) < 0)
        return e.text;
    bool right = signature_verify(key, &t);
    EVP_PKEY_free(key);
    return right ? "" : "bad signature";
}

TEST(rs256_and_es256_are_verified_by_the_key_that_is_named)
{
    struct issuer_key keys[] = {issuer_rsa("r", 2048), issuer_ec("e")},
                      other = issuer_rsa("r", 2048);
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf text = {0};
    issuer_list(&web.list, keys, 2);
    issuer_token(&text, &keys[0], "{}");
    CHECK_STR(verdict(j, &text, second), "");
    issuer_token(&text, &keys[1], "{}");
    CHECK_STR(verdict(j, &text, second), "");
    issuer_token(&text, &other, "{}");
    CHECK_STR(verdict(j, &text, second), "bad signature");
    issuer_raw(&text, &keys[0], "{\"alg\":\"RS256\"}", "{}"); /* the only one of its kind */
    CHECK_STR(verdict(j, &text, second), "");
    issuer_raw(&text, &keys[0], "{\"alg\":\"RS256\",\"kid\":\"e\"}", "{}");
    CHECK_STR(verdict(j, &text, second), "Could not verify token");
    CHECK_INT(web.fetches, 1);
    jwks_free(j);
    EVP_PKEY_free(keys[0].key);
    EVP_PKEY_free(keys[1].key);
    EVP_PKEY_free(other.key);
    web_reset();
}

TEST(a_public_key_is_no_shared_secret)
{
    struct issuer_key key = issuer_rsa("r", 2048);
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf text = {0};
    issuer_list(&web.list, &key, 1);
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"r\"}",
                                          "{\"alg\":\"HS256\"}",
                                          "{\"alg\":\"ES256\",\"kid\":\"r\"}"};
    for (int i = 0; i < 3; i++) {
        issuer_raw(&text, &key, headers[i], "{}");
        CHECK_STR(verdict(j, &text, second), "Could not verify token");
    }
    jwks_free(j);
    EVP_PKEY_free(key.key);
    web_reset();
}

TEST(es256_signatures_are_two_numbers_side_by_side)
{
    struct issuer_key key = issuer_ec("e");
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf text = {0};
    unsigned char signature[1024];
    issuer_list(&web.list, &key, 1);
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"e\"}";
    issuer_base64(&text, header, sizeof header - 1);
    buf_addz(&text, ".e30");
    size_t len = issuer_sign_der(&key, buf_str(&text), signature);
    size_t head = text.len;
    buf_addz(&text, ".");
    issuer_base64(&text, signature, len);
    CHECK_STR(verdict(j, &text, second), "bad signature");
    text.len = head;
    memset(signature, 0, 64);
    buf_addz(&text, ".");
    issuer_base64(&text, signature, 64);
    CHECK_STR(verdict(j, &text, second), "bad signature");
    jwks_free(j);
    EVP_PKEY_free(key.key);
    web_reset();
}

static bool takes(const struct issuer_key *key, const char *more)
{
    auto_buf struct buf text = {0};
    enum token_alg alg;
    issuer_add_jwk(&text, key, more);
    json_t *jwk = json_loads(text.data, 0, NULL);
    EVP_PKEY *k = signature_key(jwk, &alg);
    json_decref(jwk);
    EVP_PKEY_free(k);
    return k != NULL;
}

TEST(keys_that_are_weak_malformed_or_for_something_else_are_passed_over)
{
    struct issuer_key strong = issuer_rsa("r", 2048), weak = issuer_rsa("w", 1024);
    struct issuer_key ec = issuer_ec("e");
    enum token_alg alg;
    CHECK(takes(&strong, "") && takes(&strong, ",\"use\":\"sig\",\"alg\":\"RS256\""));
    CHECK(takes(&ec, ",\"alg\":\"ES256\""));
    CHECK(!takes(&weak, "") && !takes(&strong, ",\"use\":\"enc\""));
    CHECK(!takes(&strong, ",\"alg\":\"RS512\"") && !takes(&strong, ",\"alg\":1"));
    CHECK(!takes(&ec, ",\"alg\":\"RS256\""));
    static const char *const bad[] = {
        "{}",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        /* not on the curve */
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *jwk = json_loads(bad[i], 0, NULL);
        CHECK(signature_key(jwk, &alg) == NULL);
        json_decref(jwk);
    }
    EVP_PKEY_free(strong.key);
    EVP_PKEY_free(weak.key);
    EVP_PKEY_free(ec.key);
}

TEST(a_new_key_works_at_once_and_one_taken_away_stops)
{
    struct issuer_key old = issuer_ec("old"), new = issuer_ec("new");
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf old_text = {0}, new_text = {0};
    issuer_token(&old_text, &old, "{}");
    issuer_token(&new_text, &new, "{}");
    issuer_list(&web.list, &old, 1);
    CHECK_STR(verdict(j, &old_text, 100 * second), "");
    issuer_list(&web.list, &new, 1);
    CHECK_STR(verdict(j, &new_text, 109 * second), "Could not verify token"); /* too soon */
    CHECK_INT(web.fetches, 1);
    CHECK_STR(verdict(j, &new_text, 110 * second), "");
    CHECK_STR(verdict(j, &old_text, 111 * second), "Could not verify token");
    CHECK_INT(web.fetches, 2);
    jwks_free(j);
    EVP_PKEY_free(old.key);
    EVP_PKEY_free(new.key);
    web_reset();
}

TEST(invented_key_names_do_not_hammer_the_issuer)
{
    struct issuer_key key = issuer_ec("e"), stranger = issuer_ec("x");
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf text = {0};
    char kid[16];
    issuer_list(&web.list, &key, 1);
    for (unsigned i = 0; i < 200; i++) { /* within 20 s */
        snprintf(kid, sizeof kid, "k%u", i);
        stranger.kid = kid;
        issuer_token(&text, &stranger, "{}");
        CHECK_STR(verdict(j, &text, 100 * second + i * second / 10), "Could not verify token");
    }
    CHECK_INT(web.fetches, 2);
    jwks_free(j);
    EVP_PKEY_free(key.key);
    EVP_PKEY_free(stranger.key);
    web_reset();
}

TEST(keys_are_kept_for_an_hour_while_the_issuer_is_away)
{
    struct issuer_key key = issuer_ec("e");
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf text = {0};
    issuer_list(&web.list, &key, 1);
    issuer_token(&text, &key, "{}");
    web.away = true;
    CHECK_STR(verdict(j, &text, 50 * second), "Could not verify token");
    web.away = false;
    CHECK_STR(verdict(j, &text, 100 * second), "");
    CHECK_STR(verdict(j, &text, 699 * second), "");
    CHECK_INT(web.fetches, 2);
    web.away = true;
    CHECK_STR(verdict(j, &text, 700 * second), "");
    CHECK_STR(verdict(j, &text, 701 * second), "");
    CHECK_INT(web.fetches, 3);
    CHECK_STR(verdict(j, &text, 3699 * second), "");
    CHECK_STR(verdict(j, &text, 3700 * second), "Could not verify token");
    web.away = false;
    CHECK_STR(verdict(j, &text, 3710 * second), "");
    jwks_free(j);
    EVP_PKEY_free(key.key);
    web_reset();
}

/* A fetch that ends when somebody was told to come back. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool inside, refused;
    unsigned found;
    struct jwks *j;
    struct buf *text;
} slow = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false, 0, NULL, NULL};

static int fetch_slowly(const char *url, struct buf *ret, struct err *e)
{
    pthread_mutex_lock(&slow.lock);
    slow.inside = true;
    pthread_cond_broadcast(&slow.moved);
    while (!slow.refused)
        pthread_cond_wait(&slow.moved, &slow.lock);
    pthread_mutex_unlock(&slow.lock);
    return fetch(url, ret, e);
}

static void *ask(void *arg)
{
    struct err e = {0};
    auto_token struct token t = {0};
    EVP_PKEY *key = NULL;
    (void)arg;
    CHECK(token_parse(buf_str(slow.text), &t, &e) == 0);
    int rc = jwks_find(slow.j, &t, second, &key, &e);
    EVP_PKEY_free(key);
    pthread_mutex_lock(&slow.lock);
    slow.found += rc == 0;
    slow.refused |= rc < 0 && e.code == ERR_UNAVAILABLE;
    pthread_cond_broadcast(&slow.moved);
    pthread_mutex_unlock(&slow.lock);
    return NULL;
}

TEST(while_keys_are_fetched_two_wait_and_the_others_come_back)
{
    struct issuer_key key = issuer_ec("e");
    auto_buf struct buf text = {0};
    pthread_t threads[2 + JWKS_WAITING];
    issuer_list(&web.list, &key, 1);
    issuer_token(&text, &key, "{}");
    slow.j = jwks_new("https://issuer", "https://issuer/keys", fetch_slowly);
    slow.text = &text;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
        pthread_mutex_lock(&slow.lock);
        while (!slow.inside) /* the first one fetches */
            pthread_cond_wait(&slow.moved, &slow.lock);
        pthread_mutex_unlock(&slow.lock);
    }
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(slow.found, 1 + JWKS_WAITING);
    CHECK_INT(web.fetches, 1);
    jwks_free(slow.j);
    EVP_PKEY_free(key.key);
    web_reset();
}

static const char *discovered(const char *issuer, const char *answer)
{
    struct issuer_key key = issuer_ec("e");
    struct jwks *j = jwks_new(issuer, NULL, fetch);
    auto_buf struct buf text = {0};
    issuer_list(&web.list, &key, 1);
    issuer_token(&text, &key, "{}");
    web.discovery = answer;
    const char *ret = verdict(j, &text, second);
    jwks_free(j);
    EVP_PKEY_free(key.key);
    return ret;
}

TEST(the_issuers_configuration_names_its_keys)
{
    static const char right[] =
        "{\"issuer\":\"https://i/a/\",\"jwks_uri\":\"https://elsewhere/keys\"}";
    CHECK_STR(discovered("https://i/a/", right), "");
    CHECK_STR(web.last_url, "https://elsewhere/keys");
    CHECK_INT(web.fetches, 2);
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"issuer\":\"https://i/a\",\"jwks_uri\":\"https://elsewhere/keys\"}",
        "{\"issuer\":\"https://i/a/\",\"jwks_uri\":\"http://elsewhere/keys\"}",
        "{\"issuer\":\"https://i/a/\",\"jwks_uri\":\"file:///etc/passwd\"}",
        "{\"issuer\":\"https://i/a/\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_STR(discovered("https://i/a/", wrong[i]), "Could not verify token");
    CHECK_STR(discovered("http://i", "{\"issuer\":\"http://i\",\"jwks_uri\":\"http://i/keys\"}"),
              "");
    web_reset();
}

TEST(an_answer_that_is_no_list_of_keys_changes_nothing)
{
    struct issuer_key key = issuer_ec("e");
    struct jwks *j = jwks_new("https://issuer", "https://issuer/keys", fetch);
    auto_buf struct buf text = {0};
    issuer_list(&web.list, &key, 1);
    issuer_token(&text, &key, "{}");
    CHECK_STR(verdict(j, &text, 100 * second), "");
    static const char *const bad[] = {"", "nonsense", "{}", "{\"keys\":{}}", "[1]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_clear(&web.list);
        buf_addz(&web.list, bad[i]);
        CHECK_STR(verdict(j, &text, (700 + 20 * i) * second), "");
    }
    CHECK_INT(web.fetches, 6);
    jwks_free(j);
    EVP_PKEY_free(key.key);
    web_reset();
}

TEST_MAIN(rs256_and_es256_are_verified_by_the_key_that_is_named, a_public_key_is_no_shared_secret,
          es256_signatures_are_two_numbers_side_by_side,
          keys_that_are_weak_malformed_or_for_something_else_are_passed_over,
          a_new_key_works_at_once_and_one_taken_away_stops,
          invented_key_names_do_not_hammer_the_issuer,
          keys_are_kept_for_an_hour_while_the_issuer_is_away,
          while_keys_are_fetched_two_wait_and_the_others_come_back,
          the_issuers_configuration_names_its_keys,
          an_answer_that_is_no_list_of_keys_changes_nothing)
