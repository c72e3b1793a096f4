/* Templates of those who see more than their runtime: who shares one, how it starts, fails, learns
 * and goes. */
#include "engine/testdata/fake.h"

enum { FIRST = SANDBOX_TEMPLATES_MAX };

static struct function_spec layered(const char *id, const char *scope, uint8_t layer)
{
    struct function_spec spec = fake_spec(id, 1);
    spec.scope = scope;
    spec.layer = layer != 0;
    memset(spec.layer_id, layer, LAYER_ID);
    return spec;
}

static void set_layered(struct world *w, const char *id, const char *scope, uint8_t layer)
{
    struct function_spec spec = layered(id, scope, layer);
    world_set(w, &spec);
}

static struct variant *variant_at(struct world *w, unsigned index)
{
    struct variant *v = w->engine->indices[index - FIRST].owner;
    CHECK(v);
    return v;
}

static struct fake_template *template_at(struct world *w, unsigned index)
{
    return &w->templates[index - FIRST];
}

static struct variant *variant_of_only(struct world *w)
{
    return list_of(w->engine->variants.next, struct variant, node);
}

/* As if the last start were long ago. */
static void sweep_later(struct world *w)
{
    list_each (node, &w->engine->variants)
        list_of(node, struct variant, node)->tried_us = 0;
    variant_sweep(w->engine, clock_mono_us());
    world_check(w);
}

static unsigned template_of_last(const struct world *w)
{
    const struct fake_slot *last = NULL;
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].live && w->slots[i].calls)
            last = &w->slots[i];
    CHECK(last);
    return last->template_index;
}

static void end_idle(struct world *w)
{
    list_each_safe (node, &w->engine->pool.slots[SLOT_IDLE])
        slot_kill(list_of(node, struct slot, state_node));
    UNTIL(w, !w->engine->pool.count[SLOT_DYING]);
}

TEST(a_function_with_a_layer_or_a_database_gets_a_template_that_shows_them)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = layered("a", "one", 7);
    spec.database = true;
    world_set(w, &spec);
    world_function(w, "plain");
    CHECK(world_ask(w, "plain", "1")->status == CALL_SUCCESS);
    CHECK_INT(w->template_starts, 0);
    end_idle(w);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    CHECK_INT(w->template_starts, 1);
    CHECK_INT(template_of_last(w), FIRST);
    const struct fake_template *t = template_at(w, FIRST);
    CHECK(t->variant.base == 0 && !t->setup);
    CHECK(t->variant.flags == (WIRE_VARIANT_LAYER | WIRE_VARIANT_DATABASE));
    CHECK(memcmp(t->variant.layer_id, spec.layer_id, LAYER_ID) == 0);
    CHECK(!world_ask(w, "a", "2")->cold);
}

TEST(only_functions_of_one_scope_with_the_same_packages_share_a_template)
{
    auto_world struct world *w = quiet_world((struct setup){.slots_max = 8});
    set_layered(w, "a", "one", 1);
    set_layered(w, "b", "one", 1);
    set_layered(w, "other-scope", "two", 1);
    set_layered(w, "other-layer", "one", 2);
    struct function_spec database = layered("database", "one", 1);
    database.database = true;
    world_set(w, &database);
    set_layered(w, "no-scope", "", 1);
    set_layered(w, "nor-this", NULL, 1);
    world_ask(w, "a", "1");
    world_ask(w, "b", "1");
    CHECK_INT(w->template_starts, 1);
    const char *const others[] = {"other-scope", "other-layer", "database", "no-scope", "nor-this"};
    for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
        world_ask(w, others[i], "1");
        CHECK_INT(w->template_starts, 2 + i);
    }
}

TEST(calls_wait_for_a_template_on_its_way)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    w->hold_template = true;
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, w->template_starts == 1);
    world_settle(w);
    CHECK(!one->times && !two->times && w->starts == 0);
    spawner_template(w, FIRST, NULL);
    UNTIL(w, one->times && two->times);
    CHECK(one->status == CALL_SUCCESS && two->status == CALL_SUCCESS);
}

TEST(a_call_does_not_wait_for_a_template_beyond_its_own_time)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = layered("a", "one", 1);
    spec.timeout_ms = 200;
    world_set(w, &spec);
    w->hold_template = true;
    struct answer *a = world_ask(w, "a", "1");
    CHECK(a->refused && strstr(a->why.text, "waited 200 ms for the start"));
    CHECK_INT(w->starts, 0);
    spec.timeout_ms = 60000;
    world_set(w, &spec);
    spawner_template(w, FIRST, NULL);
    CHECK(world_ask(w, "a", "2")->status == CALL_SUCCESS);
}

