/* accept — whether a client has a file already (RFC 9110, 13.1.2). Private to web/. */
#pragma once

#include <stdbool.h>

/* Whether If-None-Match, NULL when absent, names the tag: what the client has is still good. */
bool accept_has_tag(const char *if_none_match, const char *etag);
