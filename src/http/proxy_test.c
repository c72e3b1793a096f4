#include "http/proxy.h"

#include "base/must.h"
#include "base/test.h"

TEST(networks_are_matched_by_their_prefix)
{
    static const struct {
        const char *list, *address;
        bool trusted;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.4", false},
        {"192.168.4.0/22", "192.168.7.255", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::1", "::1", true},
        {"::1,fd00::/8", "fdff::1", true},
        {" ::1 , fd00::/8 ", "fe00::1", false},
        {"2001:db8:8000::/33", "2001:db8:ffff::", true},
        {"2001:db8:8000::/33", "2001:db8:7fff::", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},
        {"::ffff:10.0.0.0/104", "10.9.9.9", true},
        {"::/0", "8.8.8.8", true},
        {"10.0.0.0/8", "", false},
        {"10.0.0.0/8", "10.0.0", false},
        {"", "10.0.0.1", false},
        {",,", "10.0.0.1", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {0};
        struct proxy_list *p = NULL;
        CHECK(proxy_list_new(rows[i].list, &p, &e) == 0);
        if (proxy_trusts(p, rows[i].address) != rows[i].trusted)
            fail_msg("'%s' and '%s'", rows[i].list, rows[i].address);
        proxy_list_free(p);
    }
}

TEST(a_bad_item_is_named)
{
    static const char *const bad[] = {"x",      "10.0.0.0/33", "::1/129",     "10.0.0.0/",
                                      "10.0/8", "1.2.3.4/-1",  "1.2.3.4/8/8", "1.2.3.4:80",
                                      "[::1]",  "10.0.0.0 /8", "localhost"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {0};
        struct proxy_list *p = NULL;
        char list[64], text[128];
        snprintf(list, sizeof list, "127.0.0.1, %s,::1", bad[i]);
        snprintf(text, sizeof text, "trusted proxy '%s' is no address or network", bad[i]);
        CHECK(proxy_list_new(list, &p, &e) < 0 && !p);
        CHECK_INT(e.code, ERR_INVALID);
        CHECK_STR(e.text, text);
    }
}

/* The request that came from 10.0.0.1 with these headers, seen through the list. */
static void apply(const char *const *headers, size_t count, struct request *ret)
{
    struct err e = {0};
    struct proxy_list *p = NULL;
    struct http_header *list = arena_alloc(ret->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct http_header){headers[2 * i], headers[2 * i + 1]};
    ret->headers = list;
    ret->header_count = count;
    ret->peer = "10.0.0.1";
    ret->host = "inner";
    CHECK(proxy_list_new("10.0.0.0/8, fd00::/8", &p, &e) == 0);
    proxy_apply(p, ret);
    proxy_list_free(p);
}

static void check_client(const char *const *headers, size_t count, const char *peer)
{
    auto_arena struct arena *arena = arena_new();
    struct request req = {.arena = arena};
    apply(headers, count, &req);
    CHECK_STR(req.peer, peer);
}

TEST(the_client_is_the_first_from_the_right_that_is_not_trusted)
{
    static const struct {
        const char *value, *peer;
    } rows[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"6.6.6.6, 203.0.113.9", "203.0.113.9"},
        {"6.6.6.6, 203.0.113.9, 10.0.0.7", "203.0.113.9"},
        {"6.6.6.6,203.0.113.9,\t10.0.0.7 ,10.0.0.8", "203.0.113.9"},
        {"rubbish, 203.0.113.9", "203.0.113.9"},
        {"203.0.113.9:4711", "203.0.113.9"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:DB8::1]:4711", "2001:db8::1"},
        {"::ffff:203.0.113.9", "203.0.113.9"},
        {"203.0.113.9, fd00::1", "203.0.113.9"},
        {"10.0.0.3", "10.0.0.3"},
        {"10.0.0.3, 10.0.0.4", "10.0.0.3"},
        /* malformed where it counts: ignored */
        {"", "10.0.0.1"},
        {"unknown", "10.0.0.1"},
        {"203.0.113.9, unknown", "10.0.0.1"},
        {"203.0.113.9, ", "10.0.0.1"},
        {"203.0.113.9, , 10.0.0.7", "10.0.0.1"},
        {"unknown, 10.0.0.7", "10.0.0.1"},
        {"203.0.113.999", "10.0.0.1"},
        {"[203.0.113.9", "10.0.0.1"},
        {"203.0.113.9/8", "10.0.0.1"},
        {"1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9", "10.0.0.1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check_client((const char *const[]){"x-forwarded-for", rows[i].value}, 1, rows[i].peer);
    check_client(NULL, 0, "10.0.0.1");
}

TEST(repeated_lines_are_one_list)
{
    check_client((const char *const[]){"X-Forwarded-For", "6.6.6.6, 203.0.113.9", "Other", "x",
                                       "X-Forwarded-For", "10.0.0.7"},
                 3, "203.0.113.9");
    check_client((const char *const[]){"X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", ""}, 2,
                 "10.0.0.1");
}

TEST(scheme_and_host_are_the_last_value_and_well_formed)
{
    static const struct {
        const char *proto, *host;
        bool secure;
        const char *ret_host;
    } rows[] = {
        {"https", "Shop.Example", true, "shop.example"},
        {"HTTPS", "a:8443", true, "a:8443"},
        {"http", "[::1]:80", false, "[::1]:80"},
        {"https, http", "evil, good", false, "good"},
        {"http, https", "", true, "inner"},
        {"httpss", "a/b", false, "inner"},
        {"", "a b", false, "inner"},
        {"ftp", "a\tb", false, "inner"},
        {"https,", "good,", false, "inner"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_arena struct arena *arena = arena_new();
        struct request req = {.arena = arena};
        apply((const char *const[]){"X-Forwarded-Proto", rows[i].proto, "X-Forwarded-Host",
                                    rows[i].host},
              2, &req);
        if (req.secure != rows[i].secure || strcmp(req.host, rows[i].ret_host) != 0)
            fail_msg("'%s' '%s' gives '%s'", rows[i].proto, rows[i].host, req.host);
    }
}

TEST_MAIN(networks_are_matched_by_their_prefix, a_bad_item_is_named,
          the_client_is_the_first_from_the_right_that_is_not_trusted, repeated_lines_are_one_list,
          scheme_and_host_are_the_last_value_and_well_formed)