TEST(a_template_that_fails_fails_its_calls_and_is_not_tried_again_at_once)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    err_set(&w->fail_template, ERR_UNAVAILABLE, "no such layer");
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, one->times && two->times);
    CHECK(one->status == CALL_PLATFORM_ERROR && strstr(one->error, "no such layer"));
    CHECK(two->status == CALL_PLATFORM_ERROR);
    variant_of_only(w)->tried_us = clock_mono_us();
    CHECK(world_ask(w, "a", "3")->status == CALL_PLATFORM_ERROR);
    CHECK_INT(w->template_starts, 1);
    w->fail_template.code = ERR_NONE;
    variant_of_only(w)->tried_us = 0; /* a second later */
    CHECK(world_ask(w, "a", "4")->status == CALL_SUCCESS);
    CHECK_INT(w->template_starts, 2);
}

TEST(a_template_that_dies_is_started_again_when_it_is_needed)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    world_ask(w, "a", "1");
    spawner_template(w, FIRST, "killed");
    UNTIL(w, !variant_of_only(w)->nursery.up);
    CHECK(!world_ask(w, "a", "2")->cold);
    end_idle(w);
    variant_of_only(w)->tried_us = 0;
    CHECK(world_ask(w, "a", "3")->status == CALL_SUCCESS);
    CHECK_INT(w->template_starts, 2);
}

TEST(packages_that_are_not_there_fail_every_call_with_the_reason)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = layered("a", "one", 1);
    spec.layer_problem = "the packages could not be installed: no such version";
    world_set(w, &spec);
    struct answer *a = world_ask(w, "a", "1");
    CHECK_INT(a->status, CALL_PLATFORM_ERROR);
    CHECK_STR(a->error, spec.layer_problem);
    CHECK_INT(w->template_starts, 0);
    spec.layer_problem = NULL;
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "2")->status == CALL_SUCCESS);
}

TEST(slots_that_see_other_packages_serve_no_more_calls)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    w->hold_call = true;
    struct answer *old = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    set_layered(w, "a", "one", 2);
    struct answer *new = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "2"));
    CHECK_INT(runner_with(w, "2")->template_index, FIRST + 1);
    runner_answer(runner_with(w, "1"), "1");
    runner_answer(runner_with(w, "2"), "2");
    UNTIL(w, old->times && new->times);
    UNTIL(w, world_live(w) == 1);
    w->hold_call = false;
    set_layered(w, "a", "one", 0);
    CHECK(world_ask(w, "a", "3")->cold);
    CHECK_INT(template_of_last(w), 0);
}

TEST(a_slot_started_for_other_packages_is_not_used)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    w->hold_start = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->ticket_count == 1);
    set_layered(w, "a", "one", 2);
    w->hold_start = false;
    spawner_start_one(w);
    UNTIL(w, a->times);
    CHECK_INT(template_of_last(w), FIRST + 1);
    UNTIL(w, world_live(w) == 1);
}

TEST(imported_modules_are_learned_and_a_template_with_them_takes_over)
{
    auto_world struct world *w = quiet_world((struct setup){.blanks = 1, .slots_max = 8});
    set_layered(w, "a", "one", 1);
    w->modules = "numpy\nno name\n../x\nnumpy\npandas.core\n\nsix";
    world_ask(w, "a", "1");
    CHECK_INT(w->learned_times, 0);
    UNTIL(w, variant_at(w, FIRST)->nursery.blank_count == 1);
    w->hold_template = true;
    sweep_later(w);
    sweep_later(w); /* one at a time */
    UNTIL(w, w->template_starts == 2);
    world_settle(w);
    CHECK_INT(w->template_starts, 2);
    struct fake_template *t = template_at(w, FIRST + 1);
    CHECK_STR(t->modules.data, "numpy\npandas.core\nsix\n");
    CHECK(!t->load.len && t->variant.flags == (WIRE_VARIANT_LAYER | WIRE_VARIANT_SETUP));
    spawner_template(w, FIRST + 1, NULL);
    UNTIL(w, w->template_stops == 1 && !template_at(w, FIRST)->live);
    CHECK_STR(w->learned, "one alpha 01 numpy\npandas.core\nsix\n");
    UNTIL(w, variant_at(w, FIRST + 1)->nursery.blank_count == 1);
    end_idle(w);
    world_ask(w, "a", "2");
    CHECK_INT(template_of_last(w), FIRST + 1);
    sweep_later(w); /* nothing new */
    CHECK(w->template_starts == 2 && w->learned_times == 1);
}

TEST(no_template_is_started_while_the_call_that_has_taught_it_runs)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    w->modules = "numpy\n";
    w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    world_settle(w);
    sweep_later(w);
    CHECK(variant_at(w, FIRST)->next < 0);
    runner_answer(runner_with(w, "1"), "1");
    UNTIL(w, a->times);
    variant_at(w, FIRST)->tried_us = clock_mono_us();
    variant_sweep(w->engine, clock_mono_us()); /* nor so soon after the last one */
    CHECK(variant_at(w, FIRST)->next < 0);
    sweep_later(w);
    CHECK_INT(variant_at(w, FIRST)->next, FIRST + 1);
    UNTIL(w, w->template_stops == 1);
}

