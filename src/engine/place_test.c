/* Who gets which slot, and what waits: the engine against a fake spawner. */
#include "engine/testdata/fake.h"

static unsigned count(const struct world *w, enum slot_state state)
{
    return w->engine->pool.count[state];
}

TEST(the_most_recently_used_idle_slot_is_taken_first)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "1") && runner_with(w, "2"));
    struct fake_slot *first = runner_with(w, "1"), *last = runner_with(w, "2");
    runner_answer(last, "1");
    UNTIL(w, two->times);
    runner_answer(first, "1");
    UNTIL(w, one->times);
    w->hold_call = false;
    CHECK(!world_ask(w, "a", "3")->cold && !world_ask(w, "a", "4")->cold);
    CHECK(first->calls == 3 && last->calls == 1);
}

TEST(a_blank_slot_is_taken_before_one_is_asked_for_and_refilled_after)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 6, .blanks = 1});
    world_function(w, "a");
    UNTIL(w, count(w, SLOT_BLANK) == 2); /* one per runtime */
    w->hold_start = true;
    struct answer *a = world_ask(w, "a", "1");
    CHECK(a->status == CALL_SUCCESS && a->cold);
    UNTIL(w, w->ticket_count == 1); /* the refill */
    CHECK_INT(w->tickets[0].template_index, 0);
    spawner_start_one(w);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
}

TEST(other_limits_than_the_blank_slots_are_set_before_code_is_sent)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.memory_bytes = 256ull << 20;
    world_set(w, &spec);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    w->hold_limit = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->limits == 1);
    world_settle(w);
    struct fake_slot *f = &w->slots[0];
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].limit_asked)
            f = &w->slots[i];
    CHECK(f->limits.memory_bytes == 256ull << 20 && f->loads == 0);
    spawner_limited(f, NULL);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && f->calls == 1);
}

TEST(limits_that_are_refused_fail_the_call_and_end_the_slot)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.pids = 10;
    world_set(w, &spec);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    err_set(&w->fail_limit, ERR_SYSTEM, "no such controller");
    struct answer *a = world_ask(w, "a", "1");
    CHECK(a->status == CALL_PLATFORM_ERROR && strstr(a->error, "no such controller"));
    w->fail_limit.code = ERR_NONE;
    CHECK(world_ask(w, "a", "2")->status == CALL_SUCCESS);
}

TEST(limits_changed_while_they_are_being_set_start_over)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 3, .blanks = 1});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.pids = 10;
    world_set(w, &spec);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    w->hold_limit = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->limits == 1);
    spec.limits.pids = 20;
    world_set(w, &spec);
    w->hold_limit = false;
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].limit_asked)
            spawner_limited(&w->slots[i], NULL);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].calls)
            CHECK_INT(w->slots[i].limits.pids, 20);
}

TEST(a_slot_that_leaves_while_its_limits_are_set_is_replaced)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.pids = 10;
    world_set(w, &spec);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    w->hold_limit = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->limits == 1);
    w->hold_limit = false;
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].limit_asked)
            spawner_end(&w->slots[i], 0, false);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
}

TEST(calls_beyond_concurrency_wait_and_beyond_the_queue_are_refused_with_numbers)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 2;
    spec.queue = 1;
    world_set(w, &spec);
    w->hold_call = true;
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "1") && runner_with(w, "2"));
    struct answer *three = world_call(w, "a", "3"), *four = world_call(w, "a", "4");
    CHECK(!three->times && four->refused && four->why.code == ERR_LIMIT);
    CHECK(strstr(four->why.text, "2 are running (limit concurrency = 2)"));
    CHECK(strstr(four->why.text, "1 are waiting (limit queue = 1)"));
    w->hold_call = false;
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, one->times && three->times);
    CHECK(three->status == CALL_SUCCESS && !three->cold);
    runner_answer(runner_with(w, "2"), "1");
    UNTIL(w, two->times);
    CHECK_INT(w->starts, 2);
}

TEST(an_idle_slot_takes_a_call_though_there_is_no_queue)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    spec.queue = 0;
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    struct answer *again = world_ask(w, "a", "2");
    CHECK(!again->refused && again->status == CALL_SUCCESS);
}

TEST(the_oldest_waiting_call_goes_first)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    world_set(w, &spec);
    w->hold_call = true;
    world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    world_call(w, "a", "2");
    world_call(w, "a", "3");
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, runner_with(w, "2"));
    runner_answer(runner_with(w, "2"), "1");
    UNTIL(w, runner_with(w, "3"));
}

