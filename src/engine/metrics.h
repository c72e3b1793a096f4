/* metrics — counts and histograms of calls, written as Prometheus text. Private to engine/. */
#pragma once

#include "engine/engine.h"

enum { METRICS_BUCKETS = 16 };

struct histogram {
    uint64_t buckets[METRICS_BUCKETS]; /* not cumulative; the last is +Inf */
    uint64_t count;
    uint64_t sum_us;
};

struct metrics {
    uint64_t calls[CALL_STATUSES];
    uint64_t cold;
    struct histogram duration;
    struct histogram cold_phase[3]; /* placement, load, handler */
    uint64_t slots_started, slots_failed;
    struct histogram copy;
};

void metrics_call(struct metrics *m, const struct call_record *r);
void metrics_add(struct histogram *h, uint64_t us);
