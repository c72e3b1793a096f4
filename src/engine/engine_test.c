/* The engine against a fake spawner and fake runners: functions, versions, code, the end, numbers.
 * Placement is in place_test.c, what a slot may do in slot_test.c. */
#include "engine/testdata/fake.h"

TEST(a_cold_call_loads_and_a_warm_one_does_not)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    struct answer *cold = world_ask(w, "a", "{\"n\":1}");
    CHECK(cold->status == CALL_SUCCESS && cold->cold && cold->version == 1);
    CHECK_STR(cold->output, "{\"n\":1}");
    struct answer *warm = world_ask(w, "a", "2");
    CHECK(warm->status == CALL_SUCCESS && !warm->cold);
    CHECK_INT(w->starts, 1);
    CHECK(w->slots[0].loads == 1 && w->slots[0].calls == 2);
}

TEST(settings_and_files_arrive_as_they_were_set)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    const struct buf *load = &w->slots[0].loaded;
    uint32_t len = le32_at(load->data);
    CHECK(json_check((struct str){load->data + 4, len}, &(struct err){0}) == 0);
    CHECK(strstr(load->data + 4, "\"function\":\"test \\\"fn\\\"\""));
    CHECK(strstr(load->data + 4, "\"result_limit\":1000"));
    CHECK(str_is((struct str){load->data + 4 + len, load->len - 4 - len}, "code"));
}

TEST(an_unknown_or_inactive_function_is_refused)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.active = false;
    world_set(w, &spec);
    CHECK(world_ask(w, "b", "1")->why.code == ERR_NOT_FOUND);
    struct answer *inactive = world_ask(w, "a", "1");
    CHECK(inactive->refused && strstr(inactive->why.text, "not active"));
    CHECK_INT(w->starts, 0);
}

TEST(a_new_version_takes_over_while_calls_are_in_flight)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *old = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    struct function_spec spec = fake_spec("a", 2);
    spec.concurrency = 1; /* slots of the old version do not count */
    world_set(w, &spec);
    struct answer *new = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "2"));
    CHECK_INT(runner_with(w, "2")->version, 2);
    struct fake_slot *first = runner_with(w, "1");
    runner_answer(first, "\"old\"");
    UNTIL(w, old->times);
    CHECK(old->status == CALL_SUCCESS && old->version == 1);
    UNTIL(w, first->killed);
    runner_answer(runner_with(w, "2"), "\"new\"");
    UNTIL(w, new->times);
    CHECK(new->version == 2 && new->cold);
}

TEST(a_call_for_another_version_never_reaches_an_old_idle_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    struct function_spec spec = fake_spec("a", 2);
    world_set(w, &spec);
    struct answer *a = world_ask(w, "a", "2");
    CHECK(a->cold && a->version == 2);
    CHECK_INT(w->starts, 2);
}

TEST(a_version_set_while_its_slot_starts_is_the_one_that_is_loaded)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_start = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->ticket_count == 1);
    struct function_spec spec = fake_spec("a", 2);
    engine_set(w->engine, &spec, NULL); /* its code has to be fetched */
    world_check(w);
    spawner_start_one(w);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && a->version == 2);
    CHECK(w->slots[0].version == 2 && w->fetched_version == 2);
}

TEST(reuse_never_ends_the_slot_after_each_call)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.reuse = REUSE_NEVER;
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "1")->cold);
    CHECK(world_ask(w, "a", "2")->cold);
    UNTIL(w, world_live(w) == 0);
    CHECK_INT(w->starts, 2);
}

TEST(calls_that_wait_for_a_removed_function_are_not_found)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    world_set(w, &spec);
    w->hold_call = true;
    struct answer *running = world_call(w, "a", "1"), *waiting = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "1"));
    engine_remove(w->engine, "a");
    CHECK(waiting->refused && waiting->why.code == ERR_NOT_FOUND);
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, running->times);
    CHECK(running->status == CALL_SUCCESS);
    UNTIL(w, world_live(w) == 0);
}

TEST(a_function_removed_while_slots_start_or_are_limited_leaves_nothing_behind)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    UNTIL(w, w->engine->pool.count[SLOT_BLANK] == 2);
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.memory_bytes *= 2;
    world_set(w, &spec);
    w->hold_start = w->hold_limit = true;
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, w->limits == 1 && w->ticket_count >= 1);
    engine_remove(w->engine, "a");
    CHECK(one->refused && two->refused);
    w->hold_start = false;
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].limit_asked)
            spawner_limited(&w->slots[i], NULL);
    while (w->ticket_count)
        spawner_start_one(w);
    world_settle(w);
    CHECK_INT(w->engine->pool.count[SLOT_STARTING] + w->engine->pool.count[SLOT_LIMITING], 0);
}

