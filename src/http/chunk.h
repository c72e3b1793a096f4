/* chunk — the chunked transfer coding, decoded as it arrives (RFC 9112, 7.1).
 * Sizes are plain hex digits; extensions and trailers are checked, bounded and dropped. */
#pragma once

#include "base/str.h"
#include "http/head.h"

enum {
    CHUNK_LINE_MAX = 256,     /* bytes of a size line with its extensions */
    CHUNK_TRAILER_MAX = 4096, /* bytes of all trailer lines */
};

enum chunk_state { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_END };

struct chunk {
    enum chunk_state state; /* a decoder of zeros is ready for a new body */
    uint64_t left;          /* bytes of the current chunk still to come */
    size_t line_len;        /* bytes of the unfinished line kept in `line` */
    size_t trailer_bytes;
    char line[CHUNK_LINE_MAX + 2];
};

/* Takes bytes from the front of `*in`. Sets `*ret` to the next piece of body inside it, empty when
 * more input is needed or the body has ended (state CHUNK_END). -1 with a refusal. */
int chunk_next(struct chunk *c, struct str *in, struct str *ret, struct refusal *r);
