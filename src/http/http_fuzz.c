/* Everything that reads a client's bytes before a handler does. What is refused when it comes in
 * one piece must be refused when it comes in two, and the same bytes must come out. */
#include "http/private.h"

#include "base/fd.h"
#include "base/must.h"
#include "http/target.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
        must(str_is_token(str_of(h.headers[i].name)) && str_is_line(str_of(h.headers[i].value)));
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

/* Lines are values of the three headers in turn. */
static void fuzz_forwarded(struct str in)
{
    static const char *const names[] = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"};
    static struct proxy_list *proxies;
    struct http_header headers[9];
    struct err e = {0};
    if (!proxies)
        must(proxy_list_new("10.0.0.0/8,fd00::/8", &proxies, &e) == 0);
    auto_arena struct arena *arena = arena_new();
    struct request req = {.arena = arena, .peer = "10.0.0.1", .host = "", .headers = headers};
    for (struct str rest = in; rest.p && req.header_count < ARRAY_LEN(headers);
         req.header_count++) {
        struct str line = arena_str(arena, str_cut(&rest, '\n'));
        headers[req.header_count] = (struct http_header){names[req.header_count % 3], line.p};
    }
    proxy_apply(proxies, &req);
    must(strlen(req.peer) < INET6_ADDRSTRLEN && strspn(req.peer, "0123456789abcdef.:") > 0);
    must(!*req.host || head_is_host(str_of(req.host)));
    struct proxy_list *p = NULL;
    if (proxy_list_new(arena_str(arena, in).p, &p, &e) < 0)
        must(e.code == ERR_INVALID);
    (void)proxy_trusts(p, "10.0.0.1");
    proxy_list_free(p);
}

/* One connection of a whole server: what a client wrote, in pieces, and all that came back. */
struct talk {
    struct loop *loop;
    struct http_server *server;
    struct str in;
    size_t step;
    int fd;                /* the client's end; -1 once closed */
    unsigned turns, still; /* still: turns in a row without a byte */
    struct buf out;
    struct websocket *w;
};

enum { TURNS_MAX = 100000, STILL_MAX = 8 };

static void on_message(void *arg, struct str bytes, bool text)
{
    struct talk *t = arg;
    must(!text || str_is_utf8(bytes));
    must(bytes.n <= 1000);
    if (str_is(bytes, "x"))
        websocket_close(t->w, 4000, "as asked");
    else
        (void)websocket_send(t->w, bytes, text);
}

static void on_closed(void *arg)
{
    struct talk *t = arg;
    must(t->w);
    t->w = NULL;
}

static void start_socket(struct http_exchange *x)
{
    struct talk *t = http_exchange_request(x)->app;
    const struct websocket_events events = {
        .message = on_message, .closed = on_closed, .arg = t, .message_max = 1000};
    t->w = websocket_accept(x, &events);
}

static void start_stream(struct http_exchange *x)
{
    struct http_stream events = {0};
    http_stream_start(x, &(struct response){0}, &events);
    (void)http_stream_write(x, http_exchange_request(x)->body);
    http_stream_end(x);
}

/* The client writes a piece, reads all there is; it leaves when nothing moves any more. */
static void take_turn(void *arg)
{
    struct talk *t = arg;
    char bytes[4096];
    ssize_t n = 0;
    struct http_stats stats;
    http_server_stats(t->server, &stats);
    must(++t->turns < TURNS_MAX);
    if (t->fd >= 0 && t->in.n) {
        n = send(t->fd, t->in.p, t->in.n < t->step ? t->in.n : t->step,
                 MSG_NOSIGNAL | MSG_DONTWAIT);
        t->in.n = n < 0 ? 0 : t->in.n - (size_t)n;
        t->in.p += n < 0 ? 0 : n;
    }
    for (ssize_t got; t->fd >= 0 && (got = recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;
         n += got)
        buf_add(&t->out, bytes, (size_t)got);
    t->still = n ? 0 : t->still + 1;
    if (t->fd >= 0 && t->still == STILL_MAX)
        fd_close(&t->fd);
    if (stats.connections == 0)
        loop_stop(t->loop);
    else
        loop_post(t->loop, take_turn, t);
}

static const struct route talk_rows[] = {
    {HTTP_GET | HTTP_POST, "/ws", 1, PLANE_DATA, NULL, start_socket},
    {HTTP_ANY, "/s", 1, PLANE_DATA, NULL, start_stream},
    {0},
};

static void talk(struct str in, size_t step, struct buf *ret_out)
{
    static const struct route *const tables[] = {talk_rows, NULL};
    static struct talk t;
    struct err e = {0};
    int pair[2];
    if (!t.server) {
        struct http_config config = {
            .host = "127.0.0.1", .routes = tables, .app = &t, .trusted_proxies = "127.0.0.1"};
        must(loop_new(&t.loop, &e) == 0);
        must(http_server_new(t.loop, &config, &t.server, &e) == 0);
    }
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    t.in = in;
    t.step = step;
    t.fd = pair[0];
    t.turns = t.still = 0;
    conn_new(t.server, pair[1], "127.0.0.1");
    loop_post(t.loop, take_turn, &t);
    must(loop_run(t.loop, &e) == 0);
    fd_close(&t.fd);
    must(!t.w && list_empty(&t.server->sockets) && t.server->stats.buffered_bytes == 0);
    *ret_out = t.out;
    t.out = (struct buf){0};
}

/* Cuts the close frame off, whose code may differ: of a close frame that comes in pieces, wslay
 * does not check all of the reason. Messages are below 64 KB. */
static struct str until_close(const struct buf *out)
{
    struct str rest = buf_str(out);
    const char *end = rest.n ? memmem(rest.p, rest.n, "\r\n\r\n", 4) : NULL;
    must(end && strncmp(rest.p, "HTTP/1.1 101 ", 13) == 0);
    size_t at = (size_t)(end - rest.p) + 4;
    while (at + 2 <= rest.n && (rest.p[at] & 0x0f) != 8) {
        size_t len = (unsigned char)rest.p[at + 1];
        must(len < 126 || (len == 126 && at + 4 <= rest.n));
        if (len == 126)
            len = 2 + ((size_t)(unsigned char)rest.p[at + 2] << 8 | (unsigned char)rest.p[at + 3]);
        at += 2 + len;
    }
    must(at <= rest.n);
    return (struct str){rest.p, at};
}

/* The same frames in one go and in pieces must be answered by the same frames. */
static void fuzz_frames(struct str in)
{
    static const char handshake[] =
        "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    auto_buf struct buf all = {0}, whole = {0}, pieces = {0};
    buf_addz(&all, handshake);
    buf_add_str(&all, in);
    talk(buf_str(&all), all.len, &whole);
    talk(buf_str(&all), 1 + all.len / 7, &pieces);
    must(str_eq(until_close(&whole), until_close(&pieces)));
}

static void fuzz_requests(struct str in)
{
    auto_buf struct buf out = {0};
    talk(in, in.n + 1, &out);
    must(!out.len || strncmp(out.data, "HTTP/1.1 ", 9) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size};
    if (size && *data == 0xff) { /* a whole server is slower: those who ask for it */
        in = (struct str){in.p + 1, in.n - 1};
        fuzz_forwarded(in);
        fuzz_frames(in);
        fuzz_requests(in);
        return 0;
    }
    fuzz_head(in);
    fuzz_chunks(in);
    fuzz_body(in);
    return 0;
}