TEST(a_function_removed_while_its_code_is_fetched_ignores_the_code)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    w->hold_fetch = true;
    engine_set(w->engine, &spec, NULL);
    struct answer *a = world_call(w, "a", "1");
    CHECK_INT(w->fetches, 1);
    engine_remove(w->engine, "a");
    CHECK(a->refused && a->why.code == ERR_NOT_FOUND);
    struct code *code = code_new("late", 4);
    engine_code(w->engine, "a", 1, code, NULL);
    code_unref(code);
    world_check(w);
    CHECK_INT(w->starts, 0);
}

TEST(code_of_an_old_version_that_arrives_late_is_fetched_again)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    w->hold_fetch = true;
    engine_set(w->engine, &spec, NULL);
    struct answer *a = world_call(w, "a", "1");
    spec.version = 2;
    engine_set(w->engine, &spec, NULL);
    CHECK_INT(w->fetches, 1);
    w->hold_fetch = false;
    struct code *old = code_new("old", 3);
    engine_code(w->engine, "a", 1, old, NULL);
    code_unref(old);
    CHECK(w->fetches == 2 && w->fetched_version == 2);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && a->version == 2);
}

TEST(evicted_code_is_fetched_when_it_is_needed_again)
{
    auto_world struct world *w = world_new((struct setup){.cache = 6});
    world_function(w, "a");
    world_function(w, "b"); /* 4 + 4 bytes do not fit */
    CHECK_INT(w->engine->code_bytes, 4);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    CHECK_INT(w->fetches, 1);
    CHECK(strstr(w->slots[0].loaded.data + 4 + le32_at(w->slots[0].loaded.data), "fetched"));
}

TEST(code_evicted_while_a_slot_starts_does_not_strand_the_call)
{
    auto_world struct world *w = world_new((struct setup){.cache = 6});
    world_function(w, "a");
    w->hold_start = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->ticket_count == 1);
    world_function(w, "b");
    w->hold_start = false;
    spawner_start_one(w);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
    CHECK_INT(w->fetches, 1);
}

TEST(code_that_cannot_be_fetched_fails_all_waiting_calls_with_the_reason)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    w->hold_fetch = true;
    engine_set(w->engine, &spec, NULL);
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    struct err failed = {0};
    err_set(&failed, ERR_SYSTEM, "disk on fire");
    engine_code(w->engine, "a", 1, NULL, &failed);
    CHECK(one->status == CALL_PLATFORM_ERROR && strstr(one->error, "disk on fire"));
    CHECK(two->status == CALL_PLATFORM_ERROR && strstr(two->error, "disk on fire"));
    CHECK_INT(w->fetches, 1);
    w->hold_fetch = false;
    CHECK(world_ask(w, "a", "3")->status == CALL_SUCCESS);
}

static void remove_in_callback(struct world *w, struct answer *a)
{
    (void)a;
    engine_remove(w->engine, "a");
}

TEST(a_caller_may_remove_the_function_when_its_call_fails)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->fail_start.code = ERR_SYSTEM;
    w->when_done = remove_in_callback;
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, one->times && two->times);
    CHECK(one->status == CALL_PLATFORM_ERROR && two->refused);
}

TEST(shutdown_answers_every_call)
{
    struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    world_set(w, &spec);
    world_function(w, "b");
    w->hold_call = true;
    world_call(w, "a", "1");
    world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "1"));
    w->hold_start = true;
    world_call(w, "b", "3");
    world_free(&w); /* checks it */
}

TEST(a_lost_spawner_fails_every_call)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    CHECK(shutdown(w->spawner, SHUT_RDWR) == 0);
    watch_want(w->watch, 0);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_PLATFORM_ERROR && strstr(a->error, "spawner"));
    CHECK(world_ask(w, "a", "2")->why.code == ERR_UNAVAILABLE);
}

TEST(stats_count_what_happened)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct engine_stats stats;
    world_function(w, "a");
    world_ask(w, "a", "1");
    world_ask(w, "a", "2");
    w->no_room = true;
    CHECK(world_ask(w, "a", "3")->why.code == ERR_LIMIT);
    engine_stats(w->engine, &stats);
    CHECK(stats.calls[CALL_SUCCESS] == 2 && stats.calls[CALL_THROTTLED] == 1);
    CHECK(stats.cold_starts == 1 && stats.slots_idle == 1 && stats.functions == 1);
    CHECK(stats.queued == 0 && stats.slots_busy == 0 && stats.slots_max == 4);
}

