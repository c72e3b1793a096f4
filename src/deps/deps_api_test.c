/* Saving packages over real sockets, with a builder that is played. */
#include "deps/testdata/bench.h"

#include "base/test_clock.h"

#define SIX "{\"requirements_txt\":\"six\\n\"}"

TEST(a_save_waits_for_its_build_and_what_it_made_is_there)
{
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"six==1.16.0\\n\"}"), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "six==1.16.0");
    CHECK_INT(strlen(text_of(&b, "requirements_hash")), 64);
    CHECK(json_is_true(json_object_get(b.body, "has_custom_image")));
    CHECK_STR(json_string_value(in(&b, "python", "runtime_version")), "3.11.2");
    CHECK_INT(json_array_size(in(&b, "python", "packages")), 1);
    CHECK(json_is_null(json_object_get(b.body, "node")));
    CHECK_STR(json_string_value(in(&b, "build", "status")), "succeeded");
    CHECK(json_is_false(in(&b, "build", "reused")));
    CHECK(noted(&b, "variables:p") && noted(&b, "project:p"));
    CHECK_INT(ask_as(&b, "viewer", "GET", "p/requirements", NULL), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "six==1.16.0");
    CHECK_INT(ask(&b, "GET", "p/requirements/lock", NULL), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "six==1.16.0\n");
    CHECK_STR(text_of(&b, "package_lock"), "");
}

TEST(an_equal_set_is_not_built_again_whoever_asks_and_an_empty_text_takes_it_away)
{
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"a\\nb\"}"), 200);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"a\\nb\"}"), 200);
    CHECK_INT(ask(&b, "PUT", "q/requirements", "{\"requirements_txt\":\"# x\\n b\\na\"}"), 200);
    CHECK(json_is_true(in(&b, "build", "reused")));
    CHECK_INT(play.started, 1);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{}"), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "a\nb");
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\" \\n\"}"), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "");
    CHECK_STR(text_of(&b, "requirements_hash"), "");
    CHECK(json_is_false(json_object_get(b.body, "has_custom_image")));
    CHECK(json_is_null(json_object_get(b.body, "python")));
    CHECK_INT(play.started, 1);
}

TEST(a_refresh_builds_anew_once_and_is_kept)
{
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 200);
    const char *refresh = "{\"requirements_txt\":\"six\",\"refresh\":true}";
    CHECK_INT(ask(&b, "PUT", "p/requirements", refresh), 200);
    CHECK_INT(play.started, 2);
    CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 200);
    CHECK_INT(ask(&b, "PUT", "q/requirements", SIX), 200);
    CHECK_INT(play.started, 2);
}

TEST(both_languages_are_built_and_a_field_left_out_stays)
{
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements",
                  "{\"requirements_txt\":\"six\",\"package_json\":\"{\\\"dependencies\\\":"
                  "{\\\"x\\\":\\\"1\\\"}}\"}"),
              200);
    CHECK(json_is_object(json_object_get(b.body, "python")));
    CHECK(json_is_object(json_object_get(b.body, "node")));
    CHECK_INT(play.started, 2);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"\"}"), 200);
    CHECK(json_is_null(json_object_get(b.body, "python")));
    CHECK(json_is_object(json_object_get(b.body, "node")));
}

TEST(a_build_that_fails_says_so_with_its_last_lines_and_changes_nothing)
{
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 200);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"bad\"}"), 422);
    CHECK(strstr(text_of(&b, "detail"), "Failed to build image: line 3\nline 4") != NULL);
    CHECK(strstr(text_of(&b, "detail"), "line 12\nno such package") != NULL);
    CHECK_INT(ask(&b, "GET", "p/requirements", NULL), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "six");
    CHECK(json_is_true(json_object_get(b.body, "has_custom_image")));
    CHECK_STR(json_string_value(in(&b, "build", "status")), "failed");
    CHECK_STR(json_string_value(in(&b, "build", "error")), "no such package");
}

