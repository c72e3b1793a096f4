#include "calls/testdata/world.h"

#include "calls/settle.h"
#include "calls/tail.h"
#include "loop/loop.h"

/* A client of tails: takes what it is sent, and can be slow. */
struct client {
    struct world *w;
    struct tail *tail;
    struct buf got; /* inputs, such as "{\"n\":1}\n" */
    unsigned records, sends, beats, ends;
    size_t room; /* sends that it takes before it is full */
    unsigned wanted;
    const char *why;
    bool refused;
};

struct bench {
    struct world w;
    struct loop *loop;
    struct workers *workers;
    struct tail_hub *hub;
    struct timer *limit;
    bool late;
};

static int enter(void *arg, void **ret, struct err *e)
{
    struct bench *b = arg;
    struct db *db = NULL;
    if (db_open(b->w.app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    *ret = db;
    return 0;
}

static void leave(void *arg, void *context)
{
    (void)arg;
    db_close(context);
}

static void on_late(void *arg)
{
    struct bench *b = arg;
    b->late = true;
    loop_stop(b->loop);
}

static void bench_make(struct bench *b, struct tail_hub_config config)
{
    *b = (struct bench){0};
    world_start(&b->w);
    OK(&b->w, loop_new(&b->loop, &b->w.e));
    struct workers_config workers = {
        .threads = 2, .queue_max = 100, .enter = enter, .leave = leave, .arg = b};
    OK(&b->w, workers_new(b->loop, &workers, &b->workers, &b->w.e));
    config.calls = b->w.app.calls;
    config.loop = b->loop;
    config.workers = b->workers;
    b->hub = *calls_tails(b->w.app.calls) = tail_hub_new(&config);
    b->limit = timer_new(b->loop, on_late, b);
}

static void bench_done(struct bench *b)
{
    workers_free(b->workers);
    timer_free(b->limit);
    calls_close(take_ptr(b->w.app.calls));
    loop_free(b->loop);
    world_done(&b->w);
}

#define auto_bench __attribute__((cleanup(bench_done)))

/* Until somebody stops the loop. */
static void run(struct bench *b)
{
    timer_set_us(b->limit, WORLD_DEADLINE_US);
    OK(&b->w, loop_run(b->loop, &b->w.e));
    CHECK(!b->late);
}

static struct loop *stopping; /* of the test under way; sinks have one argument only */

static void write_input(const struct reach *r, struct buf *out, const struct call_row *row,
                        const char *name)
{
    CHECK(r->member && strcmp(name, "f-a") == 0);
    buf_add_str(out, row->input);
    buf_addz(out, "\n");
}

static bool on_send(void *arg, struct str piece)
{
    struct client *c = arg;
    c->sends++;
    buf_add_str(&c->got, piece);
    for (size_t i = 0; i < piece.n; i++)
        c->records += piece.p[i] == '}';
    if (c->records == c->wanted || c->sends == c->room)
        loop_stop(stopping);
    return c->sends != c->room;
}

static void on_beat(void *arg)
{
    struct client *c = arg;
    if (++c->beats == 2)
        loop_stop(stopping);
}

static void on_end(void *arg, const char *why, bool refused)
{
    struct client *c = arg;
    c->ends++;
    c->why = why;
    c->refused = refused;
    loop_stop(stopping);
}

static const struct tail_sink pieces = {
    .write = write_input, .send = on_send, .beat = on_beat, .end = on_end};
static const struct tail_sink messages = {
    .messages = true, .write = write_input, .send = on_send, .end = on_end};

static int open_tail(struct bench *b, struct client *c, const struct tail_sink *sink, int64_t after,
                     int64_t before)
{
    stopping = b->loop;
    struct tail_config config = {.sink = sink,
                                 .arg = c,
                                 .client = "owner",
                                 .reach = {REACH_FUNCTION, "a", true},
                                 .sieve = {.cold = -1},
                                 .after = after,
                                 .before = before};
    return tail_open(b->hub, &config, &c->tail, &b->w.e);
}

static void check_got(const struct client *c, int first, int last)
{
    auto_buf struct buf expected = {0};
    for (int i = first; i <= last; i++)
        buf_addf(&expected, "{\"n\":%d}\n", i);
    CHECK(str_eq(buf_str(&c->got), buf_str(&expected)));
}

#define auto_client __attribute__((cleanup(client_done)))
static void client_done(struct client *c)
{
    buf_done(&c->got);
}

static void push_numbered(struct bench *b, int first, int last)
{
    for (int i = first; i <= last; i++)
        calls_push(b->w.app.calls, record("a", i));
}

TEST(a_tail_sends_what_was_there_and_then_what_comes)
{
    auto_client struct client c = {.wanted = 500};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 499);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 0));
    run(&b); /* more than one batch */
    push(&b.w, "other", 3);
    push_numbered(&b, 500, 502);
    c.wanted = 503;
    run(&b); /* the writer's commit is what wakes it */
    check_got(&c, 0, 502);
    CHECK(c.ends == 0);
}

