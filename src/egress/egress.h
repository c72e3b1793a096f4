/* egress — lets a sandbox without network reach hosts that are named, and nothing else.
 *
 * An HTTP proxy on a thread of its own. Its listening socket was made inside the sandbox, on that
 * sandbox's own loopback, and handed out; so whoever is inside can reach nothing but this listener,
 * and the connections that the proxy makes are made outside. CONNECT (RFC 9110, 9.3.6) for TLS,
 * whole URLs (RFC 9112, 3.2.2) for plain HTTP. What is asked for is compared with the list as text,
 * before anything is looked up; what the client says is hostile until checked. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct egress;

enum {
    EGRESS_CONNECTIONS_MAX = 64,
    EGRESS_HEAD_MAX = 16 * 1024,
};

struct egress_config {
    const char *const
        *hosts;         /* "host:port", lower case, IPv6 in brackets; NULL-terminated; copied */
    const char *proxy;  /* "http://user:password@host:port" to go through, or NULL; copied */
    uint64_t bytes_max; /* from outside, all connections together; at it they are cut */
};

/* Takes the listener over: a listening TCP socket of 127.0.0.1 or ::1; anything else is refused
 * (ERR_INVALID), since a guest handed it out. */
int egress_start(int listener, const struct egress_config *config, struct egress **ret,
                 struct err *e);
uint64_t egress_bytes(const struct egress *x); /* so far, from outside; any thread */
/* What was refused last: "example.org:443", or "" ; for a log line that says which option would
 * allow it. Any thread. */
void egress_refused(struct egress *x, char *ret, size_t size);
void egress_stop(struct egress *x); /* ends its connections, joins; NULL is fine */
