/* Leases: slots for what is no function, among those of functions. */
#include "engine/testdata/fake.h"

struct holder {
    int started, failed, ended;
    struct sandbox_slot slot;
    struct err why;
    struct sandbox_exit how;
};

static void on_lease_started(void *arg, const struct sandbox_slot *slot)
{
    struct holder *h = arg;
    h->started++;
    h->slot = *slot;
}

static void on_lease_failed(void *arg, const struct err *why)
{
    struct holder *h = arg;
    h->failed++;
    h->why = *why;
}

static void on_lease_ended(void *arg, const struct sandbox_exit *how)
{
    struct holder *h = arg;
    h->ended++;
    h->how = *how;
    fd_close(&h->slot.socket);
    fd_close(&h->slot.out);
    fd_close(&h->slot.err);
}

#define LISTEN(h)                                                                                  \
    {                                                                                              \
        .started = on_lease_started, .failed = on_lease_failed, .ended = on_lease_ended, .arg = &h \
    }

enum { LEASED = 2 /* behind the two runtimes */ };

static struct engine_lease *lease(struct world *w, const struct engine_lease_events *events)
{
    struct err e = {0};
    struct engine_lease *l = NULL;
    CHECK(engine_lease(w->engine, LEASED, &sandbox_default_limits, events, &l, &e) == 0);
    world_check(w);
    return l;
}

TEST(a_lease_hands_its_slot_over_and_hears_of_its_end)
{
    struct holder h = {0};
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.leased = 1});
    lease(w, &events);
    CHECK(!h.started);
    UNTIL(w, h.started);
    CHECK_INT(w->slots[0].template_index, LEASED);
    char text[8] = "";
    CHECK(write(h.slot.socket, "hello", 5) == 5 && read(w->slots[0].socket, text, 5) == 5);
    runner_print(w->slots[0].out, "printed");
    CHECK(read(h.slot.out, text, 7) == 7);
    CHECK_STR(text, "printed");
    spawner_end(&w->slots[0], 3 << 8, false);
    UNTIL(w, h.ended);
    CHECK(h.how.status == 3 << 8 && h.started == 1 && !h.failed);
}

TEST(a_lease_that_is_ended_kills_its_slot)
{
    struct holder h = {0};
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.leased = 1});
    struct engine_lease *l = lease(w, &events);
    UNTIL(w, h.started);
    engine_lease_end(l);
    engine_lease_end(l);
    CHECK(!h.ended);
    UNTIL(w, h.ended);
    CHECK(w->slots[0].killed && h.ended == 1);
}

TEST(a_lease_ended_before_its_slot_has_arrived_never_starts)
{
    struct holder h = {0};
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.leased = 1});
    w->hold_start = true;
    struct engine_lease *l = lease(w, &events);
    UNTIL(w, w->ticket_count == 1);
    engine_lease_end(l);
    spawner_start_one(w);
    UNTIL(w, h.failed);
    CHECK(!h.started && h.why.code == ERR_UNAVAILABLE);
    UNTIL(w, world_live(w) == 0);
}

TEST(a_lease_waits_for_a_place_and_an_idle_slot_makes_room)
{
    struct holder h = {0};
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.slots_max = 1, .leased = 1});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    lease(w, &events);
    world_settle(w);
    CHECK(!h.started && w->starts == 1);
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, a->times && h.started);
    w->hold_call = false;
    struct answer *b = world_call(w, "a", "2"); /* now it is the function that waits */
    world_settle(w);
    CHECK(!b->times && !h.ended);
    spawner_end(&w->slots[0], 0, false);
    UNTIL(w, h.ended && b->times);
    CHECK(b->status == CALL_SUCCESS);
}

/* One more of `a` whenever one is answered. */
static void ask_again(struct world *w, struct answer *a)
{
    world_again(w, "a", a);
}

TEST(a_function_that_is_always_busy_does_not_starve_a_lease)
{
    struct holder h = {0};
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.slots_max = 1, .leased = 1});
    world_function(w, "a");
    w->hold_call = true;
    world_call(w, "a", "0");
    UNTIL(w, runner_with(w, "0"));
    struct engine_lease *l = lease(w, &events);
    world_call(w, "a", "1");
    w->when_done = ask_again;
    w->hold_call = false;
    runner_answer(runner_with(w, "0"), "0");
    UNTIL(w, h.started);
    w->when_done = NULL;
    engine_lease_end(l);
    UNTIL(w, h.ended && !w->engine->waiting);
    UNTIL(w, w->answers[0].times && w->answers[1].times);
}

