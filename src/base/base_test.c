#include "base/base64.h"
#include "base/must.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/list.h"
#include "base/str.h"
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(context_stands_in_front_of_the_leaf)
{
    struct err e = {0};
    errno = ENOENT;
    CHECK(err_sys(&e, "open '%s'", "x") == -1);
    CHECK(err_in(&e, "start") == -1);
    CHECK_STR(e.text, "start: open 'x': No such file or directory");
    CHECK(e.sys == ENOENT && e.code == ERR_SYSTEM);
}

TEST(a_long_error_is_cut_not_overrun)
{
    struct err e = {0};
    char big[1000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = 0;
    err_set(&e, ERR_INVALID, "%s", big);
    err_in(&e, "%s", big);
    CHECK(strlen(e.text) == sizeof e.text - 1);
}

TEST(a_buffer_grows_and_consumes)
{
    auto_buf struct buf b = {0};
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%03d,", i);
    CHECK(b.len == 4000);
    buf_consume(&b, 3996);
    CHECK_STR(b.data, "999,");
}

TEST(an_arena_keeps_what_it_handed_out)
{
    auto_arena struct arena *a = arena_new();
    char *first = arena_strdup(a, "first");
    for (int i = 0; i < 1000; i++)
        arena_alloc(a, (size_t)i);
    CHECK_STR(first, "first");
    CHECK_STR(arena_printf(a, "%d-%s", 7, "x"), "7-x");
}

TEST(utf8_is_judged_by_the_standard)
{
    CHECK(str_is_utf8(STR("plain \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80")));
    CHECK(!str_is_utf8(STR("\xc0\x80")));         /* overlong */
    CHECK(!str_is_utf8(STR("\xed\xa0\x80")));     /* surrogate */
    CHECK(!str_is_utf8(STR("\xf4\x90\x80\x80"))); /* beyond U+10FFFF */
    CHECK(!str_is_utf8(STR("\xe2\x82")));         /* cut off */
    for (size_t at = 0; at < 24; at++) {
        char text[] = "0123456789abcdefghijklmn";
        text[at] = '\xff';
        CHECK(!str_is_utf8(str_of(text)));
        CHECK(str_is_utf8((struct str){text, at}));
    }
}

TEST(numbers_fill_the_whole_view_and_do_not_overflow)
{
    uint64_t n = 0;
    CHECK(str_to_u64(STR("18446744073709551615"), &n) && n == UINT64_MAX);
    CHECK(!str_to_u64(STR("18446744073709551616"), &n));
    CHECK(!str_to_u64(STR("1x"), &n) && !str_to_u64(STR(""), &n) && !str_to_u64(STR("-1"), &n));
}

TEST(cutting_walks_through_all_parts)
{
    struct str rest = STR("a/b//c");
    CHECK(str_is(str_cut(&rest, '/'), "a"));
    CHECK(str_is(str_cut(&rest, '/'), "b"));
    CHECK(str_is(str_cut(&rest, '/'), ""));
    CHECK(str_is(str_cut(&rest, '/'), "c"));
    CHECK(rest.p == NULL);
}

TEST(names_and_values_of_headers_are_told_from_what_could_end_their_line)
{
    CHECK(str_is_token(STR("X-A_b.1")) && !str_is_token(STR("")) && !str_is_token(STR("a b")));
    CHECK(!str_is_token(STR("a:b")) && !str_is_token(STR("\xc3\xa9")) && !str_is_token(STR("a\0")));
    CHECK(str_is_line(STR("a\tb \xff")) && str_is_line(STR("")));
    CHECK(!str_is_line(STR("a\n")) && !str_is_line(STR("\r")) && !str_is_line(STR("\x7f")));
    CHECK(str_hex('9') == 9 && str_hex('a') == 10 && str_hex('F') == 15 && str_hex('g') < 0);
    CHECK(str_hex('`') < 0 && str_hex(0) < 0 && str_hex('\xe1') < 0 && str_hex('\x10') < 0);
}

TEST(a_list_holds_a_word_as_a_whole_item)
{
    struct str list = STR("close ,\tX-Hop,, a b");
    CHECK(str_lists(list, ',', STR("close"), false) && str_lists(list, ',', STR("a b"), false));
    CHECK(str_lists(list, ',', STR("x-hop"), true) && !str_lists(list, ',', STR("x-hop"), false));
    CHECK(!str_lists(list, ',', STR("clos"), true) && !str_lists(list, ',', STR("a"), true));
    CHECK(!str_lists((struct str){NULL, 0}, ',', STR("a"), true));
}

TEST(times_are_written_as_rfc_3339)
{
    char text[CLOCK_TEXT];
    CHECK_STR(clock_rfc3339(0, text), "1970-01-01T00:00:00.000000Z");
    CHECK_STR(clock_rfc3339(1700000000123456, text), "2023-11-14T22:13:20.123456Z");
    CHECK_STR(clock_rfc3339(-1, text), "1969-12-31T23:59:59.999999Z");
}

TEST(rfc_3339_times_are_read_with_zone_and_fraction)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2023-11-14T22:13:20Z", 1700000000000000},
        {"2023-11-14T22:13:20.123456Z", 1700000000123456},
        {"2023-11-14T22:13:20.1Z", 1700000000100000},
        {"2023-11-15T00:43:20+02:30", 1700000000000000},
        {"2023-11-14T14:13:20-08:00", 1700000000000000},
        {"2024-02-29T00:00:00Z", 1709164800000000},
        {"2000-02-29T23:59:59Z", 951868799000000},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t us = -1;
        if (!clock_parse_rfc3339(rows[i].text, &us) || us != rows[i].us)
            fail_msg("%s is read as %lld", rows[i].text, (long long)us);
    }
}

