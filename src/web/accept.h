/* accept — what a client has already and what it takes (RFC 9110, 13.1.2 and 12.5.1). Private to
 * web/. */
#pragma once

#include <stdbool.h>

/* Whether If-None-Match, NULL when absent, names the tag: what the client has is still good. */
bool accept_has_tag(const char *if_none_match, const char *etag);
/* Whether Accept, NULL when absent, names the type; wildcards name none. */
bool accept_has_type(const char *accept, const char *type);
