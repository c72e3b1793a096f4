#include "http/http.h"

#include "base/mem.h"
#include "base/test.h"
#include "http/reply.h"

struct ask {
    struct arena *arena;
    struct request req;
    struct err e;
};

static void ask_init(struct ask *a, struct str body)
{
    *a = (struct ask){.arena = arena_new()};
    a->req = (struct request){.arena = a->arena, .query = "", .path = "/", .body = body};
}

/* The 422's body as text, in the arena. */
static const char *detail(struct ask *a)
{
    struct response res;
    reply_error(&a->req, &a->e, &res);
    CHECK_INT(res.status, 422);
    return res.body.p;
}

static void check_refused(struct str body, const char *expected)
{
    struct ask a;
    json_t *json;
    ask_init(&a, body);
    CHECK(http_body_json(&a.req, &json, &a.e) < 0);
    if (!strstr(detail(&a), expected))
        fail_msg("%s", detail(&a));
    arena_free(a.arena);
}

TEST(query_parameters_are_decoded_and_the_last_one_wins)
{
    struct ask a;
    ask_init(&a, STR(""));
    a.req.query = "a=1&b=x+y%26z&a=2&empty=&bare&&%63=d=e";
    CHECK_STR(http_query(&a.req, "a"), "2");
    CHECK_STR(http_query(&a.req, "b"), "x y&z");
    CHECK_STR(http_query(&a.req, "empty"), "");
    CHECK_STR(http_query(&a.req, "bare"), "");
    CHECK_STR(http_query(&a.req, "c"), "d=e");
    CHECK(!http_query(&a.req, "d"));
    arena_free(a.arena);
}

TEST(a_json_object_is_handed_over)
{
    struct ask a;
    json_t *json = NULL, *again = NULL;
    ask_init(&a, STR("{\"name\": \"x\", \"n\": 7}"));
    CHECK(http_body_json(&a.req, &json, &a.e) == 0);
    CHECK_STR(json_string_value(json_object_get(json, "name")), "x");
    CHECK(http_body_json(&a.req, &again, &a.e) == 0 && again == json);
    arena_free(a.arena);
}

TEST(a_body_that_is_not_json_says_where)
{
    check_refused(STR("{\"a\": }"),
                  "\"type\":\"json_invalid\",\"loc\":[\"body\",7],"
                  "\"msg\":\"JSON decode error\",\"input\":{},\"ctx\":{\"error\":");
    check_refused(STR("{\"a\": 1, \"a\": 2}"), "duplicate");
    check_refused(STR("{\"a\": \"\xff\"}"), "json_invalid");
    check_refused(STR("{\"a\": \"\xed\xa0\x80\"}"), "json_invalid");
    check_refused(STR("{} {}"), "json_invalid");
    check_refused(STR("{\"a\": \"b\\u0000\"}"), "{\"error\":\"a text holds \\\\u0000\"}");
    check_refused(STR(""), "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\"],"
                           "\"msg\":\"Field required\",\"input\":null}]}");
    check_refused(STR("[1]"), "\"type\":\"dict_type\",\"loc\":[\"body\"],"
                              "\"msg\":\"Input should be a valid dictionary\",\"input\":[]");
    check_refused(STR("{\"a\": \"hush"), "premature end of input\"");
}

static void check_member(const char *body, const char *expected)
{
    struct ask a;
    struct str value;
    ask_init(&a, str_of(body));
    CHECK(http_body_member(&a.req, "input", &value, &a.e) == 0);
    CHECK(expected ? str_is(value, expected) : !value.p);
    arena_free(a.arena);
}

static void check_no_member(const char *body, const char *expected)
{
    struct ask a;
    struct str value;
    ask_init(&a, str_of(body));
    CHECK(http_body_member(&a.req, "input", &value, &a.e) < 0);
    if (!strstr(detail(&a), expected))
        fail_msg("%s", detail(&a));
    arena_free(a.arena);
}

