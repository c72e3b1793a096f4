/* router — which row of the table a request means. A tree of path segments, built once; matching
 * allocates nothing but the decoded parameters. */
#pragma once

#include "http/http.h"

struct router;

/* Refuses rows without method, permission, plane or handler, malformed paths and duplicates. */
int router_new(const struct route *const *tables, struct router **ret, struct err *e);
void router_free(struct router *r);

struct router_match {
    const struct route *route; /* NULL: nothing here answers this method */
    unsigned allowed;          /* methods of all rows with this path; 0 for an unknown path */
};

/* Matches the path of req->target, which is still percent-encoded: an encoded slash does not
 * separate segments. Sets the parameters of `req` when a route is found. */
struct router_match router_find(const struct router *r, struct request *req);

/* True when the path with its trailing slash added or removed has a row. */
bool router_has_other_form(const struct router *r, const struct request *req);
