/* Replies in pieces, as clients and handlers see them. */
#include "http/stream.h"

#include "http/testdata/http_peer.h"

enum { PIECE = 64 * 1024, FLOOD = 16 << 20 };

struct play {
    struct bench b; /* first: http_config.app points at both */
    struct http_exchange *x;
    size_t written;
    unsigned gone, drained;
    bool deaf; /* goes on writing when told to stop */
    sem_t began, left;
};

static char piece_bytes[PIECE];

static struct play *play_of(struct http_exchange *x)
{
    return http_exchange_request(x)->app;
}

static void on_gone(void *arg)
{
    struct play *p = arg;
    p->gone++;
    sem_post(&p->left);
}

static void pour(struct play *p)
{
    while (p->written < FLOOD) {
        bool room = http_stream_write(p->x, (struct str){piece_bytes, PIECE});
        p->written += PIECE;
        if (!room && !p->deaf)
            return;
    }
    if (!p->deaf)
        http_stream_end(p->x);
}

static void on_drained(void *arg)
{
    struct play *p = arg;
    p->drained++;
    pour(p);
}

static struct http_stream events_of(struct play *p)
{
    return (struct http_stream){.drained = on_drained, .gone = on_gone, .arg = p};
}

static void start_open(struct http_exchange *x)
{
    struct play *p = play_of(x);
    struct http_stream events = events_of(p);
    p->x = x;
    http_stream_start(x, &(struct response){.content_type = "text/event-stream", .body = STR("hi")},
                      &events);
    sem_post(&p->began);
}

static void start_pieces(struct http_exchange *x)
{
    struct http_stream events = {0};
    int status = http_exchange_request(x)->query[0] ? 204 : 200;
    http_stream_start(x, &(struct response){.status = status, .body = STR("one")}, &events);
    CHECK(http_stream_write(x, STR("")));
    CHECK(http_stream_write(x, STR("twenty bytes in here")));
    http_stream_end(x);
}

static void start_flood(struct http_exchange *x)
{
    struct play *p = play_of(x);
    struct http_stream events = events_of(p);
    p->x = x;
    http_stream_start(x, &(struct response){0}, &events);
    pour(p);
    sem_post(&p->began);
}

static void start_later(struct http_exchange *x)
{
    struct play *p = play_of(x);
    p->x = x;
    sem_post(&p->began);
}

static const struct route rows[] = {
    {HTTP_GET, "/open", PERMIT_ALL, PLANE_DATA, NULL, start_open},
    {HTTP_GET | HTTP_HEAD, "/pieces", PERMIT_ALL, PLANE_DATA, NULL, start_pieces},
    {HTTP_GET, "/flood", PERMIT_ALL, PLANE_DATA, NULL, start_flood},
    {HTTP_GET, "/later", PERMIT_ALL, PLANE_DATA, NULL, start_later},
    {HTTP_GET, "/hello", PERMIT_ALL, PLANE_DATA, NULL, say_hello},
    {0},
};
static const struct route *const table[] = {rows, NULL};

static void play_init(struct play *p)
{
    *p = (struct play){0};
    bench_init(&p->b);
    p->b.config.routes = table;
    must(sem_init(&p->began, 0, 0) == 0 && sem_init(&p->left, 0, 0) == 0);
}

static void on_loop(struct play *p, void (*fn)(void *arg))
{
    loop_post(p->b.loop, fn, p);
    settle(&p->b);
}

static void write_more(void *arg)
{
    struct play *p = arg;
    (void)http_stream_write(p->x, STR("more"));
}

static void end_it(void *arg)
{
    struct play *p = arg;
    http_stream_end(p->x);
}

static void break_it(void *arg)
{
    struct play *p = arg;
    http_stream_break(p->x);
}

static void expect(int fd, const char *text)
{
    auto_buf struct buf got = {0};
    hear_bytes(fd, &got, strlen(text));
    CHECK_STR(got.data, text);
}

