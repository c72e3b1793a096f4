#include "calls/testdata/world.h"

#include "calls/buckets.h"
#include "calls/rollup.h"
#include "calls/stats_store.h"

#include <inttypes.h>
#include <math.h>

TEST(classes_of_durations_are_at_most_7_percent_off)
{
    for (uint64_t us = 10; us <= 15ull * 60 * 1000000; us += us / 100 + 1) {
        double middle = (double)buckets_middle(buckets_of(us));
        CHECK(fabs(middle - (double)us) <= 0.07 * (double)us);
    }
    unsigned last = 0;
    for (uint64_t us = 0; us < 100000; us++) {
        CHECK(buckets_of(us) == last || buckets_of(us) == last + 1);
        last = buckets_of(us);
    }
    CHECK(buckets_of(UINT64_MAX) == BUCKETS - 1 && buckets_of(UINT32_MAX) == BUCKETS - 1);
    CHECK(buckets_of(1000) == 63); /* stored: it never changes */
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

enum { SAMPLES = 5000 };

/* Durations from 20 us to a minute, most of them short; the same at each run. */
static uint64_t sample(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint64_t)(20 * pow(3e6, pow((*state >> 8) / 16777216.0, 3)));
}

TEST(quantiles_agree_with_a_sorted_list)
{
    static const unsigned asked[] = {1, 500, 950, 990, 1000};
    static uint64_t all[SAMPLES];
    struct buckets b = {0};
    unsigned state = 1;
    CHECK(buckets_quantile(&b, 500) == 0);
    for (size_t n = 1; n <= SAMPLES; n++) {
        all[n - 1] = sample(&state);
        buckets_add(&b, buckets_of(all[n - 1]), 1);
        if (n > 20 && n != SAMPLES)
            continue;
        static uint64_t sorted[SAMPLES];
        memcpy(sorted, all, n * sizeof *all);
        qsort(sorted, n, sizeof *sorted, by_size);
        for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
            double exact = (double)sorted[(n * asked[i] + 999) / 1000 - 1];
            CHECK(fabs((double)buckets_quantile(&b, asked[i]) - exact) <= 0.07 * exact);
        }
    }
}

static void push_call(struct world *w, const char *function, int64_t us, uint64_t duration_us,
                      enum call_status status, bool cold)
{
    struct call_record *r = record_at(function, us);
    r->duration_us = duration_us;
    r->status = status;
    r->cold = cold;
    calls_push(w->app.calls, r);
}

TEST(totals_have_the_documented_shape_and_round_half_to_even)
{
    auto_world struct world w;
    world_start(&w);
    get(&w, "/api/stats");
    CHECK(number_of(w.body, "total_functions") == 1 && number_of(w.body, "total_invocations") == 0);
    CHECK(number_of(w.body, "success_rate") == 0 && number_of(w.body, "avg_duration_ms") == 0);
    int64_t now = clock_wall_us();
    for (int i = 0; i < 8; i++) /* 1 of 8 is 12.5 %; 20.5 ms is the mean */
        push_call(&w, "a", now, i % 2 ? 20000 : 21000, i ? CALL_ERROR : CALL_SUCCESS, i < 2);
    get(&w, "/api/stats");
    CHECK(number_of(w.body, "total_invocations") == 8);
    CHECK(number_of(w.body, "success_rate") == 12);
    CHECK(number_of(w.body, "avg_duration_ms") == 20);
    CHECK(number_of(w.body, "total_errors") == 7);
    CHECK(number_of(w.body, "cold_share") == 0.25);
    CHECK(json_is_integer(json_object_get(w.body, "success_rate")));
    for (int i = 0; i < 8; i++) /* 6 of 16 are 37.5 %: to 38; 21.5 ms to 22 */
        push_call(&w, "a", now, 22500, i < 5 ? CALL_SUCCESS : CALL_ERROR, false);
    get(&w, "/api/stats");
    CHECK(number_of(w.body, "success_rate") == 38);
    CHECK(number_of(w.body, "avg_duration_ms") == 22);
}