TEST(the_least_recently_used_idle_slot_makes_room_when_all_places_are_taken)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 2});
    world_function(w, "a");
    world_function(w, "b");
    world_function(w, "c");
    world_ask(w, "a", "1");
    world_ask(w, "b", "2");
    CHECK(world_ask(w, "c", "3")->status == CALL_SUCCESS);
    CHECK(!world_ask(w, "b", "4")->cold);
    CHECK(world_ask(w, "a", "5")->cold);
}

TEST(a_hungry_function_is_fed_when_a_slot_ends)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 1});
    world_function(w, "a");
    world_function(w, "b");
    w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    world_call(w, "b", "2");
    world_settle(w);
    CHECK_INT(w->starts, 1);
    spawner_end(runner_with(w, "1"), 0, false);
    UNTIL(w, a->times && runner_with(w, "2"));
}

TEST(a_hungry_function_is_fed_when_a_busy_slot_becomes_idle)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 1});
    world_function(w, "a");
    world_function(w, "b");
    w->hold_call = true;
    world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    world_call(w, "b", "2");
    world_settle(w);
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, runner_with(w, "2"));
}

/* One more of `a` whenever one is answered. */
static void ask_again(struct world *w, struct answer *a)
{
    if (a != &w->answers[1])
        world_again(w, "a", a);
}

TEST(a_function_that_is_always_busy_does_not_starve_the_others)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 1});
    world_function(w, "a");
    world_function(w, "b");
    w->hold_call = true;
    world_call(w, "a", "0");
    UNTIL(w, runner_with(w, "0"));
    struct answer *b = world_call(w, "b", "1");
    world_call(w, "a", "2");
    w->when_done = ask_again;
    w->hold_call = false;
    runner_answer(runner_with(w, "0"), "0");
    UNTIL(w, b->times);
    CHECK(b->status == CALL_SUCCESS);
    w->when_done = NULL;
}

TEST(blank_slots_that_do_not_fit_make_room)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 2, .blanks = 2});
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    CHECK_INT(w->engine->nurseries[0].blank_count, 2);
    struct function_spec other = fake_spec("a", 1), large_tmp = fake_spec("b", 1);
    other.runtime = &fake_beta;
    large_tmp.limits.tmp_bytes *= 2;
    world_set(w, &large_tmp);
    CHECK(world_ask(w, "b", "1")->status == CALL_SUCCESS);
    world_set(w, &other);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
}

TEST(a_start_that_fails_fails_its_call_and_later_ones_work_again)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 1});
    world_function(w, "a");
    err_set(&w->fail_start, ERR_SYSTEM, "out of pids");
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, one->times && two->times);
    CHECK(one->status == CALL_PLATFORM_ERROR && strstr(one->error, "out of pids"));
    CHECK(two->status == CALL_PLATFORM_ERROR);
    CHECK_INT(w->engine->pool.total, 0);
    w->fail_start.code = ERR_NONE;
    CHECK(world_ask(w, "a", "3")->status == CALL_SUCCESS);
}

TEST(a_failed_start_feeds_those_who_are_hungry)
{
    auto_world struct world *w = world_new((struct setup){.slots_max = 1});
    world_function(w, "a");
    world_function(w, "b");
    w->hold_start = true;
    struct answer *a = world_call(w, "a", "1"), *b = world_call(w, "b", "2");
    UNTIL(w, w->ticket_count == 1);
    world_settle(w);
    w->hold_start = false;
    spawner_refuse(w, "no");
    UNTIL(w, a->times && b->times);
    CHECK(a->status == CALL_PLATFORM_ERROR && b->status == CALL_SUCCESS);
}

TEST(limits_no_spawner_would_accept_fail_every_call_at_once)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.cpu_millis = 1;
    world_set(w, &spec);
    struct answer *a = world_ask(w, "a", "1");
    CHECK(a->status == CALL_PLATFORM_ERROR && strstr(a->error, "cpu_millis"));
}

TEST(a_blank_slot_gets_its_functions_network_before_its_code)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.network = true;
    world_set(w, &spec);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    w->hold_limit = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->limits == 1);
    world_settle(w);
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].limit_asked) {
            CHECK(w->slots[i].limits.network && w->slots[i].loads == 0);
            spawner_limited(&w->slots[i], NULL);
        }
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
}

TEST(a_slot_with_network_serves_no_function_that_has_lost_it)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.network = true;
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "1")->cold && !world_ask(w, "a", "2")->cold);
    spec.limits.network = false;
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "3")->cold);
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].calls == 1)
            CHECK(!w->slots[i].limits.network);
}

TEST(calls_wait_for_a_template_that_is_not_up_yet)
{
    auto_world struct world *w = world_new((struct setup){.templates_down = true});
    world_function(w, "a");
    struct answer *a = world_call(w, "a", "1");
    world_settle(w);
    CHECK(!a->times && w->starts == 0);
    spawner_template(w, 0, NULL);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
}

