/* events — server-sent events (WHATWG HTML, 9.2), from the lines of an answer. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { EVENT_NAME_MAX = 16 };

struct events {
    char name[EVENT_NAME_MAX]; /* of what is being read; "" for a plain message */
    struct buf data;
    /* One whole event. -1 with an error ends the answer. */
    int (*each)(void *arg, const char *name, struct str data, struct err *e);
    void *arg;
};

/* For client_lines, with a struct events as its argument. */
int events_line(void *events, struct str line, struct err *e);
void events_reset(struct events *x); /* before another stream */
void events_done(struct events *x);
