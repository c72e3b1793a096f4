/* WebSocket, byte by byte over real sockets. */
#include "http/private.h"

#include "http/testdata/http_peer.h"

#define UPGRADE                                                                                    \
    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
#define KEY       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" /* of RFC 6455, 1.3 */
#define HANDSHAKE "GET /echo HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n"
#define OPEN      "GET /open HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n"

enum { TEXT = 1, BINARY, CLOSE = 8, PING, PONG, FIN = 0x80, MASKED = 0x80, PIECE = 64 * 1024 };

struct play {
    struct bench b; /* first: http_config.app points at both */
    struct http_exchange *x;
    struct websocket *w;
    unsigned messages, drained, ends; /* the loop's; read after an event that follows */
    size_t written;
    bool deaf; /* goes on writing when told to stop */
    sem_t began, heard, left;
};

static char piece_bytes[PIECE];

static void on_closed(void *arg)
{
    struct play *p = arg;
    p->ends++;
    sem_post(&p->left);
}

static void on_message(void *arg, struct str bytes, bool text)
{
    struct play *p = arg;
    p->messages++;
    if (str_is(bytes, "bye"))
        websocket_close(p->w, 1000, "bye");
    else
        (void)websocket_send(p->w, bytes, text);
    sem_post(&p->heard);
}

static void pour(struct play *p)
{
    while (p->written < (16 << 20)) {
        bool room = websocket_send(p->w, (struct str){piece_bytes, PIECE}, false);
        p->written += PIECE;
        if (!room && !p->deaf)
            return;
    }
}

static void on_drained(void *arg)
{
    struct play *p = arg;
    p->drained++;
    pour(p);
}

static void accept_socket(struct http_exchange *x)
{
    struct play *p = http_exchange_request(x)->app;
    const struct websocket_events events = {.message = on_message,
                                            .drained = on_drained,
                                            .closed = on_closed,
                                            .arg = p,
                                            .message_max = 1000};
    p->x = x;
    p->w = websocket_accept(x, &events);
    sem_post(&p->began);
}

static void accept_and_pour(struct http_exchange *x)
{
    accept_socket(x);
    pour(http_exchange_request(x)->app);
    struct play *p = http_exchange_request(x)->app;
    sem_post(&p->heard);
}

static void accept_later(struct http_exchange *x)
{
    struct play *p = http_exchange_request(x)->app;
    p->x = x;
    sem_post(&p->began);
}

static const struct route rows[] = {
    {HTTP_GET | HTTP_POST, "/echo", PERMIT_ALL, PLANE_DATA, NULL, accept_socket},
    {HTTP_GET, "/open", PERMIT_ALL, PLANE_DATA, NULL, accept_socket},
    {HTTP_GET, "/pour", PERMIT_ALL, PLANE_DATA, NULL, accept_and_pour},
    {HTTP_GET, "/later", PERMIT_ALL, PLANE_DATA, NULL, accept_later},
    {HTTP_GET, "/hello", PERMIT_ALL, PLANE_DATA, NULL, say_hello},
    {0},
};
static const struct route *const table[] = {rows, NULL};

static void play_init(struct play *p)
{
    *p = (struct play){0};
    bench_init(&p->b);
    p->b.config.routes = table;
    must(sem_init(&p->began, 0, 0) == 0 && sem_init(&p->heard, 0, 0) == 0 &&
         sem_init(&p->left, 0, 0) == 0);
}

static void on_loop(struct play *p, void (*fn)(void *arg))
{
    loop_post(p->b.loop, fn, p);
    settle(&p->b);
}

/* A client's frame: masked, with the shortest form of the length. */
static void add_frame(struct buf *out, unsigned first, const char *bytes, size_t len)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char head[4] = {(unsigned char)first, (unsigned char)(MASKED | len), 0, 0};
    if (len > 125) {
        head[1] = MASKED | 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
    }
    buf_add(out, head, len > 125 ? 4 : 2);
    buf_add(out, mask, 4);
    for (size_t i = 0; i < len; i++)
        buf_add(out, &(char){(char)(bytes[i] ^ mask[i % 4])}, 1);
}

