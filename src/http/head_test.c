#include "http/head.h"

#include "base/buf.h"
#include "base/test.h"
#include "http/chunk.h"
#include "http/target.h"

#define HOST "Host: a\r\n"

/* The status that refuses the head, or 200. */
static int judge(struct arena *a, const char *text, struct head *ret)
{
    struct refusal r = {0};
    size_t seen = 0, len = 0;
    if (head_end(str_of(text), &seen, &len, &r) < 0)
        return r.status;
    CHECK_INT(len, strlen(text));
    return head_parse(arena_strdup(a, text), len, a, ret, &r) < 0 ? r.status : 200;
}

static void check_all(const char *const *texts, size_t count, int status)
{
    for (size_t i = 0; i < count; i++) {
        struct head h;
        auto_arena struct arena *a = arena_new();
        int got = judge(a, texts[i], &h);
        if (got != status)
            fail_msg("%d instead of %d for: %s", got, status, texts[i]);
    }
}

#define CHECK_ALL(texts, status) check_all(texts, sizeof(texts) / sizeof *(texts), status)

TEST(a_proper_head_is_taken_apart)
{
    struct head h;
    auto_arena struct arena *a = arena_new();
    CHECK_INT(judge(a,
                    "POST /x?y=1 HTTP/1.1\r\nhOST: a:80\r\nX-A: \t b c \t\r\nX-Empty:\r\n"
                    "Content-Length: 12\r\nExpect: 100-Continue\r\n\r\n",
                    &h),
              200);
    CHECK_INT(h.method, HTTP_POST);
    CHECK_STR(h.target, "/x?y=1");
    CHECK_STR(h.host, "a:80");
    CHECK_INT(h.header_count, 5);
    CHECK_STR(h.headers[1].name, "X-A");
    CHECK_STR(h.headers[1].value, "b c");
    CHECK_STR(h.headers[2].value, "");
    CHECK_INT(h.content_length, 12);
    CHECK(h.has_body && !h.chunked && h.expects_continue && h.keep_alive && !h.http_1_0);
}

TEST(the_end_of_a_head_is_found_however_it_is_cut)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOST "\r\nrest";
    struct refusal r;
    size_t seen = 0, len = 0;
    for (size_t n = 0; n < sizeof text - 1 - 4; n++) {
        CHECK(head_end((struct str){text, n}, &seen, &len, &r) == 0);
        CHECK_INT(len, 0);
    }
    CHECK(head_end((struct str){text, sizeof text - 1}, &seen, &len, &r) == 0);
    CHECK_INT(len, sizeof text - 1 - 4);
}

TEST(what_two_parsers_could_read_differently_is_refused)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length : 1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST " Content-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tfolded\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n",
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "N\xc3\xa4me: x\r\n\r\n",
    };
    CHECK_ALL(texts, 400);
}

TEST(a_nul_byte_is_refused_wherever_it_stands)
{
    static const char head[] = "GET /ab HTTP/1.1\r\nHost: a\r\nXy: ab\r\n\r\n";
    for (size_t i = 0; i + 4 < sizeof head - 1; i++) {
        char text[sizeof head];
        struct head h;
        struct refusal r = {0};
        auto_arena struct arena *a = arena_new();
        memcpy(text, head, sizeof head);
        text[i] = 0;
        size_t seen = 0, len = 0;
        if (head_end((struct str){text, sizeof head - 1}, &seen, &len, &r) == 0)
            CHECK(len > 0 && head_parse(text, len, a, &h, &r) < 0);
        CHECK(r.status == 400 || r.status == 505);
    }
}

TEST(request_lines_have_three_parts_one_space_apart)
{
    static const char *const texts[] = {
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET /  HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1 \r\n" HOST "\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
        "GET\t/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n",
        "GET\r\n" HOST "\r\n",
        "GET / http/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.10\r\n" HOST "\r\n",
        "G(T / HTTP/1.1\r\n" HOST "\r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n",
        "GET x HTTP/1.1\r\n" HOST "\r\n",
        "GET * HTTP/1.1\r\n" HOST "\r\n",
        "OPTIONS *x HTTP/1.1\r\n" HOST "\r\n",
        "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n",
    };
    static const char *const versions[] = {"GET / HTTP/2.0\r\n" HOST "\r\n",
                                           "GET / HTTP/0.9\r\n" HOST "\r\n"};
    CHECK_ALL(texts, 400);
    CHECK_ALL(versions, 505);
}

TEST(a_host_is_named_exactly_once)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.0\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\n" HOST "\r\n",
        "GET http://ab/ HTTP/1.1\r\n" HOST "\r\n",
        "GET http://a HTTP/1.1\r\n" HOST "\r\n",
        "GET https://a/ HTTP/1.1\r\n" HOST "\r\n",
    };
    static const char *const good[] = {
        "GET / HTTP/1.0\r\n\r\n",
        "GET http://A/x HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",
    };
    CHECK_ALL(texts, 400);
    CHECK_ALL(good, 200);
}

TEST(unknown_codings_and_expectations_are_named)
{
    static const char *const codings[] = {
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;a\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n",
    };
    static const char *const expectations[] = {"GET / HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n"};
    CHECK_ALL(codings, 501);
    CHECK_ALL(expectations, 417);
}

