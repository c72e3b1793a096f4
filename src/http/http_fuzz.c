/* Everything that reads a client's bytes before a handler does. What is refused when it comes in
 * one piece must be refused when it comes in two, and the same bytes must come out. */
#include "http/http.h"

#include "base/buf.h"
#include "base/must.h"
#include "http/chunk.h"
#include "http/head.h"
#include "http/router.h"
#include "http/target.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int handle(struct request *req, struct response *res, struct err *e)
{
    (void)req, (void)res, (void)e;
    return 0;
}

static const struct route rows[] = {
    {HTTP_GET, "/", 1, PLANE_CONTROL, handle, NULL},
    {HTTP_GET, "/f/new", 1, PLANE_CONTROL, handle, NULL},
    {HTTP_GET | HTTP_POST, "/f/:id", 1, PLANE_CONTROL, handle, NULL},
    {HTTP_GET | HTTP_POST, "/g/:slug/*path", 1, PLANE_CONTROL, handle, NULL},
    {0},
};

static void route(struct request *req)
{
    static struct router *router;
    static const struct route *const tables[] = {rows, NULL};
    struct err e = {0};
    if (!router)
        must(router_new(tables, &router, &e) == 0);
    struct router_match match = router_find(router, req);
    if (match.route)
        for (size_t i = 0; i < req->param_count; i++)
            must(http_param(req, req->params[i].name) && match.allowed & req->method);
    else
        (void)router_has_other_form(router, req);
}

static void fuzz_head(struct str in)
{
    struct refusal r;
    struct head h;
    size_t seen = 0, len = 0, cut_seen = 0, cut_len = 0;
    int whole = head_end(in, &seen, &len, &r);
    int cut = head_end((struct str){in.p, in.n / 2}, &cut_seen, &cut_len, &r);
    if (cut == 0 && cut_len == 0)
        cut = head_end(in, &cut_seen, &cut_len, &r);
    must(whole == cut || cut_len > 0);
    must(whole < 0 || cut < 0 || len == cut_len);
    if (whole < 0 || len == 0)
        return;
    auto_arena struct arena *arena = arena_new();
    struct request req = {.arena = arena};
    if (head_parse(arena_dup(arena, in.p, len), len, arena, &h, &r) < 0)
        return;
    for (size_t i = 0; i < h.header_count; i++)
        must(head_is_token(str_of(h.headers[i].name)) && head_is_value(str_of(h.headers[i].value)));
    req.method = h.method;
    if (target_split(&req, h.target, &r) < 0)
        return;
    must(str_is_utf8(str_of(req.path)));
    (void)http_query(&req, "q");
    route(&req);
}

/* The decoded body, or false when it is refused. `*ret_rest`: bytes behind its end. */
static bool unchunk(struct str in, size_t step, struct buf *out, size_t *ret_rest)
{
    struct chunk c = {0};
    struct refusal r;
    while (in.n > 0 && c.state != CHUNK_END) {
        struct str part = {in.p, in.n < step ? in.n : step}, piece;
        size_t before = part.n;
        if (chunk_next(&c, &part, &piece, &r) < 0)
            return false;
        buf_add(out, piece.p, piece.n);
        in.p += before - part.n;
        in.n -= before - part.n;
    }
    *ret_rest = in.n;
    return true;
}

static void fuzz_chunks(struct str in)
{
    auto_buf struct buf whole = {0}, bytes = {0};
    size_t whole_rest = 0, bytes_rest = 0;
    bool good = unchunk(in, in.n + 1, &whole, &whole_rest);
    must(good == unchunk(in, 1, &bytes, &bytes_rest));
    must(!good || (whole_rest == bytes_rest && whole.len == bytes.len));
    must(!good || !whole.len || memcmp(whole.data, bytes.data, whole.len) == 0);
}

static void fuzz_body(struct str in)
{
    struct err e = {0};
    json_t *json;
    auto_arena struct arena *arena = arena_new();
    struct request req = {.arena = arena, .query = "", .path = "/", .body = in};
    if (http_body_json(&req, &json, &e) == 0)
        must(json_is_object(json));
    else
        must(e.code == ERR_INVALID && json_array_size(req.invalid) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size};
    fuzz_head(in);
    fuzz_chunks(in);
    fuzz_body(in);
    return 0;
}