TEST(modules_with_which_a_template_fails_are_never_tried_again)
{
    auto_world struct world *w = quiet_world((struct setup){.slots_max = 8});
    set_layered(w, "a", "one", 1);
    w->modules = "numpy\n";
    world_ask(w, "a", "1");
    sweep_later(w);
    UNTIL(w, w->template_stops == 1);
    w->modules = "numpy\ncrashes\n";
    end_idle(w);
    world_ask(w, "a", "2");
    err_set(&w->fail_template, ERR_UNAVAILABLE, "more than one thread");
    sweep_later(w);
    UNTIL(w, w->template_starts == 3 && variant_at(w, FIRST + 1)->next < 0);
    w->fail_template.code = ERR_NONE;
    w->modules = "crashes\nscipy\n";
    end_idle(w);
    CHECK(world_ask(w, "a", "3")->status == CALL_SUCCESS);
    CHECK_INT(template_of_last(w), FIRST + 1);
    sweep_later(w);
    UNTIL(w, w->template_stops == 2);
    CHECK_STR(w->learned, "one alpha 01 numpy\nscipy\n");
}

TEST(what_was_learned_in_an_earlier_life_is_imported_at_the_start)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    uint8_t layer[LAYER_ID];
    memset(layer, 1, sizeof layer);
    engine_learned(w->engine, "one", &fake_alpha, layer, STR("numpy\nb\x01\nsix\n"));
    engine_learned(w->engine, "two", &fake_alpha, layer, STR("pandas\n"));
    set_layered(w, "a", "one", 1);
    world_ask(w, "a", "1");
    CHECK_STR(template_at(w, FIRST)->modules.data, "numpy\nsix\n");
    CHECK_INT(w->learned_times, 0);
}

TEST(a_template_that_does_not_start_with_modules_is_started_without)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    uint8_t layer[LAYER_ID];
    memset(layer, 1, sizeof layer);
    engine_learned(w->engine, "one", &fake_alpha, layer, STR("crashes\n"));
    set_layered(w, "a", "one", 1);
    w->hold_template = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->template_starts == 1);
    w->hold_template = false;
    spawner_template(w, FIRST, "a segmentation fault");
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && w->template_starts == 2 && !template_at(w, FIRST)->setup);
    CHECK_STR(w->learned, "one alpha 01 ");
}

TEST(what_a_guest_says_it_has_imported_is_bounded)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    auto_buf struct buf names = {0};
    set_layered(w, "a", "one", 1);
    for (int i = 0; names.len < FRAME_MODULES_MAX - 8; i++)
        buf_addf(&names, "m%d\n", i);
    w->modules = names.data;
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    const struct learned *l = list_of(w->engine->learned.next, struct learned, node);
    CHECK(l->modules.len > 1000 && l->modules.len <= LEARNED_MAX && l->heard_count <= 4096);
    while (names.len <= FRAME_MODULES_MAX)
        buf_addz(&names, "x");
    w->modules = names.data;
    end_idle(w);
    struct answer *a = world_ask(w, "a", "2");
    CHECK(a->status == CALL_CRASHED && strstr(a->error, "payload of"));
}

TEST(a_start_that_its_replaced_template_refuses_is_asked_for_again)
{
    auto_world struct world *w = quiet_world((struct setup){.slots_max = 8});
    set_layered(w, "a", "one", 1);
    w->modules = "numpy\n";
    world_ask(w, "a", "1");
    end_idle(w);
    w->hold_start = true;
    struct answer *a = world_call(w, "a", "2");
    UNTIL(w, w->ticket_count == 1);
    sweep_later(w);
    UNTIL(w, w->template_stops == 1);
    w->hold_start = false;
    spawner_refuse(w, "its template has gone");
    UNTIL(w, a->times);
    CHECK_INT(a->status, CALL_SUCCESS);
    CHECK_INT(template_of_last(w), FIRST + 1);
}

TEST(a_runtime_that_does_not_learn_gets_no_set_up)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = layered("a", "one", 1);
    spec.runtime = &fake_beta;
    spec.snapstart = true;
    world_set(w, &spec);
    w->modules = "left-pad\n";
    world_ask(w, "a", "1");
    CHECK(!template_at(w, FIRST)->setup && template_at(w, FIRST)->variant.base == 1);
    sweep_later(w);
    CHECK(w->template_starts == 1 && !w->learned_times);
    spec.layer = false;
    world_set(w, &spec);
    world_ask(w, "a", "2");
    CHECK(w->template_starts == 1 && template_of_last(w) == 1);
}

