/* Snapstart, and which templates of variants stay. */
#include "engine/testdata/fake.h"

enum { FIRST = SANDBOX_TEMPLATES_MAX };

static struct function_spec snapped(const char *id, uint32_t version)
{
    struct function_spec spec = fake_spec(id, version);
    spec.snapstart = true;
    return spec;
}

static void set_scoped(struct world *w, const char *id)
{
    struct function_spec spec = fake_spec(id, 1);
    spec.scope = id;
    spec.database = true;
    world_set(w, &spec);
}

static void end_idle(struct world *w)
{
    list_each_safe (node, &w->engine->pool.slots[SLOT_IDLE])
        slot_kill(list_of(node, struct slot, state_node));
    UNTIL(w, !w->engine->pool.count[SLOT_DYING]);
}

static unsigned templates_live(const struct world *w)
{
    unsigned live = 0;
    for (int i = 0; i < SANDBOX_VARIANTS_MAX; i++)
        live += w->templates[i].live;
    return live;
}

static struct engine_stats stats_of(const struct world *w)
{
    struct engine_stats stats;
    engine_stats(w->engine, &stats);
    return stats;
}

static void sweep(struct world *w)
{
    variant_sweep(w->engine, clock_mono_us());
    world_check(w);
}

TEST(snapstart_loads_the_code_in_a_template_and_its_slots_are_sent_it_too)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = snapped("a", 1);
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    const struct fake_template *t = &w->templates[0];
    CHECK(t->setup && !t->modules.len && t->variant.flags == WIRE_VARIANT_SETUP);
    CHECK(w->slots[0].template_index == FIRST && w->slots[0].loads == 1);
    CHECK(t->load.len == w->slots[0].loaded.len);
    CHECK(memcmp(t->load.data, w->slots[0].loaded.data, t->load.len) == 0);
}

TEST(each_function_with_snapstart_has_a_template_of_its_own)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec a = snapped("a", 1), b = snapped("b", 1);
    a.scope = b.scope = "one";
    world_set(w, &a);
    world_set(w, &b);
    world_ask(w, "a", "1");
    world_ask(w, "b", "1");
    CHECK_INT(w->template_starts, 2);
}

static void change(struct world *w, struct function_spec *spec, unsigned starts)
{
    world_set(w, spec);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    CHECK_INT(w->template_starts, starts);
    sweep(w);
    UNTIL(w, templates_live(w) == 1);
}

TEST(a_new_version_or_environment_is_loaded_anew_and_the_old_template_goes)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = snapped("a", 1);
    change(w, &spec, 1);
    spec.version = 2;
    change(w, &spec, 2);
    spec.environment = "{\"KEY\":\"new\"}";
    change(w, &spec, 3);
    spec.timeout_ms++;
    change(w, &spec, 3); /* of no interest to what is loaded */
    spec.snapstart = false;
    world_set(w, &spec);
    world_ask(w, "a", "1");
    sweep(w);
    UNTIL(w, templates_live(w) == 0);
    CHECK_INT(w->template_starts, 3);
}

TEST(an_environment_alone_starts_no_other_template)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.database = true;
    world_set(w, &spec);
    world_ask(w, "a", "1");
    spec.environment = "{\"KEY\":\"new\"}";
    world_set(w, &spec);
    CHECK(world_ask(w, "a", "2")->cold);
    CHECK(w->template_starts == 1 && !w->template_stops);
}

TEST(a_template_whose_code_does_not_load_is_done_without)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = snapped("a", 1);
    world_set(w, &spec);
    err_set(&w->fail_template, ERR_UNAVAILABLE, "ValueError: no such thing");
    struct answer *a = world_ask(w, "a", "1");
    CHECK(a->status == CALL_SUCCESS && w->slots[0].template_index == 0);
    world_set(w, &spec);
    world_ask(w, "a", "2");
    CHECK_INT(w->template_starts, 1);
    w->fail_template.code = ERR_NONE;
    spec.version = 2;
    world_set(w, &spec);
    world_ask(w, "a", "3");
    CHECK_INT(w->template_starts, 2);
}

TEST(snapstart_that_fails_leaves_the_function_its_packages)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = snapped("a", 1);
    spec.layer = true;
    world_set(w, &spec);
    w->hold_template = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->template_starts == 1);
    spawner_template(w, FIRST, "ValueError");
    UNTIL(w, w->template_starts == 2);
    CHECK(!w->templates[0].setup && w->templates[0].variant.flags == WIRE_VARIANT_LAYER);
    spawner_template(w, FIRST, NULL);
    UNTIL(w, a->times);
    CHECK_INT(a->status, CALL_SUCCESS);
}

TEST(code_too_large_for_a_set_up_is_loaded_by_each_slot)
{
    auto_world struct world *w = quiet_world((struct setup){.cache = 64 << 20});
    struct function_spec spec = snapped("a", 1);
    const size_t large = SETUP_MAX / 2 + 1;
    auto_ptr char *bytes = mem_alloc(large);
    struct code *code = code_new(bytes, large);
    engine_set(w->engine, &spec, code);
    code_unref(code);
    CHECK(world_ask(w, "a", "1")->status == CALL_SUCCESS);
    CHECK(w->template_starts == 0 && w->slots[0].template_index == 0);
}

