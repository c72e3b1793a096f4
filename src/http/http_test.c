/* The server as clients see it: raw bytes over real sockets. */
#include "http/testdata/http_peer.h"

TEST(both_planes_answer)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    check_ask(&b, GET("/hello"), 200, "\r\n\r\nhello");
    check_ask(&b, GET("/show/a%20b?q=1"), 200,
              "{\"id\":\"a b\",\"path\":\"/show/a b\",\"query\":\"q=1\"}");
    check_ask(&b, "POST /store/ HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n{\"name\":\"x\"}",
              201, "{\"name\":\"x\"}");
    check_ask(&b, "DELETE /nothing HTTP/1.1\r\n" HOST "\r\n", 204, "nosniff");
    check_ask(&b, GET("http://test/hello"), 200, "hello");
    CHECK_INT(stats_of(&b).requests, 5);
    bench_stop(&b);
}

TEST(errors_are_json_with_a_detail)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    log_set_level(LOG_ERROR + 1); /* the one below is expected */
    check_ask(&b, GET("/none"), 404, "{\"detail\":\"Not Found\"}");
    check_ask(&b, GET("/echo"), 405, "Allow: POST, PUT, PATCH\r\n");
    check_ask(&b, GET("/echo"), 405, "{\"detail\":\"Method Not Allowed\"}");
    check_ask(&b, "BREW /hello HTTP/1.1\r\n" HOST "\r\n", 405, "Allow: GET, HEAD\r\n");
    check_ask(&b, GET("/hello/?a=b"), 307, "Location: http://test/hello?a=b\r\n");
    check_ask(&b, GET("/store"), 307, "Location: http://test/store/\r\n");
    check_ask(&b, GET("/broken"), 500, "\r\n\r\n{\"detail\":\"Internal Server Error\"}");
    check_ask(&b, GET("/secret"), 401, "WWW-Authenticate: Bearer\r\n");
    check_ask(&b, GET("/secret"), 401, "{\"detail\":\"Missing auth token\"}");
    check_ask(&b, "POST /store/ HTTP/1.1\r\n" HOST "\r\n", 422, "\"loc\":[\"body\"]");
    check_ask(&b, "POST /store/ HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 422,
              "\"loc\":[\"body\",\"name\"]");
    log_set_level(LOG_INFO);
    bench_stop(&b);
}

TEST(a_malformed_message_is_answered_and_the_connection_ended)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"GET /hello HTTP/1.1\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X : y\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X: y\r\n z\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\n" HOST "\n", 400},
        {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a%00b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET http://other/hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"POST /echo HTTP/1.1\r\n" HOST
         "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000000\r\n\r\nx", 413},
        {"GET /hello HTTP/3.0\r\n" HOST "\r\n", 505},
        {"\x16\x03\x01\x02\x05\x01\x05\x02\x06\n", 400}, /* TLS to a plain port */
    };
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_reply struct reply r = {0};
        int fd = dial(&b);
        tell(fd, rows[i].text);
        tell(fd, GET("/hello")); /* smuggled: must not be answered */
        hear(fd, &r);
        if (r.status != rows[i].status || !strstr(r.text.data, "Connection: close\r\n") ||
            !strstr(r.body, "{\"detail\":\""))
            fail_msg("for:\n%s\nthe answer is:\n%s", rows[i].text, r.text.data);
        CHECK(ended(fd));
        close(fd);
    }
    CHECK_INT(stats_of(&b).refused, ARRAY_LEN(rows));
    bench_stop(&b);
}

static void check_flood(struct bench *b, const char *start, const char *piece, int status)
{
    auto_reply struct reply r = {0};
    int fd = dial(b);
    tell(fd, start);
    for (int i = 0; i < 20000; i++)
        if (send(fd, piece, strlen(piece), MSG_NOSIGNAL) < 0)
            break;
    hear_head(fd, &r);
    CHECK_INT(r.status, status);
    close(fd);
}

TEST(floods_of_headers_and_endless_targets_are_cut_off)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    check_flood(&b, "GET /hello HTTP/1.1\r\n", "X-Long-Header-Name: and a value\r\n", 431);
    check_flood(&b, "GET /hello HTTP/1.1\r\nX: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 431);
    check_flood(&b, "GET /", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 414);
    auto_buf struct buf text = {0};
    buf_addz(&text, "GET /");
    for (int i = 0; i < 9000; i++)
        buf_addz(&text, "a");
    buf_addz(&text, " HTTP/1.1\r\n" HOST "\r\n");
    check_ask(&b, text.data, 414, "{\"detail\":\"URI Too Long\"}");
    CHECK_INT(stats_of(&b).refused, 4);
    bench_stop(&b);
}

TEST(bodies_arrive_whole_however_they_are_sent)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    check_ask(&b, "PATCH /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 200,
              "\r\n\r\nhello");
    check_ask(&b,
              "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
              "3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: x\r\n\r\n",
              200, "\r\n\r\nhello");
    static const char slow[] =
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    int fd = dial(&b);
    for (const char *c = slow; *c; c++)
        CHECK(send(fd, c, 1, 0) == 1);
    auto_reply struct reply r = {0};
    hear(fd, &r);
    CHECK_STR(r.body, "hello");
    close(fd);
    bench_stop(&b);
}

