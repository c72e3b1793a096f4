/* private — the objects behind the interface, shared by server.c, conn.c and exchange.c.
 *
 *   server ──< conn ──0..1── exchange (request, response, arena)
 *
 * A connection handles one request at a time; what a client pipelines waits in `in`. The exchange
 * is born with a complete head and dies with its answer. A connection that breaks while a handler
 * works stays as a husk (CONN_GONE) until the answer has come; the same goes for streams and
 * WebSockets. All of it is the loop thread's, except that a worker owns the exchange's request and
 * response while it runs the handler. */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "http/chunk.h"
#include "http/head.h"
#include "http/http.h"
#include "http/proxy.h"
#include "http/reply.h"
#include "http/router.h"
#include "http/stream.h"
#include "loop/loop.h"

#include <netinet/in.h>
#include <time.h>

enum {
    READ_BYTES = 64 * 1024,   /* of one read; also what a client may send ahead of its answers */
    DISCARD_MAX = 64 * 1024,  /* a refused body of up to this is read to keep the connection */
    COPY_MAX = 4096,          /* a body of up to this is cheaper to copy than to gather */
    LINGER_MS = 2000,         /* how long a client may take to read why it is over */
    PING_MS = 30000,          /* between the pings of a WebSocket; twice that of silence ends it */
    BODY_TIME_FACTOR = 10,    /* a body must arrive within so many idle_ms */
    ACCEPTS_PER_TURN = 64,    /* then the connections get their turn */
    ACCEPT_PAUSE_US = 100000, /* without descriptors: accepting again at once would spin */
};

/* HEAD: waiting for a request or its head. STREAM: the reply is written in pieces. SOCKET: speaks
 * WebSocket. GONE: broken, the handler still works. */
enum conn_state {
    CONN_HEAD,
    CONN_BODY,
    CONN_HANDLING,
    CONN_STREAM,
    CONN_SOCKET,
    CONN_WRITING,
    CONN_LINGER, /* answered and shut down: reads on so that no reset overtakes the answer */
    CONN_GONE,
    CONN_STATES
};

struct conn {
    struct http_server *server; /* NULL for a husk whose server is freed */
    struct list node;           /* on server->conns */
    struct list timed;          /* on server->waiting or ->lingering, by deadline */
    uint64_t deadline_us;
    int fd; /* -1 once closed */
    struct watch *watch;
    unsigned want;
    enum conn_state state;
    bool stepping;   /* conn_feed is on the stack and will look after what comes next */
    bool eof;        /* the client has ended its sending half */
    bool close_next; /* no request after this one */
    bool hurried;    /* the deadline is that of conn_hurry: nothing moves it */
    bool proxied;    /* the peer is a trusted proxy */
    bool held;       /* nothing is sent: whether it may, is asked */
    size_t held_len; /* of `out` when that began */
    bool linger;     /* bytes of the client may be on the way that nobody will read */
    struct buf in;   /* received, not yet parsed */
    size_t seen;     /* of `in`: where head_end has looked */
    struct buf out;  /* the rest of a reply that the socket did not take */
    size_t out_sent;
    size_t charged; /* bytes of server->buffered that are ours */
    struct http_exchange *x;
    char peer[INET6_ADDRSTRLEN];
};

struct http_exchange {
    struct request req; /* first: both are the same address to whoever debugs */
    struct response res;
    struct err error;
    struct conn *conn;
    struct head head;
    const struct route *route;
    struct chunk chunk;
    struct buf body;
    uint64_t received; /* body bytes, also discarded ones */
    uint64_t body_until_us;
    bool refused; /* `res` was made from the head alone; the body is discarded */
    bool failed;  /* the handler returned `error` */
    bool answered;
    bool claimed; /* `route` is not of the table: config.claim named it */
    bool ask;     /* admit decides before row->start */
    bool chunked; /* a stream's pieces are framed */
    bool silent;  /* a stream whose reply has no body: pieces are dropped */
    bool full;    /* the stream or WebSocket was told to stop */
    bool ended;   /* the stream's handler has ended it: there is nobody to tell */
    bool posted;  /* stream_wake is due */
    int (*admit)(void *app, struct request *req, int permission, struct err *e);
    void (*gone)(void *arg);
    void *gone_arg;
    struct http_stream stream;
    struct websocket *websocket;
    struct list again;         /* of one under way: on server->sure or ->doubtful */
    struct question *question; /* a worker is asked about it */
};

