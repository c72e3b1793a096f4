/* http — HTTP/1.1 in front of a table of routes (RFC 9110, RFC 9112).
 *
 * A route says method, path, permission and plane, in one row. Handlers of the control plane are
 * plain blocking functions: they run on a worker thread with a store connection, return 0 with a
 * response or -1 with an error. Handlers of the data plane run on the loop thread and answer
 * whenever they like.
 *
 * One strict parser of our own decides where a request ends; nothing lenient stands behind it that
 * could see other borders (request smuggling). Refused: repeated or non-decimal Content-Length,
 * white space around a header name, folded lines, control bytes, bare line feeds, missing or
 * repeated Host, Transfer-Encoding together with Content-Length or other than "chunked", chunk
 * sizes that are not plain hex, bad percent-encoding. Every error has the body {"detail": ...}. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct principal;
struct workers;
struct http_server;
struct http_exchange;

enum http_method {
    HTTP_GET = 1 << 0,
    HTTP_POST = 1 << 1,
    HTTP_PUT = 1 << 2,
    HTTP_DELETE = 1 << 3,
    HTTP_PATCH = 1 << 4,
    HTTP_HEAD = 1 << 5,
    HTTP_OPTIONS = 1 << 6,
    HTTP_ANY = (1 << 7) - 1,
};
/* "GET" for HTTP_GET, NULL for none or several; the bit for a name in upper case, 0 for none. */
const char *http_method_name(enum http_method m);
unsigned http_method_parse(struct str name);

/* SLOW and LONG are as CONTROL, each on workers of its own: hashing passwords must not hold up the
 * rest, nor must what waits for another server (SQL of a project's own database). */
enum plane { PLANE_CONTROL = 1, PLANE_DATA, PLANE_SLOW, PLANE_LONG };

struct http_header {
    const char *name; /* as received for requests; names compare without case */
    const char *value;
};

enum { HTTP_PARAMS_MAX = 8 };

/* Everything lives in `arena`, gone with the request. */
struct request {
    struct arena *arena;
    enum http_method method;
    const char *path;   /* percent-decoded, without the query */
    const char *query;  /* raw, without "?"; "" when there is none */
    const char *target; /* raw path and query, as received: starts with "/", or "*" (OPTIONS) */
    const struct http_header *headers;
    size_t header_count;
    struct str body;
    const char *peer; /* the client's address as text; behind a trusted proxy, the one that the
                         proxy names in X-Forwarded-For */
    const char *host; /* the Host header, lower case, with the port as sent; from a trusted proxy
                         X-Forwarded-Host. May be "" */
    bool secure;      /* the client speaks TLS: a trusted proxy says X-Forwarded-Proto: https */
    bool proxied;     /* a trusted proxy has passed it on: only its forwarded headers are true */
    const struct principal *principal; /* who the hooks say is asking, in the arena; NULL: nobody */
    struct {
        const char *name;
        const char *value;
    } params[HTTP_PARAMS_MAX]; /* path parameters, decoded */
    size_t param_count;
    void *app;       /* http_config.app */
    void *context;   /* the worker's own (a store connection); NULL on the data plane */
    json_t *json;    /* http/ only: the parsed body */
    json_t *invalid; /* http/ only: what http_invalid has collected */
};

/* Names and values that could break the framing are left out when the reply is written; so are
 * Content-Length, Transfer-Encoding, Connection and their like, which belong to this layer. */
enum { HTTP_RESPONSE_HEADERS_MAX = 64 };
struct response {
    int status;               /* 200 unless set */
    const char *content_type; /* application/json unless set */
    struct str body;          /* lives in the request's arena or longer */
    size_t header_count;
    struct http_header headers[HTTP_RESPONSE_HEADERS_MAX]; /* more are ignored */
};

/* A route without permission or handler stops the start. */
struct route {
    unsigned method; /* HTTP_GET, or several: HTTP_GET | HTTP_POST, or HTTP_ANY. HEAD is answered by
                        a row of its own or by none: 405 */
    const char *path; /* "/api/functions/:id": literal or parameter segments, the last one may be
                         "*rest", which takes what is left, also nothing. Literals outrank
                         parameters, parameters outrank the rest */
    int permission;   /* a word of auth/, never 0 */
    enum plane plane;
    int (*handle)(struct request *req, struct response *res, struct err *e); /* CONTROL, SLOW */
    void (*start)(struct http_exchange *x);                                  /* PLANE_DATA */
};