TEST(a_runtime_has_the_version_that_its_sandboxes_say)
{
    auto_world struct world *w = world_new((struct setup){0});
    CHECK_STR(engine_runtime_version(w->engine, 0), "");
    CHECK(!engine_runtime_version(w->engine, 2));
    w->hold_ready = true;
    world_function(w, "a");
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->slots[0].live);
    runner_send(&w->slots[0], FRAME_READY, 0, STR("3.11.2"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
    CHECK_STR(engine_runtime_version(w->engine, 0), "3.11.2");
    CHECK_STR(engine_runtime_version(w->engine, 1), "");
}

TEST(a_version_that_could_break_a_line_ends_the_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    w->hold_ready = w->hold_load = w->hold_call = true;
    world_function(w, "a");
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->slots[0].live);
    runner_send(&w->slots[0], FRAME_READY, 0, STR("3.11\n2"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_CRASHED && strstr(a->error, "a version that is no word"));
    CHECK_STR(engine_runtime_version(w->engine, 0), "");
}

/* name{labels} number, or a comment. */
static void check_sample(struct str line)
{
    struct str value = line, name = str_cut(&value, ' ');
    char text[64], *end;
    CHECK(str_starts(name, STR("virga_")) && value.n > 0 && value.n < sizeof text);
    snprintf(text, sizeof text, STR_FMT, STR_ARG(value));
    (void)strtod(text, &end);
    CHECK(*end == 0);
    CHECK(!memchr(name.p, '{', name.n) || name.p[name.n - 1] == '}');
}

TEST(metrics_are_prometheus_text_with_the_right_counts)
{
    auto_world struct world *w = world_new((struct setup){0});
    auto_buf struct buf out = {0};
    world_function(w, "a");
    world_ask(w, "a", "1");
    world_ask(w, "a", "2");
    engine_metrics(w->engine, &out);
    CHECK(out.data[out.len - 1] == '\n');
    struct str rest = {out.data, out.len - 1};
    while (rest.p) {
        struct str line = str_cut(&rest, '\n');
        if (!str_starts(line, STR("# HELP virga_")) && !str_starts(line, STR("# TYPE virga_")))
            check_sample(line);
    }
    CHECK(strstr(out.data, "\nvirga_calls_total{status=\"success\"} 2\n"));
    CHECK(strstr(out.data, "\nvirga_call_duration_seconds_bucket{le=\"+Inf\"} 2\n"));
    CHECK(strstr(out.data, "\nvirga_call_duration_seconds_count 2\n"));
    CHECK(strstr(out.data, "\nvirga_cold_start_seconds_count{phase=\"load\"} 1\n"));
    CHECK(strstr(out.data, "\nvirga_slots{state=\"idle\"} 1\n"));
    CHECK(strstr(out.data, "\nvirga_slot_copy_seconds_sum 0.001234\n"));
}

TEST_MAIN(a_cold_call_loads_and_a_warm_one_does_not, settings_and_files_arrive_as_they_were_set,
          an_unknown_or_inactive_function_is_refused,
          a_new_version_takes_over_while_calls_are_in_flight,
          a_call_for_another_version_never_reaches_an_old_idle_slot,
          a_version_set_while_its_slot_starts_is_the_one_that_is_loaded,
          reuse_never_ends_the_slot_after_each_call,
          calls_that_wait_for_a_removed_function_are_not_found,
          a_function_removed_while_slots_start_or_are_limited_leaves_nothing_behind,
          a_function_removed_while_its_code_is_fetched_ignores_the_code,
          code_of_an_old_version_that_arrives_late_is_fetched_again,
          evicted_code_is_fetched_when_it_is_needed_again,
          code_evicted_while_a_slot_starts_does_not_strand_the_call,
          code_that_cannot_be_fetched_fails_all_waiting_calls_with_the_reason,
          a_caller_may_remove_the_function_when_its_call_fails, shutdown_answers_every_call,
          a_lost_spawner_fails_every_call, stats_count_what_happened,
          a_runtime_has_the_version_that_its_sandboxes_say,
          a_version_that_could_break_a_line_ends_the_slot,
          metrics_are_prometheus_text_with_the_right_counts)
