#include "calls/rollup.h"

#include "base/mem.h"
#include "base/must.h"
#include "calls/buckets.h"

#include <stdio.h>
#include <string.h>

/* What is kept longer than it can be asked for: a period that began before the oldest moment asked
 * for, and the hour in which nothing is pruned. */
enum { SPARE_S = 2 * 86400 };

static const struct {
    int step;
    int64_t reach_s; /* -1: for ever */
} steps[] = {
    {STEP_ALL, -1},          {STEP_MINUTE, 2 * 86400},
    {STEP_CHART, 8 * 86400}, /* a day in points for a chart: five times fewer rows than minutes */
    {STEP_HOUR, 35 * 86400}, {STEP_DAY, 400 * 86400},
};

int64_t rollup_reach_s(int step)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i].step == step)
            return steps[i].reach_s;
    return -1;
}

struct sum {
    const char *function, *status;
    int64_t at_s;
    int step;
    unsigned bucket;
    int64_t n, cold, us;
};

/* The order of the keys in the table. */
static int compare(const void *one, const void *other)
{
    const struct sum *a = one, *b = other;
    int names = strcmp(a->function, b->function);
    if (names)
        return names;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    if (a->at_s != b->at_s)
        return a->at_s < b->at_s ? -1 : 1;
    int words = strcmp(a->status, b->status);
    if (words)
        return words;
    return a->bucket < b->bucket ? -1 : a->bucket > b->bucket;
}

static struct sum sum_of(const struct call_record *r, int step)
{
    int64_t at_s = step ? r->created_us / 1000000 / step * step : 0;
    return (struct sum){.function = r->function_id,
                        .status = call_status_name(r->status),
                        .at_s = at_s,
                        .step = step,
                        .bucket = step ? buckets_of(r->duration_us) : 0,
                        .n = 1,
                        .cold = r->cold,
                        .us = (int64_t)r->duration_us};
}

/* Sorted; equal keys become one. Returns how many are left. */
static size_t merge(struct sum *sums, size_t count)
{
    size_t kept = 0;
    qsort(sums, count, sizeof *sums, compare);
    for (size_t i = 1; i < count; i++) {
        if (compare(&sums[kept], &sums[i]) == 0) {
            sums[kept].n += sums[i].n;
            sums[kept].cold += sums[i].cold;
            sums[kept].us += sums[i].us;
        } else {
            sums[++kept] = sums[i];
        }
    }
    return count ? kept + 1 : 0;
}

static int add(struct db *db, const struct sum *s, struct err *e)
{
    int rc = db_exec(db,
                     "INSERT INTO call_stats (function_id, step, at_s, status, bucket, n, cold, us)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                     " ON CONFLICT (function_id, step, at_s, status, bucket) DO UPDATE SET"
                     " n = call_stats.n + excluded.n, cold = call_stats.cold + excluded.cold,"
                     " us = call_stats.us + excluded.us",
                     DB_ARGS(db_textz(s->function), db_int(s->step), db_int(s->at_s),
                             db_textz(s->status), db_int(s->bucket), db_int(s->n), db_int(s->cold),
                             db_int(s->us)),
                     e);
    return rc < 0 ? -1 : 0;
}

int rollup_write(struct db *db, struct call_record *const *batch, size_t count, struct err *e)
{
    auto_ptr struct sum *sums = mem_alloc((count * ARRAY_LEN(steps) + 1) * sizeof *sums);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < ARRAY_LEN(steps); k++)
            sums[n++] = sum_of(batch[i], steps[k].step);
    n = merge(sums, n);
    for (size_t i = 0; i < n; i++)
        if (add(db, &sums[i], e) < 0)
            return -1;
    return 0;
}

int rollup_prune(struct db *db, int64_t now_us, int at_most, struct err *e)
{
    int gone = 0;
    for (size_t k = 0; k < ARRAY_LEN(steps) && gone < at_most; k++) {
        if (steps[k].reach_s < 0)
            continue;
        int64_t before_s = now_us / 1000000 - steps[k].reach_s - SPARE_S;
        int went =
            db_exec(db,
                    "DELETE FROM call_stats WHERE number IN (SELECT number FROM call_stats"
                    " WHERE step = $1 AND at_s < $2 ORDER BY at_s LIMIT $3)",
                    DB_ARGS(db_int(steps[k].step), db_int(before_s), db_int(at_most - gone)), e);
        if (went < 0)
            return -1;
        gone += went;
    }
    return gone;
}

int rollup_orphan(struct db *db, char ret_function[ID_TEXT], struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    if (db_query(db,
                 "SELECT function_id FROM call_stats WHERE step = $1 AND NOT EXISTS"
                 " (SELECT 1 FROM functions f WHERE f.id = call_stats.function_id) LIMIT 1",
                 DB_ARGS(db_int(STEP_ALL)), &q, e) < 0)
        return -1;
    int found = query_next(q, e);
    if (found > 0)
        snprintf(ret_function, ID_TEXT, "%s", query_text(q, a, 0));
    return found;
}

int rollup_forget(struct db *db, const char *function_id, int at_most, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM call_stats WHERE number IN"
                   " (SELECT number FROM call_stats WHERE function_id = $1"
                   " ORDER BY step DESC LIMIT $2)", /* the total last: see calls.c */
                   DB_ARGS(db_textz(function_id), db_int(at_most)), e);
}