TEST(a_removed_function_takes_its_template_with_it)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = snapped("a", 1);
    world_set(w, &spec);
    world_ask(w, "a", "1");
    engine_remove(w->engine, "a");
    UNTIL(w, world_live(w) == 0);
    sweep(w);
    UNTIL(w, templates_live(w) == 0);
}

TEST(a_template_without_calls_is_stopped_after_a_while)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    set_scoped(w, "a");
    world_ask(w, "a", "1");
    CHECK(stats_of(w).templates == 1 && stats_of(w).template_bytes == 1 << 20);
    w->engine->config.variant_idle_ms = 0;
    sweep(w); /* an idle slot counts as use */
    CHECK_INT(w->template_stops, 0);
    end_idle(w);
    sweep(w);
    UNTIL(w, w->template_stops == 1);
    CHECK(stats_of(w).templates == 0 && stats_of(w).template_bytes == 0);
    CHECK(world_ask(w, "a", "2")->status == CALL_SUCCESS);
    CHECK_INT(w->template_starts, 2);
}

TEST(the_least_recently_used_template_goes_when_they_hold_too_much_memory)
{
    auto_world struct world *w =
        quiet_world((struct setup){.slots_max = 8, .template_memory = 5 << 20});
    w->template_bytes = 2 << 20;
    set_scoped(w, "a");
    set_scoped(w, "b");
    set_scoped(w, "c");
    world_ask(w, "a", "1");
    world_ask(w, "b", "1");
    end_idle(w);
    world_ask(w, "a", "2"); /* has a slot now */
    CHECK_INT(templates_live(w), 2);
    world_ask(w, "c", "1");
    UNTIL(w, w->template_stops == 1);
    CHECK(w->templates[0].live && !w->templates[1].live && w->templates[2].live);
    world_ask(w, "b", "2"); /* all three in use: none is taken from under its slots */
    sweep(w);
    CHECK(templates_live(w) == 3 && stats_of(w).template_bytes == 6 << 20);
}

TEST(a_template_makes_room_when_all_indices_are_taken)
{
    auto_world struct world *w = quiet_world((struct setup){.slots_max = 1});
    for (int i = 0; i < SANDBOX_VARIANTS_MAX + 2; i++) {
        char id[8];
        snprintf(id, sizeof id, "f%d", i);
        set_scoped(w, id);
        w->answers[0] = (struct answer){0}; /* only the last one is kept */
        w->answer_count = w->records = 0;
        CHECK(world_ask(w, id, "1")->status == CALL_SUCCESS);
    }
    CHECK(templates_live(w) == SANDBOX_VARIANTS_MAX && w->template_stops == 2);
}

TEST(calls_wait_for_an_index_until_one_is_free)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    for (int i = 0; i < SANDBOX_VARIANTS_MAX; i++) /* as if others had them */
        w->engine->indices[i].taken = true;
    set_scoped(w, "a");
    struct answer *a = world_call(w, "a", "1");
    world_settle(w);
    CHECK(!a->times && !w->template_starts);
    w->engine->indices[5].taken = false;
    sweep(w);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && w->slots[0].template_index == FIRST + 5);
}

TEST(templates_are_counted_in_metrics)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    auto_buf struct buf text = {0};
    set_scoped(w, "a");
    world_ask(w, "a", "1");
    engine_metrics(w->engine, &text);
    CHECK(strstr(text.data, "\nvirga_templates 1\n"));
    CHECK(strstr(text.data, "\nvirga_template_bytes 1048576\n"));
}

TEST(a_version_that_fails_to_load_when_it_is_replaced_already_is_no_reason_to_do_without)
{
    auto_world struct world *w = quiet_world((struct setup){0});
    struct function_spec spec = snapped("a", 1);
    world_set(w, &spec);
    w->hold_template = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, w->template_starts == 1);
    spec.version = 2;
    world_set(w, &spec);
    UNTIL(w, w->template_starts == 2);
    spawner_template(w, FIRST, "ValueError");
    spawner_template(w, FIRST + 1, NULL);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && a->version == 2);
    CHECK_INT(w->slots[0].template_index, FIRST + 1);
}

TEST_MAIN(a_version_that_fails_to_load_when_it_is_replaced_already_is_no_reason_to_do_without,
          snapstart_loads_the_code_in_a_template_and_its_slots_are_sent_it_too,
          each_function_with_snapstart_has_a_template_of_its_own,
          a_new_version_or_environment_is_loaded_anew_and_the_old_template_goes,
          an_environment_alone_starts_no_other_template,
          a_template_whose_code_does_not_load_is_done_without,
          snapstart_that_fails_leaves_the_function_its_packages,
          code_too_large_for_a_set_up_is_loaded_by_each_slot,
          a_removed_function_takes_its_template_with_it,
          a_template_without_calls_is_stopped_after_a_while,
          the_least_recently_used_template_goes_when_they_hold_too_much_memory,
          a_template_makes_room_when_all_indices_are_taken,
          calls_wait_for_an_index_until_one_is_free, templates_are_counted_in_metrics)
