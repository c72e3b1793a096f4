/* What a slot may do and how its calls end: hostile runners, limits, exits. */
#include "engine/testdata/fake.h"

/* A slot with the call "1" of function "a" in it, whose answer is the test's business. */
static struct fake_slot *hold_one(struct world *w, struct answer **ret)
{
    w->hold_call = true;
    *ret = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    return runner_with(w, "1");
}

/* The next call works, and on another slot. */
static void check_fresh(struct world *w)
{
    w->hold_call = w->hold_load = w->hold_ready = false;
    struct answer *next = world_ask(w, "a", "7");
    CHECK(next->status == CALL_SUCCESS && next->cold);
    CHECK_STR(next->output, "7");
}

static void check_ended(struct world *w, struct answer *a, enum call_status status,
                        const char *text)
{
    UNTIL(w, a->times);
    CHECK_STR(call_status_name(a->status), call_status_name(status));
    if (!strstr(a->error, text))
        fail_msg("\"%s\" does not contain \"%s\"", a->error, text);
    check_fresh(w);
    CHECK_INT(w->starts, 2);
}

TEST(a_call_over_its_deadline_times_out_and_its_slot_is_killed)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = hold_one(w, &a);
    runner_print(f->out, "so far");
    world_overdue(w, 0);
    UNTIL(w, a->times);
    CHECK_STR(a->out, "so far");
    check_ended(w, a, CALL_TIMEOUT, "timed out after 60000 ms");
}

TEST(a_flood_that_is_found_at_the_deadline_ends_the_call_once)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    struct function_spec spec = fake_spec("a", 1);
    spec.output_bytes = 10;
    world_set(w, &spec);
    hold_one(w, &a);
    struct slot *s = w->engine->pool.by_id[0];
    watch_want(s->out_pipe, 0); /* as if its turn came after the timer's */
    runner_print(w->slots[0].out, "more than ten bytes");
    world_overdue(w, 0);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_OUTPUT_LIMIT);
}

TEST(an_exit_for_want_of_memory_is_named_with_the_limit)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    spawner_end(hold_one(w, &a), SIGKILL, true);
    check_ended(w, a, CALL_OOM, "memory_mb = 128");
}

TEST(an_exit_is_named_with_its_status)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    spawner_end(hold_one(w, &a), 3 << 8, false);
    check_ended(w, a, CALL_CRASHED, "exited with status 3");
}

TEST(a_signal_is_named)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    spawner_end(hold_one(w, &a), SIGSEGV, false);
    check_ended(w, a, CALL_CRASHED, "SIGSEGV");
}

TEST(a_result_sent_just_before_the_exit_counts)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    world_set(w, &spec);
    struct fake_slot *f = hold_one(w, &a);
    struct answer *next = world_call(w, "a", "2"); /* must not get the slot that has ended */
    w->hold_call = false;
    watch_want(w->engine->pool.by_id[0]->socket, 0); /* the spawner is heard first */
    runner_answer(f, "\"last\"");
    spawner_end(f, 0, false);
    UNTIL(w, a->times && next->times);
    CHECK(a->status == CALL_SUCCESS);
    CHECK_STR(a->output, "\"last\"");
    CHECK(next->status == CALL_SUCCESS && next->cold);
}

TEST(a_socket_closed_without_exit_crashes_the_call_when_the_slot_has_ended)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = hold_one(w, &a);
    watch_free(take_ptr(f->watch));
    fd_close(&f->socket);
    check_ended(w, a, CALL_CRASHED, "killed by signal 9");
}

static const struct {
    const char *name;
    const char *bytes;
    size_t len;
    enum call_status status;
    const char *text;
} forgeries[] = {
#define BYTES(s) s, sizeof(s) - 1
    {"garbage", BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), CALL_CRASHED, "unknown frame type"},
    {"a frame of the server's", BYTES("\0\0\0\0\1\0\0\0"), CALL_CRASHED, "unknown frame type"},
    {"unknown flags", BYTES("\4\0\0\0\x83\x10\1\0null"), CALL_CRASHED, "unknown flags"},
    {"fatal on a result", BYTES("\4\0\0\0\x83\1\1\0null"), CALL_CRASHED, "unknown flags"},
    {"a number on a frame that has none", BYTES("\0\0\0\0\x81\0\1\0"), CALL_CRASHED, "number"},
    {"ready once more", BYTES("\0\0\0\0\x81\0\0\0"), CALL_CRASHED, "nobody asked"},
    {"loaded once more", BYTES("\0\0\0\0\x82\0\0\0"), CALL_CRASHED, "nobody asked"},
    {"a chunk without a stream", BYTES("\1\0\0\0\x86\0\1\0x"), CALL_CRASHED, "nobody asked"},
    {"a result that is not JSON", BYTES("\4\0\0\0\x83\0\1\0oops"), CALL_CRASHED, "not JSON"},
    {"an empty result", BYTES("\0\0\0\0\x83\0\1\0"), CALL_CRASHED, "not JSON"},
    {"an error that is no object", BYTES("\2\0\0\0\x84\0\1\0[]"), CALL_CRASHED, "no JSON object"},
    {"a huge length", BYTES("\xff\xff\xff\x7f\x83\0\1\0"), CALL_OUTPUT_LIMIT, "too large"},
