/* Results in pieces: passed on, held, joined, broken off. */
#include "engine/testdata/fake.h"

/* A slot with the call "1" of function "a" in it, whose answer is the test's business. */
static struct fake_slot *begin(struct world *w, struct answer **ret, bool taker)
{
    w->hold_call = true;
    *ret = taker ? world_stream(w, "a", "1") : world_call(w, "a", "1");
    UNTIL(w, runner_with(w, "1"));
    runner_with(w, "1")->asked = false;
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].live && w->slots[i].calls && !w->slots[i].killed)
            return &w->slots[i];
    fail_msg("no slot");
    return NULL;
}

static void send_end(struct fake_slot *f)
{
    runner_send(f, FRAME_RESULT, 0, STR(""));
}

static void check_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

TEST(pieces_are_passed_on_as_they_come_and_the_slot_serves_on)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    CHECK_INT(f->flags, FRAME_STREAM_OK);
    runner_send(f, FRAME_STREAM, 0, STR("{\"statusCode\":201,\"headers\":{\"X-A\":\"b\"}}"));
    UNTIL(w, a->opened);
    CHECK_INT(a->opened_status, 201);
    CHECK_STR(a->headers, "{\"X-A\":\"b\"}");
    runner_send(f, FRAME_CHUNK, 0, STR("one "));
    UNTIL(w, a->pieces == 1);
    CHECK_STR(a->last, "one ");
    runner_send(f, FRAME_CHUNK, 0, STR("two\""));
    UNTIL(w, a->pieces == 2);
    CHECK(!a->times);
    runner_print(f->out, "log");
    send_end(f);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && a->streamed);
    CHECK_STR(a->output, "\"one two\\\"\"");
    CHECK_STR(a->out, "log");
    CHECK_STR(a->request, "GET /x");
    w->hold_call = false;
    CHECK(!world_ask(w, "a", "2")->cold);
}

TEST(an_opening_that_says_nothing_is_a_200_without_headers)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    send_end(f);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && a->opened == 1 && a->opened_status == 200 && !a->pieces);
    CHECK_STR(a->headers, "{}");
    CHECK_STR(a->output, "\"\"");
}

TEST(a_caller_that_takes_pieces_gets_a_whole_result_whole)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    struct answer *a = world_stream(w, "a", "1");
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && !a->opened && !a->streamed);
    CHECK_STR(a->output, "1");
}

TEST(a_stream_may_be_longer_than_a_result)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a"); /* result_bytes = 1000 */
    struct fake_slot *f = begin(w, &a, true);
    char piece[600];
    memset(piece, 'x', sizeof piece);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    for (int i = 0; i < 200; i++) {
        runner_send(f, FRAME_CHUNK, 0, (struct str){piece, sizeof piece});
        world_settle(w);
    }
    send_end(f);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS && a->bytes == 200 * sizeof piece);
}

TEST(a_stream_that_never_ends_is_ended)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    auto_buf struct buf frame = {0};
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    frame_begin(&frame, FRAME_CHUNK, 0, f->number, FRAME_CHUNK_MAX);
    buf_reserve(&frame, FRAME_CHUNK_MAX);
    memset(frame.data + frame.len, 'x', FRAME_CHUNK_MAX);
    frame.len += FRAME_CHUNK_MAX;
    for (size_t at = 0; !a->times; at %= frame.len) {
        ssize_t n = f->live ? write(f->socket, frame.data + at, frame.len - at) : 0;
        at += n > 0 ? (size_t)n : 0;
        CHECK(event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK) >= 0);
    }
    CHECK(a->status == CALL_OUTPUT_LIMIT && a->bytes == 4 << 20);
    check_text(a->error, "more than 4 MB");
}

/* --- holding --- */

