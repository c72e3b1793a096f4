/* request — takes HTTP/1.1 requests off a byte stream: what a bootstrap's HTTP library may send.
 *
 * Content-Length and chunked bodies, Expect: 100-continue, keep-alive, pipelining. Sizes are
 * bounded; a request that could be read in two ways (two lengths, a length and chunks) is refused.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { REQUEST_HEAD_MAX = 16 * 1024 };

struct request {
    struct str method, path; /* the path without its query */
    struct str error_type;   /* Lambda-Runtime-Function-Error-Type */
    struct str body;
    bool keep_alive;
};

/* One connection's reader. All views of a request point into it. */
struct request_reader {
    struct buf in;
    struct buf body; /* of a chunked request */
    struct request head;
    size_t head_len; /* 0 while the head is incomplete */
    size_t body_at;  /* where the next chunk is read */
    uint64_t length; /* Content-Length */
    bool chunked;
    bool continues; /* the client waits for "100 Continue" */
    bool asked;     /* ... which was sent */
};

/* 1: a request. 0: more bytes are needed. Otherwise a HTTP status to answer with before closing.
 * `max` bounds the body (413). */
int request_take(struct request_reader *r, size_t max, struct request *ret);
void request_drop(struct request_reader *r); /* the request taken last */
void request_done(struct request_reader *r);