TEST(connections_stay_open_as_the_version_says)
{
    static const struct {
        const char *text;
        bool keep;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct head h;
        auto_arena struct arena *a = arena_new();
        CHECK_INT(judge(a, rows[i].text, &h), 200);
        CHECK_INT(h.keep_alive, rows[i].keep);
    }
}

TEST(too_many_headers_are_431)
{
    auto_buf struct buf b = {0};
    struct head h;
    auto_arena struct arena *a = arena_new();
    buf_addz(&b, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 1; i < HEAD_HEADERS_MAX; i++)
        buf_addz(&b, "X: y\r\n");
    size_t len = b.len;
    buf_addz(&b, "\r\n");
    CHECK_INT(judge(a, b.data, &h), 200);
    b.len = len;
    buf_addz(&b, "X: y\r\n\r\n");
    CHECK_INT(judge(a, b.data, &h), 431);
}

/* Feeds the text in pieces of `step` bytes. The body, or the refusing status as text. */
static const char *unchunk(const char *text, size_t step, char *out, size_t *ret_left)
{
    struct chunk c = {0};
    struct refusal r;
    size_t n = 0, len = strlen(text), at = 0;
    while (at < len && c.state != CHUNK_END) {
        struct str in = {text + at, len - at < step ? len - at : step}, piece;
        do {
            if (chunk_next(&c, &in, &piece, &r) < 0) {
                snprintf(out, 8, "%d", r.status);
                return out;
            }
            memcpy(out + n, piece.p ? piece.p : "", piece.n);
            n += piece.n;
        } while (in.n > 0 && c.state != CHUNK_END);
        at = (size_t)(in.p - text);
    }
    out[n] = 0;
    *ret_left = len - at;
    return c.state == CHUNK_END ? out : "incomplete";
}

TEST(chunks_are_joined_however_they_are_cut)
{
    static const char text[] =
        "5\r\nhello\r\n0006;x=\"y\"\r\n world\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\nnext";
    for (size_t step = 1; step < sizeof text; step++) {
        char out[256];
        size_t left = 0;
        CHECK_STR(unchunk(text, step, out, &left), "hello world0123456789");
        CHECK_INT(left, 4);
    }
}

TEST(chunks_that_are_not_plain_hex_are_refused)
{
    static const char *const texts[] = {
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "g\r\n",
        "5;\x01\r\n",
        "0\r\nbad trailer\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char out[256];
        size_t left;
        CHECK_STR(unchunk(texts[i], 1, out, &left), "400");
        CHECK_STR(unchunk(texts[i], 1000, out, &left), "400");
    }
    char out[256];
    size_t left;
    CHECK_STR(unchunk("fffffffffffffffff\r\n", 1000, out, &left), "413");
    char line[600] = "1;";
    memset(line + 2, 'a', 500);
    CHECK_STR(unchunk(line, 1000, out, &left), "400");
}

TEST(trailers_are_bounded)
{
    auto_buf struct buf b = {0};
    char out[256];
    size_t left;
    buf_addz(&b, "0\r\n");
    for (int i = 0; i < 1000; i++)
        buf_addz(&b, "Trailer: 1234567\r\n");
    CHECK_STR(unchunk(b.data, 100, out, &left), "431");
}

static int split(const char *target, struct request *req)
{
    struct refusal r;
    return target_split(req, target, &r) < 0 ? r.status : 200;
}

TEST(targets_are_split_and_decoded)
{
    auto_arena struct arena *a = arena_new();
    struct request req = {.arena = a};
    CHECK_INT(split("/a%20b/%c3%a4?x=%31&y", &req), 200);
    CHECK_STR(req.path, "/a b/\xc3\xa4");
    CHECK_STR(req.query, "x=%31&y");
    CHECK_STR(req.target, "/a%20b/%c3%a4?x=%31&y");
    CHECK_INT(split("/a+b", &req), 200);
    CHECK_STR(req.path, "/a+b");
    CHECK_STR(req.query, "");
}

TEST(targets_with_bad_encodings_are_refused)
{
    static const char *const targets[] = {"/%",   "/%4",   "/%zz",  "/%00", "/%4%41",  "/?%",
                                          "/?%0", "/?%g0", "/?%00", "/%ff", "/%c0%af", "/a#b"};
    auto_arena struct arena *a = arena_new();
    struct request req = {.arena = a};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        CHECK_INT(split(targets[i], &req), 400);
}

TEST_MAIN(a_proper_head_is_taken_apart, the_end_of_a_head_is_found_however_it_is_cut,
          what_two_parsers_could_read_differently_is_refused,
          a_nul_byte_is_refused_wherever_it_stands, request_lines_have_three_parts_one_space_apart,
          a_host_is_named_exactly_once, unknown_codings_and_expectations_are_named,
          connections_stay_open_as_the_version_says, too_many_headers_are_431,
          chunks_are_joined_however_they_are_cut, chunks_that_are_not_plain_hex_are_refused,
          trailers_are_bounded, targets_are_split_and_decoded,
          targets_with_bad_encodings_are_refused)
