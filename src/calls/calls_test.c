#include "calls/calls.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "engine/engine.h"
#include "calls/calls_store.h"
#include "calls/tally.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
    char dir[64], path[96];
    struct store *store;
    struct calls *calls;
    struct db *db;
};

static void open_calls(struct world *w, struct calls_config config)
{
    static const struct migration *const migrations[] = {calls_migrations, NULL};
    struct err e = {0};
    if (store_open(&(struct store_config){w->path, migrations}, &w->store, &e) < 0)
        fail_msg("%s", e.text);
    config.store = w->store;
    if (calls_open(&config, &w->calls, &e) < 0 || db_open(w->store, DB_DURABLE, &w->db, &e) < 0)
        fail_msg("%s", e.text);
}

static void close_calls(struct world *w)
{
    calls_close(take_ptr(w->calls));
    db_close(take_ptr(w->db));
    store_close(take_ptr(w->store));
}

static void world_make(struct world *w)
{
    *w = (struct world){0};
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-calls-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/virga.db", w->dir);
}

static void world_done(struct world *w)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char file[128];
    close_calls(w);
    for (size_t i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s%s", w->path, suffixes[i]);
        unlink(file);
    }
    rmdir(w->dir);
}

#define auto_world __attribute__((cleanup(world_done)))

static struct call_record *record(const char *function, int n)
{
    struct call_record *r = mem_alloc(sizeof *r);
    char input[64];
    r->created_us = clock_wall_us();
    id_new_call(r->created_us, r->id);
    snprintf(r->function_id, sizeof r->function_id, "%s", function);
    snprintf(input, sizeof input, "{\"n\":%d}", n);
    r->version = 1;
    r->source = "direct";
    r->input = mem_strdup(input);
    r->output = mem_strdup("1");
    r->output_len = 1;
    return r;
}

static void push(struct world *w, const char *function, int count)
{
    for (int i = 0; i < count; i++)
        calls_push(w->calls, record(function, i));
}

static void flush(struct world *w)
{
    struct err e = {0};
    if (calls_flush_wait(w->calls, &e) < 0)
        fail_msg("%s", e.text);
}

static int64_t count(struct world *w, const char *function)
{
    struct err e = {0};
    auto_query struct query *q = NULL;
    if (db_query(w->db, "SELECT count(*) FROM calls WHERE function_id = $1",
                 DB_ARGS(db_textz(function)), &q, &e) < 0 ||
        query_next(q, &e) != 1)
        fail_msg("%s", e.text);
    return query_int(q, 0);
}

static void run_sql(struct world *w, const char *sql)
{
    struct err e = {0};
    if (db_exec(w->db, sql, DB_NO_ARGS, &e) < 0)
        fail_msg("%s", e.text);
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
    calls_stats(w.calls, &stats);
    CHECK(stats.written == 500 && stats.dropped == 0 && !stats.failing);
}

TEST(closing_writes_what_is_queued)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 10000);
    close_calls(&w);
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
    struct err e = {0};
    size_t found = 0;
    CHECK(calls_list(w.db, a, "a", &(struct calls_cursor){0}, 1, 1 << 20, &row, &found, &e) == 0);
    CHECK(found == 1 && str_is(row.input, "{\"n\":499}"));
}

TEST(a_restart_does_not_forget_to_forget)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 50);
    close_calls(&w);
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
    close_calls(&w);
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
    CHECK(calls_room(w.calls));
    push(&w, "a", 1);
    CHECK(!calls_room(w.calls)); /* three quarters: time to throttle */
    push(&w, "a", 3);            /* one too many */
    struct calls_stats stats;
    calls_stats(w.calls, &stats);
    CHECK(stats.dropped == 1 && stats.queued == 8 && stats.written == 0);
    run_sql(&w, "ALTER TABLE away RENAME TO calls");
    flush(&w);
    CHECK_INT(count(&w, "a"), 8);
    CHECK(calls_room(w.calls));
}

