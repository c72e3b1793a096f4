#include "engine/frame.h"

#include "base/test.h"

static int parse(const char *bytes, size_t len, size_t max, struct frame *f, struct err *e)
{
    auto_buf struct buf in = {0};
    size_t at = 0;
    buf_add(&in, bytes, len);
    return frame_next(&in, &at, max, f, e);
}

TEST(frames_come_out_as_they_went_in)
{
    auto_buf struct buf in = {0};
    struct frame f;
    struct err e = {0};
    size_t at = 0;
    frame_begin(&in, FRAME_LOADED, 0, 0, 0);
    frame_begin(&in, FRAME_RESULT, 0, 0xabcd, 4);
    buf_addz(&in, "true");
    CHECK(frame_next(&in, &at, 100, &f, &e) == 1 && f.type == FRAME_LOADED);
    CHECK(frame_next(&in, &at, 100, &f, &e) == 1 && f.type == FRAME_RESULT);
    CHECK(str_is(f.payload, "true") && f.call == 0xabcd);
    CHECK(frame_next(&in, &at, 100, &f, &e) == 0);
}

TEST(a_frame_that_is_not_whole_yet_waits)
{
    auto_buf struct buf whole = {0};
    frame_begin(&whole, FRAME_RESULT, 0, 1, 4);
    buf_addz(&whole, "null");
    for (size_t len = 0; len < whole.len; len++) {
        auto_buf struct buf in = {0};
        struct frame f;
        struct err e = {0};
        size_t at = 0;
        buf_add(&in, whole.data, len);
        CHECK(frame_next(&in, &at, 100, &f, &e) == 0 && at == 0);
    }
}

TEST(a_length_above_the_limit_is_refused_before_its_bytes_arrive)
{
    struct frame f;
    struct err e = {0};
    CHECK(parse("\xff\xff\xff\xff\x83\0\0\0", 8, 1000, &f, &e) < 0 && e.code == ERR_TOO_LARGE);
}

TEST(what_only_a_server_sends_is_refused_from_a_runner)
{
    struct frame f;
    struct err e = {0};
    CHECK(parse("\0\0\0\0\x01\0\0\0", 8, 1000, &f, &e) < 0 && e.code == ERR_INVALID);
    CHECK(parse("\0\0\0\0\x02\0\0\0", 8, 1000, &f, &e) < 0);
}

TEST(unknown_types_flags_and_numbers_where_none_belong_are_refused)
{
    struct frame f;
    struct err e = {0};
    CHECK(parse("\0\0\0\0\x99\0\0\0", 8, 1000, &f, &e) < 0);
    CHECK(parse("\0\0\0\0\x83\x01\0\0", 8, 1000, &f, &e) < 0);
    CHECK(parse("\0\0\0\0\x82\0\x01\0", 8, 1000, &f, &e) < 0);
}

TEST(a_runner_names_modules_within_bounds)
{
    struct frame f;
    struct err e = {0};
    CHECK(parse("\x03\0\0\0\x82\0\0\0six", 11, 1000, &f, &e) == 1 && f.payload.n == 3);
    CHECK(parse("\x01\0\x01\0\x82\0\0\0", 8, 1 << 20, &f, &e) < 0 && e.code == ERR_INVALID);
}

TEST(a_runner_says_its_version_in_a_few_bytes)
{
    struct frame f;
    struct err e = {0};
    CHECK(parse("\0\0\0\0\x81\0\0\0", 8, 1000, &f, &e) == 1 && f.payload.n == 0);
    CHECK(parse("\x06\0\0\0\x81\0\0\0"
                "3.11.2",
                14, 1000, &f, &e) == 1 &&
          f.payload.n == 6);
    CHECK(parse("\x20\0\0\0\x81\0\0\0", 8, 1000, &f, &e) < 0 && e.code == ERR_INVALID);
}

TEST_MAIN(frames_come_out_as_they_went_in, a_frame_that_is_not_whole_yet_waits,
          a_length_above_the_limit_is_refused_before_its_bytes_arrive,
          what_only_a_server_sends_is_refused_from_a_runner,
          unknown_types_flags_and_numbers_where_none_belong_are_refused,
          a_runner_names_modules_within_bounds, a_runner_says_its_version_in_a_few_bytes)