struct http_server {
    struct loop *loop;
    struct http_config config;
    struct router *router;
    int listen_fd;
    uint16_t port;
    struct watch *listener;
    struct timer *accept_again;
    struct timer *tick;
    struct list conns;
    struct list waiting;        /* conns with a deadline of idle_ms, the earliest first */
    struct list lingering;      /* the same with LINGER_MS */
    struct list sockets;        /* of struct websocket, the next ping first */
    struct list sure, doubtful; /* of exchanges, by whether they have to be asked for anew */
    struct asking *asking;      /* on a worker now; NULL: none is */
    bool asked_in_vain;         /* the next tick tries again */
    uint64_t again_us;
    unsigned ping_ms;
    struct proxy_list *proxies; /* NULL: none is trusted */
    unsigned in_state[CONN_STATES];
    struct http_stats stats;
    bool draining, drained_posted;
    void (*drained)(void *arg);
    void *drained_arg;
    time_t date_s; /* what `date` says */
    char date[32];
    struct buf out;           /* a reply being put together */
    char scratch[READ_BYTES]; /* every read goes here first: idle connections own no buffer */
};

/* conn.c */
void conn_new(struct http_server *s, int fd, const char *peer); /* takes the descriptor */
void conn_close(struct conn *c);  /* frees, unless an answer is due or conn_feed is on the stack */
void conn_detach(struct conn *c); /* closes it for a server that is being freed */
void conn_expire(struct conn *c); /* its deadline has passed */
void conn_reply(struct conn *c, const struct response *res); /* sends, ends the exchange, goes on */
/* The handler has taken the exchange over: what follows is written with conn_push. The head of the
 * streamed reply is returned, valid until the next reply; empty when the client is gone. */
struct str conn_stream(struct conn *c, const struct response *res, bool chunked);
void conn_upgrade(struct conn *c); /* from now on input goes to websocket_receive */
/* Sends, or keeps what the socket does not take. False: write no more until stream_drained. */
bool conn_push(struct conn *c, const struct str *parts, size_t count);
void conn_finish(struct conn *c); /* ends the exchange that has written all, goes on */
void conn_hurry(struct conn *c);  /* LINGER_MS from now it is closed, unless its state changes */
void conn_hold(struct conn *c);   /* sends nothing until conn_unhold */
void conn_unhold(struct conn *c,
                 bool drop);      /* what was written meanwhile goes out, or is dropped */
void conn_resume(struct conn *c); /* looks at what came in while nobody could take it */

/* conn_write.c */
enum { PARTS_MAX = 4 };
/* What waits for the socket. */
static inline size_t conn_pending(const struct conn *c)
{
    return c->out.len - c->out_sent;
}
/* Of what is held, the bytes of `out` before `len` may go: as many as the socket takes do. */
void conn_release(struct conn *c, size_t len);
/* Sends what the socket takes, the rest goes to `out`. False when it is broken. */
bool conn_write(struct conn *c, const struct str *parts, size_t count);
bool conn_write_reply(struct conn *c, const struct response *res);
struct str conn_write_head(struct conn *c, const struct response *res, enum reply_framing framing);
bool conn_write_rest(struct conn *c); /* of `out`; false when the socket is broken */

/* exchange.c */
struct http_exchange *exchange_new(struct conn *c);
void exchange_free(struct http_exchange *x);
/* Takes the complete head: parses, routes, authorizes. -1 when the message itself is refused; a
 * well-formed request that may not go on has x->refused set and its answer in x->res. */
int exchange_open(struct http_exchange *x, struct str head, struct refusal *r);
void exchange_start(struct http_exchange *x); /* the body is complete */

/* stream.c: the events of streams and WebSockets come from the loop, never from inside a call. */
void stream_post(struct http_exchange *x); /* stream_wake soon */
void stream_wake(void *exchange);          /* tells what has become of the connection */
void stream_broken(struct http_exchange *x);
void stream_drained(struct http_exchange *x);

/* again.c */
void again_begin(struct http_exchange *x); /* a stream or WebSocket */
void again_end(struct http_exchange *x);
void again_tick(struct http_server *s, uint64_t now_us);
void again_stop(struct http_server *s); /* it is being freed */

/* websocket.c */
void websocket_receive(struct websocket *w, struct str in);
void websocket_wake(struct websocket *w);
void websocket_unlist(struct websocket *w); /* no more pings */
const struct websocket_events *websocket_events_of(const struct websocket *w);
void websocket_beat(struct http_server *s, uint64_t now_us); /* pings, ends the silent ones */

/* server.c */
void server_check_drained(struct http_server *s);
const char *server_date(struct http_server *s);