TEST(a_held_stream_is_read_no_further_until_it_is_resumed)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    a->hold = true;
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    runner_send(f, FRAME_CHUNK, 0, STR("1"));
    runner_send(f, FRAME_CHUNK, 0, STR("2"));
    UNTIL(w, a->pieces == 1);
    runner_send(f, FRAME_CHUNK, 0, STR("3"));
    send_end(f);
    world_settle(w);
    CHECK_INT(a->pieces, 1);
    engine_resume(w->engine, a->arg);
    CHECK_INT(a->pieces, 1); /* not from inside the caller's own callback */
    UNTIL(w, a->pieces == 2);
    world_settle(w);
    CHECK_INT(a->pieces, 2);
    a->hold = false;
    engine_resume(w->engine, a->arg);
    UNTIL(w, a->times);
    CHECK(a->pieces == 3 && a->status == CALL_SUCCESS);
    engine_resume(w->engine, a); /* of a call that is over */
}

TEST(a_held_stream_does_not_fill_the_servers_memory)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    a->hold = true;
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    auto_buf struct buf frame = {0};
    frame_begin(&frame, FRAME_CHUNK, 0, f->number, 50000);
    buf_reserve(&frame, 50000);
    memset(frame.data + frame.len, 'x', 50000);
    frame.len += 50000;
    size_t sent = 0, at = 0;
    for (ssize_t n; (n = write(f->socket, frame.data + at, frame.len - at)) > 0;) {
        sent += (size_t)n;
        at = (at + (size_t)n) % frame.len;
        world_settle(w);
        CHECK(sent < 4 << 20); /* the guest is made to wait */
    }
    CHECK(a->pieces == 1 && w->engine->pool.by_id[0]->in.cap < 512 * 1024);
    engine_abandon(w->engine, a->arg);
    UNTIL(w, a->times);
}

TEST(the_deadline_ends_a_held_stream_too)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    a->hold = true;
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    runner_send(f, FRAME_CHUNK, 0, STR("so far"));
    UNTIL(w, a->pieces);
    world_overdue(w, 0);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_TIMEOUT && a->streamed);
    CHECK_STR(a->output, "\"so far\"");
    UNTIL(w, f->killed || !f->live);
}

TEST(what_a_held_slot_had_sent_before_it_ended_still_comes)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    a->hold = true;
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    runner_send(f, FRAME_CHUNK, 0, STR("1"));
    runner_send(f, FRAME_CHUNK, 0, STR("2"));
    UNTIL(w, a->pieces);
    runner_send(f, FRAME_CHUNK, 0, STR("3"));
    send_end(f);
    spawner_end(f, 0, false);
    UNTIL(w, a->times);
    CHECK(a->pieces == 3 && a->status == CALL_SUCCESS);
}

TEST(a_slot_that_ends_in_mid_stream_breaks_it_off)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    a->hold = true;
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    runner_send(f, FRAME_CHUNK, 0, STR("1"));
    UNTIL(w, a->pieces);
    spawner_end(f, SIGKILL, true);
    UNTIL(w, a->times);
    CHECK(a->status == CALL_OOM && a->pieces == 1);
}

/* --- the caller goes --- */

TEST(an_abandoned_stream_ends_its_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    UNTIL(w, a->opened);
    engine_abandon(w->engine, a->arg);
    CHECK(!a->times); /* not from inside the caller's own callback */
    runner_send(f, FRAME_CHUNK, 0, STR("1"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_ERROR && !a->pieces);
    CHECK_STR(a->error, "the caller went away");
    UNTIL(w, f->killed);
}

TEST(an_abandoned_call_ends_when_it_opens_a_stream)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    engine_abandon(w->engine, a->arg);
    world_settle(w);
    CHECK(!a->times);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_ERROR && !a->opened);
    UNTIL(w, f->killed);
}

TEST(an_abandoned_call_with_a_whole_result_runs_to_its_end)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    engine_abandon(w->engine, a->arg);
    engine_abandon(w->engine, a); /* nobody's */
    runner_send(f, FRAME_RESULT, 0, STR("7"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_SUCCESS);
    CHECK_STR(a->output, "7");
}

/* --- failures --- */

