/* tail — records on their way to whoever follows them: a cursor on the store, moved on when the
 * writer commits. Only for calls/.
 *
 * A tail reads some records behind its cursor on a worker thread, which also writes them as text;
 * the loop thread hands the text to the sink, and reads on only when the sink has taken all of it.
 * So a slow client costs one batch. Commits are heard at most every 50 ms; a store that other
 * servers write to is looked at every second, too. An export is a tail that goes as fast as its
 * sink and ends where it was told to.
 *
 * All of it on the loop thread. HTTP is the sinks' business (tail_api.c). */
#pragma once

#include "base/buf.h"
#include "calls/reach.h"
#include "calls/sieve.h"

struct calls;
struct loop;
struct tail;
struct tail_hub;
struct workers;

enum {
    TAILS_MAX = 256,       /* at the same time */
    TAILS_PER_CLIENT = 16, /* of one account, or of one address without account */
    TAILS_STRANGERS = 64,  /* of all without account: the others are for those who have one */
};

struct tail_hub_config {
    struct calls *calls;
    struct loop *loop;
    struct workers *workers;
    bool shared; /* other servers write to the store */
    /* How often such a store is looked at and failures are tried again, and a client hears
     * something: 1000 and 15000 unless set. */
    unsigned look_ms, beat_ms;
};
struct tail_hub *tail_hub_new(const struct tail_hub_config *config);
void tail_hub_free(
    struct tail_hub *s); /* ends all; no worker may be at work for them. NULL is fine */
void tail_hub_wake(struct tail_hub *s); /* there may be new records */
void tail_hub_stop(struct tail_hub *s); /* ends all, the server ends; new ones are refused */

struct tail_sink {
    bool messages; /* `send` gets one record at a time, without the line's end; else any piece */
    /* Worker thread. Writes a record as text that ends with a newline and has none before it, when
     * it goes out in messages. `name` is its function's. */
    void (*write)(const struct reach *r, struct buf *out, const struct call_row *row,
                  const char *name);
    bool (*send)(void *arg, struct str piece); /* false: taken, but no more until tail_drained */
    void (*beat)(void *arg);                   /* the tail was silent for beat_ms. May be NULL */
    /* Always the last one, and never from inside tail_open. `why` is NULL when an export is
     * complete; `refused`: may not go on. */
    void (*end)(void *arg, const char *why, bool refused);
};

struct tail_config {
    const struct tail_sink *sink; /* static */
    void *arg;
    const char *client; /* for TAILS_PER_CLIENT */
    bool stranger;      /* without account */
    struct reach reach; /* all strings here live until `end` */
    struct sieve sieve;
    int64_t after, before; /* numbers of records. `before` 0: goes on for ever; else an export */
};
/* ERR_LIMIT, ERR_UNAVAILABLE. Begins to read at once. */
int tail_open(struct tail_hub *s, const struct tail_config *config, struct tail **ret,
              struct err *e);
void tail_drained(struct tail *t); /* the sink has room again */
void tail_gone(struct tail *t);    /* the client has left: `end` follows, now or soon */
void tail_refuse(struct tail *t);  /* it may not go on: likewise */

/* What calls.c holds for it: its place, and who hears of commits (NULL: nobody). */
struct tail_hub **calls_tails(struct calls *c);
void calls_watch(struct calls *c, struct loop *l);
