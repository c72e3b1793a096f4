#include "calls/testdata/world.h"

#include "base/test_clock.h"
#include "calls/tally.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* With the functions "a" and "b": records of others would go. */
static void open_calls(struct world *w, struct calls_config config)
{
    w->config = config;
    world_open(w);
    if (ask_sql(w, "SELECT count(*) FROM functions") > 0)
        return;
    add_function(w, "a", OWNER_ACCOUNT, NULL);
    add_function(w, "b", OWNER_ACCOUNT, NULL);
}

/* The newest record of a function. */
static void read_newest(struct world *w, struct arena *a, const char *function,
                        struct call_row *ret)
{
    size_t found = 0;
    auto_query struct query *q = NULL;
    OK(w, db_query(w->db, "SELECT max(seq) FROM calls WHERE function_id = $1",
                   DB_ARGS(db_textz(function)), &q, &w->e));
    CHECK(query_next(q, &w->e) == 1);
    int64_t seq = query_int(q, 0);
    OK(w, calls_fetch(w->db, a, &seq, 1, ret, &found, &w->e));
    CHECK(found == 1);
}

TEST(a_reader_that_waits_sees_what_was_pushed)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    for (int round = 1; round <= 5; round++) {
        push(&w, "a", 100);
        flush(&w);
        CHECK_INT(count(&w, "a"), 100 * round);
    }
    struct calls_stats stats;
    calls_stats(w.app.calls, &stats);
    CHECK(stats.written == 500 && stats.dropped == 0 && !stats.failing);
}

TEST(closing_writes_what_is_queued)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 10000);
    world_close(&w);
    open_calls(&w, (struct calls_config){0});
    CHECK_INT(count(&w, "a"), 10000);
}

TEST(the_newest_records_of_a_function_stay)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){.keep_per_function = 20});
    push(&w, "a", 500);
    push(&w, "b", 5);
    flush(&w);
    int64_t left = count(&w, "a");
    CHECK(left >= 20 && left <= 23);
    CHECK_INT(count(&w, "b"), 5);
    auto_arena struct arena *a = arena_new();
    struct call_row row;
    read_newest(&w, a, "a", &row);
    CHECK(str_is(row.input, "{\"n\":499}"));
}

TEST(a_restart_does_not_forget_to_forget)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 50);
    world_close(&w);
    open_calls(&w, (struct calls_config){.keep_per_function = 20});
    push(&w, "a", 1);
    flush(&w);
    CHECK_INT(count(&w, "a"), 20);
}

TEST(what_is_too_old_goes_at_the_next_start)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 400);
    flush(&w);
    run_sql(&w, "UPDATE calls SET created_us = 0");
    world_close(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 1); /* the writer looks at the oldest before it takes this one */
    flush(&w);
    CHECK_INT(count(&w, "a"), 1);
}

TEST(a_store_that_refuses_for_a_while_loses_nothing)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){.queue_max = 8});
    run_sql(&w, "ALTER TABLE calls RENAME TO away");
    push(&w, "a", 5);
    CHECK(calls_room(w.app.calls));
    push(&w, "a", 1);
    CHECK(!calls_room(w.app.calls)); /* three quarters: time to throttle */
    push(&w, "a", 3);                /* one too many */
    struct calls_stats stats;
    uint64_t until = clock_mono_us() + WORLD_DEADLINE_US;
    do {
        CHECK(clock_mono_us() < until && sched_yield() == 0);
        calls_stats(w.app.calls, &stats);
    } while (!stats.failing);
    CHECK(stats.dropped == 1 && stats.queued == 8 && stats.written == 0);
    run_sql(&w, "ALTER TABLE away RENAME TO calls");
    flush(&w);
    CHECK_INT(count(&w, "a"), 8);
    while (!calls_room(w.app.calls)) /* the writer lets go of them behind the commit */
        CHECK(clock_mono_us() < until && sched_yield() == 0);
}

TEST(a_store_that_refuses_does_not_hold_up_the_end)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    run_sql(&w, "ALTER TABLE calls RENAME TO away");
    push(&w, "a", 3);
    uint64_t begin = test_clock_us();
    calls_close(take_ptr(w.app.calls));
    CHECK(test_clock_us() - begin < 5000000);
}

TEST(bytes_are_bounded_as_well_as_numbers)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){.queue_bytes_max = 100000});
    struct call_record *big = record("a", 0), *small = record("a", 1);
    big->out = mem_alloc(100001);
    big->out_len = 100001;
    calls_push(w.app.calls, big);
    calls_push(w.app.calls, small);
    flush(&w);
    CHECK_INT(count(&w, "a"), 1);
}

TEST(long_texts_are_cut_and_say_so)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    struct call_record *r = record("a", 0);
    r->out = mem_alloc(CALLS_TEXT_MAX + 1);
    r->out_len = CALLS_TEXT_MAX + 1;
    r->err = mem_alloc(CALLS_TEXT_MAX);
    r->err_len = CALLS_TEXT_MAX;
    r->input_cut = r->streamed = true;
    calls_push(w.app.calls, r);
    flush(&w);
    auto_arena struct arena *a = arena_new();
    struct call_row row;
    read_newest(&w, a, "a", &row);
    CHECK(row.out.n == CALLS_TEXT_MAX && row.err.n == CALLS_TEXT_MAX);
    CHECK(row.flags == (CUT_INPUT | CUT_STDOUT | STREAMED));
}

