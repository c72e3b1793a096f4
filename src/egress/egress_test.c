#include "base/test.h"

#include "base/fd.h"
#include "egress/egress.h"
#include "egress/egress_ask.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

#include <sys/socket.h>
#include <unistd.h>

/* The test is the client and the outside; the proxy between them has a thread of its own. */
struct world {
    int outside, port; /* a listening socket that stands for the internet, and its port */
    int proxy_port;
    struct egress *egress;
};

static int listen_on(uint32_t address, int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {20, 0};
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static int connect_to(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    struct timeval limit = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    return fd;
}

/* `proxy`: NULL, or a format of a URL with the port of the outside. */
static struct world world_open(const char *proxy, uint64_t bytes_max)
{
    struct world w;
    struct err e = {0};
    char host[32], url[96];
    w.outside = listen_on(INADDR_LOOPBACK, &w.port);
    snprintf(host, sizeof host, "127.0.0.1:%d", w.port);
    if (proxy)
        snprintf(url, sizeof url, "http://%s127.0.0.1:%d", proxy, w.port);
    const char *hosts[] = {"files.example:443", host, NULL};
    struct egress_config config = {hosts, proxy ? url : NULL, bytes_max};
    int listener = listen_on(INADDR_LOOPBACK, &w.proxy_port);
    CHECK(egress_start(listener, &config, &w.egress, &e) == 0);
    return w;
}

static void world_close(struct world *w)
{
    egress_stop(w->egress);
    close(w->outside);
}

static void say(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

/* Reads until `text` holds `wanted`; the end of the stream counts when that is "". */
static void hear(int fd, const char *wanted, char *text, size_t size)
{
    size_t len = 0;
    text[0] = 0;
    while (len < size - 1 && !(*wanted && strstr(text, wanted))) {
        ssize_t n = recv(fd, text + len, *wanted ? 1 : size - 1 - len, 0);
        CHECK(n >= 0);
        if (n == 0)
            break;
        len += (size_t)n;
        text[len] = 0;
    }
    CHECK(strstr(text, wanted));
}

static int accept_outside(struct world *w)
{
    int fd = accept4(w->outside, NULL, NULL, SOCK_CLOEXEC);
    struct timeval limit = {20, 0};
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    return fd;
}

TEST(a_tunnel_carries_bytes_both_ways_and_their_ends)
{
    char text[512], ask[64];
    struct world w = world_open(NULL, 1 << 20);
    int client = connect_to(w.proxy_port);
    snprintf(ask, sizeof ask, "CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n", w.port);
    say(client, ask);
    hear(client, "\r\n\r\n", text, sizeof text);
    CHECK(strncmp(text, "HTTP/1.1 200 ", 13) == 0);
    int outside = accept_outside(&w);
    say(client, "ping");
    hear(outside, "ping", text, sizeof text);
    say(outside, "pong");
    hear(client, "pong", text, sizeof text);
    CHECK(shutdown(client, SHUT_WR) == 0);
    hear(outside, "", text, sizeof text);
    CHECK_STR(text, "");
    say(outside, "late");
    close(outside);
    hear(client, "", text, sizeof text);
    CHECK_STR(text, "late");
    CHECK_INT(egress_bytes(w.egress), 8);
    close(client);
    world_close(&w);
}

TEST(a_host_that_is_not_listed_is_refused_before_it_is_looked_up)
{
    static const char *const asks[] = {
        "CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n",
        "CONNECT files.example:80 HTTP/1.1\r\n\r\n",
        "GET http://elsewhere.example/x HTTP/1.1\r\nHost: files.example\r\n\r\n",
        "CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n",
    };
    char text[512];
    struct world w = world_open(NULL, 1 << 20);
    for (size_t i = 0; i < 4; i++) {
        int client = connect_to(w.proxy_port);
        say(client, asks[i]);
        hear(client, "", text, sizeof text);
        CHECK(strncmp(text, "HTTP/1.1 403 ", 13) == 0);
        close(client);
    }
    egress_refused(w.egress, text, sizeof text);
    CHECK_STR(text, "127.0.0.1:1");
    world_close(&w);
}

TEST(a_whole_url_is_asked_for_anew_and_nothing_behind_it_goes_on)
{
    char text[1024], ask[256];
    struct world w = world_open(NULL, 1 << 20);
    int client = connect_to(w.proxy_port);
    snprintf(ask, sizeof ask,
             "GET http://127.0.0.1:%d/simple/a/?x=1 HTTP/1.1\r\nHost: other\r\nAccept: */*\r\n"
             "Proxy-Authorization: Basic eA==\r\nConnection: keep-alive\r\n\r\n",
             w.port);
    say(client, ask);
    int outside = accept_outside(&w);
    hear(outside, "\r\n\r\n", text, sizeof text);
    snprintf(ask, sizeof ask,
             "GET /simple/a/?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
             "Accept: */*\r\n\r\n",
             w.port);
    CHECK_STR(text, ask);
    say(outside, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    hear(client, "hi", text, sizeof text);
    say(client, "GET http://elsewhere.example/ HTTP/1.1\r\n\r\n");
    hear(client, "", text, sizeof text);
    hear(outside, "", text, sizeof text);
    CHECK_STR(text, "");
    close(client);
    close(outside);
    world_close(&w);
}

TEST(the_way_leads_through_another_proxy_with_its_credentials)
{
    char text[512];
    struct world w = world_open("us%40er:pass@", 1 << 20);
    int client = connect_to(w.proxy_port);
    say(client, "CONNECT files.example:443 HTTP/1.1\r\n\r\n");
    int outside = accept_outside(&w);
    hear(outside, "\r\n\r\n", text, sizeof text);
    CHECK_STR(text, "CONNECT files.example:443 HTTP/1.1\r\nHost: files.example:443\r\n"
                    "Proxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n\r\n");
    say(outside, "HTTP/1.1 200 fine\r\nX: y\r\n\r\nfirst");
    hear(client, "first", text, sizeof text);
    CHECK_STR(text, "HTTP/1.1 200 Connection established\r\n\r\nfirst");
    close(outside);
    close(client);
    world_close(&w);
}

TEST(a_proxy_outside_that_refuses_is_a_bad_gateway)
{
    char text[512];
    struct world w = world_open("", 1 << 20);
    int client = connect_to(w.proxy_port);
    say(client, "CONNECT files.example:443 HTTP/1.1\r\n\r\n");
    int outside = accept_outside(&w);
    say(outside, "HTTP/1.1 407 who are you\r\n\r\n");
    hear(client, "", text, sizeof text);
    CHECK(strncmp(text, "HTTP/1.1 502 ", 13) == 0);
    close(outside);
    close(client);
    world_close(&w);
}

TEST(a_host_that_cannot_be_reached_is_a_bad_gateway)
{
    char text[512], ask[64];
    struct world w = world_open(NULL, 1 << 20);
    close(w.outside);
    w.outside = -1;
    int client = connect_to(w.proxy_port);
    snprintf(ask, sizeof ask, "CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n", w.port);
    say(client, ask);
    hear(client, "", text, sizeof text);
    CHECK(strncmp(text, "HTTP/1.1 502 ", 13) == 0);
    close(client);
    egress_stop(w.egress);
}

TEST(connections_are_cut_at_the_limit_on_bytes)
{
    char text[512], ask[64];
    static char much[8192];
    memset(much, 'x', sizeof much - 1);
    struct world w = world_open(NULL, 4096);
    int client = connect_to(w.proxy_port);
    snprintf(ask, sizeof ask, "CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n", w.port);
    say(client, ask);
    int outside = accept_outside(&w);
    hear(client, "\r\n\r\n", text, sizeof text);
    say(outside, much);
    char byte;
    while (recv(client, &byte, 1, 0) > 0)
        continue;
    CHECK(egress_bytes(w.egress) >= 4096);
    int again = connect_to(w.proxy_port);
    say(again, ask);
    hear(again, "", text, sizeof text);
    CHECK(strncmp(text, "HTTP/1.1 403 ", 13) == 0);
    close(again);
    close(outside);
    close(client);
    world_close(&w);
}

TEST(a_sink_that_does_not_read_holds_the_source_and_no_memory)
{
    char text[512], ask[64];
    static char piece[65536];
    struct world w = world_open(NULL, 1ull << 40);
    int client = connect_to(w.proxy_port);
    snprintf(ask, sizeof ask, "CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n", w.port);
    say(client, ask);
    hear(client, "\r\n\r\n", text, sizeof text);
    int outside = accept_outside(&w);
    struct timeval limit = {1, 0};
    CHECK(setsockopt(outside, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
    uint64_t sent = 0;
    ssize_t n;
    while ((n = send(outside, piece, sizeof piece, MSG_NOSIGNAL)) > 0)
        sent += (uint64_t)n;
    CHECK(sent < 64 << 20); /* the kernel's buffers, and 64 KB */
    uint64_t got = 0;
    CHECK(shutdown(outside, SHUT_WR) == 0);
    while ((n = recv(client, piece, sizeof piece, 0)) > 0)
        got += (uint64_t)n;
    CHECK(got == sent);
    close(outside);
    close(client);
    world_close(&w);
}

TEST(more_clients_than_places_are_served_one_after_the_other)
{
    char text[512];
    int clients[EGRESS_CONNECTIONS_MAX + 8];
    struct world w = world_open(NULL, 1 << 20);
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        clients[i] = connect_to(w.proxy_port);
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        say(clients[i], "CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n");
        hear(clients[i], "", text, sizeof text);
        CHECK(strncmp(text, "HTTP/1.1 403 ", 13) == 0);
        close(clients[i]);
    }
    world_close(&w);
}

TEST(only_a_listening_socket_of_the_loopback_is_taken)
{
    struct err e = {0};
    struct egress *x = NULL;
    const char *hosts[] = {NULL};
    struct egress_config config = {hosts, NULL, 1};
    int port, pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    int given[] = {
        listen_on(INADDR_ANY, &port),
        socket(AF_INET, SOCK_STREAM, 0),
        socket(AF_INET, SOCK_DGRAM, 0),
        pair[0],
        pair[1],
        dup(STDOUT_FILENO),
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        CHECK(egress_start(given[i], &config, &x, &e) < 0 && e.code == ERR_INVALID);
        CHECK(fcntl(given[i], F_GETFD) < 0); /* closed: it was handed over */
    }
}

TEST(what_a_client_says_is_read_strictly)
{
    static const char *const bad[] = {
        "CONNECT a.example HTTP/1.1\r\n\r\n",
        "CONNECT a.example:0 HTTP/1.1\r\n\r\n",
        "CONNECT a.example:65536 HTTP/1.1\r\n\r\n",
        "CONNECT a.example:443x HTTP/1.1\r\n\r\n",
        "CONNECT user@a.example:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.example:443 HTTP/2.0\r\n\r\n",
        "CONNECT  a.example:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.example:443 HTTP/1.1 \r\n\r\n",
        "CONNECT :443 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET https://a.example/ HTTP/1.1\r\n\r\n",
        "GET http://user:pw@a.example/ HTTP/1.1\r\n\r\n",
        "GET http://a.example/#x HTTP/1.1\r\n\r\n",
        "GET http://a.example/\nX: y HTTP/1.1\r\n\r\n",
        "POST http://a.example/ HTTP/1.1\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\n folded: x\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nname : x\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nname: x\ny: z\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nnothing\r\n\r\n",
        "\r\n\r\n",
    };
    struct egress_ask ask;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = {0};
        if (egress_ask_parse(str_of(bad[i]), &ask, &e) == 0)
            print_message("taken: %s\n", bad[i]);
        CHECK(e.code == ERR_MALFORMED);
    }
    struct err e = {0};
    CHECK(egress_ask_parse(STR("CONNECT A.Example:443 HTTP/1.1\r\nHost: a\r\n\r\n"), &ask, &e) ==
          0);
    CHECK_STR(ask.place, "a.example:443");
    CHECK(egress_ask_parse(STR("CONNECT [::1]:443 HTTP/1.0\r\n\r\n"), &ask, &e) == 0);
    CHECK_STR(ask.place, "[::1]:443");
    CHECK(egress_ask_parse(STR("GET http://a.example HTTP/1.1\r\n\r\n"), &ask, &e) == 0);
    CHECK_STR(ask.place, "a.example:80");
    CHECK(str_is(ask.path, "/"));
}

TEST_MAIN(a_tunnel_carries_bytes_both_ways_and_their_ends,
          a_host_that_is_not_listed_is_refused_before_it_is_looked_up,
          a_whole_url_is_asked_for_anew_and_nothing_behind_it_goes_on,
          the_way_leads_through_another_proxy_with_its_credentials,
          a_proxy_outside_that_refuses_is_a_bad_gateway,
          a_host_that_cannot_be_reached_is_a_bad_gateway, connections_are_cut_at_the_limit_on_bytes,
          a_sink_that_does_not_read_holds_the_source_and_no_memory,
          more_clients_than_places_are_served_one_after_the_other,
          only_a_listening_socket_of_the_loopback_is_taken, what_a_client_says_is_read_strictly)
