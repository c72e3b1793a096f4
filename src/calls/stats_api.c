/* stats_api — how functions do, from counts that outlive records (contracts 1.5).
 *
 *   GET /api/stats                 all that the account may see: P1's figures, of all time
 *   GET /api/stats/series          points for a chart: ?from=&to=&step=&function=&project=
 *   GET /api/functions/:id/stats   both, of one function; its viewers
 *   GET /api/projects/:id/stats    both, of a project's functions; its viewers
 *
 * Durations of points are read from classes (buckets.h): quantiles are at most 7 % off. */
#include "calls/calls.h"

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "calls/rollup.h"
#include "calls/stats_store.h"
#include "http/compress.h"
#include "http/form.h"

#include <inttypes.h>
#include <string.h>

enum { POINTS_MAX = 1000, POINTS_STANDARD = 300, RANGE_STANDARD_S = 86400 };

static const struct {
    const char *word;
    int step, kept;
} steps[] = {
    {"60", 60, STEP_MINUTE},
    {"300", 300, STEP_CHART},
    {"3600", 3600, STEP_HOUR},
    {"86400", 86400, STEP_DAY},
};

/* a / b, halves to the even neighbour; 0 for nothing by nothing. */
static int64_t rounded(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    int64_t whole = a / b, rest = a % b;
    return whole + (rest > b - rest || (rest == b - rest && whole % 2));
}

/* --- totals --- */

static int add_totals(struct request *req, const struct reach *r, struct buf *out, struct err *e)
{
    struct stats_sum all;
    int64_t functions;
    if (stats_functions(req->context, r, &functions, e) < 0 ||
        stats_totals(req->context, r, &all, e) < 0)
        return -1;
    int64_t mean_of = all.calls ? all.calls : 1;
    buf_addf(out,
             "{\"total_functions\":%" PRId64 ",\"total_invocations\":%" PRId64
             ",\"success_rate\":%" PRId64 ",\"avg_duration_ms\":%" PRId64
             ",\"total_errors\":%" PRId64 ",\"total_cold_starts\":%" PRId64 ",\"cold_share\":%.4f",
             functions, all.calls, rounded(100 * (all.calls - all.errors), all.calls),
             rounded(all.us, 1000 * all.calls), all.errors, all.cold,
             (double)all.cold / (double)mean_of);
    return 0;
}

/* --- series --- */

static int read_time(struct request *req, const char *name, const char *loc, int64_t otherwise_us,
                     int64_t *ret_us, struct err *e)
{
    const char *text = http_query(req, name);
    *ret_us = otherwise_us;
    if (text && !clock_parse_rfc3339(text, ret_us))
        return http_invalid(req, loc, "datetime_type", e,
                            "Input should be a time like 2030-01-31T12:00:00Z");
    return 0;
}

/* In whole seconds that hold all of it: a call of this second counts, also in a minute's first. */
static int read_times(struct request *req, int64_t now_us, int64_t *ret_from_s, int64_t *ret_to_s,
                      struct err *e)
{
    int64_t from, to, standard = RANGE_STANDARD_S * 1000000ll;
    if (read_time(req, "to", "query.to", now_us, &to, e) < 0 ||
        read_time(req, "from", "query.from", to > standard ? to - standard : 0, &from, e) < 0)
        return -1;
    if (from >= to)
        return http_invalid(req, "query.to", "value_error", e,
                            "Value error, the end is not behind the beginning");
    *ret_from_s = from / 1000000;
    *ret_to_s = (to + 999999) / 1000000;
    return 0;
}

static void align(struct stats_range *range, size_t i, int64_t from_s, int64_t to_s)
{
    int step = steps[i].step;
    *range = (struct stats_range){.from_s = from_s / step * step,
                                  .to_s = (to_s + step - 1) / step * step,
                                  .step = step,
                                  .kept = steps[i].kept};
}

static int64_t points(const struct stats_range *range)
{
    return (range->to_s - range->from_s) / range->step;
}

static bool reaches(const struct stats_range *range, int64_t from_s, int64_t now_s)
{
    return from_s >= now_s - rollup_reach_s(range->kept) - range->step;
}

