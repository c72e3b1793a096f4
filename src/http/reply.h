/* reply — responses as bytes: errors in the shape that clients expect, and the head of a reply. */
#pragma once

#include "base/buf.h"
#include "http/head.h"

/* In err.sys: the request carries the list that http_invalid made. */
enum { REPLY_INVALID_MARK = -422 };

/* Fills `res` from an error. What stands behind a 500 is never shown. */
void reply_error(struct request *req, const struct err *e, struct response *res);

/* {"detail": text} with any status. */
void reply_detail(struct request *req, int status, const char *text, struct response *res);

/* How the client knows where the body ends. */
enum reply_framing { REPLY_LENGTH, REPLY_CHUNKED, REPLY_UNTIL_CLOSE };

struct reply_head {
    const char *date;             /* IMF-fixdate */
    const char *connection;       /* "close", "keep-alive" or NULL */
    const struct response *extra; /* headers that `res` may lack; NULL for none */
    enum reply_framing framing;
};

/* The status that goes out: 200 when unset, 500 for one that is no final status. */
int reply_status(const struct response *res);

/* True when a reply with this status may have a body at all. */
bool reply_has_body(int status);

/* Status line and headers, with the empty line. A header of `res` outranks one of the same name in
 * `extra`; only Vary is a list that both add to. */
void reply_write_head(struct buf *out, const struct response *res, const struct reply_head *head);