TEST(a_store_that_refuses_does_not_hold_up_the_end)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    run_sql(&w, "ALTER TABLE calls RENAME TO away");
    push(&w, "a", 3);
    uint64_t begin = clock_mono_us();
    calls_close(take_ptr(w.calls));
    CHECK(clock_mono_us() - begin < 5000000);
}

TEST(bytes_are_bounded_as_well_as_numbers)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){.queue_bytes_max = 100000});
    struct call_record *big = record("a", 0), *small = record("a", 1);
    big->out = mem_alloc(100001);
    big->out_len = 100001;
    calls_push(w.calls, big);
    calls_push(w.calls, small);
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
    r->input_cut = true;
    calls_push(w.calls, r);
    flush(&w);
    auto_arena struct arena *a = arena_new();
    struct call_row row;
    struct err e = {0};
    size_t found = 0;
    CHECK(calls_list(w.db, a, "a", &(struct calls_cursor){0}, 1, 1 << 20, &row, &found, &e) == 0);
    CHECK(found == 1 && row.out.n == CALLS_TEXT_MAX && row.err.n == CALLS_TEXT_MAX);
    CHECK(row.cut == (CUT_INPUT | CUT_STDOUT));
}

TEST(pages_follow_each_other_in_both_directions)
{
    auto_world struct world w;
    world_make(&w);
    open_calls(&w, (struct calls_config){0});
    push(&w, "a", 10);
    flush(&w);
    auto_arena struct arena *a = arena_new();
    struct call_row one[3], two[3], three[3];
    struct err e = {0};
    size_t n = 0;
    CHECK(calls_list(w.db, a, "a", &(struct calls_cursor){0}, 3, 1 << 20, one, &n, &e) == 0);
    CHECK(n == 3 && str_is(one[0].input, "{\"n\":9}"));
    struct calls_cursor before = {.before = one[2].id};
    CHECK(calls_list(w.db, a, "a", &before, 3, 1 << 20, two, &n, &e) == 0);
    CHECK(n == 3 && str_is(two[0].input, "{\"n\":6}"));
    struct calls_cursor after = {.after = two[2].id};
    CHECK(calls_list(w.db, a, "a", &after, 3, 1 << 20, three, &n, &e) == 0);
    CHECK(n == 3 && str_is(three[2].input, "{\"n\":5}") && str_is(three[0].input, "{\"n\":7}"));
    struct calls_cursor foreign = {.after = two[2].id};
    CHECK(calls_list(w.db, a, "b", &foreign, 3, 1 << 20, three, &n, &e) < 0);
    CHECK(e.code == ERR_NOT_FOUND);
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

/* Pushes for ever and reports how many are confirmed. */
static void push_until_killed(struct world *w, int report)
{
    struct err e = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_calls(w, (struct calls_config){.keep_per_function = 1000000});
    for (int32_t confirmed = 0;;) {
        push(w, "a", 50);
        if (calls_flush_wait(w->calls, &e) < 0)
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
        open_calls(&w, (struct calls_config){.keep_per_function = 1000000});
        int64_t found = count(&w, "a");
        CHECK(found >= expected + confirmed && found <= expected + confirmed + 50);
        expected = found;
        close_calls(&w);
    }
}

TEST_MAIN(a_reader_that_waits_sees_what_was_pushed, closing_writes_what_is_queued,
          the_newest_records_of_a_function_stay, a_restart_does_not_forget_to_forget,
          what_is_too_old_goes_at_the_next_start, a_store_that_refuses_for_a_while_loses_nothing,
          a_store_that_refuses_does_not_hold_up_the_end, bytes_are_bounded_as_well_as_numbers,
          long_texts_are_cut_and_say_so, pages_follow_each_other_in_both_directions,
          a_tally_is_due_at_first_sight_and_then_every_so_many,
          a_killed_server_keeps_every_confirmed_record)