static void tell_bytes(int fd, const void *bytes, size_t len)
{
    CHECK(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static void tell_frame(int fd, unsigned first, const char *bytes, size_t len)
{
    auto_buf struct buf out = {0};
    add_frame(&out, first, bytes, len);
    tell_bytes(fd, out.data, out.len);
}

/* A server's frame: unmasked. Returns its first byte. */
static unsigned hear_frame(int fd, struct buf *ret)
{
    auto_buf struct buf head = {0};
    hear_bytes(fd, &head, 2);
    unsigned first = (unsigned char)head.data[0];
    size_t len = (unsigned char)head.data[1], more = len == 127 ? 8 : len == 126 ? 2 : 0;
    buf_clear(&head);
    hear_bytes(fd, &head, more);
    len = more ? 0 : len;
    for (size_t i = 0; i < more; i++)
        len = len << 8 | (unsigned char)head.data[i];
    buf_clear(ret);
    hear_bytes(fd, ret, len);
    return first;
}

static void expect(int fd, unsigned first, const char *bytes, size_t len)
{
    auto_buf struct buf got = {0};
    CHECK_INT(hear_frame(fd, &got), first);
    CHECK_INT(got.len, len);
    CHECK(len == 0 || memcmp(got.data, bytes, len) == 0);
}

/* The close frame with this code, and nothing behind it. */
static void expect_close(int fd, unsigned code)
{
    auto_buf struct buf got = {0};
    CHECK_INT(hear_frame(fd, &got), FIN | CLOSE);
    CHECK(got.len >= 2);
    CHECK_INT((unsigned char)got.data[0] << 8 | (unsigned char)got.data[1], code);
    CHECK(ended(fd));
}

static int shake_hands(struct play *p, const char *request)
{
    auto_reply struct reply r = {0};
    int fd = dial(&p->b);
    tell(fd, request);
    hear_head(fd, &r);
    CHECK_INT(r.status, 101);
    CHECK(strstr(r.text.data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(strstr(r.text.data, "Upgrade: websocket\r\nConnection: Upgrade\r\n"));
    await(&p->began);
    return fd;
}

TEST(the_handshake_is_that_of_the_standard_and_messages_come_back)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, FIN | TEXT, "Hello", 5);
    expect(fd, FIN | TEXT, "Hello", 5);
    tell_frame(fd, FIN | BINARY, "\0\xff\1", 3);
    expect(fd, FIN | BINARY, "\0\xff\1", 3);
    tell_frame(fd, FIN | TEXT, "", 0);
    expect(fd, FIN | TEXT, "", 0);
    tell_frame(fd, FIN | BINARY, piece_bytes, 1000);
    expect(fd, FIN | BINARY, piece_bytes, 1000);
    tell_frame(fd, FIN | CLOSE, "\x03\xe8", 2);
    expect_close(fd, 1000);
    await(&p.left);
    CHECK_INT(p.ends, 1);
    CHECK_INT(p.messages, 4);
    close(fd);
    bench_stop(&p.b);
}

TEST(what_is_no_upgrade_is_refused)
{
    static const struct {
        const char *text;
        int status;
    } refused[] = {
        {GET("/echo"), 426},
        {"GET /echo HTTP/1.1\r\n" HOST "Connection: Upgrade\r\n" KEY
         "Sec-WebSocket-Version: 13\r\n\r\n",
         426},
        {"GET /echo HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n" KEY
         "Sec-WebSocket-Version: 8\r\n\r\n",
         426},
        {"GET /echo HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n" KEY
         "Sec-WebSocket-Version: 13\r\n\r\n",
         426},
        {"GET /echo HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n" KEY
         "Sec-WebSocket-Version: 13\r\n\r\n",
         400},
        {"GET /echo HTTP/1.1\r\n" HOST UPGRADE "\r\n", 400},
        {"GET /echo HTTP/1.1\r\n" HOST UPGRADE "Sec-WebSocket-Key: AAAA\r\n\r\n", 400},
        {"GET /echo HTTP/1.1\r\n" HOST UPGRADE
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==x\r\n\r\n",
         400},
        {"GET /echo HTTP/1.1\r\n" HOST UPGRADE
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n", 400},
        {"GET /echo HTTP/1.0\r\n" HOST UPGRADE KEY "\r\n", 400},
        {"GET /echo HTTP/1.1\r\n" HOST UPGRADE KEY "Content-Length: 1\r\n\r\nx", 400},
    };
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        check_ask(&p.b, refused[i].text, refused[i].status, "{\"detail\":\"");
        if (refused[i].status == 426)
            check_ask(&p.b, refused[i].text, 426,
                      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
        settle(&p.b);
        CHECK(!p.w);
    }
    bench_stop(&p.b);
    CHECK_INT(p.ends, 0);
}

TEST(frames_that_come_with_the_handshake_are_not_lost)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    auto_buf struct buf all = {0};
    buf_addz(&all, HANDSHAKE);
    add_frame(&all, FIN | TEXT, "one", 3);
    add_frame(&all, FIN | TEXT, "two", 3);
    int fd = dial(&p.b);
    auto_reply struct reply r = {0};
    tell_bytes(fd, all.data, all.len);
    hear_head(fd, &r);
    expect(fd, FIN | TEXT, "one", 3);
    expect(fd, FIN | TEXT, "two", 3);
    close(fd);
    await(&p.left);
    bench_stop(&p.b);
}

static void accept_it(void *arg)
{
    struct play *p = arg;
    accept_socket(p->x);
    CHECK_INT(p->messages, 0); /* not from inside websocket_accept */
}

TEST(a_handler_may_accept_later)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    auto_buf struct buf all = {0};
    buf_addz(&all, "GET /later HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n");
    add_frame(&all, FIN | TEXT, "early", 5);
    int fd = dial(&p.b);
    auto_reply struct reply r = {0};
    tell_bytes(fd, all.data, all.len);
    await(&p.began);
    settle(&p.b);
    on_loop(&p, accept_it);
    hear_head(fd, &r);
    CHECK_INT(r.status, 101);
    expect(fd, FIN | TEXT, "early", 5);
    close(fd);
    await(&p.left);
    bench_stop(&p.b);
}

TEST(a_handler_that_accepts_too_late_gets_nothing)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = dial(&p.b);
    struct linger hard = {.l_onoff = 1};
    tell(fd, "GET /later HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n");
    await(&p.began);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    while (stats_of(&p.b).connections > 0)
        CHECK(clock_mono_us() < give_up);
    on_loop(&p, accept_it);
    CHECK(!p.w);
    bench_stop(&p.b);
    CHECK_INT(p.ends, 0);
}