TEST(statistics_are_those_of_what_one_may_see)
{
    auto_world struct world w;
    world_start(&w);
    add_account(&w, "eva");
    add_account(&w, "bob");
    add_account(&w, "zed");
    add_project(&w, "p");
    add_member(&w, "p", "eva", ROLE_OWNER);
    add_member(&w, "p", "zed", ROLE_OWNER); /* others made it one: they do not spend its quota */
    add_member(&w, "p", "bob", ROLE_VIEWER);
    add_member(&w, "p", OWNER_ACCOUNT, ROLE_OWNER); /* the second one */
    run_sql(&w, "UPDATE project_members SET created_us = 1 WHERE account_id = 'owner'");
    add_function(&w, "p1", "bob", "p");
    add_function(&w, "eva1", "eva", NULL);
    push(&w, "a", 1);
    push(&w, "p1", 2);
    push(&w, "eva1", 4);
    static const struct {
        const char *who, *target;
        int functions, calls;
    } views[] = {
        {OWNER_ACCOUNT, "/api/stats", 2, 3},
        {"eva", "/api/stats", 2, 6},
        {"bob", "/api/stats", 1, 2},
        {"bob", "/api/projects/p/stats", 1, 2},
        {"bob", "/api/functions/p1/stats", 1, 2},
        {"eva", "/api/stats?function=eva1", 1, 4},
        {"eva", "/api/stats?project=p", 1, 2},
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        CHECK(ask(&w, views[i].who, views[i].target) == 200);
        CHECK(number_of(w.body, "total_functions") == views[i].functions);
        CHECK(number_of(w.body, "total_invocations") == views[i].calls);
    }
    CHECK(ask(&w, "bob", "/api/functions/eva1/stats") == 404);
    CHECK(ask(&w, "bob", "/api/projects/q/stats") == 404);
    CHECK(ask(&w, NULL, "/api/stats") == 401);
    int64_t today, day;
    static const struct {
        const char *who;
        int64_t calls;
    } used[] = {{"eva", 6}, {"bob", 0}, {"zed", 0}, {OWNER_ACCOUNT, 1}};
    push_call(&w, "eva1", clock_wall_us() - 86400ll * 1000000, 1000, CALL_SUCCESS, false);
    flush(&w);
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        OK(&w, calls_today(w.db, used[i].who, &today, &day, &w.e));
        CHECK_INT(today, used[i].calls);
    }
}

enum { SERIES_CALLS = 3000, SERIES_STEPS = 12 };

/* What a series should say of one of its points. */
struct expected {
    size_t n, errors, cold;
    double sum;
    uint64_t durations[SERIES_CALLS];
};

static void check_point(const json_t *point, struct expected *x)
{
    CHECK(number_of(point, "calls") == (double)x->n);
    CHECK(number_of(point, "errors") == (double)x->errors);
    if (!x->n) {
        CHECK(json_is_null(json_object_get(point, "p50_ms")));
        CHECK(json_is_null(json_object_get(point, "avg_ms")));
        return;
    }
    static const struct {
        const char *name;
        size_t per_mille;
    } quantiles[] = {{"p50_ms", 500}, {"p95_ms", 950}, {"p99_ms", 990}};
    qsort(x->durations, x->n, sizeof *x->durations, by_size);
    for (size_t i = 0; i < 3; i++) {
        size_t rank = (x->n * quantiles[i].per_mille + 999) / 1000;
        double exact = (double)x->durations[rank - 1] / 1000;
        CHECK(fabs(number_of(point, quantiles[i].name) - exact) <= 0.07 * exact);
    }
    CHECK(fabs(number_of(point, "avg_ms") - x->sum / (double)x->n / 1000) < 0.001);
    CHECK(fabs(number_of(point, "cold_share") - (double)x->cold / (double)x->n) < 0.0001);
}

static void note(struct expected *x, uint64_t us, enum call_status status, bool cold)
{
    x->durations[x->n++] = us;
    x->errors += status != CALL_SUCCESS;
    x->cold += cold;
    x->sum += (double)us;
}

