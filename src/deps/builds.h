/* builds — what projects have asked for and wait for. Loop thread, unless it says otherwise. Only
 * for deps/.
 *
 * A build of a project follows the jobs (jobs.h) of the sets that are not there yet, one language
 * after the other, and when all are there the project's packages are saved: all of it or nothing.
 * Its row is in the store before it begins here, and says how it ended before anybody hears of it.
 */
#pragma once

#include "deps/build_log.h"
#include "deps/builds_store.h"
#include "deps/jobs.h"

/* A build under way, or one that has ended and is still looked at. */
struct live {
    struct list node;
    struct deps *d;
    struct arena *arena;
    struct build_row row; /* without its log; under deps.lock */
    struct build_log log; /* likewise */
    struct packages want;
    struct job_order order[LANGUAGES];
    bool todo[LANGUAGES];
    struct job_follower *job;
    struct list watchers;
    bool saving, ended, telling;
    struct err why; /* how it ended; ERR_NONE: well */
};

/* Somebody who looks at one: `changed` after each change, the last time when it has ended. */
struct builds_watch {
    struct list node;
    struct live *live;
    void (*changed)(void *arg);
    void *arg;
};

/* Makes one from what a worker has decided; all is copied. Any thread. */
struct live *builds_new(struct deps *d, const struct build_row *row, const struct packages *want,
                        const struct job_order order[LANGUAGES], const bool todo[LANGUAGES]);
/* One that has ended, as the store knows it: to be watched like any other. */
struct live *builds_past(struct deps *d, const struct build_row *row);
void builds_begin(struct live *l);
void builds_discard(struct live *l); /* one that was not begun, or was watched by nobody yet */
struct live *builds_find(struct deps *d, const char *project, const char *id); /* or NULL */
void builds_watch(struct live *l, struct builds_watch *w);
void builds_unwatch(struct builds_watch *w); /* also from inside `changed` */
void builds_cancel(struct live *l);          /* not from inside `changed` */

/* Any thread: what is known of a build under way, in the arena. 1, or 0: it is not. */
int builds_look(struct deps *d, struct arena *a, const char *project, const char *id,
                struct build_row *ret);
bool builds_full(struct deps *d); /* any thread */

/* Inside a transaction: what the project asks for from now on; noted. */
int builds_save(struct tx *tx, const char *project, const struct packages *p, struct err *e);