static void reset(int fd)
{
    struct linger hard = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

#define BOTH_PIECES "3\r\none\r\n14\r\ntwenty bytes in here\r\n0\r\n\r\n"

TEST(pieces_arrive_as_chunks_and_the_connection_goes_on)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    for (int i = 0; i < 3; i++)
        tell(fd, GET("/pieces") GET("/hello"));
    for (int i = 0; i < 3; i++) {
        auto_reply struct reply r = {0}, hello = {0};
        hear_head(fd, &r);
        CHECK(strstr(r.text.data, "Transfer-Encoding: chunked\r\n"));
        CHECK(!strstr(r.text.data, "Content-Length"));
        expect(fd, BOTH_PIECES);
        hear(fd, &hello);
        CHECK_STR(hello.body, "hello");
    }
    close(fd);
    bench_stop(&p.b);
}

TEST(an_old_client_reads_until_the_end)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    auto_reply struct reply r = {0};
    tell(fd, "GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear_head(fd, &r);
    CHECK(strstr(r.text.data, "Connection: close\r\n"));
    CHECK(!strstr(r.text.data, "Transfer-Encoding") && !strstr(r.text.data, "Content-Length"));
    expect(fd, "onetwenty bytes in here");
    CHECK(ended(fd));
    close(fd);
    bench_stop(&p.b);
}

TEST(what_has_no_body_gets_none)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    auto_reply struct reply head = {0}, none = {0}, hello = {0};
    tell(fd, "HEAD /pieces HTTP/1.1\r\n" HOST "\r\n" GET("/pieces?204") GET("/hello"));
    hear_head(fd, &head);
    CHECK(strstr(head.text.data, "Transfer-Encoding: chunked\r\n"));
    hear_head(fd, &none);
    CHECK_INT(none.status, 204);
    CHECK(!strstr(none.text.data, "Transfer-Encoding") &&
          !strstr(none.text.data, "Content-Length"));
    hear(fd, &hello);
    CHECK_STR(hello.body, "hello");
    close(fd);
    bench_stop(&p.b);
}

TEST(what_is_pipelined_waits_until_the_stream_has_ended)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    auto_reply struct reply r = {0}, hello = {0};
    tell(fd, GET("/open") GET("/hello"));
    hear_head(fd, &r);
    expect(fd, "2\r\nhi\r\n");
    on_loop(&p, write_more);
    expect(fd, "4\r\nmore\r\n");
    on_loop(&p, end_it);
    expect(fd, "0\r\n\r\n");
    hear(fd, &hello);
    CHECK_STR(hello.body, "hello");
    close(fd);
    settle(&p.b);
    CHECK_INT(p.gone, 0);
    bench_stop(&p.b);
}

TEST(a_writer_is_paused_by_a_slow_reader_and_told_to_go_on)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    auto_reply struct reply r = {0};
    tell(fd, GET("/flood"));
    await(&p.began);
    CHECK(p.written < FLOOD);
    CHECK(stats_of(&p.b).buffered_bytes <= 4 * HTTP_STREAM_HIGH);
    hear_head(fd, &r);
    auto_buf struct buf got = {0};
    for (size_t n = 0; n < FLOOD; n += PIECE) {
        buf_clear(&got);
        hear_bytes(fd, &got, 7 + PIECE + 2);
        CHECK(memcmp(got.data, "10000\r\n", 7) == 0);
        CHECK(memcmp(got.data + 7, piece_bytes, PIECE) == 0);
        CHECK(stats_of(&p.b).buffered_bytes <= 4 * HTTP_STREAM_HIGH);
    }
    expect(fd, "0\r\n\r\n");
    settle(&p.b);
    CHECK(p.drained > 1);
    CHECK_INT(stats_of(&p.b).buffered_bytes, 0);
    close(fd);
    bench_stop(&p.b);
}

TEST(a_writer_that_does_not_stop_loses_its_client)
{
    struct play p;
    play_init(&p);
    p.deaf = true;
    bench_start(&p.b);
    int fd = dial(&p.b);
    tell(fd, GET("/flood"));
    await(&p.began);
    await(&p.left);
    CHECK_INT(p.gone, 1);
    CHECK_INT(stats_of(&p.b).connections, 0);
    CHECK_INT(stats_of(&p.b).buffered_bytes, 0);
    on_loop(&p, write_more);
    on_loop(&p, end_it);
    CHECK_INT(p.gone, 1);
    close(fd);
    bench_stop(&p.b);
}