TEST(a_lease_that_waits_too_long_or_is_given_up_fails)
{
    struct holder h = {0}, other = {0};
    const struct engine_lease_events events = LISTEN(h), others = LISTEN(other);
    auto_world struct world *w = world_new((struct setup){.templates_down = true, .leased = 1});
    struct engine_lease *l = lease(w, &events);
    timer_set_us(l->patience, 0); /* as after a minute */
    UNTIL(w, h.failed);
    CHECK(h.why.code == ERR_LIMIT && strstr(h.why.text, "waited 60 s"));
    engine_lease_end(lease(w, &others));
    CHECK(!other.failed);
    UNTIL(w, other.failed);
    CHECK(other.why.code == ERR_UNAVAILABLE && !other.started);
    CHECK_INT(w->starts, 0);
}

TEST(a_lease_waits_for_its_template_and_fails_with_it)
{
    struct holder h = {0}, other = {0};
    const struct engine_lease_events events = LISTEN(h), others = LISTEN(other);
    auto_world struct world *w = world_new((struct setup){.templates_down = true, .leased = 1});
    lease(w, &events);
    spawner_template(w, LEASED, "no such program");
    UNTIL(w, h.failed);
    CHECK(strstr(h.why.text, "no such program"));
    struct err e = {0};
    struct engine_lease *l = NULL;
    CHECK(engine_lease(w->engine, LEASED, &sandbox_default_limits, &others, &l, &e) < 0);
    CHECK(strstr(e.text, "no such program"));
    spawner_template(w, LEASED, NULL);
    UNTIL(w, w->engine->nurseries[LEASED].up);
    lease(w, &others);
    UNTIL(w, other.started);
}

TEST(a_lease_whose_start_fails_fails_and_frees_its_place)
{
    struct holder h = {0};
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.slots_max = 1, .leased = 1});
    world_function(w, "a");
    w->hold_start = true;
    lease(w, &events);
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->ticket_count == 1);
    w->hold_start = false;
    spawner_refuse(w, "out of pids");
    UNTIL(w, h.failed && a->times);
    CHECK(strstr(h.why.text, "out of pids") && a->status == CALL_SUCCESS);
}

TEST(only_templates_for_leases_are_leased)
{
    struct holder h = {0};
    struct err e = {0};
    struct engine_lease *l = NULL;
    const struct engine_lease_events events = LISTEN(h);
    auto_world struct world *w = world_new((struct setup){.leased = 1});
    const unsigned no[] = {0, 1, LEASED + 1, 1000};
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        CHECK(engine_lease(w->engine, no[i], &sandbox_default_limits, &events, &l, &e) < 0);
        CHECK_INT(e.code, ERR_INVALID);
    }
    struct sandbox_limits limits = sandbox_default_limits;
    limits.pids = 0;
    CHECK(engine_lease(w->engine, LEASED, &limits, &events, &l, &e) < 0);
    CHECK(!h.started && !h.failed && !h.ended);
}

TEST(the_end_of_the_engine_ends_every_lease)
{
    struct holder h[3] = {{0}};
    const struct engine_lease_events events[] = {LISTEN(h[0]), LISTEN(h[1]), LISTEN(h[2])};
    struct world *w = world_new((struct setup){.slots_max = 2, .leased = 1});
    lease(w, &events[0]);
    UNTIL(w, h[0].started);
    w->hold_start = true;
    lease(w, &events[1]);
    UNTIL(w, w->ticket_count == 1);
    lease(w, &events[2]);
    world_free(&w);
    CHECK(h[0].ended == 1 && h[1].failed == 1 && h[2].failed == 1);
    CHECK(!h[0].failed && !h[1].started && !h[1].ended && !h[2].ended);
    CHECK_INT(h[2].why.code, ERR_UNAVAILABLE);
}

TEST_MAIN(a_lease_hands_its_slot_over_and_hears_of_its_end, a_lease_that_is_ended_kills_its_slot,
          a_lease_ended_before_its_slot_has_arrived_never_starts,
          a_lease_waits_for_a_place_and_an_idle_slot_makes_room,
          a_function_that_is_always_busy_does_not_starve_a_lease,
          a_lease_that_waits_too_long_or_is_given_up_fails,
          a_lease_waits_for_its_template_and_fails_with_it,
          a_lease_whose_start_fails_fails_and_frees_its_place, only_templates_for_leases_are_leased,
          the_end_of_the_engine_ends_every_lease)
