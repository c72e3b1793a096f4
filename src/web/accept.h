/* accept — what a request says about the forms it can take (RFC 9110, 12.5.3 and 13.1.2). Private
 * to web/. */
#pragma once

#include <stdbool.h>

/* Whether Accept-Encoding, NULL when absent, lets gzip through. */
bool accept_gzip(const char *accept_encoding);

/* Whether If-None-Match, NULL when absent, names the tag: what the client has is still good. */
bool accept_has_tag(const char *if_none_match, const char *etag);
