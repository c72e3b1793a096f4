/* credentials — what a request brings along to say who it is. Only for auth/. */
#pragma once

#include "auth/private.h"

#define SESSION_COOKIE "virga_session"

/* The bearer text of the Authorization header or, when there is no such header, of the cookie;
 * p == NULL when there is none. A browser sends the cookie with whatever a page of any site asks
 * for: a cookie whose request has a foreign Origin, or changes something and has none, is refused.
 */
int credentials_text(const struct auth *a, const struct request *req, struct str *ret,
                     struct err *e);

/* Whether the text could be one of those that this server takes. Says nothing about its truth. */
bool credentials_plausible(const struct auth *a, struct str text);

/* `--auth none`: the request is of this machine and not of a web page from elsewhere, which could
 * reach us under a name that it lets point here (DNS rebinding). */
int credentials_local(const struct auth *a, const struct request *req, struct err *e);
