/* ws_peer — a server that accepts WebSockets, and a client that writes and reads their frames byte
 * by byte: what their tests share. */
#pragma once

#include "http/private.h"

#include "http/testdata/http_peer.h"

#define UPGRADE                                                                                    \
    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
#define KEY       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" /* of RFC 6455, 1.3 */
#define HANDSHAKE "GET /echo HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n"
#define OPEN      "GET /open HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n"

enum { TEXT = 1, BINARY, CLOSE = 8, PING, PONG, FIN = 0x80, MASKED = 0x80, PIECE = 64 * 1024 };

struct play {
    struct bench b; /* first: http_config.app points at both */
    struct http_exchange *x;
    struct websocket *w;
    unsigned messages, drained, ends; /* the loop's; read after an event that follows */
    size_t written;
    bool deaf; /* goes on writing when told to stop */
    sem_t began, heard, left;
};

static char piece_bytes[PIECE];

static inline void on_closed(void *arg)
{
    struct play *p = arg;
    p->ends++;
    sem_post(&p->left);
}

static inline void on_message(void *arg, struct str bytes, bool text)
{
    struct play *p = arg;
    p->messages++;
    if (str_is(bytes, "bye"))
        websocket_close(p->w, 1000, "bye");
    else
        (void)websocket_send(p->w, bytes, text);
    sem_post(&p->heard);
}

static inline void pour(struct play *p)
{
    while (p->written < (16 << 20)) {
        bool room = websocket_send(p->w, (struct str){piece_bytes, PIECE}, false);
        p->written += PIECE;
        if (!room && !p->deaf)
            return;
    }
}

static inline void on_drained(void *arg)
{
    struct play *p = arg;
    p->drained++;
    pour(p);
}

static inline void accept_socket(struct http_exchange *x)
{
    struct play *p = http_exchange_request(x)->app;
    const struct websocket_events events = {.message = on_message,
                                            .drained = on_drained,
                                            .closed = on_closed,
                                            .arg = p,
                                            .message_max = 1000};
    p->x = x;
    p->w = websocket_accept(x, &events);
    sem_post(&p->began);
}

static inline void accept_and_pour(struct http_exchange *x)
{
    accept_socket(x);
    pour(http_exchange_request(x)->app);
    struct play *p = http_exchange_request(x)->app;
    sem_post(&p->heard);
}

static inline void accept_later(struct http_exchange *x)
{
    struct play *p = http_exchange_request(x)->app;
    p->x = x;
    sem_post(&p->began);
}

static const struct route rows[] = {
    {HTTP_GET | HTTP_POST, "/echo", PERMIT_ALL, PLANE_DATA, NULL, accept_socket},
    {HTTP_GET, "/open", PERMIT_ALL, PLANE_DATA, NULL, accept_socket},
    {HTTP_GET, "/pour", PERMIT_ALL, PLANE_DATA, NULL, accept_and_pour},
    {HTTP_GET, "/later", PERMIT_ALL, PLANE_DATA, NULL, accept_later},
    {HTTP_GET, "/hello", PERMIT_ALL, PLANE_DATA, NULL, say_hello},
    {0},
};
static const struct route *const table[] = {rows, NULL};

static inline void play_init(struct play *p)
{
    *p = (struct play){0};
    bench_init(&p->b);
    p->b.config.routes = table;
    must(sem_init(&p->began, 0, 0) == 0 && sem_init(&p->heard, 0, 0) == 0 &&
         sem_init(&p->left, 0, 0) == 0);
}

static inline void on_loop(struct play *p, void (*fn)(void *arg))
{
    loop_post(p->b.loop, fn, p);
    settle(&p->b);
}

/* A client's frame: masked, with the shortest form of the length. */
static inline void add_frame(struct buf *out, unsigned first, const char *bytes, size_t len)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char head[4] = {(unsigned char)first, (unsigned char)(MASKED | len), 0, 0};
    if (len > 125) {
        head[1] = MASKED | 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
    }
    buf_add(out, head, len > 125 ? 4 : 2);
    buf_add(out, mask, 4);
    for (size_t i = 0; i < len; i++)
        buf_add(out, &(char){(char)(bytes[i] ^ mask[i % 4])}, 1);
}

static inline void tell_bytes(int fd, const void *bytes, size_t len)
{
    CHECK(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static inline void tell_frame(int fd, unsigned first, const char *bytes, size_t len)
{
    auto_buf struct buf out = {0};
    add_frame(&out, first, bytes, len);
    tell_bytes(fd, out.data, out.len);
}

/* A server's frame: unmasked. Returns its first byte. */
static inline unsigned hear_frame(int fd, struct buf *ret)
{
    auto_buf struct buf head = {0};
    hear_bytes(fd, &head, 2);
    unsigned first = (unsigned char)head.data[0];
    size_t len = (unsigned char)head.data[1], more = len == 127 ? 8 : len == 126 ? 2 : 0;
    buf_clear(&head);
    hear_bytes(fd, &head, more);
    len = more ? 0 : len;
    for (size_t i = 0; i < more; i++)
        len = len << 8 | (unsigned char)head.data[i];
    buf_clear(ret);
    hear_bytes(fd, ret, len);
    return first;
}

static inline void expect(int fd, unsigned first, const char *bytes, size_t len)
{
    auto_buf struct buf got = {0};
    CHECK_INT(hear_frame(fd, &got), first);
    CHECK_INT(got.len, len);
    CHECK(len == 0 || memcmp(got.data, bytes, len) == 0);
}

/* The close frame with this code, and nothing behind it. */
static inline void expect_close(int fd, unsigned code)
{
    auto_buf struct buf got = {0};
    CHECK_INT(hear_frame(fd, &got), FIN | CLOSE);
    CHECK(got.len >= 2);
    CHECK_INT((unsigned char)got.data[0] << 8 | (unsigned char)got.data[1], code);
    CHECK(ended(fd));
}

static inline int shake_hands(struct play *p, const char *request)
{
    auto_reply struct reply r = {0};
    int fd = dial_and_tell(&p->b, request);
    hear_head(fd, &r);
    CHECK_INT(r.status, 101);
    CHECK(strstr(r.text.data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(strstr(r.text.data, "Upgrade: websocket\r\nConnection: Upgrade\r\n"));
    await(&p->began);
    return fd;
}

static inline void accept_it(void *arg)
{
    struct play *p = arg;
    accept_socket(p->x);
    CHECK_INT(p->messages, 0); /* not from inside websocket_accept */
}