TEST(fragments_are_joined_around_control_frames)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, TEXT, "H\xc3", 2); /* cut inside a character */
    tell_frame(fd, 0, "", 0);
    tell_frame(fd, FIN | PING, "beat", 4);
    expect(fd, FIN | PONG, "beat", 4);
    tell_frame(fd, 0, "\xa4llo ", 5);
    tell_frame(fd, FIN | PONG, "unasked", 7);
    tell_frame(fd, FIN, "you", 3);
    expect(fd, FIN | TEXT, "H\xc3\xa4llo you", 10);
    auto_buf struct buf bytes = {0};
    add_frame(&bytes, FIN | TEXT, "slowly", 6);
    for (size_t i = 0; i < bytes.len; i++)
        tell_bytes(fd, bytes.data + i, 1);
    expect(fd, FIN | TEXT, "slowly", 6);
    close(fd);
    await(&p.left);
    bench_stop(&p.b);
}

TEST(what_breaks_the_protocol_ends_with_its_code)
{
    static const char many[1001];
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
        unsigned code;
    } broken[] = {
        {"unmasked", "\x81\x05Hello", 7, 1002},
        {"reserved bit", "\xc1\x80\0\0\0\0", 6, 1002},
        {"unknown opcode", "\x83\x80\0\0\0\0", 6, 1002},
        {"continues nothing", "\x80\x80\0\0\0\0", 6, 1002},
        {"new message inside a message", "\x01\x80\0\0\0\0\x81\x80\0\0\0\0", 12, 1002},
        {"fragmented ping", "\x09\x80\0\0\0\0", 6, 1002},
        {"long ping", "\x89\xfe\x00\x7e\0\0\0\0", 8, 1002},
        {"length not in its shortest form", "\x82\xfe\x00\x05\0\0\0\0", 8, 1002},
        {"negative length", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14, 1002},
        {"bad UTF-8", "\x81\x82\0\0\0\0\xc3\x28", 8, 1007},
        {"cut UTF-8", "\x81\x81\0\0\0\0\xc3", 7, 1007},
        {"surrogate", "\x81\x83\0\0\0\0\xed\xa0\x80", 9, 1007},
        {"close with a bad code", "\x88\x82\0\0\0\0\x03\xed", 8, 1002},
        {"close with a bad reason", "\x88\x83\0\0\0\0\x03\xe8\xff", 9, 1007},
        {"endless", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0x", 15, 1009},
    };
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        print_message("%s\n", broken[i].what);
        int fd = shake_hands(&p, HANDSHAKE);
        tell_bytes(fd, broken[i].bytes, broken[i].len);
        tell_frame(fd, FIN | TEXT, "after", 5);
        expect_close(fd, broken[i].code);
        await(&p.left);
        close(fd);
    }
    int fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, FIN | BINARY, many, sizeof many);
    expect_close(fd, 1009);
    await(&p.left);
    close(fd);
    fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, BINARY, many, 600);
    tell_frame(fd, FIN, many, 401); /* only together too long */
    expect_close(fd, 1009);
    await(&p.left);
    close(fd);
    CHECK_INT(p.messages, 0);
    CHECK_INT(p.ends, ARRAY_LEN(broken) + 2);
    bench_stop(&p.b);
}

