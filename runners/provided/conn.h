/* conn — the bootstrap's HTTP connections on the loopback address. */
#pragma once

#include "base/err.h"
#include "request.h"

#include <stdbool.h>
#include <stdint.h>

enum { CONNS_MAX = 16 };

struct conn {
    int fd; /* -1: free */
    struct request_reader reader;
    struct buf out;  /* what the socket did not take at once */
    uint64_t turn;   /* when it was used last; orders those that wait */
    bool waiting;    /* asked for the next invocation and is owed an answer */
    bool keep_alive; /* after the answer to the current request */
    bool ended;      /* the peer sends no more */
};

/* A listening socket on 127.0.0.1; port 0 takes any. */
int conn_listen(uint16_t port, uint16_t *ret_port, struct err *e);

void conn_open(struct conn *c, int fd, uint64_t turn);
void conn_close(struct conn *c);
bool conn_is_idle(const struct conn *c); /* nothing half read, half sent or owed */

/* One read of what poll() announced. */
void conn_read(struct conn *c);
void conn_flush(struct conn *c); /* sends more of `out` */

/* The next request, as request_take; writes "100 Continue" where the client waits for it. */
int conn_take(struct conn *c, size_t max, struct request *ret);

/* Answers the current request. `headers` are whole lines with CRLF, or "". */
void conn_answer(struct conn *c, int status, const char *headers, struct str body);