TEST(an_exception_in_mid_stream_is_the_calls_error_and_keeps_the_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    runner_send(f, FRAME_CHUNK, 0, STR("1"));
    runner_send(f, FRAME_FAILED, 0, STR("{\"type\":\"E\",\"message\":\"m\"}"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_ERROR && a->pieces == 1 && a->streamed);
    CHECK_STR(a->error, "E: m");
    CHECK_STR(a->output, "\"1\"");
    w->hold_call = false;
    CHECK(!world_ask(w, "a", "2")->cold);
}

static const struct {
    const char *name;
    const char *opening;
    enum call_status status;
    const char *text;
} openings[] = {
    {"no object", "[]", CALL_CRASHED, "no JSON object"},
    {"no JSON", "{", CALL_CRASHED, "no JSON object"},
    {"nothing", "", CALL_CRASHED, "no JSON object"},
    {"a status twice", "{\"statusCode\":200,\"statusCode\":500}", CALL_CRASHED, "no JSON object"},
    {"a status that goes on", "{\"statusCode\":101}", CALL_ERROR, "from 200 to 599"},
    {"a status too high", "{\"statusCode\":600}", CALL_ERROR, "from 200 to 599"},
    {"a huge status", "{\"statusCode\":9223372036854775807}", CALL_ERROR, "from 200 to 599"},
    {"a status that is text", "{\"statusCode\":\"200\"}", CALL_ERROR, "from 200 to 599"},
    {"a broken status", "{\"statusCode\":200.5}", CALL_ERROR, "from 200 to 599"},
    {"headers in a list", "{\"headers\":[]}", CALL_ERROR, "headers is not an object"},
    {"a header that is an object", "{\"headers\":{\"a\":{}}}", CALL_ERROR, "'a' is not a text"},
    {"a list in a list", "{\"headers\":{\"a\":[[]]}}", CALL_ERROR, "'a' is not a text"},
    {"a list of two lines", "{\"headers\":{\"a\":[\"b\\nc\"]}}", CALL_ERROR, "control char"},
    {"cookies of two lines", "{\"cookies\":[\"b\\nc\"]}", CALL_ERROR, "control char"},
    {"one cookie", "{\"cookies\":\"a=b\"}", CALL_ERROR, "cookies is not a list"},
    {"many values", "{\"multiValueHeaders\":1}", CALL_ERROR, "headers is not an object"},
    {"a header of two lines", "{\"headers\":{\"a\":\"b\\r\\nc: d\"}}", CALL_ERROR, "control char"},
    {"a name of two lines", "{\"headers\":{\"a\\r\\nb\":\"c\"}}", CALL_ERROR, "name"},
    {"a name with a colon", "{\"headers\":{\"a: b\":\"c\"}}", CALL_ERROR, "name"},
    {"no name", "{\"headers\":{\"\":\"c\"}}", CALL_ERROR, "name"},
    {"something else", "{\"statusCode\":200,\"body\":\"x\"}", CALL_ERROR, "'body'"},
};

TEST(an_opening_that_cannot_be_passed_on_fails_the_call_before_anything_goes_out)
{
    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        auto_world struct world *w = world_new((struct setup){0});
        struct answer *a;
        world_function(w, "a");
        struct fake_slot *f = begin(w, &a, true);
        print_message("%s\n", openings[i].name);
        runner_send(f, FRAME_STREAM, 0, str_of(openings[i].opening));
        UNTIL(w, a->times);
        CHECK_STR(call_status_name(a->status), call_status_name(openings[i].status));
        check_text(a->error, openings[i].text);
        CHECK(!a->opened);
        UNTIL(w, f->killed);
    }
}

TEST(an_opening_too_long_or_with_too_many_headers_fails_the_call)
{
    for (int many = 0; many < 2; many++) {
        auto_world struct world *w = world_new((struct setup){0});
        auto_buf struct buf opening = {0};
        struct answer *a;
        world_function(w, "a");
        struct fake_slot *f = begin(w, &a, true);
        buf_addz(&opening, "{\"headers\":{\"a\":\"");
        for (int i = 0; i < (many ? 101 : FRAME_OPENING_MAX); i++)
            buf_addf(&opening, many ? "\",\"a%d\":\"" : "x", i);
        buf_addz(&opening, "\"}}");
        runner_send(f, FRAME_STREAM, 0, buf_str(&opening));
        UNTIL(w, a->times);
        CHECK(a->status == CALL_ERROR && !a->opened);
        check_text(a->error, many ? "more than 100 headers" : "longer than 32 KB");
    }
}

