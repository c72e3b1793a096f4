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

enum { REQUEST_HEAD_MAX = 16 * 1024, REQUEST_TRAILER_MAX = 64 * 1024 };

struct request {
    struct str method, path; /* the path without its query */
    struct str content_type;
    struct str error_type, error_body; /* Lambda-Runtime-Function-Error-Type and -Body, which may
                                          stand in the trailer */
    bool streams;                      /* Lambda-Runtime-Function-Response-Mode: streaming */
    struct str body;
    bool keep_alive;
};

/* One connection's reader. All views of a request point into it. */
struct request_reader {
    struct buf in;
    struct buf body; /* of a chunked request; when it is taken `by_pieces`, what has come since its
                        owner has cleared it */
    struct request head;
    size_t head_len; /* 0 while the head is incomplete */
    size_t body_at;  /* where the next chunk is read */
    uint64_t length; /* Content-Length */
    bool chunked, by_pieces;
    bool in_chunk;
    uint64_t chunk_left;
    struct str trailer_type, trailer_body;
    bool continues; /* the client waits for "100 Continue" */
    bool asked;     /* ... which was sent */
};

/* Looks at the head alone, into `head`: 1 when it is there, else as request_take. */
int request_head(struct request_reader *r);
/* 1: a request. 0: more bytes are needed. Otherwise a HTTP status to answer with before closing.
 * `max` bounds the body (413) unless it
 * is taken by pieces. */
int request_take(struct request_reader *r, size_t max, struct request *ret);
void request_drop(struct request_reader *r); /* the request taken last */
void request_done(struct request_reader *r);
