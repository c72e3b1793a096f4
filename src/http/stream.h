/* stream — replies in pieces and WebSocket connections, for handlers of the data plane.
 *
 * All of it on the loop thread. Memory is bounded: whoever writes faster than the client reads is
 * told to stop, and who does not stop loses the connection. A client that lets bytes wait and takes
 * none of them for idle_ms is cut off; one that has taken all may stay as long as the handler
 * likes.
 *
 * No callback runs inside a call to this file. When the server drains, streams have 2 s to end,
 * then they are cut; WebSockets are closed with 1001 at once. */
#pragma once

#include "http/http.h"

struct websocket;

/* --- whether they may go on ---
 *
 * A right may end while a stream is under way: a key is revoked, a member removed.
 * http_server_recheck has all streams and WebSockets asked for anew, by `authorize` and `admit` as
 * at their begin; a minute that has passed does, too, for rights that end by themselves. From the
 * call on nothing more is sent until the answer is there, and when it is a refusal what was written
 * meanwhile is dropped; but a stream that its handler ends before the answer goes out whole. A
 * server without `admit` asks nobody. */
void http_server_recheck(struct http_server *s);

/* What a stream adds to that; zeros: nothing. */
struct http_again {
    int permission; /* of a row that lets anybody in, and whose handler asks for more; 0: the row's
                     */
    /* Worker thread, behind `admit`, with a copy of the request and req->context: what the handler
     * has asked for beyond the row. `mark` is what it found at the beginning. The stream may be
     * gone meanwhile, so it sees nothing else. */
    int (*check)(struct request *req, unsigned mark, struct err *e);
    unsigned mark;
    /* Loop thread, behind that, for what is known in memory; `req` is such a copy. */
    int (*still)(void *arg, struct request *req, struct err *e);
    /* It may not go on: to say why and end. NULL: its connection is cut, as if the client had left
     * (a WebSocket is closed with 1008). */
    void (*refused)(void *arg);
};

/* Streamed replies (data plane). The body follows in pieces: chunked; to a HTTP/1.0 client as it
 * comes, ended by closing. What a reply without body (HEAD, 204, 304) is given is dropped. A client
 * that reads slowly costs at most HTTP_STREAM_HIGH bytes and the last piece.
 * A client that ends its sending half meanwhile is gone: nearly always it has closed the
 * connection, which looks the same. One that had done so before the stream began is written to. */
enum { HTTP_STREAM_HIGH = 256 * 1024 };
struct http_stream {
    void (*drained)(void *arg); /* there is room again after http_stream_write said no */
    void (*gone)(void *arg);    /* the client has left, perhaps before the start; at most once.
                                   Ending is still due */
    void *arg;
    struct http_again again;
};
/* Sends status and headers; res->body is the first piece. Replaces http_answer; http_on_gone's
 * callback is not called any more. */
void http_stream_start(struct http_exchange *x, const struct response *res,
                       const struct http_stream *events);
/* Takes the piece in any case. False: full, write no more until `drained`, or the client is gone.
 * What comes anyway is taken while all that waits fits in twice the bound; beyond that the
 * connection is closed. An empty piece only asks. */
bool http_stream_write(struct http_exchange *x, struct str piece);
/* The exchange is gone after either, and nothing is called any more. `http_stream_break` closes the
 * connection without the last chunk, so that the client sees that something is missing. */
void http_stream_end(struct http_exchange *x);
void http_stream_break(struct http_exchange *x);

/* WebSocket (RFC 6455, by wslay; data plane). Text and binary messages, fragments joined; pings are
 * answered, and sent every 30 s: a peer that answers nothing for 60 s is gone. What is no WebSocket
 * (an unmasked frame, text that is not UTF-8, ...) closes with 1002 or 1007. */
struct websocket_events {
    void (*message)(void *arg, struct str bytes, bool text); /* text is checked UTF-8. Valid inside
                                                                this call */
    void (*drained)(void *arg); /* there is room again after websocket_send said no */
    void (*closed)(void *arg); /* exactly once, by either side or a broken connection. The websocket
                                  is gone after it */
    void *arg;
    size_t message_max; /* bytes; a longer message closes with 1009. 64 KB unless set */
    struct http_again again;
};
/* Answers 101 and takes the exchange over: the request stays valid until `closed`. NULL when the
 * request is no valid upgrade, the client is gone or the server drains: it is answered (426, 400 or
 * 503) by then, and nothing is called back. Whose page may connect (Origin) is the caller's check.
 */
struct websocket *websocket_accept(struct http_exchange *x, const struct websocket_events *events);
/* As http_stream_write; nothing is sent after websocket_close. Text must be UTF-8. */
bool websocket_send(struct websocket *w, struct str bytes, bool text);
/* 1000, 1001, ...; a code that must not be sent becomes 1011. Nothing is received any more;
 * `closed` follows when the peer has answered, or after 2 s. The reason is cut to 120 bytes; may be
 * NULL. */
void websocket_close(struct websocket *w, unsigned code, const char *reason);
