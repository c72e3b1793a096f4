/* result — what a function returned, as an HTTP response. Only for gateway/.
 *
 * An object with `statusCode` is a response: statusCode (200 to 599), headers and multiValueHeaders
 * (texts, numbers, or lists of these; null leaves one out), cookies (a list of Set-Cookie lines),
 * body, isBase64Encoded. One with a body and isBase64Encoded alone is 200: so a runner returns
 * bytes. A body that is a text goes out as it is when the function sets a content type other than
 * JSON, else it is JSON like any other value; with 205 there is none. Anything else is a 200 with
 * JSON. Left out are
 * headers that frame the message or belong to one connection, and a Set-Cookie of this server's own
 * session. */
#pragma once

#include "base/buf.h"
#include "http/http.h"

enum {
    RESULT_HEADERS_MAX = 48, /* of HTTP_RESPONSE_HEADERS_MAX; the others are the gateway's */
    RESULT_HEADERS_BYTES = 32 * 1024, /* names and values: what clients and proxies still read */
};

/* `body` holds what had to be decoded: it must live as long as the response, like `output`.
 * ERR_MALFORMED says what is wrong with the function's result. */
int result_map(struct request *req, struct str output, struct response *res, struct buf *body,
               struct err *e);
/* A JSON object of headers, as above. */
int result_headers(struct request *req, struct str headers, struct response *res, struct err *e);
/* For what has no content type yet. */
void result_type(struct response *res, const char *type);
