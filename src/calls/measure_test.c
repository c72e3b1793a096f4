/* How lists and statistics do with many records. Everyday with some, to see that it works;
 * CALLS_MEASURE=1000000 says how many, and then the bounds count: they are those of a quiet machine
 * and a million records. */
#include "calls/testdata/world.h"

#include <inttypes.h>

enum { EVERYDAY = 20000, ROUNDS = 21, ROUNDS_EVERYDAY = 3, PER_STATEMENT = 10000 };

/* Records by one statement each ten thousand: calls of the last day, one in a thousand failed. */
static void fill(struct world *w, int64_t count)
{
    int64_t now = clock_wall_us(), apart = 86400ll * 1000000 / count;
    run_sql(w, "CREATE TABLE digits (d bigint)");
    run_sql(w, "INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)");
    for (int64_t at = 0; at < count; at += PER_STATEMENT)
        OK(w, db_exec(w->db,
                      "INSERT INTO calls (id, function_id, version, status, cold, source,"
                      " created_us, duration_us, queue_us, place_us, load_us, handler_us,"
                      " peak_bytes, cpu_us, cut, input, output)"
                      " SELECT 'x' || (n + $1), 'a', 1, CASE WHEN n % 1000 = 500 THEN 'error'"
                      " ELSE 'success' END, 0, 'direct', $2 + n * $3, 500 + n % 977 * (n % 13), 1,"
                      " 0, 0, 400, 1000000, 100, 0, $4, $5 FROM (SELECT a.d + 10 * b.d + 100 * c.d"
                      " + 1000 * e.d AS n FROM digits a, digits b, digits c, digits e) numbers",
                      DB_ARGS(db_int(at), db_int(now - (count - at) * apart), db_int(apart),
                              db_blob(STR("{\"n\":1}")), db_blob(STR("\"ok\""))),
                      &w->e));
}

/* The counts that the writer would have kept: of 30 classes in each period. */
static void fill_counts(struct world *w, int64_t count)
{
    static const int64_t steps[] = {60, 300, 3600, 86400};
    for (size_t i = 0; i < 4; i++)
        OK(w, db_exec(w->db,
                      "INSERT INTO call_stats (function_id, step, at_s, status, bucket, n, cold,"
                      " us) SELECT 'a', $1, created_us / 1000000 / $1 * $1, status,"
                      " 50 + duration_us % 30, count(*), 0, sum(duration_us) FROM calls"
                      " GROUP BY 3, 4, 5",
                      DB_ARGS(db_int(steps[i])), &w->e));
    OK(w, db_exec(w->db,
                  "INSERT INTO call_stats (function_id, step, at_s, status, bucket, n, cold, us)"
                  " VALUES ('a', 0, 0, 'success', 0, $1, 0, $1)",
                  DB_ARGS(db_int(count)), &w->e));
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void measure(struct world *w, const char *what, const char *target, uint64_t bound_ms)
{
    uint64_t took[ROUNDS];
    bool counts = getenv("CALLS_MEASURE") != NULL;
    size_t rounds = counts ? ROUNDS : ROUNDS_EVERYDAY;
    for (size_t i = 0; i < rounds; i++) {
        uint64_t begun = clock_mono_us();
        get(w, target);
        took[i] = clock_mono_us() - begun;
    }
    qsort(took, rounds, sizeof *took, by_size);
    print_message("%-36s median %8.3f ms, slowest %8.3f ms, bound %" PRIu64 " ms\n", what,
                  (double)took[rounds / 2] / 1000, (double)took[rounds - 1] / 1000, bound_ms);
    CHECK(!counts || took[rounds / 2] <= bound_ms * 1000);
}

TEST(lists_and_statistics_of_many_records_are_fast)
{
    auto_world struct world w;
    const char *wanted = getenv("CALLS_MEASURE");
    int64_t records = wanted ? atoll(wanted) : EVERYDAY;
    char since[CLOCK_TEXT], target[200];
    world_start(&w);
    uint64_t begun = clock_mono_us();
    fill(&w, records);
    fill_counts(&w, records);
    print_message("%" PRId64 " records made in %.1f s\n", records,
                  (double)(clock_mono_us() - begun) / 1e6);
    static const char calls[] = "/api/functions/a/invocations";
    snprintf(target, sizeof target, "%s?since=%s&until=%s", calls,
             clock_rfc3339(clock_wall_us() - 20ll * 3600 * 1000000, since), "2100-01-01T00:00:00Z");
    measure(&w, "50 newest", calls, 5);
    measure(&w, "50 newest that succeeded", "/api/functions/a/invocations?status=success", 5);
    measure(&w, "50 newest of an account", "/api/invocations", 5);
    measure(&w, "50 newest since a time", target, 5);
    measure(&w, "50 newest that failed (1 in 1000)", "/api/functions/a/invocations?status=error",
            150);
    measure(&w, "a text that is nowhere, one page", "/api/functions/a/invocations?q=nowhere", 150);
    measure(&w, "totals", "/api/stats", 50);
    measure(&w, "a day in steps of 300 s", "/api/functions/a/stats", 50);
    snprintf(target, sizeof target, "/api/stats/series?step=60&function=a&from=%s",
             clock_rfc3339(clock_wall_us() - 16ll * 3600 * 1000000, since));
    measure(&w, "16 hours in steps of 60 s", target, 50);
}

/* Also how fast the writer takes them. */
TEST(the_writer_takes_many_records)
{
    auto_world struct world w;
    const char *wanted = getenv("CALLS_MEASURE");
    int records = wanted ? 200000 : 5000;
    world_make(&w);
    w.config.keep_per_function = 10000000;
    world_open(&w);
    uint64_t begun = clock_mono_us();
    for (int i = 0; i < records; i++) {
        calls_push(w.app.calls, record("a", i));
        if (!calls_room(w.app.calls))
            flush(&w);
    }
    flush(&w);
    double took = (double)(clock_mono_us() - begun) / 1e6;
    print_message("%d records written in %.2f s: %.0f a second\n", records, took, records / took);
    CHECK_INT(count(&w, "a"), records);
}

WORLD_MAIN(lists_and_statistics_of_many_records_are_fast, the_writer_takes_many_records)
