#include "gateway/result.h"

#include "base/test.h"

struct mapped {
    struct arena *arena;
    struct request req;
    struct response res;
    struct buf body;
    struct err e;
    int rc;
};

static void map(struct mapped *m, const char *output)
{
    *m = (struct mapped){.arena = arena_new()};
    m->req.arena = m->arena;
    m->rc = result_map(&m->req, str_of(output), &m->res, &m->body, &m->e);
}

static void done(struct mapped *m)
{
    buf_done(&m->body);
    arena_free(m->arena);
}

static void check(const char *output, int status, const char *type, const char *body)
{
    struct mapped m;
    map(&m, output);
    if (m.rc < 0)
        fail_msg("%s: %s", output, m.e.text);
    CHECK_INT(m.res.status, status);
    CHECK_STR(m.res.content_type ? m.res.content_type : "", type);
    if (!str_is(m.res.body, body))
        fail_msg("%s: '" STR_FMT "'", output, STR_ARG(m.res.body));
    done(&m);
}

static void check_wrong(const char *output, const char *why)
{
    struct mapped m;
    map(&m, output);
    CHECK(m.rc < 0 && m.e.code == ERR_MALFORMED);
    if (!strstr(m.e.text, why))
        fail_msg("%s: %s", output, m.e.text);
    done(&m);
}

TEST(anything_without_a_status_is_a_200_with_json)
{
    check("null", 200, "", "null");
    check("\"text\"", 200, "", "\"text\"");
    check("[{\"statusCode\":500}]", 200, "", "[{\"statusCode\":500}]");
    check("{\"headers\":{\"a\":\"b\"},\"body\":1}", 200, "",
          "{\"headers\":{\"a\":\"b\"},\"body\":1}");
    check("{\"x\":{\"statusCode\":500}}", 200, "", "{\"x\":{\"statusCode\":500}}");
}

TEST(a_text_goes_out_raw_only_with_a_type_that_is_not_json)
{
    check("{\"statusCode\":201}", 201, "", "null");
    check("{\"statusCode\":200,\"body\":\"x\"}", 200, "", "\"x\"");
    check("{\"statusCode\":200,\"headers\":{\"CONTENT-type\":\"text/"
          "html\"},\"body\":\"<\\u00e9\\n\"}",
          200, "text/html", "<\xc3\xa9\n");
    check("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/vnd.x+JSON; a=b\"},"
          "\"body\":\"x\"}",
          200, "application/vnd.x+JSON; a=b", "\"x\"");
    check("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"text/csv\"},\"body\":{\"a\":1}}",
          200, "text/csv", "{\"a\":1}");
    check("{\"statusCode\":302,\"headers\":{\"Content-Type\":\"text/plain\"}}", 302, "text/plain",
          "");
}

TEST(bytes_come_as_base64)
{
    check("{\"statusCode\":200,\"isBase64Encoded\":true,\"body\":\"YWI=\"}", 200,
          "application/octet-stream", "ab");
    check("{\"isBase64Encoded\":true,\"body\":\"YWI=\"}", 200, "application/octet-stream", "ab");
    check("{\"isBase64Encoded\":true,\"body\":\"YWI=\",\"path\":\"/\"}", 200, "",
          "{\"isBase64Encoded\":true,\"body\":\"YWI=\",\"path\":\"/\"}");
    check("{\"statusCode\":200,\"isBase64Encoded\":true,\"body\":\"\"}", 200,
          "application/octet-stream", "");
    check_wrong("{\"statusCode\":200,\"isBase64Encoded\":true,\"body\":\"YW\"}", "not base64");
    check_wrong("{\"statusCode\":200,\"isBase64Encoded\":true,\"body\":1}", "not a text");
    check_wrong("{\"statusCode\":200,\"isBase64Encoded\":1}", "neither true nor false");
}

TEST(a_reset_content_has_no_body)
{
    check("{\"statusCode\":205,\"body\":\"x\"}", 205, "", "");
    check("{\"statusCode\":205}", 205, "", "");
}

static size_t count(const struct response *res, const char *name, const char *value)
{
    size_t n = 0;
    for (size_t i = 0; i < res->header_count; i++)
        n += strcmp(res->headers[i].name, name) == 0 && strcmp(res->headers[i].value, value) == 0;
    return n;
}