enum { SECOND_OPENING, EMPTY_CHUNK, LONG_CHUNK, RESULT_BEHIND, VIOLATIONS };

static void violate(struct fake_slot *f, int how)
{
    auto_buf struct buf frame = {0};
    if (how == SECOND_OPENING)
        runner_send(f, FRAME_STREAM, 0, STR("{}"));
    else if (how == EMPTY_CHUNK)
        runner_send(f, FRAME_CHUNK, 0, STR(""));
    else if (how == RESULT_BEHIND)
        runner_send(f, FRAME_RESULT, 0, STR("1"));
    else
        frame_begin(&frame, FRAME_CHUNK, 0, f->number, FRAME_CHUNK_MAX + 1);
    if (frame.len)
        runner_raw(f, frame.data, frame.len);
}

TEST(what_no_runner_sends_in_a_stream_ends_the_slot)
{
    for (int how = 0; how < VIOLATIONS; how++) {
        auto_world struct world *w = world_new((struct setup){0});
        struct answer *a;
        world_function(w, "a");
        struct fake_slot *f = begin(w, &a, true);
        runner_send(f, FRAME_STREAM, 0, STR("{}"));
        runner_send(f, FRAME_CHUNK, 0, STR("1"));
        violate(f, how);
        UNTIL(w, a->times);
        CHECK(a->status == CALL_CRASHED || (how == LONG_CHUNK && a->status == CALL_OUTPUT_LIMIT));
        CHECK_INT(a->pieces, 1);
        UNTIL(w, f->killed);
    }
}

TEST(a_stream_without_a_call_ends_the_slot)
{
    auto_world struct world *w = world_new((struct setup){0});
    world_function(w, "a");
    world_ask(w, "a", "1");
    runner_send(&w->slots[0], FRAME_STREAM, 0, STR("{}"));
    UNTIL(w, w->slots[0].killed);
}

/* --- joined --- */

static const struct {
    const char *opening;
    struct str pieces[2];
    const char *joined;
} joints[] = {
    {"{}", {{"h\xc3", 2}, {"\xa9!\n", 3}}, "\"h\xc3\xa9!\\n\""},
    {"{}", {{NULL, 0}, {NULL, 0}}, "\"\""},
    {"{}", {{"\xff\0", 2}, {"a", 1}}, "{\"isBase64Encoded\":true,\"body\":\"/wBh\"}"},
    {"{\"statusCode\":404}",
     {{"no", 2}, {NULL, 0}},
     "{\"statusCode\":404,\"headers\":{},\"body\":\"no\"}"},
    {"{\"headers\":{\"A\":\"b\"}}",
     {{"\xff", 1}, {NULL, 0}},
     "{\"statusCode\":200,\"headers\":{\"A\":\"b\"},\"isBase64Encoded\":true,\"body\":\"/w==\"}"},
    {"{\"statusCode\":200,\"headers\":{\"A\":1,\"B\":null,\"C\":\"1\"},\"cookies\":[\"a=1\",\"b="
     "2\"],"
     "\"multiValueHeaders\":{\"C\":[\"2\",\"3\"]}}",
     {{NULL, 0}, {NULL, 0}},
     "{\"statusCode\":200,\"headers\":{\"A\":1,\"C\":[\"1\",\"2\",\"3\"],"
     "\"Set-Cookie\":[\"a=1\",\"b=2\"]},\"body\":\"\"}"},
    {"{\"headers\":null,\"cookies\":[]}",
     {{"x", 1}, {NULL, 0}},
     "{\"statusCode\":200,\"headers\":{},\"body\":\"x\"}"},
};

