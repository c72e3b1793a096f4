/* calls — the record of every call, from the loop thread into the store, and what can be learnt
 * from it: lists, statistics, live tails, exports.
 *
 * The loop pushes finished calls and never waits: one writer thread commits them in groups, at most
 * about 20 ms after they came. Its queue is bounded in number and bytes; at three quarters
 * calls_room says no, and the engine throttles new calls. While the store refuses (full disk) the
 * writer keeps what it has and tries again, slower each time.
 *
 * A process that is killed loses what calls_flush_wait has not confirmed, at most the last moments.
 *
 * Kept are the newest `keep_per_function` records of a function (give or take a tenth) and nothing
 * older than `keep_days`. Texts are cut at CALLS_TEXT_MAX; the record says which.
 *
 * Statistics come from counts that the writer keeps in the same transaction, per function: minutes
 * for 48 hours, five minutes for 8 days, hours for 35 days, days (UTC) for 400 days, totals for
 * ever. They do not change when records are pruned; they go with the function. Durations are
 * counted in classes: quantiles are at most 7 % off.
 *
 * Filters of lists, tails and exports: `status` (words, separated by commas), `source`, `version`,
 * `cold` (true or false), `since` and `until` (RFC 3339: when it arrived), `q` (a text in input,
 * output, error, stdout or stderr; small and capital letters of ASCII alike); across functions also
 * `function`, across projects `project` (ids). Wrong values: 422.
 *
 * Lists are newest first; `before` and `after` take a record's id. A request does a bounded amount
 * of work. A page may therefore be short, even empty, where a filter takes little: as long as there
 * is more, Link says where it goes on (rel="next", or "prev" for `after`).
 *
 * Members of a function's project see all of its records. Where the function has opened them
 * (public_logs) strangers see them too, without tracebacks, and without the input of gateway calls:
 * cookies, headers and bodies are those of visitors, not the owner's to show.
 *
 * Tails are Server-Sent Events: `id` is the record's, `data` the record with texts of at most 16
 * KB; the event `end` says why it ends, `gap` that the record to go on behind (Last-Event-ID, or
 * ?after=ID) is gone. A request to upgrade gets the same records as messages of a WebSocket. Once a
 * minute it is asked whether they may go on. Exports are NDJSON, oldest first, to the newest record
 * of their start; one that cannot be completed is broken off. */
#pragma once

#include "base/err.h"
#include "http/http.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call_record;
struct calls;

enum { CALLS_TEXT_MAX = 64 * 1024 };

struct calls_config {
    struct store *store;
    unsigned keep_days;         /* 30 unless set */
    unsigned keep_per_function; /* 10,000 unless set */
    size_t queue_max;           /* records; 32,768 unless set */
    size_t queue_bytes_max;     /* 64 MB unless set */
};

/* Starts the writer with a connection of its own. */
int calls_open(const struct calls_config *config, struct calls **ret, struct err *e);
/* Writes what is queued, a few times if need be, and ends the writer. NULL is fine. */
void calls_close(struct calls *c);

/* Loop thread. Takes the record over, always; beyond the queue's bound it is dropped, counted and
 * logged. */
void calls_push(struct calls *c, struct call_record *take);
bool calls_room(const struct calls *c);

/* Worker thread. Waits until everything pushed before is committed; ERR_UNAVAILABLE after five
 * seconds, and at once while the store refuses: else a full disk would hold up every worker. */
int calls_flush_wait(struct calls *c, struct err *e);
/* Any thread. A function is gone: the writer removes its records and counts, in small steps between
 * what it writes, since there may be very many. What a crash leaves is found at the next start. */
void calls_forget(struct calls *c);

/* Loop thread. Ends all tails and exports and refuses new ones: when the server begins to stop,
 * since they do not end by themselves. NULL is fine. */
void calls_stop_tails(struct calls *c);

struct calls_stats {
    uint64_t written, dropped;
    size_t queued, queued_bytes;
    bool failing;    /* the last write did not succeed */
    bool forgetting; /* there are records of functions that are gone */
};
void calls_stats(struct calls *c, struct calls_stats *ret); /* any thread */

extern const struct migration calls_migrations[]; /* 3, 50 to 59 */
extern const struct route calls_routes[], stats_routes[], tail_routes[];

/* Calls of an account's functions (its own without a project, and those of projects whose first
 * owner it is) since midnight UTC, for its quota; and which day that was, counted from 1970 on: it
 * may be over by the time somebody looks. Worker thread. */
int calls_today(struct db *db, const char *account, int64_t *ret, int64_t *ret_day, struct err *e);
