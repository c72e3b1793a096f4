#include "http/compress.h"

#include "base/test.h"

#include <stdlib.h>
#include <zlib.h>

enum { LONG = 100000 };

static bool takes(const char *accept_encoding)
{
    struct http_header header = {"accept-encoding", accept_encoding};
    struct request req = {.headers = &header, .header_count = accept_encoding != NULL};
    return http_takes_gzip(&req);
}

TEST(gzip_is_sent_only_to_whoever_says_that_it_is_welcome)
{
    static const char *const yes[] = {"gzip",   "GZIP", "deflate, gzip;q=1.0", "br ,gzip ; q=0.001",
                                      "x-gzip", "*",    "identity, *;q=0.5",   "*;q=0, gzip"};
    static const char *const no[] = {
        NULL,          "",       "br",       "gzip;q=0", "gzip; q=0.000", "*;q=0",
        "*, gzip;q=0", "gzippy", "identity", ",,;;,"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK(takes(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(!takes(no[i]));
}

static const char *header_of(const struct response *res, const char *name)
{
    for (size_t i = 0; i < res->header_count; i++)
        if (strcmp(res->headers[i].name, name) == 0)
            return res->headers[i].value;
    return NULL;
}

static void compress_for(struct arena *a, const char *accept_encoding, struct str body,
                         struct response *ret)
{
    struct http_header header = {"Accept-Encoding", accept_encoding};
    struct request req = {.arena = a, .headers = &header, .header_count = 1};
    *ret = (struct response){.body = body};
    CHECK(http_compress(&req, ret) == 0);
}

/* Text that does not shrink to nothing. */
static struct str some_text(struct arena *a)
{
    char *text = arena_alloc(a, LONG);
    srandom(1);
    for (size_t i = 0; i < LONG; i++)
        text[i] = (char)('a' + random() % 16);
    return (struct str){text, LONG};
}

TEST(a_long_body_comes_back_whole_from_whoever_takes_gzip)
{
    auto_arena struct arena *a = arena_new();
    struct str body = some_text(a);
    struct response res;
    compress_for(a, "gzip", body, &res);
    CHECK(res.body.n < body.n * 2 / 3);
    CHECK_STR(header_of(&res, "Content-Encoding"), "gzip");
    char *again = arena_alloc(a, LONG);
    z_stream z = {.next_in = (Bytef *)res.body.p,
                  .avail_in = (uInt)res.body.n,
                  .next_out = (Bytef *)again,
                  .avail_out = LONG};
    CHECK(inflateInit2(&z, 31) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END);
    CHECK(z.total_out == LONG && memcmp(again, body.p, LONG) == 0);
    inflateEnd(&z);
}

TEST(caches_know_that_a_long_body_has_two_forms_and_a_short_one_has_one)
{
    auto_arena struct arena *a = arena_new();
    struct str body = some_text(a);
    struct response res;
    compress_for(a, "br", body, &res);
    CHECK(res.body.p == body.p && !header_of(&res, "Content-Encoding"));
    CHECK_STR(header_of(&res, "Vary"), "Accept-Encoding");
    compress_for(a, "gzip", (struct str){body.p, 1000}, &res);
    CHECK(res.body.n == 1000 && res.header_count == 0);
}

TEST_MAIN(gzip_is_sent_only_to_whoever_says_that_it_is_welcome,
          a_long_body_comes_back_whole_from_whoever_takes_gzip,
          caches_know_that_a_long_body_has_two_forms_and_a_short_one_has_one)
