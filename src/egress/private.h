/* private — what the files of egress/ share. Everything runs on the proxy's thread, but for what
 * says otherwise. */
#pragma once

#include "base/buf.h"
#include "egress/egress.h"
#include "egress/egress_ask.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { PIPE_MAX = 64 * 1024, IDLE_MS = 60 * 1000 };

enum conn_state {
    CONN_FREE,
    CONN_HEAD,       /* reads what the client asks for */
    CONN_CONNECTING, /* to `address`, the next ones are tried after it */
    CONN_ASKING,     /* sends CONNECT to the other proxy and reads its answer */
    CONN_RELAYING,
    CONN_ANSWERING, /* says no and ends */
};

/* One direction. Nothing is read from its source while it is full: that is the back-pressure. */
struct conn_pipe {
    struct buf data;
    bool ended;  /* the source has no more */
    bool passed; /* and the sink was told */
};

struct conn {
    struct egress *x;
    enum conn_state state;
    int client, outside;
    struct egress_ask ask;
    char head[EGRESS_HEAD_MAX]; /* what `ask` points into */
    struct conn_pipe up, down;
    struct buf answer; /* of the other proxy */
    struct addrinfo *addresses, *address;
    uint64_t active_us; /* when something moved last */
};

struct egress {
    int listener, wake;
    char **hosts;
    char proxy[EGRESS_PLACE]; /* "" without one */
    char *credentials;        /* value of Proxy-Authorization, or "" */
    uint64_t bytes_max;
    _Atomic uint64_t bytes;
    atomic_bool stop;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    char refused[EGRESS_PLACE]; /* under the lock */
    struct conn conns[EGRESS_CONNECTIONS_MAX];
};

/* egress_conn.c */
void egress_conn_open(struct conn *c, struct egress *x, int client); /* takes the descriptor over */
void egress_conn_close(struct conn *c);
/* Two entries: the client's and the outside's; fd -1 for what is not waited for. */
void egress_conn_want(const struct conn *c, struct pollfd ret[2]);
void egress_conn_run(struct conn *c, const struct pollfd got[2]);

/* egress.c */
bool egress_allows(struct egress *x, const char *place); /* remembers what it refuses */

/* egress_proxy.c: reads "http://user:password@host:port". ERR_INVALID without the text: it is a
 * secret. */
int egress_proxy_parse(const char *url, char ret_place[EGRESS_PLACE], char **ret_credentials,
                       struct err *e);
