/* calls — the records of finished calls, on their way to the store and back.
 *
 * The loop thread pushes records and goes on; one writer thread stores them in group commits: all
 * that is queued, at most every CALLS_COMMIT_MS while few come. The queue is bounded; calls are
 * throttled before it is full. A record survives the end of the process in any form from its commit
 * on; nothing is promised about it before.
 *
 * Retention: by age, and per function by count. Both are enforced as new records come, so a
 * function may keep a few dozen more than its count for a while. */
#pragma once

#include "base/err.h"
#include "http/http.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct call_record;
struct calls;

enum {
    CALLS_COMMIT_MS = 20,
    CALLS_QUEUE_MAX = 32768,              /* records */
    CALLS_QUEUE_BYTES = 64 * 1024 * 1024, /* inputs, outputs and logs in the queue */
    CALLS_OUTPUT_KEPT = 64 * 1024,        /* bytes of a result; a longer one is cut in its record */
};

struct calls_config {
    struct store *store;
    unsigned days;         /* records older than this go */
    unsigned per_function; /* of the others, the newest so many stay */
};

extern const struct migration calls_migrations[];
extern const struct route calls_routes[];

int calls_open(const struct calls_config *config, struct calls **ret, struct err *e);
void calls_close(struct calls *c); /* stores what is queued; NULL is fine */

/* Takes ownership. Any thread. Call only while calls_room says yes; beyond the bound the record is
 * dropped and counted. */
void calls_push(struct calls *c, struct call_record *r);
bool calls_room(const struct calls *c);
uint64_t calls_dropped(const struct calls *c);

/* Returns when all that was pushed before is committed: a reader sees the calls it knows of. Not on
 * the loop thread. */
int calls_wait(struct calls *c, struct err *e);

/* Removes the records of a function that is being deleted, in the caller's transaction. */
int calls_forget(struct db *db, const char *function_id, struct err *e);