TEST(what_is_no_rfc_3339_time_is_refused)
{
    static const char *const rows[] = {
        "",
        "now",
        "2023-11-14",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13Z",
        "2023-11-14 22:13:20Z",
        "2023-11-14T22:13:20z",
        "2023-11-14T22:13:20Z ",
        " 2023-11-14T22:13:20Z",
        "2023-11- 4T22:13:20Z",
        "2023-11-+4T22:13:20Z",
        "+2023-1-14T22:13:20Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2023-04-31T00:00:00Z",
        "2023-13-01T00:00:00Z",
        "2023-00-01T00:00:00Z",
        "2023-01-00T00:00:00Z",
        "2023-01-01T24:00:00Z",
        "2023-01-01T00:60:00Z",
        "2023-01-01T00:00:61Z",
        "2023-01-01T00:00:60Z",
        "2023-01-01T00:00:00.Z",
        "2023-01-01T00:00:00.1234567Z",
        "2023-01-01T00:00:00,5Z",
        "2023-01-01T00:00:00+1:00",
        "2023-01-01T00:00:00+ 1: 1",
        "2023-01-01T00:00:00+-1:-1",
        "2023-01-01T00:00:00+24:00",
        "2023-01-01T00:00:00+01:60",
        "2023-01-01T00:00:00+01:000",
        "2023-01-01T00:00:00+0100",
        "1969-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t us;
        if (clock_parse_rfc3339(rows[i], &us))
            fail_msg("'%s' is taken for a time", rows[i]);
    }
}

TEST(later_call_ids_sort_behind_earlier_ones)
{
    char a[ID_CALL_TEXT], b[ID_CALL_TEXT];
    id_new_call(1700000000000000, a);
    id_new_call(1700000000001000, b);
    CHECK(strcmp(a, b) < 0 && strlen(a) == 36);
}

