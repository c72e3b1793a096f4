/* handoff — a worker thread hands something to the loop thread and waits until it was taken.
 * Private to serve/.
 *
 * A save is answered only when the engine runs what was saved, and the engine belongs to the loop
 * thread. When the loop has ended nobody takes anything any more: then waiting ends too. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct loop;

struct handoff {
    struct loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool ended;
};

void handoff_init(struct handoff *h, struct loop *loop);
/* Runs `fn(arg)` on the loop thread and returns after it. False when the loop has ended and it will
 * not run. */
bool handoff_run(struct handoff *h, void (*fn)(void *arg), void *arg);
/* The loop has returned. */
void handoff_end(struct handoff *h);