TEST(a_record_is_found_by_its_id)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    struct call_record *r = record("a", 7);
    char id[ID_CALL_TEXT];
    snprintf(id, sizeof id, "%s", r->id);
    r->http_method = mem_strdup("GET");
    r->http_path = mem_strdup("/x");
    push(&w, "a", 3);
    calls_push(w.app.calls, r);
    flush(&w);
    auto_arena struct arena *a = arena_new();
    struct call_row row;
    OK(&w, calls_find(w.db, a, id, &row, &w.e));
    CHECK_STR(row.id, id);
    CHECK_STR(row.function, "a");
    CHECK_STR(row.http_method, "GET");
    CHECK_STR(row.http_path, "/x");
    id[35] = id[35] == '0' ? '1' : '0';
    CHECK(calls_find(w.db, a, id, &row, &w.e) < 0 && w.e.code == ERR_NOT_FOUND);
    CHECK(calls_find(w.db, a, "../etc/passwd", &row, &w.e) < 0 && w.e.code == ERR_NOT_FOUND);
}

static void wait_until_forgotten(struct world *w)
{
    struct calls_stats stats;
    uint64_t until = clock_mono_us() + WORLD_DEADLINE_US;
    do {
        CHECK(clock_mono_us() < until && sched_yield() == 0);
        calls_stats(w->app.calls, &stats);
    } while (stats.forgetting ||
             ask_sql(w, "SELECT count(*) FROM calls WHERE function_id = 'gone'"));
}

TEST(a_function_that_is_gone_takes_records_and_counts_along)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "gone", 1700);
    push(&w, "b", 2);
    calls_forget(w.app.calls);
    wait_until_forgotten(&w);
    CHECK_INT(count(&w, "b"), 2);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats WHERE function_id = 'gone'"), 0);
    CHECK_INT(ask_sql(&w, "SELECT sum(n) FROM call_stats WHERE step = 0"), 2);
}

TEST(what_was_left_of_a_function_that_is_gone_is_found_at_the_next_start)
{
    auto_world struct world w;
    world_start(&w);
    push(&w, "gone", 700);
    calls_close(take_ptr(w.app.calls));
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM calls"), 700);
    OK(&w, calls_open(&w.config, &w.app.calls, &w.e));
    wait_until_forgotten(&w);
    CHECK_INT(ask_sql(&w, "SELECT count(*) FROM call_stats"), 0);
}

TEST(a_tally_is_due_at_first_sight_and_then_every_so_many)
{
    struct tally t = {0};
    int due = 0;
    for (int i = 0; i < 31; i++)
        due += tally_due(&t, "a", 10);
    CHECK_INT(due, 4);
    for (int i = 0; i < 200000; i++) {
        char id[ID_TEXT];
        snprintf(id, sizeof id, "%d", i);
        CHECK(tally_due(&t, id, 10));
    }
    CHECK(t.used <= 65536 && t.capacity <= 2 * 65536);
    tally_done(&t);
}

/* Of a server that was killed: what PostgreSQL had begun to commit for it may be done, or not, a
 * moment later. */
static void await_nobody(void)
{
    struct world w = {0};
    if (!on_postgres)
        return;
    snprintf(w.path, sizeof w.path, "%s", getenv("VIRGA_TEST_POSTGRES"));
    struct store_config config = {.path = w.path};
    OK(&w, store_open(&config, &w.app.store, &w.e));
    OK(&w, db_open(w.app.store, DB_DURABLE, &w.db, &w.e));
    while (ask_sql(&w, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"))
        CHECK(sched_yield() == 0);
    world_close(&w);
}

/* Pushes for ever and reports how many are confirmed. */
static void push_until_killed(struct world *w, int report)
{
    struct err e = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_calls(w, (struct calls_config){.keep_per_function = 1000000});
    for (int32_t confirmed = 0;;) {
        push(w, "a", 50);
        if (calls_flush_wait(w->app.calls, &e) < 0)
            _exit(1);
        confirmed += 50;
        if (write(report, &confirmed, sizeof confirmed) != sizeof confirmed)
            _exit(1);
    }
}

TEST(a_killed_server_keeps_every_confirmed_record)
{
    auto_world struct world w;
    world_make(&w);
    int64_t expected = 0;
    for (int round = 0; round < 6; round++) {
        int report[2];
        CHECK(pipe(report) == 0);
        pid_t child = fork();
        if (child == 0)
            push_until_killed(&w, report[1]);
        close(report[1]);
        int32_t confirmed = 0;
        for (int i = 0; i <= round * 2; i++)
            CHECK(read(report[0], &confirmed, sizeof confirmed) == sizeof confirmed);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(report[0], &confirmed, sizeof confirmed) == sizeof confirmed)
            ;
        close(report[0]);
        await_nobody();
        open_calls(&w, (struct calls_config){.keep_per_function = 1000000});
        int64_t found = count(&w, "a");
        CHECK(found >= expected + confirmed && found <= expected + confirmed + 50);
        expected = found;
        world_close(&w);
    }
}

WORLD_MAIN(a_reader_that_waits_sees_what_was_pushed, closing_writes_what_is_queued,
           the_newest_records_of_a_function_stay, a_restart_does_not_forget_to_forget,
           what_is_too_old_goes_at_the_next_start, a_store_that_refuses_for_a_while_loses_nothing,
           a_store_that_refuses_does_not_hold_up_the_end, bytes_are_bounded_as_well_as_numbers,
           long_texts_are_cut_and_say_so, a_record_is_found_by_its_id,
           a_function_that_is_gone_takes_records_and_counts_along,
           what_was_left_of_a_function_that_is_gone_is_found_at_the_next_start,
           a_tally_is_due_at_first_sight_and_then_every_so_many,
           a_killed_server_keeps_every_confirmed_record)
