/* WebSocket, byte by byte over real sockets. */
#include "http/testdata/ws_peer.h"

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

TEST_MAIN(the_handshake_is_that_of_the_standard_and_messages_come_back,
          what_is_no_upgrade_is_refused, frames_that_come_with_the_handshake_are_not_lost,
          a_handler_may_accept_later, a_handler_that_accepts_too_late_gets_nothing,
          fragments_are_joined_around_control_frames, what_breaks_the_protocol_ends_with_its_code,
          either_side_may_close)