TEST(a_tail_without_past_begins_behind_its_cursor)
{
    auto_client struct client c = {.wanted = 1};
    auto_bench struct bench b;
    int64_t newest;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 9);
    flush(&b.w);
    OK(&b.w, calls_newest(b.w.db, &newest, &b.w.e));
    OK(&b.w, open_tail(&b, &c, &pieces, newest, 0));
    push_numbered(&b, 10, 10);
    run(&b);
    check_got(&c, 10, 10);
}

TEST(messages_carry_one_record_each)
{
    auto_client struct client c = {.wanted = 5};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 4);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &c, &messages, 0, 0));
    run(&b);
    CHECK(c.sends == 5 && str_is(buf_str(&c.got), "{\"n\":0}{\"n\":1}{\"n\":2}{\"n\":3}{\"n\":4}"));
}

TEST(a_slow_client_is_not_read_for)
{
    auto_client struct client c = {.room = 1};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 999);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &c, &messages, 0, 0));
    run(&b);
    for (int i = 0; i < 3; i++) { /* commits wake it in vain */
        push_numbered(&b, 1000 + i, 1000 + i);
        flush(&b.w);
        tail_hub_wake(b.hub);
    }
    CHECK(c.sends == 1);
    c.room = 0;
    c.wanted = 1003;
    tail_drained(c.tail);
    run(&b);
    CHECK(c.records == 1003 && c.sends == 1003);
}

/* What was sent went out whole, but there is no room for more. */
TEST(a_full_client_gets_nothing_more)
{
    auto_client struct client full = {.room = 1}, other = {.wanted = 2};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 0);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &full, &pieces, 0, 0));
    run(&b);
    OK(&b.w, open_tail(&b, &other, &pieces, 0, 0));
    push_numbered(&b, 1, 1);
    run(&b);
    tail_hub_wake(b.hub);
    other.wanted = 3;
    push_numbered(&b, 2, 2);
    run(&b);
    CHECK(full.sends == 1);
}

TEST(an_export_ends_at_the_newest_of_its_start)
{
    auto_client struct client c = {0};
    auto_bench struct bench b;
    int64_t newest;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 1234);
    flush(&b.w);
    OK(&b.w, calls_newest(b.w.db, &newest, &b.w.e));
    OK(&b.w, open_tail(&b, &c, &pieces, 0, newest + 1));
    push_numbered(&b, 1235, 1240);
    run(&b);
    CHECK(c.ends == 1 && c.why == NULL);
    check_got(&c, 0, 1234);
}

TEST(an_export_that_cannot_be_completed_says_so)
{
    auto_client struct client c = {.room = 1};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 999);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 1001));
    run(&b);
    run_sql(&b.w, "ALTER TABLE calls RENAME TO away");
    c.room = 0;
    tail_drained(c.tail);
    run(&b);
    CHECK(c.ends == 1 && c.why != NULL && !c.refused);
}

TEST(a_tail_outlives_a_store_that_fails_for_a_while)
{
    auto_client struct client c = {.wanted = 4};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){.look_ms = 20});
    push_numbered(&b, 0, 3);
    flush(&b.w);
    run_sql(&b.w, "ALTER TABLE calls RENAME TO away");
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 0));
    tail_hub_wake(b.hub);
    run_sql(&b.w, "ALTER TABLE away RENAME TO calls");
    run(&b);
    check_got(&c, 0, 3);
}

TEST(a_client_that_leaves_ends_its_tail)
{
    auto_client struct client c = {.wanted = 1}, busy = {0};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 0);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 0));
    run(&b);
    tail_gone(c.tail);
    CHECK(c.ends == 1);
    OK(&b.w, open_tail(&b, &busy, &pieces, 0, 0));
    tail_gone(busy.tail); /* a worker is at it: later */
    CHECK(busy.ends == 0);
    run(&b);
    CHECK(busy.ends == 1 && busy.records == 0);
}

TEST(a_silent_client_hears_a_beat_until_it_is_refused)
{
    auto_client struct client c = {0};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){.look_ms = 10, .beat_ms = 20});
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 0));
    run(&b);
    CHECK(c.beats == 2 && c.ends == 0);
    tail_refuse(c.tail);
    if (!c.ends) /* a worker is at it */
        run(&b);
    CHECK(c.ends == 1 && c.refused);
}

TEST(the_end_of_the_server_ends_tails_and_refuses_new_ones)
{
    auto_client struct client c = {.wanted = 1}, slow = {.room = 1}, late = {0};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    push_numbered(&b, 0, 0);
    flush(&b.w);
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 0));
    run(&b);
    push_numbered(&b, 1, 50);
    flush(&b.w);
    c.wanted = 51;
    run(&b);
    OK(&b.w, open_tail(&b, &slow, &messages, 0, 0));
    run(&b);
    calls_stop_tails(b.w.app.calls);
    CHECK(c.ends == 1 && strstr(c.why, "stopping") && slow.ends == 1);
    CHECK(open_tail(&b, &late, &pieces, 0, 0) < 0 && b.w.e.code == ERR_UNAVAILABLE);
}

