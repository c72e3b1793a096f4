/* buckets — durations in classes, for quantiles of any number of calls in constant space.
 *
 * Eight classes per doubling: below 16 us each microsecond has its own, above it the middle of a
 * class is at most 6.25 % away from whatever fell into it. Durations above 71 minutes count as
 * that. The numbers of the classes are stored: they never change. Only for calls/. */
#pragma once

#include <stdint.h>

enum { BUCKETS = 240 };

unsigned buckets_of(uint64_t us);
uint64_t buckets_middle(unsigned bucket);

struct buckets {
    uint64_t n[BUCKETS], all;
};
void buckets_add(struct buckets *b, int64_t bucket, int64_t n); /* unknown classes are the last */
/* The smallest duration that `per_mille` of all calls do not exceed; 0 when there are none. */
uint64_t buckets_quantile(const struct buckets *b, unsigned per_mille);