TEST(descriptors_travel_with_a_message)
{
    struct err e = {0};
    int sock[2], pipe_fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) == 0);
    CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
    CHECK(fd_send(sock[0], "hi", 2, pipe_fds, 2, &e) == 0);
    char text[8];
    struct fd_message m;
    CHECK(fd_receive(sock[1], text, sizeof text, &m, &e) == 0);
    CHECK(m.len == 2 && m.fd_count == 2);
    CHECK(write(m.fds[1], "x", 1) == 1);
    for (int i = 0; i < 2; i++)
        close(sock[i]), close(pipe_fds[i]), close(m.fds[i]);
}

TEST(a_message_that_is_too_long_is_refused_and_its_descriptors_closed)
{
    struct err e = {0};
    int sock[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) == 0);
    CHECK(fd_send(sock[0], "too long", 8, sock, 1, &e) == 0);
    char text[4];
    struct fd_message m;
    CHECK(fd_receive(sock[1], text, sizeof text, &m, &e) < 0 && e.code == ERR_TOO_LARGE);
    CHECK(m.fd_count == 0);
    close(sock[0]);
    close(sock[1]);
}

TEST(opening_beneath_refuses_every_way_out)
{
    struct err e = {0};
    char dir[] = "/tmp/virga-base-XXXXXX";
    CHECK(mkdtemp(dir) != NULL);
    auto_fd int at = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    CHECK(fd_write_file(at, "inside", "x", 1, 0600, &e) == 0);
    CHECK(symlinkat("/etc/passwd", at, "link") == 0);
    auto_fd int inside = fd_open_beneath(at, "inside", O_RDONLY, 0, &e);
    CHECK(inside >= 0);
    CHECK(fd_open_beneath(at, "link", O_RDONLY, 0, &e) < 0);
    CHECK(fd_open_beneath(at, "../etc/passwd", O_RDONLY, 0, &e) < 0);
    CHECK(fd_open_beneath(at, "/etc/passwd", O_RDONLY, 0, &e) < 0);
    unlinkat(at, "inside", 0);
    unlinkat(at, "link", 0);
    rmdir(dir);
}

TEST(base64_comes_back_and_what_is_none_adds_nothing)
{
    static const char *const wrong[] = {"A", "QR==", "AA=", "A===", "QQ==QQ==", "Q Q=", "-_-_"};
    auto_buf struct buf text = {0}, bytes = {0};
    for (size_t n = 0; n < 9; n++) {
        buf_clear(&text);
        buf_clear(&bytes);
        base64_add(&text, (struct str){"\0\xff"
                                       "abc\n\x80"
                                       "de",
                                       n});
        CHECK(text.len == (n + 2) / 3 * 4 && base64_add_decoded(&bytes, buf_str(&text)));
        CHECK(bytes.len == n && memcmp(bytes.data,
                                       "\0\xff"
                                       "abc\n\x80"
                                       "de",
                                       n) == 0);
    }
    CHECK_STR(text.data, "AP9hYmMKgGQ=");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        CHECK(!base64_add_decoded(&bytes, str_of(wrong[i])) && bytes.len == 8);
}

TEST_MAIN(context_stands_in_front_of_the_leaf, a_long_error_is_cut_not_overrun,
          a_buffer_grows_and_consumes, an_arena_keeps_what_it_handed_out,
          utf8_is_judged_by_the_standard, numbers_fill_the_whole_view_and_do_not_overflow,
          cutting_walks_through_all_parts, a_list_holds_a_word_as_a_whole_item,
          names_and_values_of_headers_are_told_from_what_could_end_their_line,
          times_are_written_as_rfc_3339, rfc_3339_times_are_read_with_zone_and_fraction,
          what_is_no_rfc_3339_time_is_refused, later_call_ids_sort_behind_earlier_ones,
          descriptors_travel_with_a_message,
          a_message_that_is_too_long_is_refused_and_its_descriptors_closed,
          opening_beneath_refuses_every_way_out, base64_comes_back_and_what_is_none_adds_nothing)
