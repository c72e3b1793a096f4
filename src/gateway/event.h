/* event — a request as the function behind a route sees it: one JSON object, written without a
 * tree. Only for gateway/.
 *
 *   method, path         "GET"; decoded, a slash at the end kept
 *   rawPath              as it was sent
 *   params               of the route's path
 *   query, multiQuery    the last value of each name; all values
 *   headers,             names in lower case; without host, connection, authorization,
 *   multiHeaders         content-length, what belongs to one connection only, and what a client
 *                        that is no trusted proxy says as if it were one
 *   cookies              the first value of each name
 *   authorization        that header, for functions that look at it themselves: only where `access`
 *                        is public and records are not. Else null
 *   body                 null with GET, HEAD, OPTIONS, DELETE or when empty; JSON when it is some,
 *                        else text, else base64, and isBase64Encoded is true
 *   requestId            the id of the call
 *   sourceIp, host, scheme
 *
 * Keys and sessions of this server never reach a function, in whatever header they come. */
#pragma once

#include "base/buf.h"
#include "gateway/trie.h"
#include "http/http.h"

struct event_source {
    struct request *req;
    struct str raw_path; /* "/" and what follows the project, without the query */
    struct str path;     /* decoded */
    const struct trie_match *match;
    const char *id;
    bool authorization; /* may be shown */
};
void event_write(struct buf *out, const struct event_source *from);