TEST(a_variant_keeps_one_blank_slot_for_a_while)
{
    auto_world struct world *w = quiet_world((struct setup){.blanks = 2, .slots_max = 12});
    set_layered(w, "a", "one", 1);
    world_ask(w, "a", "1");
    UNTIL(w, w->engine->pool.count[SLOT_BLANK] == 5);
    world_settle(w);
    struct variant *v = variant_at(w, FIRST);
    CHECK_INT(v->nursery.blank_count, 1);
    end_idle(w);
    CHECK(world_ask(w, "a", "2")->status == CALL_SUCCESS);
    UNTIL(w, v->nursery.blank_count == 1);
    v->placed_us = 0; /* long ago */
    sweep_later(w);
    CHECK_INT(v->nursery.blank_count, 0);
}

TEST(the_blank_slots_of_all_variants_are_bounded)
{
    auto_world struct world *w = quiet_world((struct setup){.blanks = 1, .slots_max = 6});
    char id[8];
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "f%d", i);
        set_layered(w, id, id, 1);
        world_ask(w, id, "1");
        end_idle(w);
    }
    UNTIL(w, w->engine->pool.count[SLOT_BLANK] == 5); /* one per runtime, and three */
    world_settle(w);
    CHECK_INT(w->engine->pool.count[SLOT_BLANK], 5);
}

TEST(a_template_that_is_ready_or_fails_while_it_is_stopped_changes_nothing)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    w->hold_template = w->hold_stop = true;
    for (int ready = 0; ready < 2; ready++) {
        set_layered(w, "a", "one", 1);
        struct answer *a = world_call(w, "a", "1");
        UNTIL(w, template_at(w, FIRST)->live);
        engine_remove(w->engine, "a");
        CHECK(a->refused);
        w->engine->config.variant_idle_ms = 0;
        variant_sweep(w->engine, clock_mono_us());
        UNTIL(w, template_at(w, FIRST)->stopped);
        spawner_template(w, FIRST, ready ? NULL : "killed");
        world_settle(w);
        CHECK(w->engine->indices[0].taken && !w->engine->indices[0].owner);
        sweep_later(w);
        CHECK(list_empty(&w->engine->variants));
        spawner_template_stopped(w, FIRST);
        world_settle(w);
        CHECK(!w->engine->indices[0].taken);
    }
}

TEST(a_template_that_dies_while_its_successor_starts_is_succeeded_all_the_same)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    w->modules = "numpy\n";
    world_ask(w, "a", "1");
    end_idle(w);
    w->hold_template = true;
    sweep_later(w);
    UNTIL(w, w->template_starts == 2);
    spawner_template(w, FIRST, "killed");
    world_settle(w);
    sweep_later(w);
    spawner_template(w, FIRST + 1, NULL);
    UNTIL(w, variant_at(w, FIRST + 1)->nursery.up);
    CHECK(world_ask(w, "a", "2")->status == CALL_SUCCESS);
    CHECK(w->template_starts == 2 && w->template_stops == 0);
}

TEST(the_end_of_the_engine_ends_calls_that_wait_for_a_template)
{
    struct world *w = quiet_world((struct setup){0});
    set_layered(w, "a", "one", 1);
    w->hold_template = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->template_starts == 1);
    CHECK(!a->times);
    world_free(&w); /* checks that it was answered */
}

TEST_MAIN(a_template_that_is_ready_or_fails_while_it_is_stopped_changes_nothing,
          a_template_that_dies_while_its_successor_starts_is_succeeded_all_the_same,
          the_end_of_the_engine_ends_calls_that_wait_for_a_template,
          a_function_with_a_layer_or_a_database_gets_a_template_that_shows_them,
          only_functions_of_one_scope_with_the_same_packages_share_a_template,
          a_call_does_not_wait_for_a_template_beyond_its_own_time,
          calls_wait_for_a_template_on_its_way,
          a_template_that_fails_fails_its_calls_and_is_not_tried_again_at_once,
          a_template_that_dies_is_started_again_when_it_is_needed,
          packages_that_are_not_there_fail_every_call_with_the_reason,
          slots_that_see_other_packages_serve_no_more_calls,
          a_slot_started_for_other_packages_is_not_used,
          imported_modules_are_learned_and_a_template_with_them_takes_over,
          no_template_is_started_while_the_call_that_has_taught_it_runs,
          modules_with_which_a_template_fails_are_never_tried_again,
          what_was_learned_in_an_earlier_life_is_imported_at_the_start,
          a_template_that_does_not_start_with_modules_is_started_without,
          what_a_guest_says_it_has_imported_is_bounded,
          a_start_that_its_replaced_template_refuses_is_asked_for_again,
          a_runtime_that_does_not_learn_gets_no_set_up, a_variant_keeps_one_blank_slot_for_a_while,
          the_blank_slots_of_all_variants_are_bounded)