TEST(who_reads_nothing_is_cut_off_but_who_has_read_all_may_stay)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 100;
    bench_start(&p.b);
    auto_reply struct reply r = {0};
    int quiet = dial_and_tell(&p.b, GET("/open"));
    hear_head(quiet, &r);
    expect(quiet, "2\r\nhi\r\n");
    await(&p.began);
    struct pollfd poll_quiet = {.fd = quiet, .events = POLLIN};
    CHECK_INT(poll(&poll_quiet, 1, 400), 0); /* four times what a silent client has */
    on_loop(&p, end_it);
    expect(quiet, "0\r\n\r\n");
    int lazy = dial_and_tell(&p.b, GET("/flood"));
    await(&p.left);
    on_loop(&p, end_it);
    CHECK_INT(p.gone, 1);
    CHECK_INT(stats_of(&p.b).buffered_bytes, 0);
    close(lazy);
    close(quiet);
    bench_stop(&p.b);
}

TEST(a_reset_is_told_once_and_ending_is_still_due)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    tell(fd, GET("/open"));
    await(&p.began);
    reset(fd);
    await(&p.left);
    on_loop(&p, write_more);
    CHECK_INT(p.gone, 1);
    on_loop(&p, end_it);
    CHECK_INT(stats_of(&p.b).connections, 0);
    bench_stop(&p.b);
}

TEST(a_client_that_closes_is_gone_though_nothing_is_written)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    tell(fd, GET("/open"));
    await(&p.began);
    CHECK(shutdown(fd, SHUT_WR) == 0);
    await(&p.left);
    on_loop(&p, end_it);
    CHECK_INT(p.gone, 1);
    CHECK_INT(stats_of(&p.b).connections, 0);
    close(fd);
    bench_stop(&p.b);
}

static void note_left(void *arg)
{
    struct play *p = arg;
    sem_post(&p->left);
}

static void start_it(void *arg)
{
    struct play *p = arg;
    start_open(p->x);
}

static void watch_it(void *arg)
{
    struct play *p = arg;
    http_on_gone(p->x, note_left, p);
}

TEST(a_stream_for_a_client_that_left_before_is_told_so)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    tell(fd, GET("/later"));
    await(&p.began);
    on_loop(&p, watch_it);
    reset(fd);
    await(&p.left);
    CHECK_INT(p.gone, 0);
    on_loop(&p, start_it);
    await(&p.left);
    CHECK_INT(p.gone, 1);
    on_loop(&p, end_it);
    bench_stop(&p.b);
}

static void start_and_end(void *arg)
{
    struct play *p = arg;
    start_open(p->x);
    http_stream_end(p->x);
}

TEST(who_ends_before_it_is_told_is_not_told)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    tell(fd, GET("/later"));
    await(&p.began);
    on_loop(&p, watch_it);
    reset(fd);
    await(&p.left);
    on_loop(&p, start_and_end);
    settle(&p.b);
    CHECK_INT(p.gone, 0);
    bench_stop(&p.b);
}

TEST(a_broken_stream_shows_that_something_is_missing)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b), old = dial(&p.b);
    auto_reply struct reply r = {0}, old_r = {0};
    tell(fd, GET("/open"));
    hear_head(fd, &r);
    expect(fd, "2\r\nhi\r\n");
    await(&p.began);
    on_loop(&p, break_it);
    char c;
    CHECK_INT(recv(fd, &c, 1, 0), 0);
    tell(old, "GET /open HTTP/1.0\r\n\r\n");
    hear_head(old, &old_r);
    expect(old, "hi");
    await(&p.began);
    on_loop(&p, break_it);
    CHECK(recv(old, &c, 1, 0) < 0 && errno == ECONNRESET);
    settle(&p.b);
    CHECK_INT(p.gone, 0);
    close(fd);
    close(old);
    bench_stop(&p.b);
}

static void note_drained(void *arg)
{
    struct play *p = arg;
    p->b.drained = true;
    sem_post(&p->b.went);
}