TEST(headers_are_texts_numbers_or_lists_of_them)
{
    struct mapped m;
    map(&m, "{\"statusCode\":200,\"headers\":{\"a\":\" x \",\"b\":-1.5,\"c\":[\"1\",2],\"d\":null},"
            "\"multiValueHeaders\":{\"c\":[\"3\"]},\"cookies\":[\"k=v\"]}");
    CHECK_INT(m.rc, 0);
    CHECK_INT(m.res.header_count, 6);
    CHECK(count(&m.res, "a", "x") && count(&m.res, "b", "-1.5") && count(&m.res, "c", "1"));
    CHECK(count(&m.res, "c", "2") && count(&m.res, "c", "3") && count(&m.res, "Set-Cookie", "k=v"));
    done(&m);
}

TEST(what_frames_the_message_or_names_our_session_is_left_out)
{
    struct mapped m;
    map(&m, "{\"statusCode\":200,\"headers\":{\"connection\":\"close, X-Hop\",\"x-hop\":\"1\","
            "\"transfer-encoding\":\"chunked\",\"CONTENT-LENGTH\":9,\"Proxy-Authenticate\":\"x\","
            "\"x-virga-call\":\"x\",\"set-cookie\":\"virga_session=x\",\"keep\":\"1\"}}");
    CHECK_INT(m.rc, 0);
    CHECK_INT(m.res.header_count, 1);
    CHECK_STR(m.res.headers[0].name, "keep");
    done(&m);
}

TEST(no_spelling_of_a_cookie_becomes_our_session)
{
    struct mapped m;
    map(&m, "{\"statusCode\":200,\"headers\":{\"set-cookie\":[\"virga_session =x\","
            "\"virga_session\\t=x\",\"=virga_session=x\",\" = virga_session =x\","
            "\"VIRGA_session=x\"]},\"multiValueHeaders\":{\"SET-COOKIE\":[\"=virga_session=x\"]},"
            "\"cookies\":[\"=\\tvirga_session=x; "
            "Path=/api\",\"virga_sessions=1\",\"a=virga_session=\"]}");
    CHECK_INT(m.rc, 0);
    CHECK_INT(m.res.header_count, 2);
    CHECK(count(&m.res, "Set-Cookie", "virga_sessions=1"));
    CHECK(count(&m.res, "Set-Cookie", "a=virga_session="));
    done(&m);
}

TEST(what_is_wrong_with_a_response_is_said)
{
    auto_buf struct buf many = {0}, large = {0};
    check_wrong("{\"statusCode\":\"200\"}", "statusCode");
    check_wrong("{\"statusCode\":200.5}", "statusCode");
    check_wrong("{\"statusCode\":null}", "statusCode");
    check_wrong("{\"statusCode\":99}", "200 to 599");
    check_wrong("{\"statusCode\":100}", "1xx");
    check_wrong("{\"statusCode\":200,\"headers\":\"a\"}", "headers is not an object");
    check_wrong("{\"statusCode\":200,\"headers\":{\"\":\"a\"}}", "name is empty");
    check_wrong("{\"statusCode\":200,\"headers\":{\"a\\u0000b\":\"a\"}}", "name is empty");
    check_wrong("{\"statusCode\":200,\"headers\":{\"a\":\"b\\r\\nc: d\"}}", "'a' has a line break");
    check_wrong("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"b\\nc\"}}", "line break");
    check_wrong("{\"statusCode\":200,\"headers\":{\"a\":true}}", "'a' is not a text");
    check_wrong("{\"statusCode\":200,\"headers\":{\"a\":[[]]}}", "'a' is not a text");
    check_wrong("{\"statusCode\":200,\"cookies\":{}}", "cookies is not a list");
    buf_addz(&many, "{\"statusCode\":200,\"cookies\":[\"0\"");
    for (int i = 0; i < RESULT_HEADERS_MAX; i++)
        buf_addz(&many, ",\"x\"");
    buf_addz(&many, "]}");
    check_wrong(many.data, "more than 48 headers");
    buf_addz(&large, "{\"statusCode\":200,\"headers\":{\"a\":\"");
    for (int i = 0; i < RESULT_HEADERS_BYTES; i++)
        buf_addz(&large, "x");
    buf_addz(&large, "\"}}");
    check_wrong(large.data, "more than 32 KB");
}

TEST_MAIN(anything_without_a_status_is_a_200_with_json,
          a_text_goes_out_raw_only_with_a_type_that_is_not_json, bytes_come_as_base64,
          a_reset_content_has_no_body, headers_are_texts_numbers_or_lists_of_them,
          what_frames_the_message_or_names_our_session_is_left_out,
          no_spelling_of_a_cookie_becomes_our_session, what_is_wrong_with_a_response_is_said)
