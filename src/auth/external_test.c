/* Tokens of an external issuer, from the header to an account. */
#include "auth/jwks.h"
#include "auth/private.h"
#include "auth/testdata/issuer.h"
#include "auth/testdata/world.h"

#include <time.h>

static const struct auth_config config = {
    .issuer = "https://issuer", .audience = "virga", .jwks_url = "https://issuer/keys"};
static struct buf published;
static unsigned fetches;

static int fetch(const char *url, struct buf *ret, struct err *e)
{
    (void)url;
    (void)e;
    fetches++;
    buf_add_str(ret, buf_str(&published));
    return 0;
}

static void make(struct world *w, const struct issuer_key *key)
{
    world_make(w, config);
    jwks_free(w->app.auth->jwks);
    w->app.auth->jwks = jwks_new(config.issuer, config.jwks_url, fetch);
    issuer_list(&published, key, 1);
    fetches = 0;
}

/* A token of now for this subject; `more`: further claims, beginning with a comma. */
static void sign(struct buf *out, const struct issuer_key *key, const char *subject,
                 const char *more)
{
    auto_buf struct buf claims = {0};
    buf_addf(&claims,
             "{\"iss\":\"https://issuer\",\"aud\":\"virga\",\"sub\":\"%s\",\"exp\":%lld%s}",
             subject, (long long)time(NULL) + 100, more);
    issuer_token(out, key, claims.data);
}

static void account_of(struct world *w, const struct buf *token)
{
    w->bearer = token->data;
    CHECK_INT(world_ask(w, HTTP_GET, "/api/account", NULL), 200);
}

TEST(somebody_new_gets_an_account_at_first_sight_and_keeps_it)
{
    auto_world struct world w;
    struct issuer_key key = issuer_ec("e");
    auto_buf struct buf token = {0};
    make(&w, &key);
    sign(&token, &key, "user|1",
         ",\"preferred_username\":\"J\\u00f6rg M\",\"email\":\"j@example.org\","
         "\"email_verified\":true");
    account_of(&w, &token);
    CHECK_STR(world_text(&w, "name"), "j-rg-m");
    CHECK_STR(world_text(&w, "email"), "j@example.org");
    CHECK(json_is_true(json_object_get(w.body, "external")));
    CHECK(json_is_false(json_object_get(w.body, "has_password")));
    char *id = world_keep(&w, "id");
    sign(&token, &key, "user|1", ",\"name\":\"other\"");
    account_of(&w, &token);
    CHECK_STR(world_text(&w, "id"), id);
    CHECK_INT(fetches, 1);
    EVP_PKEY_free(key.key);
    free(id);
}

static bool is_hidden(struct world *w, const char *authorization)
{
    struct http_header header = {"authorization", authorization};
    const struct request req = {.headers = &header, .header_count = 1};
    return auth_has_issuers_token(w->app.auth, &req);
}

TEST(functions_see_no_token_that_opens_an_account_here)
{
    auto_world struct world w;
    struct issuer_key key = issuer_ec("e");
    auto_buf struct buf token = {0}, text = {0};
    static const char *const schemes[] = {"Bearer ", "bearer ", "BEARER   "};
    static const char *const others[] = {"{\"iss\":\"https://other\",\"aud\":\"virga\"}",
                                         "{\"iss\":\"https://issuer\",\"aud\":\"shop\"}",
                                         "{\"aud\":\"virga\"}", "{}"};
    make(&w, &key);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        sign(&token, &key, "user|1", "");
        buf_clear(&text);
        buf_addf(&text, "%s%s", schemes[i], token.data);
        CHECK(is_hidden(&w, text.data));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        issuer_token(&token, &key, others[i]);
        buf_clear(&text);
        buf_addf(&text, "Bearer %s", token.data);
        CHECK(!is_hidden(&w, text.data));
    }
    CHECK(!is_hidden(&w, "Basic dTpw") && !is_hidden(&w, "") && !is_hidden(&w, NULL));
    EVP_PKEY_free(key.key);
}

