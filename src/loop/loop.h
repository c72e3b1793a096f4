/* loop — one event loop per thread (libevent) and a few worker threads for what blocks.
 *
 * Everything but loop_post and workers_submit runs on the loop's own thread. Objects are embedded
 * nowhere: handles are owned by whoever made them. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct watch;
struct timer;
struct workers;
struct event_base;

int loop_new(struct loop **ret, struct err *e);
void loop_free(struct loop *l);              /* all handles must be freed before */
int loop_run(struct loop *l, struct err *e); /* until loop_stop */
void loop_stop(struct loop *l);
/* Before loop_run: for `us` microseconds after something came the loop looks again instead of
 * sleeping. Waking a processor that sleeps takes 20 to 40 us on a virtual machine, longer than many
 * a function: what answers within that time is heard at once. It does so while it is worth it (see
 * loop.c), and never where the thread has one processor only: whoever is to answer needs that. 0,
 * as without this call: it always sleeps. */
void loop_busy_poll(struct loop *l, unsigned us);
struct event_base *loop_base(struct loop *l); /* for http/ only */

/* Runs `fn(arg)` soon on the loop's thread. From any thread; in order per posting thread. */
void loop_post(struct loop *l, void (*fn)(void *arg), void *arg);
/* Forgets posts of this pair that have not run yet: for whoever frees `arg`. Loop thread. */
void loop_unpost(struct loop *l, void (*fn)(void *arg), void *arg);

/* Calls back while `signum` arrives (SIGINT, SIGTERM, SIGHUP). Lives as long as the loop. */
int loop_on_signal(struct loop *l, int signum, void (*fn)(void *arg), void *arg, struct err *e);

/* Watches a descriptor, which stays the caller's and must outlive the watch. Level-triggered. */
enum watch_for { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch *watch_new(struct loop *l, int fd, void (*fn)(void *arg, unsigned ready), void *arg);
void watch_want(struct watch *w,
                unsigned what);   /* 0 pauses; costs nothing when it changes nothing */
void watch_free(struct watch *w); /* also from inside its own callback */

/* One-shot timers; setting again moves the time. Freed also from inside the callback. */
struct timer *timer_new(struct loop *l, void (*fn)(void *arg), void *arg);
void timer_set_us(struct timer *t, uint64_t us);
void timer_cancel(struct timer *t);
void timer_free(struct timer *t);

/* Worker threads with a bounded queue. Each thread has a context of its own (a store connection),
 * made by `enter` on that thread and ended by `leave`. A failing `enter` makes workers_new fail. */
struct workers_config {
    unsigned threads, queue_max;
    int (*enter)(void *arg, void **ret_context, struct err *e);
    void (*leave)(void *arg, void *context);
    void *arg;
};
int workers_new(struct loop *l, const struct workers_config *config, struct workers **ret,
                struct err *e);
/* `run` on a worker, then `done` on the loop. ERR_LIMIT when the queue is full. */
int workers_submit(struct workers *w, void (*run)(void *job, void *context),
                   void (*done)(void *job), void *job, struct err *e);
void workers_free(struct workers *w); /* finishes what is queued, joins; `done`s of these still run
                                         on the loop thread before it returns */
