#include "auth/token.h"

#include "auth/testdata/issuer.h"
#include "base/test.h"

enum { NOW = 1700000000 };

static const unsigned char key[TOKEN_KEY] = "0123456789abcdef0123456789abcde";

static int check_own(struct str text, int64_t now_s, struct err *e)
{
    auto_token struct token t = {0};
    struct token_session session;
    if (token_parse(text, &t, e) < 0)
        return -1;
    return token_check_own(key, &t, now_s, &session, e);
}

static void issue(struct buf *out)
{
    token_issue(key, &(struct token_session){"acc", "ses", NOW + 100}, NOW, out);
}

TEST(our_own_token_names_its_session_until_it_expires)
{
    struct err e = {0};
    auto_buf struct buf text = {0};
    auto_token struct token t = {0};
    struct token_session session = {0};
    issue(&text);
    CHECK(token_is_own(buf_str(&text)));
    CHECK(token_parse(buf_str(&text), &t, &e) == 0);
    CHECK(token_check_own(key, &t, NOW, &session, &e) == 0);
    CHECK_STR(session.account, "acc");
    CHECK_STR(session.id, "ses");
    CHECK(session.expires_s == NOW + 100);
    CHECK(check_own(buf_str(&text), NOW + 100, &e) < 0);
    CHECK_STR(e.text, "Token expired");
}

TEST(no_bit_of_our_own_token_can_be_changed)
{
    struct err e = {0};
    auto_buf struct buf text = {0};
    issue(&text);
    for (size_t i = 0; i < text.len; i++) {
        char before = text.data[i];
        for (int bit = 0; bit < 7; bit++) {
            text.data[i] = (char)(before ^ 1 << bit);
            CHECK(check_own(buf_str(&text), NOW, &e) < 0);
        }
        text.data[i] = before;
        CHECK(check_own((struct str){text.data, i}, NOW, &e) < 0);
    }
    CHECK(check_own(buf_str(&text), NOW, &e) == 0);
    buf_addz(&text, "A");
    CHECK(check_own(buf_str(&text), NOW, &e) < 0);
}

static int parse(const char *header, const char *claims, const char *signature)
{
    struct err e = {0};
    auto_token struct token t = {0};
    auto_buf struct buf text = {0};
    issuer_base64(&text, header, strlen(header));
    buf_addz(&text, ".");
    issuer_base64(&text, claims, strlen(claims));
    buf_addf(&text, ".%s", signature);
    int rc = token_parse(buf_str(&text), &t, &e);
    CHECK(rc == 0 || strcmp(e.text, "Invalid token") == 0);
    return rc;
}

