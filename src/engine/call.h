/* call — one invocation under way. Private to engine/. */
#pragma once

#include "base/list.h"
#include "engine/engine.h"
#include "engine/stream.h"

struct fn;
struct slot;

struct call {
    struct list node; /* fn->waiting */
    struct engine *engine;
    struct fn *fn;
    struct slot *slot; /* NULL while waiting */
    struct call_record *record;
    struct str event; /* owned */
    bool load_only;   /* over when the code is loaded: no CALL is sent */
    bool again;       /* given to a second slot, since the first was dead already */
    uint64_t arrived_us;
    void (*done)(void *arg, const struct call_record *r, const struct err *refused);
    void *arg;
    const struct call_stream *taker; /* of its pieces, or NULL */
    struct list taker_node;          /* engine->takers, when there is one */
    bool abandoned;                  /* the taker has gone */
    struct stream *stream;           /* once opened */
};

/* How a call ended, as its slot or the engine saw it. Text is copied. */
struct call_outcome {
    enum call_status status;
    struct str output;
    const char *error;
    const char *traceback;
    struct call_problem *problem; /* taken over, or NULL */
};

/* Gives the slot to the oldest waiting call, or to nobody: then it idles. */
void call_serve(struct fn *fn, struct slot *slot);
/* Ends the call: answers, records, frees. Leaves its slot without a call. */
void call_finish(struct call *c, const struct call_outcome *how);
void call_fail(struct call *c, enum call_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends a call that never started. */
void call_refuse(struct call *c, const struct err *why);
