/* Loads: what comes before a call, without one. */
#include "engine/testdata/fake.h"

/* What no load may leave behind. */
static void check_uncounted(struct world *w)
{
    struct engine_stats stats;
    engine_stats(w->engine, &stats);
    for (int i = 0; i < CALL_STATUSES; i++)
        CHECK_INT(stats.calls[i], 0);
    CHECK(stats.cold_starts == 0 && w->records == 0);
}

static struct answer *load_and_wait(struct world *w, const char *id)
{
    struct answer *a = world_load(w, id);
    UNTIL(w, a->times);
    return a;
}

static void set_with(struct world *w, enum reuse reuse, uint32_t concurrency, uint32_t queue)
{
    struct function_spec spec = fake_spec("a", 1);
    spec.reuse = reuse;
    spec.concurrency = concurrency;
    spec.queue = queue;
    world_set(w, &spec);
}

TEST(a_load_makes_a_slot_ready_without_a_call)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    struct answer *a = load_and_wait(w, "a");
    CHECK(a->status == CALL_SUCCESS && a->cold && a->version == 1 && a->handler_us == 0);
    CHECK(w->slots[0].loads == 1 && w->slots[0].calls == 0);
    check_uncounted(w);
    CHECK(!world_ask(w, "a", "1")->cold);
    CHECK_INT(w->starts, 1);
}

TEST(a_load_is_content_with_an_idle_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    struct answer *a = world_load(w, "a");
    CHECK(a->times == 1 && a->status == CALL_SUCCESS && !a->cold && a->version == 1);
    CHECK(w->starts == 1 && w->slots[0].calls == 1 && w->records == 1);
}

TEST(an_idle_slot_that_had_just_ended_is_none)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    watch_want(w->engine->pool.by_id[0]->socket, 0); /* nobody has heard of it yet */
    watch_free(take_ptr(w->slots[0].watch));
    fd_close(&w->slots[0].socket);
    struct answer *a = load_and_wait(w, "a");
    CHECK(a->status == CALL_SUCCESS && a->cold);
    CHECK_INT(w->starts, 2);
}

TEST(a_load_after_a_save_is_of_the_new_version)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    struct function_spec spec = fake_spec("a", 2);
    world_set(w, &spec);
    struct answer *a = load_and_wait(w, "a");
    CHECK(a->cold && a->version == 2);
}

TEST(what_the_code_prints_while_it_is_loaded_is_the_loads)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_load = true;
    struct answer *a = world_load(w, "a");
    UNTIL(w, w->slots[0].loads);
    runner_print(w->slots[0].out, "loading");
    runner_print(w->slots[0].err, "with care");
    runner_send(&w->slots[0], FRAME_LOADED, 0, STR(""));
    UNTIL(w, a->times);
    CHECK_STR(a->out, "loading");
    CHECK_STR(a->err, "with care");
    CHECK_STR(world_ask(w, "a", "1")->out, "");
}

TEST(code_that_does_not_load_says_where)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_load = true;
    struct answer *a = world_load(w, "a");
    UNTIL(w, w->slots[0].loads);
    runner_send(&w->slots[0], FRAME_FAILED, FRAME_FATAL,
                STR("{\"type\":\"SyntaxError\",\"message\":\"no\",\"traceback\":\"\","
                    "\"file\":\"main.py\",\"line\":3,\"column\":7,\"more\":[]}"));
    UNTIL(w, a->times && w->slots[0].killed);
    CHECK(a->status == CALL_ERROR && a->cold);
    CHECK_STR(a->error, "SyntaxError: no");
    CHECK_STR(a->problem, "main.py:3:7: SyntaxError: no");
    check_uncounted(w);
}

TEST(a_call_that_fails_says_where_too)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    runner_fail(&w->slots[0], 0,
                "{\"type\":\"E\",\"message\":\"m\",\"file\":\"lib/a.js\",\"line\":2}");
    UNTIL(w, a->times);
    CHECK_STR(a->problem, "lib/a.js:2:0: E: m");
}

TEST(a_load_ends_at_the_functions_deadline)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.timeout_ms = 1000;
    world_set(w, &spec);
    w->hold_load = true;
    struct answer *a = load_and_wait(w, "a");
    CHECK(a->status == CALL_TIMEOUT && a->handler_us == 0);
    UNTIL(w, w->slots[0].killed);
    check_uncounted(w);
}

TEST(a_process_that_ends_while_it_loads_is_named)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_load = true;
    struct answer *a = world_load(w, "a");
    UNTIL(w, w->slots[0].loads);
    spawner_end(&w->slots[0], 3 << 8, false);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_CRASHED && strstr(a->error, "status 3"));
    check_uncounted(w);
}

TEST(a_flood_while_loading_ends_the_load_once)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.output_bytes = 10;
    world_set(w, &spec);
    w->hold_load = true;
    struct answer *a = world_load(w, "a");
    UNTIL(w, w->slots[0].loads);
    watch_want(w->engine->pool.by_id[0]->out_pipe, 0); /* found by the drain behind LOADED */
    runner_print(w->slots[0].out, "more than ten bytes");
    runner_send(&w->slots[0], FRAME_LOADED, 0, STR(""));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_OUTPUT_LIMIT);
}

