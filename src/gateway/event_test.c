#include "gateway/event.h"

#include "base/json.h"
#include "base/test.h"
#include "gateway/percent.h"

struct sent {
    struct arena *arena;
    struct http_header headers[8];
    struct request req;
    struct buf event;
};

static void sent_init(struct sent *s, enum http_method method, const char *body)
{
    *s = (struct sent){.arena = arena_new()};
    s->req = (struct request){.arena = s->arena,
                              .method = method,
                              .headers = s->headers,
                              .query = "",
                              .body = str_of(body),
                              .peer = "192.0.2.1",
                              .host = "h:1"};
}

static void header(struct sent *s, const char *name, const char *value)
{
    s->headers[s->req.header_count++] = (struct http_header){name, value};
}

static void write(struct sent *s, bool authorization)
{
    struct trie_match match = {0};
    struct err e = {0};
    struct str raw = STR("/a%2Fb/");
    buf_clear(&s->event);
    event_write(&s->event,
                &(struct event_source){&s->req, raw, percent_decode(s->arena, raw, false), &match,
                                       "id-1", authorization});
    CHECK(json_check(buf_str(&s->event), &e) == 0);
}

static void check(const struct sent *s, const char *name, const char *expected)
{
    struct str value;
    struct err e = {0};
    CHECK(json_member(buf_str(&s->event), name, &value, &e) == 0);
    if (!str_is(value, expected))
        fail_msg("%s is " STR_FMT, name, STR_ARG(value));
}

static void sent_done(struct sent *s)
{
    buf_done(&s->event);
    arena_free(s->arena);
}

TEST(the_event_says_where_it_came_from)
{
    struct sent s;
    sent_init(&s, HTTP_GET, NULL);
    s.req.secure = true;
    write(&s, true);
    check(&s, "method", "\"GET\"");
    check(&s, "path", "\"/a/b/\"");
    check(&s, "rawPath", "\"/a%2Fb/\"");
    check(&s, "requestId", "\"id-1\"");
    check(&s, "sourceIp", "\"192.0.2.1\"");
    check(&s, "host", "\"h:1\"");
    check(&s, "scheme", "\"https\"");
    check(&s, "params", "{}");
    check(&s, "authorization", "null");
    sent_done(&s);
}

TEST(of_repeated_names_the_last_value_counts_and_all_are_there)
{
    struct sent s;
    sent_init(&s, HTTP_GET, NULL);
    s.req.query = "b=1&a=%41+x&&b=2&c&=e&b=";
    header(&s, "X-One", "1");
    header(&s, "x-one", "2");
    write(&s, false);
    check(&s, "query", "{\"a\":\"A x\",\"c\":\"\",\"\":\"e\",\"b\":\"\"}");
    check(&s, "multiQuery", "{\"b\":[\"1\",\"2\",\"\"],\"a\":[\"A x\"],\"c\":[\"\"],\"\":[\"e\"]}");
    check(&s, "headers", "{\"x-one\":\"2\"}");
    check(&s, "multiHeaders", "{\"x-one\":[\"1\",\"2\"]}");
    sent_done(&s);
}

TEST(headers_of_the_connection_and_our_own_credentials_stay_here)
{
    struct sent s;
    sent_init(&s, HTTP_GET, NULL);
    header(&s, "Host", "h");
    header(&s, "Authorization", "Basic dTpw");
    header(&s, "Connection", "close");
    header(&s, "Transfer-Encoding", "chunked");
    header(&s, "Cookie", "a=1; virga_session=secret; a=2; b=x=y");
    write(&s, true);
    check(&s, "headers", "{\"cookie\":\"a=1; a=2; b=x=y\"}");
    check(&s, "cookies", "{\"a\":\"1\",\"b\":\"x=y\"}");
    check(&s, "authorization", "\"Basic dTpw\"");
    write(&s, false);
    check(&s, "authorization", "null");
    s.headers[1].value = "Bearer vk_000000000000000000000000000000000000000000000000";
    write(&s, true);
    check(&s, "authorization", "null");
    sent_done(&s);
}

TEST(what_connection_names_ends_here)
{
    struct sent s;
    sent_init(&s, HTTP_GET, NULL);
    header(&s, "X-Hop", "1");
    header(&s, "Connection", "keep-alive, x-hop");
    header(&s, "HTTP2-Settings", "AAMAAABk");
    header(&s, "X-Hop-Not", "2");
    header(&s, "connection", "http2-settings");
    write(&s, true);
    check(&s, "headers", "{\"x-hop-not\":\"2\"}");
    check(&s, "multiHeaders", "{\"x-hop-not\":[\"2\"]}");
    sent_done(&s);
}

TEST(forwarded_headers_reach_a_function_from_a_trusted_proxy_alone)
{
    struct sent s;
    sent_init(&s, HTTP_GET, NULL);
    header(&s, "X-Forwarded-For", "203.0.113.1");
    header(&s, "x-forwarded-PREFIX", "/a");
    header(&s, "Forwarded", "for=203.0.113.1");
    header(&s, "X-Real-IP", "203.0.113.1");
    header(&s, "X-Forward", "kept");
    write(&s, true);
    check(&s, "headers", "{\"x-forward\":\"kept\"}");
    s.req.proxied = true;
    s.req.header_count = 4;
    write(&s, true);
    check(&s, "headers", "{\"x-forwarded-for\":\"203.0.113.1\",\"x-forwarded-prefix\":\"/a\"}");
    sent_done(&s);
}

static void check_body(enum http_method method, struct str body, const char *expected,
                       const char *encoded)
{
    struct sent s;
    sent_init(&s, method, NULL);
    s.req.body = body;
    write(&s, false);
    check(&s, "body", expected);
    check(&s, "isBase64Encoded", encoded);
    sent_done(&s);
}

TEST(a_body_is_json_then_text_then_base64)
{
    check_body(HTTP_POST, STR("{\"n\": 1e999}"), "{\"n\": 1e999}", "false");
    check_body(HTTP_PUT, STR("12"), "12", "false");
    check_body(HTTP_PATCH, STR("a=b"), "\"a=b\"", "false");
    check_body(HTTP_POST, STR("\xff\0"), "\"/wA=\"", "true");
    check_body(HTTP_POST, STR(""), "null", "false");
    check_body(HTTP_GET, STR("1"), "null", "false");
    check_body(HTTP_DELETE, STR("1"), "null", "false");
    check_body(HTTP_OPTIONS, STR("1"), "null", "false");
}

/* Grouping names pair by pair would take seconds. */
TEST(a_query_of_thousands_of_names_is_grouped_quickly)
{
    struct sent s;
    auto_buf struct buf query = {0};
    sent_init(&s, HTTP_GET, NULL);
    for (int i = 0; i < 16000; i++)
        buf_addf(&query, "&%d", i % 8000);
    s.req.query = query.data;
    write(&s, false);
    CHECK(strstr(s.event.data, "\"7999\":[\"\",\"\"]"));
    sent_done(&s);
}

TEST_MAIN(the_event_says_where_it_came_from,
          of_repeated_names_the_last_value_counts_and_all_are_there,
          headers_of_the_connection_and_our_own_credentials_stay_here,
          what_connection_names_ends_here,
          forwarded_headers_reach_a_function_from_a_trusted_proxy_alone,
          a_body_is_json_then_text_then_base64, a_query_of_thousands_of_names_is_grouped_quickly)