TEST(a_series_agrees_with_a_count_by_hand)
{
    static struct expected points[SERIES_STEPS], all; /* large; the test runs twice */
    memset(points, 0, sizeof points);
    memset(&all, 0, sizeof all);
    auto_world struct world w;
    world_start(&w);
    char from[CLOCK_TEXT], to[CLOCK_TEXT], target[200];
    int64_t start = (clock_wall_us() / 300000000 - SERIES_STEPS) * 300000000;
    unsigned state = 7;
    for (int i = 0; i < SERIES_CALLS; i++) {
        uint64_t us = sample(&state);
        size_t at = state % SERIES_STEPS;
        enum call_status status = i % 7 ? CALL_SUCCESS : i % 2 ? CALL_ERROR : CALL_OOM;
        if (at == 3 || at == SERIES_STEPS - 1)
            continue; /* nothing happens in these */
        push_call(&w, "a", start + (int64_t)(at * 300 + i % 300) * 1000000, us, status, i % 9 == 0);
        note(&points[at], us, status, i % 9 == 0);
        note(&all, us, status, i % 9 == 0);
    }
    snprintf(target, sizeof target, "/api/functions/a/stats?from=%s&to=%s&step=300",
             clock_rfc3339(start, from), clock_rfc3339(start + SERIES_STEPS * 300000000ll, to));
    get(&w, target);
    CHECK_STR(text_of(w.body, "from"), from);
    CHECK_STR(text_of(w.body, "to"), to);
    CHECK(number_of(w.body, "step_s") == 300);
    const json_t *series = json_object_get(w.body, "points");
    CHECK_INT(json_array_size(series), SERIES_STEPS);
    for (size_t i = 0; i < SERIES_STEPS; i++)
        check_point(json_array_get(series, i), &points[i]);
    check_point(json_object_get(w.body, "total"), &all);
    const json_t *statuses = json_object_get(w.body, "statuses");
    CHECK(number_of(statuses, "success") == (double)(all.n - all.errors));
    CHECK(number_of(statuses, "oom") + number_of(statuses, "error") == (double)all.errors);
}

TEST(each_step_counts_all_calls_once)
{
    auto_world struct world w;
    world_start(&w);
    int64_t now = clock_wall_us();
    for (int i = 0; i < 40; i++)
        push_call(&w, "a", now - i * 3ll * 3600 * 1000000, 1000, CALL_SUCCESS, false);
    static const struct {
        const char *query;
        int calls;
    } views[] = {
        {"", 8},
        {"?step=3600", 8},
    };
    char from[CLOCK_TEXT], target[200];
    for (size_t i = 0; i < 2; i++) {
        snprintf(target, sizeof target, "/api/stats/series%s", views[i].query);
        get(&w, target);
        double calls = number_of(json_object_get(w.body, "total"), "calls");
        CHECK(calls == views[i].calls || calls == views[i].calls + 1); /* aligned outwards */
    }
    static const char *const steps[] = {"3600", "86400"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(target, sizeof target, "/api/stats/series?from=%s&step=%s",
                 clock_rfc3339(now - 10ll * 86400 * 1000000, from), steps[i]);
        get(&w, target);
        CHECK(number_of(json_object_get(w.body, "total"), "calls") == 40);
    }
}

TEST(series_that_cannot_be_are_refused)
{
    auto_world struct world w;
    world_start(&w);
    char from[CLOCK_TEXT], to[CLOCK_TEXT], target[200];
    int64_t hour = 3600ll * 1000000, now = clock_wall_us();
    refuse(&w, "/api/stats/series?step=61", "query.step");
    refuse(&w, "/api/stats/series?step=60", "1000 points");
    refuse(&w, "/api/stats/series?from=now", "query.from");
    refuse(&w, "/api/stats/series?to=2020-01-01", "query.to");
    refuse(&w, "/api/stats/series?from=2030-01-01T00:00:00Z&to=2029-01-01T00:00:00Z", "query.to");
    refuse(&w, "/api/stats/series?function=x", "query.function");
    snprintf(target, sizeof target, "/api/stats/series?step=60&from=%s&to=%s",
             clock_rfc3339(now - 50 * hour, from), clock_rfc3339(now - 49 * hour, to));
    refuse(&w, target, "go back 48 hours");
    snprintf(target, sizeof target, "/api/stats/series?from=%s",
             clock_rfc3339(now - 50 * hour, from));
    get(&w, target); /* the step is chosen to reach back */
    CHECK(number_of(w.body, "step_s") == 3600);
    snprintf(target, sizeof target, "/api/stats/series?step=60&from=%s",
             clock_rfc3339(now - 2 * hour, from));
    get(&w, target);
    CHECK(json_array_size(json_object_get(w.body, "points")) >= 120);
}

