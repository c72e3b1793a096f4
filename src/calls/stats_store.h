/* stats_store — reads the counts that rollup.h writes. Only for calls/. */
#pragma once

#include "calls/buckets.h"
#include "calls/reach.h"
#include "engine/engine.h"

struct stats_sum {
    int64_t calls, errors, cold, us;
    int64_t statuses[CALL_STATUSES];
    struct buckets durations; /* none in totals */
};

/* Of all time. */
int stats_totals(struct db *db, const struct reach *r, struct stats_sum *ret, struct err *e);
int stats_functions(struct db *db, const struct reach *r, int64_t *ret, struct err *e);

struct stats_range {
    int64_t from_s, to_s; /* multiples of `step` */
    int step;             /* of a point */
    int kept;             /* what is read: one of rollup.h's, a divisor of `step` */
};
/* Each point of the range in order, also those without calls; and the sum of all of them. */
int stats_walk(struct db *db, const struct reach *r, const struct stats_range *range,
               void (*each)(void *arg, int64_t at_s, const struct stats_sum *sum), void *arg,
               struct stats_sum *ret_all, struct err *e);