TEST(what_is_not_strictly_a_token_is_refused)
{
    CHECK(parse("{\"alg\":\"RS256\"}", "{}", "AAAA") == 0);
    static const char *const headers[] = {
        "{}",
        "[]",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"rs256\"}",
        "{\"alg\":\"RS384\"}",
        "{\"alg\":[\"RS256\"]}",
        "{\"alg\":\"none\",\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"b64\":false}",
        "{\"alg\":\"RS256\",\"kid\":1}",
        "{\"alg\":\"RS256\",\"kid\":\"a\\u0000b\"}",
        "{\"alg\":\"RS256\"}x",
        "{\"alg\":\"RS256\"",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        CHECK(parse(headers[i], "{}", "AAAA") < 0);
    CHECK(parse("{\"alg\":\"RS256\"}", "[]", "AAAA") < 0);
    CHECK(parse("{\"alg\":\"RS256\"}", "{\"sub\":\"a\",\"sub\":\"b\"}", "AAAA") < 0);
    static const char *const signatures[] = {"",     "A",     "AA==",  "AB",
                                             "AA+A", "AA AA", "AAAA.", "AA\n"};
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        CHECK(parse("{\"alg\":\"RS256\"}", "{}", signatures[i]) < 0);
}

TEST(a_token_above_eight_kilobytes_has_no_form)
{
    auto_buf struct buf text = {0};
    buf_addz(&text, "e30.e30.");
    while (text.len < TOKEN_MAX)
        buf_addz(&text, "A");
    CHECK(token_has_form(buf_str(&text)));
    buf_addz(&text, "A");
    CHECK(!token_has_form(buf_str(&text)));
    CHECK(!token_has_form(STR("a.b")) && !token_has_form(STR("a..b")) &&
          !token_has_form(STR("a.b.c.d")) && !token_has_form(STR("")));
}

static const char *claims_say(const char *claims, const char **ret_subject)
{
    static struct err e;
    struct token t = {.claims = json_loads(claims, JSON_REJECT_DUPLICATES, NULL)};
    int64_t expires_s;
    assert_non_null(t.claims);
    int rc = token_check_claims(&t, "https://issuer", "virga", NOW, ret_subject, &expires_s, &e);
    token_done(&t);
    return rc == 0 ? "" : e.text;
}

#define BASE  "{\"iss\":\"https://issuer\",\"sub\":\"s\",\"aud\":\"virga\""
#define VALID BASE ",\"exp\":1700000100"

TEST(an_external_token_is_for_us_from_our_issuer_and_of_now)
{
    const char *s;
    static const struct {
        const char *claims, *says;
    } rows[] = {
        {VALID "}", ""},
        {BASE ",\"exp\":1700000000.5}", ""},
        {BASE ",\"exp\":1700000000}", "Token expired"},
        {BASE "}", "Could not verify token"},
        {BASE ",\"exp\":\"1700000100\"}", "Could not verify token"},
        {BASE ",\"exp\":-1}", "Could not verify token"},
        {BASE ",\"exp\":1e300}", "Could not verify token"},
        {VALID ",\"nbf\":1700000060,\"iat\":1700000060}", ""},
        {VALID ",\"nbf\":1700000061}", "Could not verify token"},
        {VALID ",\"iat\":1700000061}", "Could not verify token"},
        {VALID ",\"iat\":\"now\"}", "Could not verify token"},
        {"{\"iss\":\"https://"
         "issuer\",\"sub\":\"s\",\"aud\":[\"x\",1,\"virga\"],\"exp\":1700000100}",
         ""},
        {"{\"iss\":\"https://issuer\",\"sub\":\"s\",\"aud\":[\"x\"],\"exp\":1700000100}",
         "Could not verify token"},
        {"{\"iss\":\"https://issuer\",\"sub\":\"s\",\"aud\":[],\"exp\":1700000100}",
         "Could not verify token"},
        {"{\"iss\":\"https://issuer\",\"sub\":\"s\",\"exp\":1700000100}", "Could not verify token"},
        {"{\"iss\":\"https://issuer/\",\"sub\":\"s\",\"aud\":\"virga\",\"exp\":1700000100}",
         "Could not verify token"},
        {"{\"iss\":\"https://issuer\",\"aud\":\"virga\",\"exp\":1700000100}",
         "Could not verify token"},
        {"{\"iss\":\"https://issuer\",\"sub\":\"\",\"aud\":\"virga\",\"exp\":1700000100}",
         "Could not verify token"},
        {"{\"iss\":\"https://issuer\",\"sub\":7,\"aud\":\"virga\",\"exp\":1700000100}",
         "Could not verify token"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(claims_say(rows[i].claims, &s), rows[i].says);
    char claims[600];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"https://issuer\",\"sub\":\"%0256d\",\"aud\":\"virga\",\"exp\":1700000100}",
             0);
    CHECK_STR(claims_say(claims, &s), "Could not verify token");
}

TEST_MAIN(our_own_token_names_its_session_until_it_expires, no_bit_of_our_own_token_can_be_changed,
          what_is_not_strictly_a_token_is_refused, a_token_above_eight_kilobytes_has_no_form,
          an_external_token_is_for_us_from_our_issuer_and_of_now)
