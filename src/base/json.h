/* json — checks JSON text and finds members in it without building a tree (RFC 8259).
 *
 * Events and results pass through the server byte for byte: a tree would round numbers and cost an
 * allocation per value. Where a tree is wanted (settings, request bodies of the control plane)
 * jansson is the tool. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    JSON_DEPTH_MAX = 512,
    JSON_NUMBER_MAX = 4300, /* bytes behind the sign: Python reads no longer one, nor writes it */
};

/* 0 when `text` is exactly one JSON value in UTF-8 within these bounds. ERR_MALFORMED names the
 * byte position. */
int json_check(struct str text, struct err *e);

/* The value of member `name` of a checked object, as the bytes that stand there; p == NULL when it
 * is absent. -1 when the value is no object or the member stands there twice (readers would
 * disagree on which one counts). */
int json_member(struct str object, const char *name, struct str *ret, struct err *e);

/* Walks a checked object or list, one item after the other. False when `value` is neither. */
struct json_walk {
    const char *p, *end;
    bool names; /* an object */
};
bool json_walk_open(struct str value, struct json_walk *ret);
/* The next item as the bytes that stand there; a name without its quotes, escapes left in. False at
 * the end. */
bool json_walk_next(struct json_walk *w, struct str *ret_name, struct str *ret_value);

struct buf;
/* Appends what a checked JSON string (quotes included) stands for, in UTF-8. Halves of surrogate
 * pairs that stand alone become U+FFFD. */
void json_add_decoded(struct buf *out, struct str string);
/* Appends `s` as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_add_string(struct buf *out, struct str s);