#undef BYTES
};

TEST(a_broken_protocol_crashes_the_call_and_ends_the_slot)
{
    for (size_t i = 0; i < ARRAY_LEN(forgeries); i++) {
        auto_world struct world *w = world_new((struct setup){0});
        struct answer *a;
        world_function(w, "a");
        print_message("%s\n", forgeries[i].name);
        runner_raw(hold_one(w, &a), forgeries[i].bytes, forgeries[i].len);
        check_ended(w, a, forgeries[i].status, forgeries[i].text);
    }
}

TEST(a_result_before_the_code_is_loaded_is_not_taken)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_load = w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    runner_answer(runner_with(w, "1"), "\"forged\"");
    check_ended(w, a, CALL_CRASHED, "nobody asked");
}

TEST(a_frame_from_an_idle_slot_ends_it)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    struct fake_slot *f = &w->slots[0];
    runner_send(f, FRAME_RESULT, 0, STR("\"for the next one\""));
    UNTIL(w, f->killed);
    check_fresh(w);
}

TEST(a_blank_slot_that_says_more_than_ready_ends)
{
    auto_world struct world *w = world_new((struct setup){.blanks = 1});
    UNTIL(w, w->engine->pool.count[SLOT_BLANK] == 2);
    runner_send(&w->slots[0], FRAME_LOADED, 0, STR(""));
    UNTIL(w, w->slots[0].killed);
}

TEST(a_second_result_does_not_answer_the_next_caller)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    struct function_spec spec = fake_spec("a", 1);
    spec.concurrency = 1;
    world_set(w, &spec);
    struct fake_slot *f = hold_one(w, &a);
    struct answer *next = world_call(w, "a", "2");
    w->hold_call = false;
    static const char two[] = "\3\0\0\0\x83\0\1\0\"1\"\3\0\0\0\x83\0\1\0\"x\"";
    f->asked = false;
    runner_raw(f, two, sizeof two - 1);
    UNTIL(w, a->times && next->times);
    CHECK(a->status == CALL_SUCCESS && next->status == CALL_SUCCESS);
    CHECK_STR(a->output, "\"1\"");
    CHECK_STR(next->output, "2");
    CHECK_INT(w->starts, 2);
}

TEST(a_runner_that_answers_without_reading_is_not_given_more)
{
    auto_world struct world *w = world_new((struct setup){0});
    auto_buf struct buf large = {0};
    world_function(w, "a");
    world_ask(w, "a", "1");
    struct fake_slot *f = &w->slots[0];
    watch_want(f->watch, 0);
    buf_addz(&large, "\"");
    for (int i = 0; i < 1 << 20; i += 16)
        buf_addz(&large, "0123456789abcdef");
    buf_addz(&large, "\"");
    struct answer *a = world_call(w, "a", large.data);
    CHECK(!a->times && w->engine->pool.by_id[0]->unsent.len > 0);
    f->number++; /* it guesses */
    runner_send(f, FRAME_RESULT, 0, STR("1"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
    UNTIL(w, f->killed);
    check_fresh(w);
}

TEST(an_answer_to_an_earlier_call_is_dropped_and_the_slot_serves_no_further_one)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    world_ask(w, "a", "0");
    struct fake_slot *f = hold_one(w, &a);
    CHECK_INT(f->number, 2);
    f->number = 1; /* a thread that the first call has left behind */
    runner_send(f, FRAME_RESULT, 0, STR("\"late\""));
    runner_send(f, FRAME_FAILED, FRAME_FATAL, STR("{}"));
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    world_settle(w);
    CHECK(!a->times && !f->killed);
    f->number = 2;
    runner_answer(f, "\"right\"");
    UNTIL(w, a->times);
    CHECK_STR(a->output, "\"right\"");
    UNTIL(w, f->killed);
    check_fresh(w);
}

/* The runner ends while nobody watches: the engine has not heard of it when the call comes. */
static void end_unheard(struct world *w, struct fake_slot *f)
{
    watch_want(w->engine->pool.by_id[f->index]->socket, 0);
    watch_free(take_ptr(f->watch));
    fd_close(&f->socket);
}

TEST(a_call_for_a_slot_that_had_just_ended_goes_to_another_one)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    end_unheard(w, &w->slots[0]);
    struct answer *a = world_ask(w, "a", "2");
    CHECK(a->status == CALL_SUCCESS && a->cold && a->version == 1);
    CHECK_STR(a->output, "2");
    CHECK_INT(w->starts, 2);
}

