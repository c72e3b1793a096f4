/* stream — replies in pieces and WebSocket connections, for handlers of the data plane.
 *
 * All of it on the loop thread. Memory is bounded: whoever writes faster than the client reads is
 * told to stop, and who does not stop loses the connection. */
#pragma once

#include "http/http.h"

struct websocket;

/* Streamed replies (data plane). The body follows in pieces: chunked; to a HTTP/1.0 client as it
 * comes, ended by closing. A client that reads slowly costs at most HTTP_STREAM_HIGH bytes. */
enum { HTTP_STREAM_HIGH = 256 * 1024 };
struct http_stream {
    void (*drained)(void *arg); /* there is room again after http_stream_write said no */
    void (*gone)(void *arg);    /* the client has left; at most once. Ending is still due */
    void *arg;
};
/* Sends status and headers; res->body is the first piece. Replaces http_answer. */
void http_stream_start(struct http_exchange *x, const struct response *res,
                       const struct http_stream *events);
/* Takes the piece in any case. False: full, write no more until `drained`; what comes anyway is
 * taken while it fits in twice the bound, and beyond that the connection is closed. */
bool http_stream_write(struct http_exchange *x, struct str piece);
/* The exchange is gone after either. `http_stream_break` closes the connection without the last
 * chunk, so that the client sees that something is missing. */
void http_stream_end(struct http_exchange *x);
void http_stream_break(struct http_exchange *x);

/* WebSocket (RFC 6455, by wslay; data plane). Text and binary messages, fragments joined; pings are
 * answered, and sent every 30 s: a peer that answers nothing for 60 s is gone. */
struct websocket_events {
    void (*message)(void *arg, struct str bytes, bool text); /* text is checked UTF-8 */
    void (*drained)(void *arg); /* there is room again after websocket_send said no */
    void (*closed)(void *arg);  /* exactly once, by either side or a broken connection; never from
                                   inside a call of ours. The websocket is gone after it */
    void *arg;
    size_t message_max; /* bytes; a longer message closes with 1009. 64 KB unless set */
};
/* Answers 101 and takes the exchange over: the request stays valid until `closed`. NULL when the
 * request is no valid upgrade: it is answered (426 or 400) by then, and nothing is called back. */
struct websocket *websocket_accept(struct http_exchange *x, const struct websocket_events *events);
bool websocket_send(struct websocket *w, struct str bytes, bool text); /* as http_stream_write */
void websocket_close(struct websocket *w, unsigned code, const char *reason); /* 1000, 1001, ... */
