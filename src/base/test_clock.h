/* test_clock — how long something took, for a promise about time: without the time in which this
 * machine had no processor for us.
 *
 * A thread does nothing but wait for a moment, again and again. What its moments last too long is
 * what anybody who waits in this process loses, through others on the same machine, a machine that
 * stands still, or a stop of the process: it is no fault of what is measured. */
#pragma once

#include "base/clock.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { TEST_CLOCK_BEAT_MS = 5, TEST_CLOCK_LATE_US = 10000 };

struct test_clock {
    pthread_mutex_t lock;
    bool beats;
    uint64_t from_us, lost_us; /* since when the present beat lasts; before it */
};

static struct test_clock test_clock __attribute__((unused)) = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* How much too long the present beat lasts. Under the lock. */
static inline uint64_t test_clock_late(uint64_t now_us)
{
    uint64_t took = now_us - test_clock.from_us;
    return took > TEST_CLOCK_LATE_US ? took - TEST_CLOCK_LATE_US : 0;
}

static inline void *test_clock_beat(void *arg)
{
    for (;;) {
        (void)poll(NULL, 0, TEST_CLOCK_BEAT_MS);
        pthread_mutex_lock(&test_clock.lock);
        uint64_t now = clock_mono_us();
        test_clock.lost_us += test_clock_late(now);
        test_clock.from_us = now;
        pthread_mutex_unlock(&test_clock.lock);
    }
    return arg;
}

/* For what is work alone: the time that processors have worked for this process. */
static inline uint64_t test_clock_cpu_us(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) < 0)
        abort();
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Counts on while this process could run. Its differences are what counts. */
static inline uint64_t test_clock_us(void)
{
    pthread_t thread;
    pthread_mutex_lock(&test_clock.lock);
    uint64_t now = clock_mono_us();
    if (!test_clock.beats) {
        test_clock.from_us = now;
        test_clock.beats = true;
        if (pthread_create(&thread, NULL, test_clock_beat, NULL) || pthread_detach(thread))
            abort();
    }
    uint64_t ret = now - test_clock.lost_us - test_clock_late(now);
    pthread_mutex_unlock(&test_clock.lock);
    return ret;
}
