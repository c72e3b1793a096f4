/* Looking at builds and ending them. */
#include "deps/testdata/bench.h"

static void start(struct bench *b, const char *text, char id[64])
{
    char json[100];
    snprintf(json, sizeof json, "{\"requirements_txt\":\"%s\"}", text);
    if (ask(b, "POST", "p/builds", json) != 202)
        fail_msg("%s", b->reply.data);
    snprintf(id, 64, "%s", text_of(b, "id"));
}

static const char *of(const char *id, const char *rest)
{
    static char path[128];
    snprintf(path, sizeof path, "p/builds/%s%s", id, rest);
    return path;
}

TEST(events_tell_the_log_from_its_first_line_progress_and_the_end_to_several)
{
    auto_bench struct bench b;
    char id[64];
    bench_make(&b);
    snprintf(play.log, sizeof play.log, "Collecting \xc3\xa9\n");
    play.log_times = 1;
    start(&b, "slow", id);
    wait_held(1);
    auto_buf struct buf first = {0}, second = {0};
    int one = send_request(&b, "viewer", "GET", of(id, "/events"), NULL);
    int two = send_request(&b, "owner", "GET", of(id, "/events"), NULL);
    CHECK(read_until(one, &first, "event: log\ndata: {\"text\":\"Collecting \xc3\xa9\\n\"}\n\n"));
    CHECK(read_until(one, &first, "\"step\":\"resolving\""));
    CHECK(read_until(two, &second, "Collecting"));
    on_loop(&b, play_release);
    CHECK(read_until(one, &first, "event: done\n") && read_until(one, &first, NULL));
    CHECK(read_until(two, &second, "event: done\n") && read_until(two, &second, NULL));
    CHECK(strstr(first.data, "\"status\":\"succeeded\"") != NULL);
    close(one);
    close(two);
    int late = send_request(&b, "owner", "GET", of(id, "/events"), NULL);
    buf_clear(&first);
    CHECK(read_until(late, &first, NULL));
    CHECK(strstr(first.data, "Collecting") && strstr(first.data, "event: done"));
    close(late);
}

TEST(a_reader_that_does_not_read_holds_nobody_and_gets_the_end_of_the_log)
{
    auto_bench struct bench b;
    char id[64];
    bench_make(&b);
    snprintf(play.log, sizeof play.log, "%059d\n", 7);
    play.log_times = 60000; /* 3.6 MB */
    start(&b, "slow", id);
    wait_held(1);
    auto_buf struct buf got = {0};
    int one = send_request(&b, "owner", "GET", of(id, "/events"), NULL);
    CHECK(read_until(one, &got, "event: log"));
    on_loop(&b, play_release);
    CHECK(read_until(one, &got, NULL));
    CHECK(strstr(got.data, "event: done") != NULL && got.len < 2 * 1024 * 1024);
    close(one);
    CHECK_INT(ask(&b, "GET", of(id, ""), NULL), 200);
    CHECK(strlen(text_of(&b, "log")) <= BUILD_LOG_MAX);
    CHECK_STR(text_of(&b, "status"), "succeeded");
}

TEST(a_client_that_leaves_its_events_leaves_nothing)
{
    auto_bench struct bench b;
    char id[64];
    bench_make(&b);
    start(&b, "slow", id);
    wait_held(1);
    for (int i = 0; i < 20; i++) {
        auto_buf struct buf got = {0};
        int fd = send_request(&b, "owner", "GET", of(id, "/events"), NULL);
        if (i % 2)
            CHECK(read_until(fd, &got, "200"));
        close(fd);
    }
    on_loop(&b, play_release);
}

TEST(a_cancelled_build_ends_and_changes_nothing)
{
    auto_bench struct bench b;
    char id[64];
    bench_make(&b);
    int put = send_request(&b, "owner", "PUT", "p/requirements", "{\"requirements_txt\":\"slow\"}");
    wait_held(1);
    CHECK_INT(ask(&b, "GET", "p/requirements", NULL), 200);
    snprintf(id, sizeof id, "%s", json_string_value(in(&b, "build", "id")));
    CHECK_INT(ask_as(&b, "viewer", "POST", of(id, "/cancel"), NULL), 403);
    CHECK_INT(ask(&b, "POST", of(id, "/cancel"), NULL), 200);
    CHECK_STR(text_of(&b, "status"), "cancelled");
    CHECK_INT(take_reply(&b, put), 409);
    CHECK_INT(play.cancelled, 1);
    CHECK_INT(ask(&b, "POST", of(id, "/cancel"), NULL), 200); /* harmless */
    CHECK_STR(text_of(&b, "status"), "cancelled");
    CHECK_INT(ask(&b, "GET", "p/requirements", NULL), 200);
    CHECK_STR(text_of(&b, "requirements_txt"), "");
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"six\"}"), 200);
}

TEST(a_set_that_another_project_waits_for_goes_on_when_one_cancels)
{
    auto_bench struct bench b;
    char id[64];
    bench_make(&b);
    start(&b, "slow", id);
    wait_held(1);
    CHECK_INT(ask(&b, "POST", "q/builds", "{\"requirements_txt\":\"slow\"}"), 202);
    CHECK_INT(ask(&b, "POST", of(id, "/cancel"), NULL), 200);
    CHECK_INT(play.cancelled, 0);
    on_loop(&b, play_release);
}

TEST(builds_are_found_in_their_project_alone)
{
    auto_bench struct bench b;
    char id[64], path[100];
    bench_make(&b);
    start(&b, "six", id);
    snprintf(path, sizeof path, "q/builds/%s", id);
    CHECK_INT(ask(&b, "GET", path, NULL), 404);
    CHECK_INT(ask(&b, "GET", "p/builds/none", NULL), 404);
    CHECK_INT(ask(&b, "GET", "p/builds/none/events", NULL), 404);
    CHECK_INT(ask(&b, "POST", "p/builds/none/cancel", NULL), 404);
}

TEST(the_newest_fifty_builds_are_kept)
{
    auto_bench struct bench b;
    char id[64];
    bench_make(&b);
    CHECK_INT(ask(&b, "PUT", "p/requirements", "{\"requirements_txt\":\"six\"}"), 200);
    for (int i = 0; i < 52; i++)
        start(&b, "six", id);
    CHECK_INT(ask(&b, "GET", "p/builds", NULL), 200);
    CHECK_INT(json_array_size(b.body), 50);
    CHECK_STR(json_string_value(json_object_get(json_array_get(b.body, 0), "id")), id);
    CHECK_INT(play.started, 1);
}

TEST_MAIN(events_tell_the_log_from_its_first_line_progress_and_the_end_to_several,
          a_reader_that_does_not_read_holds_nobody_and_gets_the_end_of_the_log,
          a_client_that_leaves_its_events_leaves_nothing,
          a_cancelled_build_ends_and_changes_nothing,
          a_set_that_another_project_waits_for_goes_on_when_one_cancels,
          builds_are_found_in_their_project_alone, the_newest_fifty_builds_are_kept)