TEST(names_and_addresses_of_others_are_not_taken_over)
{
    auto_world struct world w;
    struct issuer_key key = issuer_rsa("r", 2048);
    auto_buf struct buf token = {0};
    make(&w, &key);
    sign(&token, &key, "1", ",\"email\":\"ann@example.org\",\"email_verified\":true");
    account_of(&w, &token);
    CHECK_STR(world_text(&w, "name"), "ann");
    char *first = world_keep(&w, "id");
    sign(&token, &key, "2", ",\"email\":\"ann@example.org\",\"email_verified\":true");
    account_of(&w, &token);
    CHECK(strcmp(world_text(&w, "id"), first) != 0);
    CHECK(strncmp(world_text(&w, "name"), "ann-", 4) == 0);
    CHECK(json_is_null(json_object_get(w.body, "email")));
    static const char *const unverified[] = {"", ",\"email_verified\":false",
                                             ",\"email_verified\":\"true\""};
    char subject[8], more[120];
    for (int i = 0; i < 3; i++) {
        snprintf(subject, sizeof subject, "u%d", i);
        snprintf(more, sizeof more, ",\"email\":\"bob@example.org\"%s", unverified[i]);
        sign(&token, &key, subject, more);
        account_of(&w, &token);
        CHECK(json_is_null(json_object_get(w.body, "email")));
    }
    w.bearer = w.owner_key; /* claims an address that is not proven to be its own */
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account", "{\"email\":\"cy@example.org\"}"), 200);
    sign(&token, &key, "cy", ",\"email\":\"Cy@example.org\",\"email_verified\":true");
    account_of(&w, &token);
    CHECK_STR(world_text(&w, "email"), "Cy@example.org");
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 200);
    CHECK(json_is_null(json_object_get(w.body, "email")));
    sign(&token, &key, "owner", ",\"preferred_username\":\"owner\"");
    account_of(&w, &token);
    CHECK(strcmp(world_text(&w, "id"), "owner") != 0);
    CHECK(world_who(&w, PERM_ADMIN) == NULL && w.e.code == ERR_DENIED);
    EVP_PKEY_free(key.key);
    free(first);
}

TEST(what_the_issuer_did_not_sign_for_us_opens_nothing)
{
    auto_world struct world w;
    struct issuer_key key = issuer_rsa("r", 2048), stranger = issuer_rsa("r", 2048);
    auto_buf struct buf token = {0};
    make(&w, &key);
    sign(&token, &stranger, "1", "");
    w.bearer = token.data;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Invalid token");
    CHECK_STR(world_who(&w, PERM_CALL), "");
    CHECK(world_who(&w, PERM_CALLS_READ) == NULL);
    issuer_token(&token, &key, "{\"iss\":\"https://other\",\"aud\":\"virga\",\"sub\":\"1\"}");
    w.bearer = token.data;
    unsigned before = fetches;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Could not verify token");
    CHECK_INT(fetches, before); /* not even asked */
    issuer_raw(&token, &key, "{\"alg\":\"HS256\"}", "{\"iss\":\"https://issuer\"}");
    w.bearer = token.data;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Invalid token");
    issuer_token(&token, &key,
                 "{\"iss\":\"https://issuer\",\"aud\":\"virga\",\"sub\":\"1\",\"exp\":1}");
    w.bearer = token.data;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Token expired");
    EVP_PKEY_free(key.key);
    EVP_PKEY_free(stranger.key);
}

TEST(without_an_issuer_its_tokens_are_not_even_looked_at)
{
    auto_world struct world w;
    struct issuer_key key = issuer_ec("e");
    auto_buf struct buf token = {0};
    make(&w, &key);
    world_open_auth(&w, (struct auth_config){0});
    sign(&token, &key, "1", "");
    w.bearer = token.data;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL && w.looked < 0);
    CHECK_STR(world_who(&w, PERM_CALL), "");
    CHECK(w.looked == 0);
    EVP_PKEY_free(key.key);
}

TEST(an_external_account_is_disabled_and_deleted_like_others)
{
    auto_world struct world w;
    struct issuer_key key = issuer_ec("e");
    auto_buf struct buf token = {0};
    char path[80];
    make(&w, &key);
    sign(&token, &key, "1", "");
    account_of(&w, &token);
    CHECK_STR(world_text(&w, "name"), "user");
    snprintf(path, sizeof path, "/api/accounts/%s", world_text(&w, "id"));
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account/password",
                        "{\"old\":\"password1\",\"new\":\"password3\"}"),
              409);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_PUT, path, "{\"status\":\"disabled\"}"), 200);
    w.bearer = token.data;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Account disabled");
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_PUT, path, "{\"status\":\"active\"}"), 200);
    w.bearer = token.data;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"x\"}"), 200);
    char *api_key = world_keep(&w, "key");
    w.bearer = api_key;
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/account", "{}"), 403);
    w.bearer = token.data;
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/account", "{}"), 200);
    w.bearer = api_key;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    EVP_PKEY_free(key.key);
    free(api_key);
}

static int forget_list(void **state)
{
    (void)state;
    buf_done(&published);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_new_gets_an_account_at_first_sight_and_keeps_it),
        cmocka_unit_test(functions_see_no_token_that_opens_an_account_here),
        cmocka_unit_test(names_and_addresses_of_others_are_not_taken_over),
        cmocka_unit_test(what_the_issuer_did_not_sign_for_us_opens_nothing),
        cmocka_unit_test(without_an_issuer_its_tokens_are_not_even_looked_at),
        cmocka_unit_test(an_external_account_is_disabled_and_deleted_like_others),
    };
    return cmocka_run_group_tests(tests, NULL, forget_list);
}
