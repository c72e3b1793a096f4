/* head — request line and header lines, parsed strictly (RFC 9112).
 * Whatever two parsers on the way could read differently is refused, not repaired. */
#pragma once

#include "http/http.h"

enum {
    HEAD_HEADERS_MAX = 100,
    HEAD_TARGET_MAX = 8192, /* bytes of the request target; above it 414 */
};

/* Why a message was refused: the status to answer with and a text for people. */
struct refusal {
    int status;
    const char *text;
};

struct head {
    enum http_method method; /* 0 for one we do not know */
    char *target;            /* raw, NUL-terminated; starts with "/", or is "*" with OPTIONS */
    const char *host;        /* NULL in HTTP/1.0 without one */
    struct http_header *headers;
    size_t header_count;
    uint64_t content_length;
    bool has_body; /* a Content-Length above 0, or chunked */
    bool chunked;
    bool expects_continue;
    bool keep_alive;
    bool http_1_0;
};

/* How long the head at the start of `in` is, its empty line included; 0 while it is incomplete.
 * `*seen` remembers how far earlier calls have looked: 0 for a fresh message. -1 with a refusal on
 * a bare line feed or a NUL byte. */
int head_end(struct str in, size_t *seen, size_t *ret, struct refusal *r);

/* Parses one complete head. Works inside `text` (writable, NUL behind it); strings of the result
 * point into it, the header array lives in the arena. -1 with a refusal. */
int head_parse(char *text, size_t len, struct arena *arena, struct head *ret, struct refusal *r);

int head_refuse(struct refusal *r, int status, const char *text); /* returns -1 */

bool head_is_host(struct str s); /* bytes that a host and port may have; not empty */
const char *head_lower_host(struct arena *a, const char *host); /* itself when it is lower case */
bool head_lists(const struct head *h, const char *name, const char *word); /* "Connection: a, b" */
