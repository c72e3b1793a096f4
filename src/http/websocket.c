/* WebSocket on a connection that came as HTTP. wslay knows the frames: masks, fragments, UTF-8,
 * control frames, close codes. Here is what it leaves to us: the handshake, joining fragments where
 * their memory is booked, pings, and the end.
 *
 * The end: `closing` once our close frame is out by our own wish; the peer has LINGER_MS to answer
 * it. `ended` when nothing more will be said (both have closed, or one broke the protocol) or the
 * connection is broken; the loop then tells the owner, and the exchange is freed. The connection
 * lingers a while without it, so that no reset overtakes the close frame. */
#include "http/private.h"

#include "base/clock.h"
#include "base/must.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <wslay/wslay.h>

enum { MESSAGE_MAX = 64 * 1024, FRAME_HEAD_MAX = 14, KEY_BYTES = 16, REASON_MAX = 120 };

struct websocket {
    struct http_exchange *x;
    struct websocket_events events;
    wslay_event_context_ptr frames;
    struct list node; /* on server->sockets, by `beat_us`; on none when it is ending */
    uint64_t beat_us, heard_us;
    struct str input;                /* what wslay may read now */
    char frame_head[FRAME_HEAD_MAX]; /* waits for its payload: one system call for both */
    size_t frame_head_len;
    bool in_control; /* the frame that comes in is no part of a message */
    bool closing, ended;
};

const struct websocket_events *websocket_events_of(const struct websocket *w)
{
    return &w->events;
}

void websocket_unlist(struct websocket *w)
{
    list_remove(&w->node);
}

static void end(struct websocket *w)
{
    w->ended = true;
    list_remove(&w->node);
    stream_post(w->x);
}

static ssize_t on_recv(wslay_event_context_ptr frames, uint8_t *buf, size_t len, int flags,
                       void *arg)
{
    struct websocket *w = arg;
    (void)flags;
    if (w->input.n == 0 || w->x->conn->fd < 0) { /* broken: the input is freed */
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t n = len < w->input.n ? len : w->input.n;
    memcpy(buf, w->input.p, n);
    w->input.p += n;
    w->input.n -= n;
    return (ssize_t)n;
}

/* Takes everything: what the socket does not take, the connection keeps. */
static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t len, int flags,
                       void *arg)
{
    struct websocket *w = arg;
    (void)frames;
    if (flags & WSLAY_MSG_MORE) {
        must(w->frame_head_len + len <= sizeof w->frame_head);
        memcpy(w->frame_head + w->frame_head_len, data, len);
        w->frame_head_len += len;
        return (ssize_t)len;
    }
    struct str parts[] = {{w->frame_head, w->frame_head_len}, {(const char *)data, len}};
    w->frame_head_len = 0;
    (void)(parts[0].n ? conn_push(w->x->conn, parts, 2) : conn_push(w->x->conn, parts + 1, 1));
    return (ssize_t)len;
}