TEST(a_large_body_comes_back_unchanged)
{
    enum { BYTES = 5 << 20 };
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    auto_ptr char *body = mem_alloc(BYTES + 1);
    for (size_t i = 0; i < BYTES; i++)
        body[i] = (char)('a' + i * 7 % 26);
    int fd = dial(&b);
    tell(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5242880\r\n\r\n");
    tell(fd, body);
    auto_reply struct reply r = {0};
    hear(fd, &r);
    CHECK_INT(r.body_len, BYTES);
    CHECK(memcmp(r.body, body, BYTES) == 0);
    CHECK_INT(stats_of(&b).buffered_bytes, 0);
    close(fd);
    bench_stop(&b);
}

TEST(a_body_above_the_limit_is_refused_before_it_is_read_or_as_it_grows)
{
    struct bench b;
    bench_init(&b);
    b.config.body_max = 10;
    bench_start(&b);
    check_ask(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n0123456789", 200,
              "0123456789");
    check_ask(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n", 413,
              "{\"detail\":\"Content Too Large\"}");
    check_ask(&b,
              "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
              "6\r\n012345\r\n6\r\n012345\r\n",
              413, "Content Too Large");
    bench_stop(&b);
}

TEST(a_client_that_asks_first_is_told_to_go_on_only_when_it_may)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    auto_reply struct reply r = {0}, go_on = {0};
    tell(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    hear_head(fd, &go_on);
    CHECK_INT(go_on.status, 100);
    tell(fd, "hello");
    hear(fd, &r);
    CHECK_STR(r.body, "hello");
    close(fd);
    check_ask(&b,
              "POST /echo HTTP/1.1\r\n" HOST
              "Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
              413, "close");
    check_ask(&b,
              "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
              401, "Connection: close");
    check_ask(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: x\r\n\r\n", 417, "");
    bench_stop(&b);
}

TEST(a_refused_request_with_a_small_body_keeps_its_connection)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello" GET("/hello"));
    auto_reply struct reply no = {0}, yes = {0};
    hear(fd, &no);
    hear(fd, &yes);
    CHECK_INT(no.status, 401);
    CHECK_INT(yes.status, 200);
    close(fd);
    bench_stop(&b);
}

TEST(pipelined_requests_are_answered_in_order)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    for (int i = 0; i < 50; i++) /* both planes, sync and async, in one go */
        tell(fd, GET("/hello") "\r\n" GET("/show/x") "POST /echo HTTP/1.1\r\n" HOST
                                                     "Content-Length: 2\r\n\r\nab");
    for (int i = 0; i < 150; i++) {
        auto_reply struct reply r = {0};
        hear(fd, &r);
        CHECK_INT(r.status, 200);
        CHECK(strstr(r.body, i % 3 == 0 ? "hello" : i % 3 == 1 ? "/show/x" : "ab"));
    }
    close(fd);
    bench_stop(&b);
}

TEST(a_half_closed_client_is_still_answered_all_it_asked)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, GET("/show/1") GET("/hello") GET("/show/2"));
    CHECK(shutdown(fd, SHUT_WR) == 0);
    for (int i = 0; i < 3; i++) {
        auto_reply struct reply r = {0};
        hear(fd, &r);
        CHECK_INT(r.status, 200);
    }
    CHECK(ended(fd));
    close(fd);
    bench_stop(&b);
}

TEST(old_clients_are_served_as_they_expect)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    auto_reply struct reply kept = {0}, last = {0};
    tell(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear(fd, &kept);
    CHECK(strstr(kept.text.data, "Connection: keep-alive\r\n"));
    tell(fd, "GET /hello HTTP/1.0\r\n\r\n");
    hear(fd, &last);
    CHECK(strstr(last.text.data, "Connection: close\r\n"));
    CHECK(ended(fd));
    close(fd);
    bench_stop(&b);
}

TEST(head_sends_the_length_but_no_body)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    auto_reply struct reply head = {0}, get = {0};
    tell(fd, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
    hear_head(fd, &head);
    CHECK(strstr(head.text.data, "Content-Length: 5\r\n"));
    auto_reply struct reply wrong = {0};
    tell(fd, "HEAD /show/a HTTP/1.1\r\n" HOST "\r\n"); /* not implied by GET */
    hear_head(fd, &wrong);
    CHECK_INT(wrong.status, 405);
    tell(fd, GET("/hello"));
    hear(fd, &get);
    CHECK_STR(get.body, "hello");
    close(fd);
    bench_stop(&b);
}

TEST_MAIN(both_planes_answer, errors_are_json_with_a_detail,
          a_malformed_message_is_answered_and_the_connection_ended,
          floods_of_headers_and_endless_targets_are_cut_off,
          bodies_arrive_whole_however_they_are_sent, a_large_body_comes_back_unchanged,
          a_body_above_the_limit_is_refused_before_it_is_read_or_as_it_grows,
          a_client_that_asks_first_is_told_to_go_on_only_when_it_may,
          a_refused_request_with_a_small_body_keeps_its_connection,
          pipelined_requests_are_answered_in_order,
          a_half_closed_client_is_still_answered_all_it_asked,
          old_clients_are_served_as_they_expect, head_sends_the_length_but_no_body)