TEST(pieces_are_joined_for_a_caller_that_does_not_take_them)
{
    for (size_t i = 0; i < ARRAY_LEN(joints); i++) {
        auto_world struct world *w = world_new((struct setup){0});
        struct answer *a;
        world_function(w, "a");
        struct fake_slot *f = begin(w, &a, false);
        CHECK_INT(f->flags, 0);
        runner_send(f, FRAME_STREAM, 0, str_of(joints[i].opening));
        for (int p = 0; p < 2; p++)
            if (joints[i].pieces[p].n)
                runner_send(f, FRAME_CHUNK, 0, joints[i].pieces[p]);
        send_end(f);
        UNTIL(w, a->times);
        CHECK(a->status == CALL_SUCCESS && !a->streamed);
        CHECK_STR(a->output, joints[i].joined);
        CHECK_STR(a->request, "- -");
    }
}

TEST(joined_pieces_keep_to_the_limit_of_a_result)
{
    const size_t sizes[] = {1001, 999}; /* by themselves, with their quotes */
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        auto_world struct world *w = world_new((struct setup){0});
        struct answer *a;
        char piece[1001];
        memset(piece, 'x', sizeof piece);
        world_function(w, "a");
        struct fake_slot *f = begin(w, &a, false);
        runner_send(f, FRAME_STREAM, 0, STR("{}"));
        runner_send(f, FRAME_CHUNK, 0, (struct str){piece, sizes[i]});
        send_end(f);
        UNTIL(w, a->times);
        CHECK(a->status == CALL_OUTPUT_LIMIT);
        check_text(a->error, "1001 bytes, limit 1000");
    }
}

TEST(an_exception_in_mid_stream_fails_a_joined_result)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, false);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    runner_send(f, FRAME_CHUNK, 0, STR("1"));
    runner_send(f, FRAME_FAILED, 0, STR("{\"type\":\"E\",\"message\":\"m\"}"));
    UNTIL(w, a->times);
    CHECK(a->status == CALL_ERROR && !a->streamed);
    CHECK_STR(a->output, "");
}

TEST(a_long_stream_is_kept_in_part)
{
    auto_world struct world *w = world_new((struct setup){0});
    struct answer *a;
    world_function(w, "a");
    struct fake_slot *f = begin(w, &a, true);
    char piece[40000];
    memset(piece, 'x', sizeof piece);
    runner_send(f, FRAME_STREAM, 0, STR("{}"));
    for (int i = 0; i < 3; i++) {
        runner_send(f, FRAME_CHUNK, 0, (struct str){piece, sizeof piece});
        world_settle(w);
    }
    send_end(f);
    UNTIL(w, a->times);
    CHECK(a->streamed && a->output_len == 64 * 1024 + 2 && a->bytes == 3 * sizeof piece);
}

TEST_MAIN(pieces_are_passed_on_as_they_come_and_the_slot_serves_on,
          an_opening_that_says_nothing_is_a_200_without_headers,
          a_caller_that_takes_pieces_gets_a_whole_result_whole,
          a_stream_may_be_longer_than_a_result, a_stream_that_never_ends_is_ended,
          a_held_stream_is_read_no_further_until_it_is_resumed,
          a_held_stream_does_not_fill_the_servers_memory, the_deadline_ends_a_held_stream_too,
          what_a_held_slot_had_sent_before_it_ended_still_comes,
          a_slot_that_ends_in_mid_stream_breaks_it_off, an_abandoned_stream_ends_its_slot,
          an_abandoned_call_ends_when_it_opens_a_stream,
          an_abandoned_call_with_a_whole_result_runs_to_its_end,
          an_exception_in_mid_stream_is_the_calls_error_and_keeps_the_slot,
          an_opening_that_cannot_be_passed_on_fails_the_call_before_anything_goes_out,
          an_opening_too_long_or_with_too_many_headers_fails_the_call,
          what_no_runner_sends_in_a_stream_ends_the_slot, a_stream_without_a_call_ends_the_slot,
          pieces_are_joined_for_a_caller_that_does_not_take_them,
          joined_pieces_keep_to_the_limit_of_a_result,
          an_exception_in_mid_stream_fails_a_joined_result, a_long_stream_is_kept_in_part)