/* RFC 6455, 7.4: 1004 to 1006 and 1015 are never sent. */
static bool is_sendable(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* The first one counts. */
static void queue_close(struct websocket *w, unsigned code, struct str reason)
{
    uint16_t sent = (uint16_t)(is_sendable(code) ? code : WSLAY_CODE_INTERNAL_SERVER_ERROR);
    (void)wslay_event_queue_close(w->frames, sent, (const uint8_t *)reason.p, reason.n);
}

/* The sum over all fragments is bounded before any of them is kept. */
static void on_frame(wslay_event_context_ptr frames,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    struct websocket *w = arg;
    size_t max = w->events.message_max;
    w->in_control = wslay_is_ctrl_frame(frame->opcode);
    if (w->in_control ||
        (frame->payload_length <= max && w->x->body.len <= max - frame->payload_length))
        return;
    queue_close(w, WSLAY_CODE_MESSAGE_TOO_BIG, (struct str){0});
    wslay_event_shutdown_read(frames);
}

static void on_piece(wslay_event_context_ptr frames,
                     const struct wslay_event_on_frame_recv_chunk_arg *piece, void *arg)
{
    struct websocket *w = arg;
    if (!w->in_control && wslay_event_get_read_enabled(frames))
        buf_add(&w->x->body, piece->data, piece->data_length);
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct websocket *w = arg;
    struct buf *body = &w->x->body;
    if (wslay_is_ctrl_frame(message->opcode)) {
        (void)wslay_event_send(frames); /* a pong, in its turn; the answer to a close */
        return;
    }
    if (wslay_event_get_read_enabled(frames) && !w->closing && w->x->conn->fd >= 0)
        w->events.message(w->events.arg, (struct str){body->data ? body->data : "", body->len},
                          message->opcode == WSLAY_TEXT_FRAME);
    if (body->cap > COPY_MAX)
        buf_done(body);
    else
        buf_clear(body);
}

void websocket_receive(struct websocket *w, struct str in)
{
    struct conn *c = w->x->conn;
    if (w->ended)
        return;
    w->heard_us = clock_mono_us();
    w->input = in;
    int r = wslay_event_recv(w->frames);
    w->input = (struct str){0};
    if (r == 0)
        (void)wslay_event_send(w->frames); /* why we close, if we do */
    else if (!wslay_event_get_close_sent(w->frames))
        (void)conn_push(c, &STR("\x88\x02\x03\xea"), 1); /* 1002: wslay would not say why */
    if (c->fd >= 0 && (r != 0 || !wslay_event_get_read_enabled(w->frames)))
        end(w);
}

void websocket_wake(struct websocket *w)
{
    struct conn *c = w->x->conn;
    if (w->ended || c->fd < 0) {
        if (w->events.closed)
            w->events.closed(w->events.arg);
        conn_finish(c);
        return;
    }
    if (c->server->draining)
        websocket_close(w, WSLAY_CODE_GOING_AWAY, "The server is stopping");
    conn_resume(c);
}

bool websocket_send(struct websocket *w, struct str bytes, bool text)
{
    struct wslay_event_msg message = {text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
                                      (const uint8_t *)bytes.p, bytes.n};
    if (w->closing || w->ended || w->x->conn->fd < 0 ||
        wslay_event_queue_msg(w->frames, &message) < 0)
        return false;
    (void)wslay_event_send(w->frames);
    return w->x->conn->fd >= 0 && !w->x->full;
}

/* A close frame has room for 123 bytes, and they are text. */
static struct str cut_reason(const char *reason)
{
    struct str s = str_of(reason);
    if (s.n > REASON_MAX)
        s.n = REASON_MAX;
    while (s.n > 0 && !str_is_utf8(s) && s.n + 4 > REASON_MAX)
        s.n--;
    return str_is_utf8(s) ? s : (struct str){0};
}

void websocket_close(struct websocket *w, unsigned code, const char *reason)
{
    struct conn *c = w->x->conn;
    if (w->closing || w->ended || c->fd < 0)
        return;
    w->closing = true;
    list_remove(&w->node);
    queue_close(w, code, cut_reason(reason));
    (void)wslay_event_send(w->frames);
    conn_hurry(c);
}

static void beat(struct websocket *w, uint64_t now)
{
    struct http_server *s = w->x->conn->server;
    struct wslay_event_msg ping = {.opcode = WSLAY_PING};
    w->beat_us = now + (uint64_t)s->ping_ms * 1000;
    list_remove(&w->node);
    list_append(&s->sockets, &w->node);
    if (conn_pending(w->x->conn) > 0)
        w->heard_us = now; /* a ping would wait behind it; who reads nothing has idle_ms */
    if (now - w->heard_us >= 2ull * s->ping_ms * 1000) {
        conn_close(w->x->conn);
        return;
    }
    (void)wslay_event_queue_msg(w->frames, &ping);
    (void)wslay_event_send(w->frames);
}

void websocket_beat(struct http_server *s, uint64_t now_us)
{
    for (struct list *node; (node = list_first(&s->sockets));) {
        struct websocket *w = list_of(node, struct websocket, node);
        if (w->beat_us > now_us)
            return;
        beat(w, now_us);
    }
}

/* The handshake */
static struct websocket *refuse(struct http_exchange *x, int status, const char *text)
{
    reply_detail(&x->req, status, text, &x->res);
    if (status == 426) {
        http_response_header(&x->req, &x->res, "Upgrade", "websocket");
        http_response_header(&x->req, &x->res, "Sec-WebSocket-Version", "13");
    }
    http_answer(x, &x->res);
    return NULL;
}

static bool is_key(const char *key)
{
    unsigned char bytes[KEY_BYTES];
    size_t len;
    return key &&
           sodium_base642bin(bytes, sizeof bytes, key, strlen(key), NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == sizeof bytes;
}

/* 0, or the status to refuse with. */
static int check_upgrade(const struct http_exchange *x, const char **ret_text)
{
    const char *version = http_header(&x->req, "Sec-WebSocket-Version");
    *ret_text = "This address speaks WebSocket, version 13";
    if (!head_lists(&x->head, "Upgrade", "websocket") || !version || strcmp(version, "13") != 0)
        return 426;
    *ret_text = "Malformed WebSocket upgrade";
    bool fits = x->req.method == HTTP_GET && !x->head.http_1_0 && x->req.body.n == 0 &&
                head_lists(&x->head, "Connection", "upgrade") &&
                is_key(http_header(&x->req, "Sec-WebSocket-Key"));
    return fits ? 0 : 400;
}

/* RFC 6455, 4.2.2: proves to the client that its key was read by someone who speaks WebSocket. */
static void write_accept(struct buf *out, const char *key)
{
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[sodium_base64_ENCODED_LEN(20, sodium_base64_VARIANT_ORIGINAL)];
    auto_buf struct buf both = {0};
    unsigned len = 0;
    buf_addz(&both, key);
    buf_addz(&both, magic);
    must(EVP_Digest(both.data, both.len, digest, &len, EVP_sha1(), NULL) == 1 && len == 20);
    sodium_bin2base64(text, sizeof text, digest, len, sodium_base64_VARIANT_ORIGINAL);
    buf_addf(out,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             text);
}

static void free_frames(void *frames)
{
    wslay_event_context_free(frames);
}

/* Messages are joined in the body of the exchange, not by wslay: it would keep a block of its own
 * for each fragment, however short, and nobody would book them. */
static struct websocket *websocket_new(struct http_exchange *x,
                                       const struct websocket_events *events)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv,
        .send_callback = on_send,
        .on_frame_recv_start_callback = on_frame,
        .on_frame_recv_chunk_callback = on_piece,
        .on_msg_recv_callback = on_message,
    };
    struct websocket *w = arena_alloc(x->req.arena, sizeof *w);
    w->x = x;
    w->events = *events;
    w->events.message_max = events->message_max ? events->message_max : MESSAGE_MAX;
    must(wslay_event_context_server_init(&w->frames, &callbacks, w) == 0);
    wslay_event_config_set_no_buffering(w->frames, 1);
    arena_defer(x->req.arena, free_frames, w->frames);
    w->heard_us = clock_mono_us();
    w->beat_us = w->heard_us + (uint64_t)x->conn->server->ping_ms * 1000;
    list_init(&w->node);
    list_append(&x->conn->server->sockets, &w->node);
    return w;
}

struct websocket *websocket_accept(struct http_exchange *x, const struct websocket_events *events)
{
    struct conn *c = x->conn;
    const char *text;
    int status = check_upgrade(x, &text);
    must(!x->answered);
    if (c->fd < 0)
        return refuse(x, 400, "Nobody is there");
    if (status)
        return refuse(x, status, text);
    if (c->server->draining)
        return refuse(x, 503, "The server is stopping");
    x->answered = true;
    x->websocket = websocket_new(x, events);
    conn_upgrade(c);
    again_begin(x);
    auto_buf struct buf head = {0};
    write_accept(&head, http_header(&x->req, "Sec-WebSocket-Key"));
    (void)conn_push(c, &(struct str){head.data, head.len}, 1);
    if (!c->stepping && c->in.len) /* frames came with the handshake; not from inside this call */
        stream_post(x);
    return x->websocket;
}
