/* client — requests to a virga server, one after the other over one connection. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct client;

/* `server` is a URL (http or https); `key` as given by --key, or NULL. ERR_INVALID for a malformed
 * URL or key. */
int client_open(const char *server, const char *key, struct client **ret, struct err *e);
void client_close(struct client *c);

struct client_request {
    const char *method;
    const char *path;         /* escaped, with its query */
    const char *content_type; /* NULL without a body */
    struct str body;
    bool patient; /* without a time limit: a call takes what its function takes */
};

/* A 2xx answer whose body is JSON text (checked) goes to `ret`. Anything else is an error,
 * explained by client_problem: ERR_UNAVAILABLE when the server is not reachable, else a code close
 * to the status. */
int client_call(struct client *c, const struct client_request *req, struct buf *ret, struct err *e);
int client_get(struct client *c, const char *path, struct buf *ret, struct err *e);

/* What the last failed call has to say, one line each: the server's own words. "" when no call
 * failed. */
const char *client_problem(const struct client *c);

const char *client_server(const struct client *c); /* without "/" at its end */
/* Appends `text` with everything but unreserved characters as %XX. */
void client_escape(struct buf *out, const char *text);