/* Without a step, the finest one that goes back so far with not too many points. */
static void choose_step(struct stats_range *range, int64_t from_s, int64_t to_s, int64_t now_s)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        align(range, i, from_s, to_s);
        if (points(range) <= POINTS_STANDARD && reaches(range, from_s, now_s))
            return;
    }
}

static int read_step(struct request *req, const char *word, int64_t from_s, int64_t to_s,
                     struct stats_range *ret, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (strcmp(word, steps[i].word) != 0)
            continue;
        align(ret, i, from_s, to_s);
        return 0;
    }
    return http_invalid(req, "query.step", "literal_error", e,
                        "Input should be '60', '300', '3600' or '86400'");
}

static int check_range(struct request *req, const struct stats_range *range, int64_t from_s,
                       int64_t now_s, struct err *e)
{
    if (points(range) > POINTS_MAX)
        return http_invalid(req, "query.step", "value_error", e,
                            "Value error, that would be more than %d points", POINTS_MAX);
    if (!reaches(range, from_s, now_s))
        return http_invalid(req, "query.from", "value_error", e,
                            "Value error, steps of %d s go back %d hours", range->step,
                            (int)(rollup_reach_s(range->kept) / 3600));
    return 0;
}

static int read_range(struct request *req, struct stats_range *ret, struct err *e)
{
    int64_t now_us = clock_wall_us(), now_s = now_us / 1000000, from_s = 0, to_s = 0;
    const char *word = http_query(req, "step");
    if (read_times(req, now_us, &from_s, &to_s, e) < 0)
        return -1;
    if (!word)
        choose_step(ret, from_s, to_s, now_s);
    else if (read_step(req, word, from_s, to_s, ret, e) < 0)
        return -1;
    return check_range(req, ret, from_s, now_s, e);
}

static void add_quantiles(struct buf *out, const struct stats_sum *s)
{
    static const struct {
        const char *name;
        unsigned per_mille;
    } quantiles[] = {{"p50_ms", 500}, {"p95_ms", 950}, {"p99_ms", 990}};
    for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
        buf_addf(out, ",\"%s\":%.3f", quantiles[i].name,
                 (double)buckets_quantile(&s->durations, quantiles[i].per_mille) / 1000);
}

/* A point without calls has no durations: null, not 0. */
static void add_sum(struct buf *out, const struct stats_sum *s)
{
    buf_addf(out, "\"calls\":%" PRId64 ",\"errors\":%" PRId64, s->calls, s->errors);
    if (s->calls) {
        add_quantiles(out, s);
        buf_addf(out, ",\"cold_share\":%.4f,\"avg_ms\":%.3f", (double)s->cold / (double)s->calls,
                 (double)s->us / (double)s->calls / 1000);
    } else {
        buf_addz(out, ",\"p50_ms\":null,\"p95_ms\":null,\"p99_ms\":null,\"cold_share\":null,"
                      "\"avg_ms\":null");
    }
}

static void add_point(void *arg, int64_t at_s, const struct stats_sum *sum)
{
    struct buf *out = arg;
    char time[CLOCK_TEXT];
    if (out->data[out->len - 1] == '}')
        buf_addz(out, ",");
    buf_addf(out, "{\"at\":\"%s\",", clock_rfc3339(at_s * 1000000, time));
    add_sum(out, sum);
    buf_addz(out, "}");
}

static void add_all(struct buf *out, const struct stats_sum *all)
{
    const char *comma = "";
    buf_addz(out, "],\"total\":{");
    add_sum(out, all);
    buf_addz(out, "},\"statuses\":{");
    for (int i = 0; i < CALL_STATUSES; i++) {
        if (!all->statuses[i])
            continue;
        buf_addf(out, "%s\"%s\":%" PRId64, comma, call_status_name((enum call_status)i),
                 all->statuses[i]);
        comma = ",";
    }
    buf_addz(out, "}");
}