TEST(a_slot_that_says_more_than_loaded_serves_no_call)
{
    auto_world struct world *w = world_new((struct setup){0});
    set_with(w, REUSE_ALWAYS, 1, 2);
    w->hold_load = true;
    struct answer *a = world_load(w, "a"), *next = world_call(w, "a", "1");
    UNTIL(w, w->slots[0].loads);
    static const char two[] = "\0\0\0\0\x82\0\0\0\3\0\0\0\x83\0\1\0\"x\"";
    runner_raw(&w->slots[0], two, sizeof two - 1);
    w->hold_load = false;
    UNTIL(w, a->times && next->times);
    CHECK(a->status == CALL_SUCCESS && next->cold);
    CHECK_STR(next->output, "1");
}

TEST(with_reuse_never_no_call_gets_the_slot_of_a_load)
{
    auto_world struct world *w = world_new((struct setup){0});
    set_with(w, REUSE_NEVER, 4, 8);
    CHECK(load_and_wait(w, "a")->status == CALL_SUCCESS);
    UNTIL(w, w->slots[0].killed);
    CHECK(world_ask(w, "a", "1")->cold);
    CHECK(load_and_wait(w, "a")->cold);
    CHECK_INT(w->starts, 3);
}

TEST(loads_keep_to_concurrency_and_queue)
{
    auto_world struct world *w = world_new((struct setup){0});
    set_with(w, REUSE_ALWAYS, 1, 2);
    w->hold_call = true;
    struct answer *call = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    struct answer *load = world_load(w, "a"), *last = world_call(w, "a", "2");
    struct answer *refused = world_load(w, "a");
    CHECK(refused->refused && refused->why.code == ERR_LIMIT && w->starts == 1);
    check_uncounted(w);
    runner_answer(&w->slots[0], "1");
    UNTIL(w, call->times && load->times && runner_with(w, "2"));
    CHECK(load->status == CALL_SUCCESS && !load->cold);
    runner_answer(&w->slots[0], "2");
    UNTIL(w, last->times);
    CHECK(last->status == CALL_SUCCESS && w->records == 2);
}

TEST(many_loads_that_wait_for_one_slot_are_answered_at_once)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *loads[FAKE_ANSWERS - 1];
    set_with(w, REUSE_ALWAYS, 1, FAKE_ANSWERS);
    w->hold_load = true;
    for (size_t i = 0; i < ARRAY_LEN(loads); i++)
        loads[i] = world_load(w, "a");
    UNTIL(w, w->slots[0].loads);
    runner_send(&w->slots[0], FRAME_LOADED, 0, STR(""));
    UNTIL(w, loads[0]->times);
    for (size_t i = 0; i < ARRAY_LEN(loads); i++)
        CHECK(loads[i]->times == 1 && loads[i]->status == CALL_SUCCESS && loads[i]->cold == !i);
    CHECK_INT(w->starts, 1);
}

TEST(a_load_that_waits_too_long_is_refused)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    world_set(w, &spec);
    w->hold_call = true;
    struct answer *call = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    struct answer *load = world_load(w, "a");
    fn_find(&w->engine->functions, "a")->spec.timeout_ms = 1; /* the call has its deadline */
    UNTIL(w, load->times);
    CHECK(load->refused && load->why.code == ERR_LIMIT);
    check_uncounted(w);
    runner_answer(&w->slots[0], "1");
    UNTIL(w, call->times);
}

static void remove_it(struct world *w, struct answer *a)
{
    (void)a;
    w->when_done = NULL;
    engine_remove(w->engine, "a");
}

TEST(who_is_told_of_a_load_may_remove_the_function)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    w->when_done = remove_it;
    CHECK(world_load(w, "a")->status == CALL_SUCCESS);
    UNTIL(w, w->slots[0].killed);
    CHECK(world_load(w, "a")->why.code == ERR_NOT_FOUND);
}

TEST(an_inactive_function_is_not_loaded)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.active = false;
    world_set(w, &spec);
    CHECK(world_load(w, "a")->why.code == ERR_MALFORMED);
}

TEST_MAIN(a_load_makes_a_slot_ready_without_a_call, a_load_is_content_with_an_idle_slot,
          an_idle_slot_that_had_just_ended_is_none, a_load_after_a_save_is_of_the_new_version,
          what_the_code_prints_while_it_is_loaded_is_the_loads, code_that_does_not_load_says_where,
          a_call_that_fails_says_where_too, a_load_ends_at_the_functions_deadline,
          a_process_that_ends_while_it_loads_is_named, a_flood_while_loading_ends_the_load_once,
          a_slot_that_says_more_than_loaded_serves_no_call,
          with_reuse_never_no_call_gets_the_slot_of_a_load, loads_keep_to_concurrency_and_queue,
          many_loads_that_wait_for_one_slot_are_answered_at_once,
          a_load_that_waits_too_long_is_refused, who_is_told_of_a_load_may_remove_the_function,
          an_inactive_function_is_not_loaded)
