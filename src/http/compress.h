/* compress — long answers as gzip, for clients that take it. On worker threads: 2 ms for a
 * megabyte.
 *
 * Handlers choose it one by one. Not for answers that show what a stranger chose beside what he
 * must not learn: whoever watches the lengths of many of them can guess the rest (BREACH). Records
 * of calls are such answers. */
#pragma once

#include "http/http.h"

/* Shrinks the body of a reply if it is long and the client says so. Returns 0, as http_reply_json.
 */
int http_compress(struct request *req, struct response *res);
bool http_takes_gzip(const struct request *req); /* Accept-Encoding lets it through */
