/* proxy — which proxies are believed, and what they say about the client: X-Forwarded-For, -Proto
 * and -Host. Anybody can send these headers; they count only as far as trusted hands wrote them. */
#pragma once

#include "base/err.h"
#include "http/http.h"

struct proxy_list;

/* Reads "10.0.0.0/8, ::1". NULL or no item at all gives NULL: nobody is trusted. ERR_INVALID names
 * the item that is no address or network. */
int proxy_list_new(const char *text, struct proxy_list **ret, struct err *e);
void proxy_list_free(struct proxy_list *p);

/* Whether the address is a trusted proxy's. An IPv4 address inside IPv6 counts as the former. */
bool proxy_trusts(const struct proxy_list *p, const char *address);

/* For a request that came from a trusted proxy: sets peer, secure and host of `req` where the
 * headers say so. X-Forwarded-For is read from the right, over trusted hops, up to the first
 * address that is not one of them; where something stands there that is no address the header is
 * ignored. Of the others the last value counts. */
void proxy_apply(const struct proxy_list *p, struct request *req);
