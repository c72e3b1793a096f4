/* WebSockets whose peers are slow, silent or gone, and the end of the server. */
#include "http/testdata/ws_peer.h"

TEST(a_peer_that_does_not_answer_a_close_is_cut_off)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 300; /* shorter than the 2 s, which it then replaces */
    bench_start(&p.b);
    int fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, FIN | TEXT, "bye", 3);
    expect(fd, FIN | CLOSE,
           "\x03\xe8"
           "bye",
           5);
    await(&p.left);
    CHECK(ended(fd));
    close(fd);
    bench_stop(&p.b);
}

static void ping_often(void *arg)
{
    struct play *p = arg;
    p->b.server->ping_ms = 2000; /* for so long the one that lives may get no processor */
}

TEST(a_silent_peer_is_pinged_and_then_given_up)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 1600; /* the time between two looks at the deadlines follows from it */
    bench_start(&p.b);
    on_loop(&p, ping_often);
    int alive = shake_hands(&p, HANDSHAKE), silent = shake_hands(&p, OPEN);
    for (int i = 0; i < 3; i++) { /* beyond idle_ms and the time of two pings */
        expect(alive, FIN | PING, "", 0);
        tell_frame(alive, FIN | PONG, "", 0);
    }
    await(&p.left);
    CHECK_INT(p.ends, 1);
    expect(silent, FIN | PING, "", 0);
    CHECK(ended(silent));
    close(silent);
    close(alive);
    await(&p.left);
    bench_stop(&p.b);
}

TEST(a_sender_is_paused_by_a_slow_reader_and_told_to_go_on)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = shake_hands(&p, "GET /pour HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n");
    await(&p.heard);
    CHECK(p.written < (16 << 20));
    CHECK(stats_of(&p.b).buffered_bytes <= 4 * HTTP_STREAM_HIGH);
    tell_frame(fd, FIN | PING, "", 0); /* input is still taken */
    auto_buf struct buf got = {0};
    size_t total = 0;
    unsigned pongs = 0;
    while (total < (16 << 20) || !pongs) {
        unsigned first = hear_frame(fd, &got);
        pongs += first == (FIN | PONG);
        total += first == (FIN | BINARY) ? got.len : 0;
        CHECK(stats_of(&p.b).buffered_bytes <= 4 * HTTP_STREAM_HIGH);
    }
    settle(&p.b);
    CHECK(p.drained > 1);
    CHECK_INT(total, 16 << 20);
    close(fd);
    await(&p.left);
    bench_stop(&p.b);
}

TEST(a_sender_that_does_not_stop_loses_its_peer)
{
    struct play p;
    play_init(&p);
    p.deaf = true;
    bench_start(&p.b);
    int fd = shake_hands(&p, "GET /pour HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n");
    await(&p.left);
    CHECK_INT(p.ends, 1);
    CHECK_INT(stats_of(&p.b).connections, 0);
    CHECK_INT(stats_of(&p.b).buffered_bytes, 0);
    close(fd);
    bench_stop(&p.b);
}

TEST(a_peer_that_pings_and_never_reads_is_cut_off)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 500;
    bench_start(&p.b);
    int fd = shake_hands(&p, HANDSHAKE);
    auto_buf struct buf pings = {0};
    for (int i = 0; i < 500; i++)
        add_frame(&pings, FIN | PING, piece_bytes, 125);
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    while (sem_trywait(&p.left) < 0) {
        CHECK(clock_mono_us() < give_up);
        struct pollfd out = {.fd = fd, .events = POLLOUT};
        if (poll(&out, 1, 10) == 1)
            (void)!send(fd, pings.data, pings.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    CHECK_INT(p.ends, 1);
    CHECK_INT(stats_of(&p.b).buffered_bytes, 0);
    close(fd);
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

TEST(a_draining_server_says_goodbye)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 1000;
    bench_start(&p.b);
    int polite = shake_hands(&p, HANDSHAKE), rude = shake_hands(&p, HANDSHAKE);
    int late = dial_and_tell(&p.b, "GET /later HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n");
    auto_reply struct reply r = {0};
    await(&p.began);
    loop_post(p.b.loop, drain, &p);
    settle(&p.b);
    on_loop(&p, accept_it);
    hear(late, &r);
    CHECK_INT(r.status, 503);
    expect(polite, FIN | CLOSE,
           "\x03\xe9"
           "The server is stopping",
           24);
    tell_frame(polite, FIN | CLOSE, "\x03\xe9", 2);
    await(&p.left);
    await(&p.left); /* the rude one too, after a while */
    await(&p.b.went);
    CHECK_INT(p.ends, 2);
    close(polite);
    close(rude);
    close(late);
    bench_stop(&p.b);
}

TEST(sockets_are_told_before_their_server_is_gone)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int one = shake_hands(&p, HANDSHAKE), two = shake_hands(&p, HANDSHAKE);
    bench_stop(&p.b);
    CHECK_INT(p.ends, 2);
    CHECK(ended(one) && ended(two));
    close(one);
    close(two);
}

static void close_oddly(void *arg)
{
    struct play *p = arg;
    char reason[200] = "";
    for (int i = 0; i < 60; i++)
        strcat(reason, "\xe2\x82\xac");
    websocket_close(p->w, 1006, reason);
    CHECK(!websocket_send(p->w, STR("late"), true));
    websocket_close(p->w, 1000, "again");
}

static void close_long(void *arg)
{
    struct play *p = arg;
    char reason[200] = "x";
    for (int i = 0; i < 60; i++)
        strcat(reason, "\xe2\x82\xac");
    websocket_close(p->w, 4001, reason);
}

TEST(odd_codes_and_long_reasons_are_made_sendable)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    auto_buf struct buf got = {0};
    int fd = shake_hands(&p, HANDSHAKE);
    on_loop(&p, close_oddly);
    CHECK_INT(hear_frame(fd, &got), FIN | CLOSE);
    CHECK(memcmp(got.data, "\x03\xf3", 2) == 0);
    close(fd);
    await(&p.left);
    fd = shake_hands(&p, HANDSHAKE);
    on_loop(&p, close_long);
    CHECK_INT(hear_frame(fd, &got), FIN | CLOSE);
    CHECK_INT(got.len, 2 + 118); /* whole characters */
    CHECK(memcmp(got.data, "\x0f\xa1x", 3) == 0);
    close(fd);
    await(&p.left);
    bench_stop(&p.b);
}

TEST_MAIN(a_peer_that_does_not_answer_a_close_is_cut_off, a_silent_peer_is_pinged_and_then_given_up,
          a_sender_is_paused_by_a_slow_reader_and_told_to_go_on,
          a_sender_that_does_not_stop_loses_its_peer, a_peer_that_pings_and_never_reads_is_cut_off,
          a_draining_server_says_goodbye, sockets_are_told_before_their_server_is_gone,
          odd_codes_and_long_reasons_are_made_sendable)