TEST(either_side_may_close)
{
    struct play p;
    play_init(&p);
    bench_start(&p.b);
    int fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, FIN | TEXT, "bye", 3);
    expect(fd, FIN | CLOSE,
           "\x03\xe8"
           "bye",
           5);
    tell_frame(fd, FIN | TEXT, "too late", 8); /* dropped */
    tell_frame(fd, FIN | CLOSE, "\x03\xe8", 2);
    await(&p.left);
    CHECK(ended(fd));
    CHECK_INT(p.messages, 1);
    close(fd);
    fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, FIN | CLOSE, "", 0);
    expect(fd, FIN | CLOSE, "", 0);
    CHECK(ended(fd));
    await(&p.left);
    close(fd);
    fd = shake_hands(&p, HANDSHAKE);
    close(fd); /* without a word */
    await(&p.left);
    fd = shake_hands(&p, HANDSHAKE);
    tell_frame(fd, FIN | TEXT, "x", 1);
    CHECK(shutdown(fd, SHUT_WR) == 0); /* half of a WebSocket is none */
    expect(fd, FIN | TEXT, "x", 1);
    CHECK(ended(fd));
    await(&p.left);
    close(fd);
    CHECK_INT(p.ends, 4);
    bench_stop(&p.b);
}

TEST(a_peer_that_does_not_answer_a_close_is_cut_off)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 100; /* shorter than the 2 s, which it then replaces */
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
    p->b.server->ping_ms = 50;
}

TEST(a_silent_peer_is_pinged_and_then_given_up)
{
    struct play p;
    play_init(&p);
    p.b.config.idle_ms = 80; /* the time between two looks at the deadlines follows from it */
    bench_start(&p.b);
    on_loop(&p, ping_often);
    int alive = shake_hands(&p, HANDSHAKE), silent = shake_hands(&p, OPEN);
    for (int i = 0; i < 6; i++) { /* far beyond idle_ms and the time of two pings */
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
    p.b.config.idle_ms = 300;
    bench_start(&p.b);
    int polite = shake_hands(&p, HANDSHAKE), rude = shake_hands(&p, HANDSHAKE), late = dial(&p.b);
    auto_reply struct reply r = {0};
    tell(late, "GET /later HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n");
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

TEST_MAIN(the_handshake_is_that_of_the_standard_and_messages_come_back,
          what_is_no_upgrade_is_refused, frames_that_come_with_the_handshake_are_not_lost,
          a_handler_may_accept_later, a_handler_that_accepts_too_late_gets_nothing,
          fragments_are_joined_around_control_frames, what_breaks_the_protocol_ends_with_its_code,
          either_side_may_close, a_peer_that_does_not_answer_a_close_is_cut_off,
          a_silent_peer_is_pinged_and_then_given_up,
          a_sender_is_paused_by_a_slow_reader_and_told_to_go_on,
          a_sender_that_does_not_stop_loses_its_peer, a_peer_that_pings_and_never_reads_is_cut_off,
          a_draining_server_says_goodbye, sockets_are_told_before_their_server_is_gone,
          odd_codes_and_long_reasons_are_made_sendable)