TEST(pruned_records_stay_counted)
{
    auto_world struct world w;
    world_make(&w);
    w.config.keep_per_function = 20;
    world_open(&w);
    add_function(&w, "a", OWNER_ACCOUNT, NULL);
    push(&w, "a", 500);
    get(&w, "/api/stats");
    CHECK(number_of(w.body, "total_invocations") == 500);
    CHECK(count(&w, "a") < 30);
}

TEST(counts_are_kept_as_long_as_they_can_be_asked_for)
{
    auto_world struct world w;
    world_start(&w);
    static const int64_t days[] = {0, 1, 3, 34, 36, 38, 399, 403, 1000};
    int64_t now = clock_wall_us();
    for (size_t i = 0; i < 9; i++)
        push_call(&w, "a", now - days[i] * 86400 * 1000000, 1000, CALL_SUCCESS, false);
    flush(&w);
    int gone, steps = 0;
    while ((gone = rollup_prune(w.db, now, 3, &w.e)) > 0 && ++steps)
        CHECK(gone <= 3);
    CHECK(gone == 0 && steps > 1);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats WHERE step = 60"), 3);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats WHERE step = 300"), 3);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats WHERE step = 3600"), 5);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats WHERE step = 86400"), 7);
    CHECK_INT(ask_sql(&w, "SELECT sum(n) FROM call_stats WHERE step = 0"), 9);
}

/* As two servers on one store: each with a writer of its own. */
TEST(two_writers_count_into_the_same_rows)
{
    auto_world struct world w;
    world_start(&w);
    struct calls *other = NULL;
    OK(&w, calls_open(&w.config, &other, &w.e));
    int64_t at = clock_wall_us();
    for (int i = 0; i < 2000; i++) {
        push_call(&w, "a", at, 1000, CALL_SUCCESS, false);
        calls_push(other, record_at("a", at));
    }
    flush(&w);
    OK(&w, calls_flush_wait(other, &w.e));
    calls_close(other);
    CHECK_INT(ask_sql(&w, "SELECT n FROM call_stats WHERE step = 60"), 4000);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats"), 5);
}

TEST(calls_from_before_there_were_counts_are_in_the_totals)
{
    auto_world struct world w;
    world_start(&w);
    push(&w, "a", 3);
    flush(&w);
    run_sql(&w, "DROP TABLE call_stats");
    run_sql(&w, "DROP INDEX calls_by_time");
    run_sql(&w, "DELETE FROM schema_version WHERE number = 50");
    world_close(&w);
    world_open(&w);
    get(&w, "/api/stats");
    CHECK(number_of(w.body, "total_invocations") == 3);
    CHECK(number_of(w.body, "success_rate") == 100);
}

WORLD_MAIN(classes_of_durations_are_at_most_7_percent_off, quantiles_agree_with_a_sorted_list,
           totals_have_the_documented_shape_and_round_half_to_even,
           statistics_are_those_of_what_one_may_see, a_series_agrees_with_a_count_by_hand,
           each_step_counts_all_calls_once, series_that_cannot_be_are_refused,
           pruned_records_stay_counted, counts_are_kept_as_long_as_they_can_be_asked_for,
           two_writers_count_into_the_same_rows,
           calls_from_before_there_were_counts_are_in_the_totals)
