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
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { TEST_CLOCK_BEAT_MS = 5 };

static _Atomic uint64_t test_clock_lost_us __attribute__((unused));

static inline void *test_clock_beat(void *arg)
{
    for (;;) {
        uint64_t from = clock_mono_us();
        (void)poll(NULL, 0, TEST_CLOCK_BEAT_MS);
        uint64_t took = clock_mono_us() - from;
        if (took > 2 * TEST_CLOCK_BEAT_MS * 1000)
            test_clock_lost_us += took - TEST_CLOCK_BEAT_MS * 1000;
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
    static bool beats;
    pthread_t thread;
    if (!beats && (pthread_create(&thread, NULL, test_clock_beat, NULL) || pthread_detach(thread)))
        abort();
    beats = true;
    return clock_mono_us() - test_clock_lost_us;
}