TEST(a_member_is_handed_over_as_the_bytes_that_stand_there)
{
    check_member("{\"a\":1, \"input\" : {\"n\": 1e400,\n\"n\":123456789012345678901} }",
                 "{\"n\": 1e400,\n\"n\":123456789012345678901}");
    check_member("{\"input\":null}", "null");
    check_member("{\"inputs\":1}", NULL);
    check_no_member("", "\"type\":\"missing\",\"loc\":[\"body\"]");
    check_no_member("{\"input\":}", "\"type\":\"json_invalid\"");
    check_no_member("[1]", "Input should be a valid dictionary");
    check_no_member("{\"input\":1,\"input\":2}", "stands there twice");
}

TEST(deep_nesting_is_refused_before_the_parser_recurses)
{
    static char deep[200000];
    struct ask a;
    json_t *json;
    memset(deep, '[', sizeof deep);
    check_refused((struct str){deep, sizeof deep}, "nested too deeply");
    char just[256] = "{\"a\":\"[[\\\"[[\",\"b\":";
    size_t n = strlen(just);
    memset(just + n, '[', 63);
    memset(just + n + 63, ']', 63);
    just[n + 126] = '}';
    ask_init(&a, (struct str){just, n + 127});
    CHECK(http_body_json(&a.req, &json, &a.e) == 0);
    arena_free(a.arena);
}