TEST(what_is_no_package_starts_nothing)
{
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"a\\n-r x\"}"), 422);
    CHECK(strstr(b.reply.data, "line 2") && strstr(b.reply.data, "requirements_txt"));
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"package_json\":\"[]\"}"), 422);
    CHECK_INT(ask(&b, "POST", "p/builds", "{\"package_lock\":\"{}\"}"), 422);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{"), 422);
    CHECK_INT(ask_as(&b, "viewer", "PUT", "p/requirements", SIX), 403);
    CHECK_INT(ask_as(&b, "viewer", "GET", "q/requirements", NULL), 404);
    CHECK_INT(play.started, 0);
}

TEST(two_projects_that_ask_for_the_same_at_the_same_time_build_once)
{
    auto_bench struct bench b;
    bench_make(&b);
    int one = send_request(&b, "owner", "PUT", "p/requirements", "{\"requirements_txt\":\"slow\"}");
    wait_held(1);
    CHECK_INT(ask(&b, "POST", "q/builds", "{\"requirements_txt\":\"slow\"}"), 202);
    CHECK_STR(text_of(&b, "status"), "queued");
    on_loop(&b, play_release);
    CHECK_INT(take_reply(&b, one), 200);
    int events = send_request(&b, "owner", "PUT", "q/requirements", "{}");
    (void)take_reply(&b, events); /* 409 until it has ended, then as it is */
    CHECK_INT(play.started, 1);
}

TEST(one_build_of_a_project_at_a_time_and_so_many_of_all)
{
    auto_bench struct bench b;
    bench_make(&b);
    int one =
        send_request(&b, "owner", "PUT", "p/requirements", "{\"requirements_txt\":\"slow1\"}");
    wait_held(1);
    CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 409);
    CHECK_INT(ask(&b, "GET", "p/builds", NULL), 200);
    CHECK_STR(json_string_value(json_object_get(json_array_get(b.body, 0), "status")), "running");
    on_loop(&b, play_release);
    CHECK_INT(take_reply(&b, one), 200);
    CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 200);
    CHECK(play.most <= 2);
}

TEST(a_client_that_goes_leaves_its_build_going_on)
{
    auto_bench struct bench b;
    bench_make(&b);
    int one = send_request(&b, "owner", "PUT", "p/requirements", "{\"requirements_txt\":\"slow\"}");
    wait_held(1);
    close(one);
    on_loop(&b, play_release);
    for (uint64_t until = clock_mono_us() + DEADLINE_MS * 1000ull;;) {
        CHECK_INT(ask(&b, "GET", "p/requirements", NULL), 200);
        if (json_is_true(json_object_get(b.body, "has_custom_image")))
            break;
        CHECK(clock_mono_us() < until);
    }
    CHECK_STR(text_of(&b, "requirements_txt"), "slow");
}

TEST(saving_the_same_again_is_quick)
{
    enum { TIMES = 20 };
    auto_bench struct bench b;
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 200);
    uint64_t begin = test_clock_cpu_us();
    for (int i = 0; i < TIMES; i++)
        CHECK_INT(ask(&b, "PUT", "p/requirements", SIX), 200);
    uint64_t each = (test_clock_cpu_us() - begin) / TIMES;
    printf("unchanged packages saved again in %llu us\n", (unsigned long long)each);
    CHECK(each < 20000);
}

TEST_MAIN(a_save_waits_for_its_build_and_what_it_made_is_there,
          an_equal_set_is_not_built_again_whoever_asks_and_an_empty_text_takes_it_away,
          a_refresh_builds_anew_once_and_is_kept,
          both_languages_are_built_and_a_field_left_out_stays,
          a_build_that_fails_says_so_with_its_last_lines_and_changes_nothing,
          what_is_no_package_starts_nothing,
          two_projects_that_ask_for_the_same_at_the_same_time_build_once,
          one_build_of_a_project_at_a_time_and_so_many_of_all,
          a_client_that_goes_leaves_its_build_going_on, saving_the_same_again_is_quick)