TEST(tails_are_bounded_per_client)
{
    static struct client c[TAILS_PER_CLIENT + 1];
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    for (int i = 0; i < TAILS_PER_CLIENT; i++)
        OK(&b.w, open_tail(&b, &c[i], &pieces, 0, 0));
    CHECK(open_tail(&b, &c[TAILS_PER_CLIENT], &pieces, 0, 0) < 0 && b.w.e.code == ERR_LIMIT);
}

static int open_stranger(struct bench *b, struct client *c, int address)
{
    static char clients[256][16];
    char *client = clients[address];
    snprintf(client, sizeof clients[0], "192.0.2.%d", address);
    struct tail_config config = {.sink = &pieces,
                                 .arg = c,
                                 .client = client,
                                 .stranger = true,
                                 .reach = {REACH_FUNCTION, "a", false},
                                 .sieve = {.cold = -1}};
    return tail_open(b->hub, &config, &c->tail, &b->w.e);
}

TEST(strangers_of_many_addresses_leave_room_for_those_with_an_account)
{
    static struct client c[TAILS_STRANGERS + 1], own;
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){0});
    for (int i = 0; i < TAILS_STRANGERS; i++)
        OK(&b.w, open_stranger(&b, &c[i], i));
    CHECK(open_stranger(&b, &c[TAILS_STRANGERS], 200) < 0 && b.w.e.code == ERR_LIMIT);
    b.w.e = (struct err){0};
    OK(&b.w, open_tail(&b, &own, &pieces, 0, 0));
}

/* Another server's transaction took its numbers first and is committed last. */
TEST(on_a_shared_store_what_comes_late_is_sent_and_nothing_twice)
{
    auto_client struct client c = {.wanted = 4};
    auto_bench struct bench b;
    bench_make(&b, (struct tail_hub_config){.look_ms = 10, .shared = true});
    push_numbered(&b, 0, 4);
    flush(&b.w);
    run_sql(&b.w, "UPDATE calls SET function_id = 'elsewhere' WHERE seq = 3");
    OK(&b.w, open_tail(&b, &c, &pieces, 0, 0));
    run(&b);
    run_sql(&b.w, "UPDATE calls SET function_id = 'a' WHERE seq = 3");
    c.wanted = 5;
    run(&b); /* nobody woke it: it looks by itself */
    CHECK(str_is(buf_str(&c.got), "{\"n\":0}\n{\"n\":1}\n{\"n\":3}\n{\"n\":4}\n{\"n\":2}\n"));
}

TEST(the_cursor_of_a_shared_store_lags_and_is_bounded)
{
    static struct settle s;
    settle_init(&s, 100, true, 0);
    for (int64_t seq = 101; seq <= 110; seq++)
        settle_sent(&s, seq);
    settle_at(&s, 110, 1);
    CHECK(s.from == 100 && s.count == 10);
    settle_sent(&s, 105 + 1000);
    settle_sent(&s, 111); /* late: in its place */
    CHECK(s.sent[10] == 111 && s.sent[11] == 1105);
    settle_at(&s, 1105, SETTLE_US); /* 100 was the cursor when the time began */
    CHECK(s.from == 100);
    settle_at(&s, 1105, 2 * SETTLE_US);
    CHECK(s.from == 1105 && s.count == 0);
    for (int64_t seq = 2000; seq < 2000 + 3 * SETTLE_SENT; seq++)
        settle_sent(&s, seq);
    CHECK(s.count <= SETTLE_SENT && s.from > 2000);
    settle_at(&s, 10 * SETTLE_SPAN, 2 * SETTLE_US);
    CHECK(s.from == 9 * SETTLE_SPAN && s.count == 0);
    settle_init(&s, 5, false, 0);
    settle_sent(&s, 6);
    settle_at(&s, 6, 0);
    CHECK(s.from == 6 && s.count == 0);
}

WORLD_MAIN(a_tail_sends_what_was_there_and_then_what_comes,
           a_tail_without_past_begins_behind_its_cursor, messages_carry_one_record_each,
           a_slow_client_is_not_read_for, a_full_client_gets_nothing_more,
           an_export_ends_at_the_newest_of_its_start, an_export_that_cannot_be_completed_says_so,
           a_tail_outlives_a_store_that_fails_for_a_while, a_client_that_leaves_ends_its_tail,
           a_silent_client_hears_a_beat_until_it_is_refused,
           the_end_of_the_server_ends_tails_and_refuses_new_ones, tails_are_bounded_per_client,
           strangers_of_many_addresses_leave_room_for_those_with_an_account,
           on_a_shared_store_what_comes_late_is_sent_and_nothing_twice,
           the_cursor_of_a_shared_store_lags_and_is_bounded)