TEST(a_failed_template_fails_calls_until_it_is_back)
{
    auto_world struct world *w = world_new((struct setup){.templates_down = true});
    world_function(w, "a");
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    spawner_template(w, 0, "no interpreter");
    UNTIL(w, one->times && two->times);
    CHECK(one->status == CALL_PLATFORM_ERROR && strstr(one->error, "no interpreter"));
    CHECK(two->status == CALL_PLATFORM_ERROR);
    CHECK(world_ask(w, "a", "3")->status == CALL_PLATFORM_ERROR);
    spawner_template(w, 0, NULL);
    UNTIL(w, w->engine->nurseries[0].up);
    CHECK(world_ask(w, "a", "4")->status == CALL_SUCCESS);
}

TEST(running_slots_serve_on_while_their_template_is_down)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *one = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    spawner_template(w, 0, "died");
    UNTIL(w, !w->engine->nurseries[0].up);
    struct answer *two = world_call(w, "a", "2");
    CHECK(!two->times);
    w->hold_call = false;
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, one->times && two->times);
    CHECK(two->status == CALL_SUCCESS && !two->cold);
}

TEST(idle_slots_end_after_a_while_and_the_function_works_again)
{
    auto_world struct world *w = world_new((struct setup){.idle_ms = 1});
    world_function(w, "a");
    world_ask(w, "a", "1");
    UNTIL(w, world_live(w) == 0);
    UNTIL(w, w->engine->pool.total == 0);
    CHECK(world_ask(w, "a", "2")->cold);
}

TEST(a_blank_slot_that_ends_by_itself_is_replaced)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    world_function(w, "a");
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    for (int i = 0; i < 2; i++)
        spawner_end(&w->slots[i], 0, false);
    UNTIL(w, count(w, SLOT_BLANK) == 0);
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
}

TEST(a_call_that_waits_longer_than_it_may_run_is_refused)
{
    auto_world struct world *w = world_new((struct setup){.templates_down = true});
    struct function_spec spec = fake_spec("a", 1);
    spec.timeout_ms = 1;
    world_set(w, &spec);
    struct answer *a = world_ask(w, "a", "1");
    CHECK(a->refused && a->why.code == ERR_LIMIT &&
          strstr(a->why.text, "waited 1 ms for the start"));
}

TEST(a_slot_whose_call_went_elsewhere_stays_as_a_blank_one)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    world_function(w, "a");
    UNTIL(w, count(w, SLOT_BLANK) == 2);
    w->hold_call = w->hold_start = true;
    world_call(w, "a", "1");
    struct answer *two = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "1") && w->ticket_count >= 1);
    w->hold_call = false;
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, two->times);
    CHECK(!two->cold);
    while (w->ticket_count)
        spawner_start_one(w);
    world_settle(w);
    CHECK(count(w, SLOT_STARTING) == 0 && count(w, SLOT_BLANK) >= 2);
}

TEST_MAIN(the_most_recently_used_idle_slot_is_taken_first,
          a_blank_slot_is_taken_before_one_is_asked_for_and_refilled_after,
          other_limits_than_the_blank_slots_are_set_before_code_is_sent,
          limits_that_are_refused_fail_the_call_and_end_the_slot,
          limits_changed_while_they_are_being_set_start_over,
          a_slot_that_leaves_while_its_limits_are_set_is_replaced,
          calls_beyond_concurrency_wait_and_beyond_the_queue_are_refused_with_numbers,
          an_idle_slot_takes_a_call_though_there_is_no_queue, the_oldest_waiting_call_goes_first,
          the_least_recently_used_idle_slot_makes_room_when_all_places_are_taken,
          a_hungry_function_is_fed_when_a_slot_ends,
          a_hungry_function_is_fed_when_a_busy_slot_becomes_idle,
          a_function_that_is_always_busy_does_not_starve_the_others,
          blank_slots_that_do_not_fit_make_room,
          a_start_that_fails_fails_its_call_and_later_ones_work_again,
          a_failed_start_feeds_those_who_are_hungry,
          a_blank_slot_gets_its_functions_network_before_its_code,
          a_slot_with_network_serves_no_function_that_has_lost_it,
          limits_no_spawner_would_accept_fail_every_call_at_once,
          calls_wait_for_a_template_that_is_not_up_yet,
          a_failed_template_fails_calls_until_it_is_back,
          running_slots_serve_on_while_their_template_is_down,
          idle_slots_end_after_a_while_and_the_function_works_again,
          a_blank_slot_that_ends_by_itself_is_replaced,
          a_call_that_waits_longer_than_it_may_run_is_refused,
          a_slot_whose_call_went_elsewhere_stays_as_a_blank_one)
