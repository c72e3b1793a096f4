#include "web/page.h"

#include "base/arena.h"
#include "base/must.h"
#include "web/assets.h"

#include <sodium.h>
#include <string.h>
#include <zlib.h>

enum { PAGE_MAX = 64 * 1024, NONCE_BYTES = 16 };

#define PLACE "{{nonce}}"

/* Scripts and styles from files of ours only, requests to this server only, in nobody's frame.
 * Style attributes (not elements) are free: the editor writes its lines as HTML with their places
 * in such attributes. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-%s'; "      \
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "  \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* Our own bytes: they are complete and fit. */
static char *unpacked(struct arena *a, struct str gzip)
{
    char *text = arena_alloc(a, PAGE_MAX);
    z_stream z = {.next_in = (Bytef *)gzip.p,
                  .avail_in = (uInt)gzip.n,
                  .next_out = (Bytef *)text,
                  .avail_out = PAGE_MAX - 1};
    must(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK);
    must(inflate(&z, Z_FINISH) == Z_STREAM_END);
    inflateEnd(&z);
    return text;
}

static const char *make_nonce(struct arena *a)
{
    unsigned char bytes[NONCE_BYTES];
    size_t size = sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    randombytes_buf(bytes, sizeof bytes);
    return sodium_bin2base64(arena_alloc(a, size), size, bytes, sizeof bytes,
                             sodium_base64_VARIANT_ORIGINAL);
}

static struct str with_nonce(struct arena *a, char *page, const char *nonce)
{
    char *place = strstr(page, PLACE);
    must(place);
    *place = '\0';
    return str_of(arena_printf(a, "%s%s%s", page, nonce, place + strlen(PLACE)));
}

static void answer(struct http_exchange *x, int status)
{
    struct request *req = http_exchange_request(x);
    const struct asset *page = assets_find("/index.html");
    must(page);
    const char *nonce = make_nonce(req->arena);
    struct response res = {.status = status, .content_type = page->type};
    res.body = with_nonce(req->arena, unpacked(req->arena, page->gzip), nonce);
    http_response_header(req, &res, "Cache-Control", "no-store");
    http_response_header(req, &res, "Content-Security-Policy",
                         arena_printf(req->arena, POLICY, nonce));
    http_response_header(req, &res, "Referrer-Policy", "no-referrer");
    http_response_header(req, &res, "Cross-Origin-Opener-Policy", "same-origin");
    http_answer(x, &res);
}

void page_answer(struct http_exchange *x)
{
    answer(x, 200);
}

void page_answer_missing(struct http_exchange *x)
{
    answer(x, 404);
}