struct http_config {
    const char *host;
    uint16_t port;      /* 0 picks a free one */
    size_t body_max;    /* bytes; above it 413. 6 MB unless set */
    size_t headers_max; /* bytes of request line and headers; above it 431. 32 KB unless set */
    unsigned connections_max; /* at a time; above it new ones are closed. 16384 unless set */
    unsigned again_ms; /* how often streams are asked for anew (stream.h). 60000 unless set */
    unsigned idle_ms; /* a connection silent for so long is closed; request line and headers must be
                         complete within it, a body within ten times that. 60000 unless set */
    size_t buffered_max; /* bytes of request bodies and unread replies in memory at the same time,
                            all connections; above it those that hold the most and make us wait are
                            closed, and who holds most itself gets 503. 256 MB unless set */
    const struct route *const
        *routes; /* arrays, each ended by a row of zeros; the list ended by NULL */
    struct workers *workers, *slow_workers, *long_workers; /* of CONTROL, SLOW, LONG */
    void *app;
    /* Who asks, and may they? Sets req->principal. Runs on the loop thread when the head is
     * complete: no blocking. -1 with ERR_UNAUTHORIZED, ERR_DENIED, ERR_LIMIT or ERR_NOT_FOUND
     * refuses; 0 lets pass; HTTP_ASK leaves it to `admit`. */
    int (*authorize)(void *app, struct request *req, int permission, struct err *e);
    /* The part that needs the store, on a worker with req->context set: before each handler of the
     * control plane, and before a handler of the data plane only when authorize said HTTP_ASK. The
     * body is complete by then. NULL: there is none. */
    int (*admit)(void *app, struct request *req, int permission, struct err *e);
    /* May claim a request before the table of routes is asked (a custom domain); `otherwise` may
     * where no row fits and 404 would be said. Loop thread. The row it returns must be of the data
     * plane; its permission and methods count, not its path. NULL: neither. Both may be NULL. */
    const struct route *(*claim)(void *app, struct request *req);
    const struct route *(*otherwise)(void *app, struct request *req);
    /* Headers for every reply of this server's own API, asked when the reply is written, such as
     * those of CORS; also for refusals (401, 404, 405). Not for claimed requests. `res` is empty,
     * only its headers count; one that the reply has already is left out, but Vary adds up. Loop
     * thread. May be NULL. */
    void (*decorate)(void *app, struct request *req, struct response *res);
    /* Answers a CORS preflight (OPTIONS with Origin and Access-Control-Request-Method) to a path of
     * the table that has no OPTIONS row; NULL: 405 as ever. */
    void (*preflight)(void *app, struct request *req, struct response *res);
    /* Proxies whose X-Forwarded-For, -Proto and -Host are believed: "10.0.0.0/8,::1"; NULL none. */
    const char *trusted_proxies;
};
enum { HTTP_ASK = 1 };

int http_server_new(struct loop *l, const struct http_config *config, struct http_server **ret,
                    struct err *e);
uint16_t http_server_port(const struct http_server *s);
/* Accepts nothing new and answers what is under way; calls `drained` when all is answered. Streams
 * have 2 s to end, then they are cut; WebSockets are closed with 1001. */
void http_server_drain(struct http_server *s, void (*drained)(void *arg), void *arg);
/* Closes all connections. Exchanges under way stay valid: their answers are due and go nowhere.
 * Streams are told that they are `gone` and WebSockets `closed` before it returns. */
void http_server_free(struct http_server *s);

struct http_stats {
    uint64_t requests, refused; /* refused: malformed, oversized, over a bound */
    unsigned connections;
    size_t buffered_bytes;
};
void http_server_stats(const struct http_server *s, struct http_stats *ret);

/* Request */
const char *http_param(const struct request *req,
                       const char *name); /* never NULL for a name in the path */
/* Puts what a parameter stands for in its place, such as an id for a name. Not copied. */
void http_param_set(struct request *req, const char *name, const char *value);
const char *http_header(const struct request *req, const char *name); /* first one, or NULL */
/* A decoded query parameter, in the request's arena; NULL when absent. The last one wins when
 * repeated. */
const char *http_query(const struct request *req, const char *name);
/* The body as a JSON object, freed with the arena; on failure the error carries a 422 ("JSON decode
 * error", with the position). Refuses duplicate keys, more than 64 levels, invalid UTF-8. */
int http_body_json(struct request *req, json_t **ret, struct err *e);
/* One member of such a body as the bytes that stand there, for what is passed on as it came: a tree
 * would round numbers. p == NULL when it is absent. */
int http_body_member(struct request *req, const char *name, struct str *ret, struct err *e);

/* Response. All copy into the arena and return 0: a handler ends in `return http_reply_json()`. */
int http_reply_json(struct request *req, struct response *res, int status, json_t *take);
int http_reply_text(struct request *req, struct response *res, int status, const char *content_type,
                    struct str body);
void http_response_header(struct request *req, struct response *res, const char *name,
                          const char *value);
/* 422 with [{"type","loc","msg","input"}]. `loc` is dotted: "body.name". Returns -1 and marks the
 * error as carrying it. `input` repeats what stood there but for lists, objects and long texts. */
int http_invalid(struct request *req, const char *loc, const char *type, struct err *e,
                 const char *msg_fmt, ...) __attribute__((format(printf, 5, 6)));
int http_invalid_hide(struct request *req); /* nor does the last one what was a secret; -1 */

/* Data plane. The request lives until the answer; answering twice is a bug. */
struct request *http_exchange_request(struct http_exchange *x);
void http_answer(struct http_exchange *x, const struct response *res);
void http_answer_error(struct http_exchange *x, const struct err *e);
/* Called at most once when the connection breaks before the answer; an answer must still follow (it
 * goes nowhere). One that merely ends its sending half (FIN) may still read and is not gone. */
void http_on_gone(struct http_exchange *x, void (*fn)(void *arg), void *arg);