/* Members of an object that is open in `out`. */
static int add_series(struct request *req, const struct reach *r, const struct stats_range *range,
                      struct buf *out, struct err *e)
{
    char from[CLOCK_TEXT], to[CLOCK_TEXT];
    struct stats_sum all;
    buf_addf(out, "\"from\":\"%s\",\"to\":\"%s\",\"step_s\":%d,\"points\":[",
             clock_rfc3339(range->from_s * 1000000, from), clock_rfc3339(range->to_s * 1000000, to),
             range->step);
    if (stats_walk(req->context, r, range, add_point, out, &all, e) < 0)
        return -1;
    add_all(out, &all);
    return 0;
}

/* --- endpoints --- */

enum { TOTALS = 1, SERIES = 2 };

static int reply(struct request *req, struct response *res, enum reach_kind kind, unsigned parts,
                 struct err *e)
{
    struct reach r;
    struct stats_range range;
    struct err ignored = {0};
    auto_buf struct buf out = {0};
    if (reach_open(req, kind, &r, e) < 0 || ((parts & SERIES) && read_range(req, &range, e) < 0))
        return -1;
    (void)calls_flush_wait(((const struct app *)req->app)->calls, &ignored); /* as lists do */
    if ((parts & TOTALS) && add_totals(req, &r, &out, e) < 0)
        return -1;
    if (parts & SERIES)
        buf_addz(&out, parts & TOTALS ? "," : "{");
    if ((parts & SERIES) && add_series(req, &r, &range, &out, e) < 0)
        return -1;
    buf_addz(&out, "}");
    (void)http_reply_text(req, res, 200, "application/json", buf_str(&out));
    return http_compress(req, res);
}

static int get_totals(struct request *req, struct response *res, struct err *e)
{
    return reply(req, res, REACH_ACCOUNT, TOTALS, e);
}

static int get_series(struct request *req, struct response *res, struct err *e)
{
    return reply(req, res, REACH_ACCOUNT, SERIES, e);
}

static int get_function(struct request *req, struct response *res, struct err *e)
{
    return reply(req, res, REACH_FUNCTION, TOTALS | SERIES, e);
}

static int get_project(struct request *req, struct response *res, struct err *e)
{
    return reply(req, res, REACH_PROJECT, TOTALS | SERIES, e);
}

const struct route stats_routes[] = {
    {HTTP_GET, "/api/stats", PERM_STATS_READ, PLANE_CONTROL, get_totals, NULL},
    {HTTP_GET, "/api/stats/series", PERM_STATS_READ, PLANE_CONTROL, get_series, NULL},
    {HTTP_GET, "/api/functions/:id/stats", PERM_FUNCTION_VIEW, PLANE_CONTROL, get_function, NULL},
    {HTTP_GET, "/api/projects/:id/stats", PERM_PROJECT_VIEW, PLANE_CONTROL, get_project, NULL},
    {0},
};

/* Of a project's owners the first one pays, as the gateway sees it (projects/views.c). */
int calls_today(struct db *db, const char *account, int64_t *ret, int64_t *ret_day, struct err *e)
{
    auto_query struct query *q = NULL;
    int64_t day = clock_wall_us() / 1000000 / STEP_DAY;
    if (db_query(db,
                 "SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM call_stats WHERE step = $2"
                 " AND at_s >= $3 AND function_id IN (SELECT id FROM functions WHERE"
                 " owner_id = $1 OR project_id IN (SELECT m.project_id"
                 " FROM project_members m WHERE m.account_id = $1 AND m.role = $4 AND NOT EXISTS"
                 " (SELECT 1 FROM project_members o WHERE o.project_id = m.project_id"
                 " AND o.role = $4 AND (o.created_us < m.created_us OR"
                 " (o.created_us = m.created_us AND o.account_id < m.account_id)))))",
                 DB_ARGS(db_textz(account), db_int(STEP_DAY), db_int(day * STEP_DAY),
                         db_int(ROLE_OWNER)),
                 &q, e) < 0 ||
        query_next(q, e) < 0)
        return -1;
    *ret = query_int(q, 0);
    *ret_day = day;
    return 0;
}