TEST(a_call_is_given_to_another_slot_only_once)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_call = true;
    struct answer *one = world_call(w, "a", "1"), *two = world_call(w, "a", "2");
    UNTIL(w, runner_with(w, "1") && runner_with(w, "2"));
    runner_answer(runner_with(w, "1"), "1");
    runner_answer(runner_with(w, "2"), "2");
    UNTIL(w, one->times && two->times);
    end_unheard(w, &w->slots[0]);
    end_unheard(w, &w->slots[1]);
    struct answer *a = world_ask(w, "a", "3");
    CHECK(a->status == CALL_CRASHED);
}

TEST(a_call_whose_event_may_have_been_read_is_not_repeated)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    struct fake_slot *f = &w->slots[0];
    watch_want(f->watch, 0);
    struct answer *a = world_call(w, "a", "2"); /* it is in the socket */
    watch_free(take_ptr(f->watch));
    fd_close(&f->socket);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_CRASHED);
    CHECK_INT(w->starts, 1);
}

TEST(a_large_event_arrives_whole_though_the_socket_is_full)
{
    auto_world struct world *w = world_new((struct setup){0});
    auto_buf struct buf large = {0};
    world_function(w, "a");
    buf_addz(&large, "\"");
    for (int i = 0; i < 3 << 20; i += 16)
        buf_addz(&large, "0123456789abcdef");
    buf_addz(&large, "\"");
    w->hold_call = true;
    struct answer *a = world_call(w, "a", large.data);
    UNTIL(w, w->slots[0].asked);
    world_settle(w); /* the socket takes no notice of being writable any more */
    runner_answer(&w->slots[0], "true");
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
    w->hold_call = false;
    CHECK(!world_ask(w, "a", "2")->cold);
}

TEST(frames_may_arrive_byte_by_byte)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = hold_one(w, &a);
    static const char frame[] = "\4\0\0\0\x83\0\1\0null";
    f->asked = false;
    for (size_t i = 0; i < sizeof frame - 1; i++) {
        CHECK(!a->times);
        runner_raw(f, frame + i, 1);
        world_settle(w);
    }
    CHECK(a->times == 1 && a->status == CALL_SUCCESS);
    CHECK_STR(a->output, "null");
}

TEST(printing_more_than_allowed_ends_the_call)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    struct function_spec spec = fake_spec("a", 1);
    spec.output_bytes = 1024;
    world_set(w, &spec);
    struct fake_slot *f = hold_one(w, &a);
    char text[700];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    runner_print(f->out, text);
    runner_print(f->err, text); /* both count */
    check_ended(w, a, CALL_OUTPUT_LIMIT, "output_kb = 1");
}

TEST(printing_more_than_allowed_between_calls_ends_the_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.output_bytes = 4;
    world_set(w, &spec);
    world_ask(w, "a", "1");
    runner_print(w->slots[0].out, "too much");
    UNTIL(w, w->slots[0].killed);
    check_fresh(w);
}

TEST(a_result_beyond_the_functions_limit_is_an_output_limit)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    char result[1002]; /* the limit is 1000 */
    memset(result, '1', sizeof result - 1);
    result[sizeof result - 1] = 0;
    runner_answer(hold_one(w, &a), result);
    check_ended(w, a, CALL_OUTPUT_LIMIT, "1001 bytes, limit 1000");
}

TEST(a_result_as_large_as_the_limit_is_taken)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    char result[1001];
    memset(result, '1', sizeof result - 1);
    result[sizeof result - 1] = 0;
    runner_answer(hold_one(w, &a), result);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
}

TEST(both_logs_are_captured_apart_and_what_is_printed_between_calls_goes_to_the_next)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = hold_one(w, &a);
    runner_print(f->out, "out");
    runner_print(f->err, "err");
    runner_answer(f, "1");
    UNTIL(w, a->times);
    CHECK_STR(a->out, "out");
    CHECK_STR(a->err, "err");
    runner_print(f->out, "late");
    world_settle(w);
    w->hold_call = false;
    struct answer *next = world_ask(w, "a", "2");
    CHECK_STR(next->out, "late");
    CHECK_STR(next->err, "");
    CHECK_STR(world_ask(w, "a", "3")->out, "");
}

TEST(closed_pipes_do_not_end_a_call)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = hold_one(w, &a);
    fd_close(&f->out);
    fd_close(&f->err);
    world_settle(w);
    runner_answer(f, "1");
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
}