static void drain(void *arg)
{
    struct play *p = arg;
    http_server_drain(p->b.server, note_drained, p);
}

static void drain_and_write_more(void *arg)
{
    struct play *p = arg;
    drain(p);
    write_more(p);
    CHECK_INT(p->gone, 0); /* not at once */
}

TEST(a_draining_server_cuts_streams_that_do_not_end)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 1000; /* shorter than the 2 s, which it then replaces */
    bench_start(&p.b);
    int fd = dial_and_tell(&p.b, GET("/open"));
    await(&p.began);
    on_loop(&p, drain_and_write_more);
    await(&p.left);
    CHECK(!p.b.drained);
    on_loop(&p, end_it);
    await(&p.b.went);
    close(fd);
    bench_stop(&p.b);
}

TEST(a_draining_server_lets_streams_end)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b), late = dial(&p.b);
    auto_reply struct reply r = {0}, late_r = {0};
    tell(fd, GET("/open"));
    hear_head(fd, &r);
    await(&p.began);
    struct http_exchange *first = p.x;
    tell(late, GET("/later"));
    await(&p.began);
    on_loop(&p, drain);
    on_loop(&p, start_it);
    hear_head(late, &late_r);
    CHECK(strstr(late_r.text.data, "Connection: close\r\n"));
    on_loop(&p, end_it);
    expect(late, "2\r\nhi\r\n0\r\n\r\n");
    CHECK(ended(late));
    p.x = first;
    on_loop(&p, end_it);
    expect(fd, "2\r\nhi\r\n0\r\n\r\n");
    CHECK(ended(fd));
    await(&p.b.went);
    CHECK_INT(p.gone, 0);
    close(fd);
    close(late);
    bench_stop(&p.b);
}

TEST(a_stream_is_told_before_its_server_is_gone_and_outlives_it)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    tell(fd, GET("/open"));
    await(&p.began);
    loop_post(p.b.loop, stop, p.b.loop);
    CHECK(pthread_join(p.b.thread, NULL) == 0);
    http_server_free(p.b.server);
    CHECK_INT(p.gone, 1);
    CHECK(!http_stream_write(p.x, STR("more")));
    http_stream_end(p.x);
    workers_free(p.b.workers);
    loop_free(p.b.loop);
    close(fd);
}

TEST(streams_give_way_when_too_much_is_in_memory)
{
    enum { CLIENTS = 6 };
    struct play p;
    int fds[CLIENTS];
    play_init(&p);
    p.b.config.buffered_max = 1 << 20;
    bench_start(&p.b);
    struct http_exchange *streams[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(&p.b);
        p.written = 0;
        tell(fds[i], GET("/flood"));
        await(&p.began);
        streams[i] = p.x;
    }
    await(&p.left);
    settle(&p.b);
    CHECK(p.gone > 0 && p.gone < CLIENTS);
    CHECK(stats_of(&p.b).buffered_bytes <= 1 << 20);
    for (int i = 0; i < CLIENTS; i++) {
        p.x = streams[i];
        on_loop(&p, break_it);
        close(fds[i]);
    }
    bench_stop(&p.b);
}

TEST_MAIN(a_client_that_closes_is_gone_though_nothing_is_written,
          pieces_arrive_as_chunks_and_the_connection_goes_on, an_old_client_reads_until_the_end,
          what_has_no_body_gets_none, what_is_pipelined_waits_until_the_stream_has_ended,
          a_writer_is_paused_by_a_slow_reader_and_told_to_go_on,
          a_writer_that_does_not_stop_loses_its_client,
          who_reads_nothing_is_cut_off_but_who_has_read_all_may_stay,
          a_reset_is_told_once_and_ending_is_still_due,
          a_stream_for_a_client_that_left_before_is_told_so, who_ends_before_it_is_told_is_not_told,
          a_broken_stream_shows_that_something_is_missing,
          a_draining_server_cuts_streams_that_do_not_end, a_draining_server_lets_streams_end,
          a_stream_is_told_before_its_server_is_gone_and_outlives_it,
          streams_give_way_when_too_much_is_in_memory)
