#include "calls/stats_store.h"

#include "base/buf.h"
#include "base/must.h"
#include "calls/rollup.h"

#include <string.h>

#define SUMS "CAST(sum(n) AS bigint), CAST(sum(cold) AS bigint), CAST(sum(us) AS bigint)"

static void add_sums(struct stats_sum *s, const char *status, int64_t n, int64_t cold, int64_t us)
{
    s->calls += n;
    s->cold += cold;
    s->us += us;
    for (int i = 0; i < CALL_STATUSES; i++)
        if (strcmp(status, call_status_name((enum call_status)i)) == 0)
            s->statuses[i] += n;
    if (strcmp(status, call_status_name(CALL_SUCCESS)) != 0)
        s->errors += n;
}

int stats_totals(struct db *db, const struct reach *r, struct stats_sum *ret, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf sql = {0};
    auto_query struct query *q = NULL;
    int more;
    buf_addf(&sql,
             "SELECT status, " SUMS " FROM call_stats WHERE step = $2 AND function_id %s"
             " GROUP BY status",
             reach_sql(r));
    if (db_query(db, sql.data, DB_ARGS(db_textz(r->id), db_int(STEP_ALL)), &q, e) < 0)
        return -1;
    *ret = (struct stats_sum){0};
    while ((more = query_next(q, e)) > 0)
        add_sums(ret, query_text(q, a, 0), query_int(q, 1), query_int(q, 2), query_int(q, 3));
    return more;
}

int stats_functions(struct db *db, const struct reach *r, int64_t *ret, struct err *e)
{
    auto_buf struct buf sql = {0};
    auto_query struct query *q = NULL;
    buf_addf(&sql, "SELECT count(*) FROM functions WHERE id %s", reach_sql(r));
    if (db_query(db, sql.data, DB_ARGS(db_textz(r->id)), &q, e) < 0 || query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    return 0;
}

/* One function has one row per key: nothing to sum, and the index has the order. */
static int open_rows(struct db *db, const struct reach *r, const struct stats_range *range,
                     struct query **ret, struct err *e)
{
    bool one = r->kind == REACH_FUNCTION;
    auto_buf struct buf sql = {0};
    buf_addf(&sql,
             "SELECT at_s, status, bucket, %s FROM call_stats WHERE step = $2 AND at_s >= $3"
             " AND at_s < $4 AND function_id %s %s ORDER BY at_s, status, bucket",
             one ? "n, cold, us" : SUMS, reach_sql(r), one ? "" : "GROUP BY at_s, status, bucket");
    return db_query(
        db, sql.data,
        DB_ARGS(db_textz(r->id), db_int(range->kept), db_int(range->from_s), db_int(range->to_s)),
        ret, e);
}

static void add_row(struct query *q, struct arena *a, struct stats_sum *point,
                    struct stats_sum *all)
{
    struct stats_sum *both[] = {point, all};
    const char *status = query_text(q, a, 1);
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        add_sums(both[i], status, query_int(q, 3), query_int(q, 4), query_int(q, 5));
        buckets_add(&both[i]->durations, query_int(q, 2), query_int(q, 3));
    }
}

int stats_walk(struct db *db, const struct reach *r, const struct stats_range *range,
               void (*each)(void *arg, int64_t at_s, const struct stats_sum *sum), void *arg,
               struct stats_sum *ret_all, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    *ret_all = (struct stats_sum){0};
    if (open_rows(db, r, range, &q, e) < 0)
        return -1;
    int more = query_next(q, e);
    for (int64_t at_s = range->from_s; at_s < range->to_s && more >= 0; at_s += range->step) {
        struct stats_sum point = {0};
        while (more > 0 && query_int(q, 0) < at_s + range->step) {
            add_row(q, a, &point, ret_all);
            more = query_next(q, e);
        }
        if (more >= 0)
            each(arg, at_s, &point);
    }
    return more < 0 ? -1 : 0;
}