TEST(a_handler_that_raises_keeps_its_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    runner_fail(hold_one(w, &a), 0, "{\"type\":\"E\",\"message\":\"m\",\"traceback\":\"t\"}");
    UNTIL(w, a->times);
    CHECK(a->status == CALL_ERROR);
    CHECK_STR(a->error, "E: m");
    w->hold_call = false;
    CHECK(!world_ask(w, "a", "2")->cold);
}

TEST(a_fatal_failure_ends_the_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    runner_fail(hold_one(w, &a), FRAME_FATAL, "{\"type\":\"E\",\"message\":\"m\"}");
    check_ended(w, a, CALL_ERROR, "E: m");
}

TEST(code_that_does_not_load_is_an_error_and_its_slot_is_not_used_again)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    w->hold_load = w->hold_call = true;
    struct answer *a = world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    runner_fail(runner_with(w, "1"), 0, "{\"type\":\"SyntaxError\",\"message\":\"line 1\"}");
    check_ended(w, a, CALL_ERROR, "SyntaxError: line 1");
}

static const char *error_of(struct world *w, const char *failed)
{
    struct answer *a;
    runner_fail(hold_one(w, &a), 0, failed);
    UNTIL(w, a->times);
    return a->error;
}

TEST(a_missing_module_names_its_package_behind_the_first_line)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    CHECK_STR(error_of(w, "{\"type\":\"E\",\"message\":\"No 'cv2'\",\"module\":\"cv2\"}"),
              "E: No 'cv2' (the package lib-cv2 provides it)");
    CHECK_STR(error_of(w, "{\"type\":\"E\",\"message\":\"No\\nmore\",\"module\":\"x\"}"),
              "E: No (the package lib-x provides it)\nmore");
    CHECK_STR(error_of(w, "{\"type\":\"E\",\"message\":\"m\",\"module\":\"six\"}"), "E: m");
    CHECK_STR(error_of(w, "{\"type\":\"E\",\"message\":\"m\",\"module\":\"_own\"}"), "E: m");
    CHECK_STR(error_of(w, "{\"type\":\"E\",\"message\":\"m\",\"module\":7}"), "E: m");
}

TEST(a_failure_for_want_of_network_says_so_unless_the_function_has_it)
{
    static const char offline[] = "{\"type\":\"E\",\"message\":\"m\",\"offline\":true}";
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    CHECK_STR(error_of(w, offline),
              "E: m (this function has no network; its settings can give it one)");
    CHECK_STR(error_of(w, "{\"type\":\"E\",\"message\":\"m\",\"offline\":1}"), "E: m");
    auto_world struct world *other = world_new((struct setup){0});
    struct function_spec spec = fake_spec("a", 1);
    spec.limits.network = true;
    world_set(other, &spec);
    CHECK_STR(error_of(other, offline), "E: m");
}

TEST_MAIN(a_missing_module_names_its_package_behind_the_first_line,
          a_failure_for_want_of_network_says_so_unless_the_function_has_it,
          a_call_over_its_deadline_times_out_and_its_slot_is_killed,
          a_flood_that_is_found_at_the_deadline_ends_the_call_once,
          an_exit_for_want_of_memory_is_named_with_the_limit, an_exit_is_named_with_its_status,
          a_signal_is_named, a_result_sent_just_before_the_exit_counts,
          a_socket_closed_without_exit_crashes_the_call_when_the_slot_has_ended,
          a_broken_protocol_crashes_the_call_and_ends_the_slot,
          a_result_before_the_code_is_loaded_is_not_taken, a_frame_from_an_idle_slot_ends_it,
          a_blank_slot_that_says_more_than_ready_ends,
          a_second_result_does_not_answer_the_next_caller,
          a_runner_that_answers_without_reading_is_not_given_more,
          an_answer_to_an_earlier_call_is_dropped_and_the_slot_serves_no_further_one,
          a_call_for_a_slot_that_had_just_ended_goes_to_another_one,
          a_call_is_given_to_another_slot_only_once,
          a_call_whose_event_may_have_been_read_is_not_repeated,
          a_large_event_arrives_whole_though_the_socket_is_full, frames_may_arrive_byte_by_byte,
          printing_more_than_allowed_ends_the_call,
          printing_more_than_allowed_between_calls_ends_the_slot,
          a_result_beyond_the_functions_limit_is_an_output_limit,
          a_result_as_large_as_the_limit_is_taken,
          both_logs_are_captured_apart_and_what_is_printed_between_calls_goes_to_the_next,
          closed_pipes_do_not_end_a_call, a_handler_that_raises_keeps_its_slot,
          a_fatal_failure_ends_the_slot,
          code_that_does_not_load_is_an_error_and_its_slot_is_not_used_again)
