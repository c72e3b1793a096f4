/* client — requests to a virga server, one after the other over one connection. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct client;

struct client_config {
    const char *server;   /* a URL, http or https */
    const char *key;      /* NULL: a key file, for a server on this machine */
    const char *key_from; /* who gave `key`, for people */
    bool anonymous;       /* without any key */
};

/* ERR_INVALID for a malformed URL or key. */
int client_open(const struct client_config *config, struct client **ret, struct err *e);
void client_close(struct client *c);

struct client_request {
    const char *method;
    const char *path;         /* escaped, with its query */
    const char *content_type; /* NULL without a body */
    struct str body;
    const char *last_event; /* Last-Event-ID, or NULL */
    bool patient;           /* without a time limit: a call takes what its function takes */
    bool events;            /* server-sent events are as welcome as JSON */
};

/* A 2xx answer whose body is JSON text (checked) goes to `ret`. Anything else is an error,
 * explained by client_problem: ERR_UNAVAILABLE when the server is not reachable, else a code close
 * to the status. */
int client_call(struct client *c, const struct client_request *req, struct buf *ret, struct err *e);
int client_get(struct client *c, const char *path, struct buf *ret, struct err *e);

/* One line of an answer, without its end. -1 with an error ends the answer. */
typedef int client_line(void *arg, struct str line, struct err *e);
/* GET of an answer of any length, line by line as they come. It may take for ever, but a server
 * that is silent for a minute is gone. `last_event`, unless NULL, says behind which event a stream
 * goes on. `each` may use the same client for calls of its own. */
int client_lines(struct client *c, const char *path, const char *last_event, client_line *each,
                 void *arg, struct err *e);

/* An answer that is a stream of events goes to `each` line by line, JSON (checked) to `ret`. There
 * is no bound on how long the server may be silent. */
int client_events(struct client *c, const struct client_request *req, client_line *each, void *arg,
                  struct buf *ret, struct err *e);

/* GET of an answer of any length into a file, as it comes. */
int client_save(struct client *c, const char *path, int file, struct err *e);

/* The query ("?...") of the last answer's link of this kind ("next"). False when there is none. */
bool client_link(const struct client *c, const char *kind, struct buf *ret);

/* What the last failed call has to say, one line each: the server's own words. "" when no call
 * failed. */
const char *client_problem(const struct client *c);

const char *client_server(const struct client *c); /* without "/" at its end */
bool client_is_exposed(const struct client *c);    /* no TLS, and not this machine */
/* Appends `text` with everything but unreserved characters as %XX. */
void client_escape(struct buf *out, const char *text);
