/* Replies in pieces, and how the owners of streams and WebSockets learn what became of their
 * connection: always from the loop (stream_wake is posted), so that no callback runs inside a call
 * of theirs. */
#include "http/private.h"

#include "base/must.h"

#include <stdio.h>
#include <sys/socket.h>

void stream_post(struct http_exchange *x)
{
    struct http_server *s = x->conn->server;
    if (x->posted || !s)
        return;
    x->posted = true;
    loop_post(s->loop, stream_wake, x);
}

void stream_wake(void *exchange)
{
    struct http_exchange *x = exchange;
    x->posted = false;
    if (x->websocket)
        websocket_wake(x->websocket);
    else if (x->stream.gone)
        x->stream.gone(x->stream.arg);
}

void stream_broken(struct http_exchange *x)
{
    again_end(x);
    if (x->websocket)
        websocket_unlist(x->websocket);
    if (!x->ended)
        stream_post(x);
}

void stream_drained(struct http_exchange *x)
{
    const struct websocket_events *w = x->websocket ? websocket_events_of(x->websocket) : NULL;
    void (*drained)(void *arg) = w ? w->drained : x->stream.drained;
    if (drained)
        drained(w ? w->arg : x->stream.arg);
}

/* `head` and a piece in one go. A chunk of nothing would end the body: no piece, no chunk. */
static bool push(struct http_exchange *x, struct str head, struct str piece)
{
    char size[24];
    struct str parts[PARTS_MAX] = {head};
    size_t count = head.n > 0;
    if (piece.n && !x->silent) {
        int len = snprintf(size, sizeof size, "%zx\r\n", piece.n);
        if (x->chunked)
            parts[count++] = (struct str){size, (size_t)len};
        parts[count++] = piece;
        if (x->chunked)
            parts[count++] = STR("\r\n");
    }
    return count ? conn_push(x->conn, parts, count) : x->conn->fd >= 0 && !x->full;
}

void http_stream_start(struct http_exchange *x, const struct response *res,
                       const struct http_stream *events)
{
    must(!x->answered);
    x->answered = true;
    x->stream = *events;
    x->silent = x->head.method == HTTP_HEAD || !reply_has_body(reply_status(res));
    x->chunked = !x->head.http_1_0;
    again_begin(x);
    if (x->conn->fd < 0)
        stream_post(x);
    else
        (void)push(x, conn_stream(x->conn, res, x->chunked), res->body);
}

bool http_stream_write(struct http_exchange *x, struct str piece)
{
    must(x->answered && !x->ended);
    return push(x, (struct str){0}, piece);
}

void http_stream_end(struct http_exchange *x)
{
    must(x->answered && !x->ended);
    x->ended = true;
    if (x->chunked && !x->silent && x->conn->fd >= 0)
        (void)conn_push(x->conn, &STR("0\r\n\r\n"), 1);
    conn_finish(x->conn);
}

/* Without chunks only a reset tells a cut reply from a complete one. */
static void reset_on_close(int fd)
{
    struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void http_stream_break(struct http_exchange *x)
{
    must(x->answered && !x->ended);
    struct conn *c = x->conn;
    x->ended = true;
    if (c->fd >= 0 && !x->chunked)
        reset_on_close(c->fd);
    conn_close(c);
    conn_finish(c);
}
