/* egress_ask — what a client of the proxy asks for, read strictly. Private to egress/.
 *
 * Two forms: CONNECT for a tunnel, and GET or HEAD of a whole http URL, without a body. The second
 * is written anew and its connection ended after it, so that nothing which this reader and the next
 * one could read differently goes on, and nothing behind it does. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { EGRESS_HOST_MAX = 253, EGRESS_PLACE = EGRESS_HOST_MAX + sizeof "[]:65535" };

struct egress_ask {
    bool connect;
    char place[EGRESS_PLACE]; /* "host:port", lower case, IPv6 in brackets */
    struct str method, path;  /* path and query; of a CONNECT empty. Into the head, like the next */
    struct str headers;       /* lines, each with its end */
};

/* How long the head at the start of `in` is, its empty line included; 0 while it is incomplete. */
size_t egress_ask_end(struct str in);
/* Reads one whole head. ERR_MALFORMED says what is wrong with it. */
int egress_ask_parse(struct str head, struct egress_ask *ret, struct err *e);
/* The request as it goes on: to the place itself, or (`whole`) to another proxy, with the line of
 * `credentials` unless it is empty. Not for CONNECT. */
void egress_ask_write(const struct egress_ask *ask, bool whole, const char *credentials,
                      struct buf *out);
/* Reads "host:port", or "host" with the port `otherwise` (0: it must be named). */
bool egress_place_parse(struct str text, unsigned otherwise, char ret[EGRESS_PLACE]);
/* Takes a place apart: the host without brackets. */
void egress_place_split(const char *place, char ret_host[EGRESS_PLACE], char ret_port[6]);