TEST(only_json_types_are_read_as_json)
{
    static const struct {
        const char *type;
        bool good;
    } rows[] = {{"application/json", true},
                {"Application/JSON; charset=utf-8", true},
                {"application/problem+json", true},
                {"text/plain", false},
                {"application/x-www-form-urlencoded", false},
                {"application/+json", false},
                {"application/jsonp", false},
                {"", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a;
        json_t *json;
        struct http_header type = {"content-type", rows[i].type};
        ask_init(&a, STR("{}"));
        a.req.headers = &type;
        a.req.header_count = 1;
        CHECK_INT(http_body_json(&a.req, &json, &a.e) == 0, rows[i].good);
        if (!rows[i].good) /* curl -d sends a form: its user must learn what to write */
            CHECK(strstr(detail(&a), "Content-Type: application/json"));
        arena_free(a.arena);
    }
}

TEST(validation_errors_pile_up_with_their_input)
{
    struct ask a;
    json_t *json;
    ask_init(&a, STR("{\"n\": \"x\", \"list\": [1, true]}"));
    a.req.query = "limit=ten";
    CHECK(http_body_json(&a.req, &json, &a.e) == 0);
    CHECK(http_invalid(&a.req, "body.name", "missing", &a.e, "Field required") < 0);
    CHECK(http_invalid(&a.req, "body.list.1", "string_type", &a.e, "Input should be a %s",
                       "valid string") < 0);
    CHECK(http_invalid(&a.req, "query.limit", "int_parsing", &a.e, "not a number") < 0);
    CHECK_STR(detail(&a),
              "{\"detail\":["
              "{\"type\":\"missing\",\"loc\":[\"body\",\"name\"],\"msg\":\"Field required\","
              "\"input\":{}},"
              "{\"type\":\"string_type\",\"loc\":[\"body\",\"list\",1],"
              "\"msg\":\"Input should be a valid string\",\"input\":true},"
              "{\"type\":\"int_parsing\",\"loc\":[\"query\",\"limit\"],\"msg\":\"not a number\","
              "\"input\":\"ten\"}]}");
    arena_free(a.arena);
}

TEST(a_refusal_repeats_no_secret_and_nothing_long)
{
    static const struct {
        const char *loc, *input;
        bool hide;
    } rows[] = {
        {"body.word", "\"word\"", false},
        {"body.word", "null", true},
        {"body.number", "7", false},
        {"body.list", "[]", false},
        {"body.object", "{}", false},
        {"body.long", "null", false},
        {"body", "{}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a;
        json_t *json;
        char body[500], want[40];
        snprintf(body, sizeof body,
                 "{\"word\":\"word\",\"number\":7,\"list\":[\"hush\"],\"object\":{\"a\":\"hush\"},"
                 "\"long\":\"%0201d\"}",
                 0);
        ask_init(&a, str_of(body));
        CHECK(http_body_json(&a.req, &json, &a.e) == 0);
        CHECK(http_invalid(&a.req, rows[i].loc, "value_error", &a.e, "no") < 0);
        CHECK(!rows[i].hide || http_invalid_hide(&a.req) < 0);
        snprintf(want, sizeof want, "\"input\":%s}]}", rows[i].input);
        CHECK(strstr(detail(&a), want));
        CHECK(!strstr(detail(&a), "hush"));
        arena_free(a.arena);
    }
}

TEST(errors_become_replies_and_500_says_nothing)
{
    static const struct {
        enum err_code code;
        int status;
        const char *body;
    } rows[] = {{ERR_NOT_FOUND, 404, "{\"detail\":\"why\"}"},
                {ERR_INVALID, 422,
                 "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"request\"],"
                 "\"msg\":\"Value error, why\",\"input\":null}]}"},
                {ERR_UNAUTHORIZED, 401, "{\"detail\":\"why\"}"},
                {ERR_LIMIT, 429, "{\"detail\":\"why\"}"},
                {ERR_SYSTEM, 500, "{\"detail\":\"Internal Server Error\"}"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a;
        struct response res;
        ask_init(&a, STR(""));
        err_set(&a.e, rows[i].code, "why");
        reply_error(&a.req, &a.e, &res);
        CHECK_INT(res.status, rows[i].status);
        CHECK_STR(res.body.p, rows[i].body);
        if (rows[i].code == ERR_UNAUTHORIZED)
            CHECK_STR(res.headers[0].value, "Bearer");
        if (rows[i].code == ERR_LIMIT)
            CHECK_STR(res.headers[0].name, "Retry-After");
        arena_free(a.arena);
    }
}

TEST(a_reply_cannot_be_split_by_its_headers)
{
    struct ask a;
    auto_buf struct buf out = {0};
    ask_init(&a, STR(""));
    struct response res = {.body = STR("hi"), .content_type = "a\r\nX-Evil: 1"};
    http_response_header(&a.req, &res, "X-Evil: 2\r\nY", "v");
    http_response_header(&a.req, &res, "X", "v\r\nX-Evil: 3");
    http_response_header(&a.req, &res, "content-length", "100");
    http_response_header(&a.req, &res, "Transfer-Encoding", "chunked");
    http_response_header(&a.req, &res, "X-Good", "v\xc3\xa4");
    for (int i = 0; i < 100; i++)
        http_response_header(&a.req, &res, "X-Many", "v");
    reply_write_head(&out, &res, &(struct reply_head){.date = "now"});
    CHECK(!strstr(out.data, "Evil") && !strstr(out.data, "chunked"));
    CHECK(strstr(out.data, "X-Good: v\xc3\xa4\r\n") && strstr(out.data, "Content-Length: 2\r\n"));
    CHECK(!strstr(out.data, "100"));
    arena_free(a.arena);
}

TEST(methods_have_names_and_names_have_methods)
{
    for (unsigned m = 1; m < HTTP_ANY; m <<= 1)
        CHECK_INT(http_method_parse(str_of(http_method_name(m))), m);
    CHECK_STR(http_method_name(HTTP_OPTIONS), "OPTIONS");
    CHECK(!http_method_name(HTTP_ANY) && !http_method_name(0));
    CHECK_INT(http_method_parse(STR("get")), 0);
    CHECK_INT(http_method_parse(STR("")), 0);
}

TEST_MAIN(methods_have_names_and_names_have_methods,
          query_parameters_are_decoded_and_the_last_one_wins, a_json_object_is_handed_over,
          a_body_that_is_not_json_says_where, a_member_is_handed_over_as_the_bytes_that_stand_there,
          deep_nesting_is_refused_before_the_parser_recurses, only_json_types_are_read_as_json,
          validation_errors_pile_up_with_their_input, a_refusal_repeats_no_secret_and_nothing_long,
          errors_become_replies_and_500_says_nothing, a_reply_cannot_be_split_by_its_headers)
