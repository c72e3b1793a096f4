#include "calls/buckets.h"

#include "base/must.h"

unsigned buckets_of(uint64_t us)
{
    if (us > UINT32_MAX)
        us = UINT32_MAX;
    if (us < 8)
        return (unsigned)us;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(us);
    return (exponent - 2) * 8 + (us >> (exponent - 3) & 7);
}

uint64_t buckets_middle(unsigned bucket)
{
    must(bucket < BUCKETS);
    if (bucket < 16)
        return bucket;
    uint64_t width = 1ull << (bucket / 8 - 1);
    return (8 + bucket % 8) * width + (width - 1) / 2;
}

void buckets_add(struct buckets *b, int64_t bucket, int64_t n)
{
    b->n[bucket >= 0 && bucket < BUCKETS ? bucket : BUCKETS - 1] += (uint64_t)n;
    b->all += (uint64_t)n;
}

uint64_t buckets_quantile(const struct buckets *b, unsigned per_mille)
{
    uint64_t rank = (b->all * per_mille + 999) / 1000, seen = 0;
    for (unsigned i = 0; i < BUCKETS && b->all; i++)
        if ((seen += b->n[i]) >= rank && seen)
            return buckets_middle(i);
    return 0;
}
