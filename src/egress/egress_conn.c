/* One client of the proxy: what it asks for, the way there, and bytes both ways. Nothing here
 * blocks but the look-up of a name. */
#include "egress/private.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/must.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void egress_conn_open(struct conn *c, struct egress *x, int client)
{
    must(c->state == CONN_FREE);
    c->x = x;
    c->state = CONN_HEAD;
    c->client = client;
    c->outside = -1;
    c->up.ended = c->up.passed = c->down.ended = c->down.passed = false;
    c->active_us = clock_mono_us();
}

void egress_conn_close(struct conn *c)
{
    if (c->state == CONN_FREE)
        return;
    c->state = CONN_FREE;
    fd_close(&c->client);
    fd_close(&c->outside);
    if (c->addresses)
        freeaddrinfo(c->addresses);
    c->addresses = c->address = NULL;
    buf_done(&c->up.data);
    buf_done(&c->down.data);
    buf_done(&c->answer);
}

static void say_no(struct conn *c, const char *status, const char *text)
{
    fd_close(&c->outside);
    buf_clear(&c->down.data);
    buf_addf(&c->down.data,
             "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n%s\n",
             status, strlen(text) + 1, text);
    c->state = CONN_ANSWERING;
}

static void try_address(struct conn *c)
{
    for (; c->address; c->address = c->address->ai_next) {
        fd_close(&c->outside);
        c->outside =
            socket(c->address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
        if (c->outside < 0)
            continue;
        (void)setsockopt(c->outside, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (connect(c->outside, c->address->ai_addr, c->address->ai_addrlen) == 0 ||
            errno == EINPROGRESS) {
            c->state = CONN_CONNECTING;
            return;
        }
    }
    say_no(c, "502 Bad Gateway", "the host cannot be reached");
}

static void look_up(struct conn *c, const char *place)
{
    char host[EGRESS_PLACE], port[6];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    egress_place_split(place, host, port);
    if (getaddrinfo(host, port, &hints, &c->addresses) != 0) {
        c->addresses = NULL;
        say_no(c, "502 Bad Gateway", "the host's name cannot be looked up");
        return;
    }
    c->address = c->addresses;
    try_address(c);
}

static void ask_outside(struct conn *c)
{
    struct err e = {0};
    char text[EGRESS_PLACE + 80];
    if (egress_ask_parse((struct str){c->head, strlen(c->head)}, &c->ask, &e) < 0) {
        say_no(c, "400 Bad Request", e.text);
    } else if (!egress_allows(c->x, c->ask.place)) {
        snprintf(text, sizeof text, "'%s' is not among the hosts that may be reached",
                 c->ask.place);
        say_no(c, "403 Forbidden", text);
    } else if (atomic_load(&c->x->bytes) >= c->x->bytes_max) {
        say_no(c, "403 Forbidden", "no more bytes may be fetched");
    } else {
        look_up(c, *c->x->proxy ? c->x->proxy : c->ask.place);
    }
}

/* A client that asks sends nothing behind its head before it has an answer; what lies there belongs
 * to a tunnel, which a well-behaved one opens after the answer. */
static void read_head(struct conn *c)
{
    size_t n = egress_ask_end(buf_str(&c->up.data));
    if (!n && c->up.data.len >= EGRESS_HEAD_MAX - 1)
        return say_no(c, "431 Request Header Fields Too Large", "the head is too long");
    if (!n)
        return c->up.ended ? egress_conn_close(c) : (void)0;
    if (n >= EGRESS_HEAD_MAX || n != c->up.data.len || memchr(c->up.data.data, 0, n))
        return say_no(c, "400 Bad Request", "one head is expected, and nothing else");
    memcpy(c->head, c->up.data.data, n);
    c->head[n] = 0;
    buf_clear(&c->up.data);
    ask_outside(c);
}

static void begin_relay(struct conn *c)
{
    if (c->ask.connect)
        buf_addz(&c->down.data, "HTTP/1.1 200 Connection established\r\n\r\n");
    else
        egress_ask_write(&c->ask, *c->x->proxy != 0, c->x->credentials, &c->up.data);
    c->state = CONN_RELAYING;
}

static void connected(struct conn *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(c->outside, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error) {
        c->address = c->address->ai_next;
        try_address(c);
        return;
    }
    if (!*c->x->proxy || !c->ask.connect)
        return begin_relay(c);
    buf_addf(&c->up.data, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", c->ask.place, c->ask.place);
    if (*c->x->credentials)
        buf_addf(&c->up.data, "Proxy-Authorization: %s\r\n", c->x->credentials);
    buf_addz(&c->up.data, "\r\n");
    c->state = CONN_ASKING;
}

/* Bytes behind the other proxy's head are the tunnel's first. */
static void read_answer(struct conn *c)
{
    struct str text = buf_str(&c->down.data);
    size_t n = egress_ask_end(text);
    if (!n) {
        if (c->down.ended || text.n >= EGRESS_HEAD_MAX)
            say_no(c, "502 Bad Gateway", "the proxy outside gave no answer");
        return;
    }
    bool good = text.n > 12 &&
                (str_starts(text, STR("HTTP/1.1 200")) || str_starts(text, STR("HTTP/1.0 200")));
    if (!good)
        return say_no(c, "502 Bad Gateway", "the proxy outside refuses the connection");
    buf_add(&c->answer, text.p + n, text.n - n);
    buf_clear(&c->down.data);
    begin_relay(c);
    buf_add_str(&c->down.data, buf_str(&c->answer));
    buf_done(&c->answer);
}

static void take_in(struct conn *c, int fd, struct conn_pipe *p, size_t max)
{
    char piece[16 * 1024];
    size_t room = max - p->data.len;
    ssize_t n = recv(fd, piece, room < sizeof piece ? room : sizeof piece, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    c->active_us = clock_mono_us();
    if (n <= 0) {
        p->ended = true;
        return;
    }
    buf_add(&p->data, piece, (size_t)n);
    if (fd == c->outside)
        atomic_fetch_add(&c->x->bytes, (uint64_t)n);
}

/* -1: the sink is gone. */
static int give_out(struct conn *c, int fd, struct conn_pipe *p)
{
    if (p->data.len) {
        ssize_t n = send(fd, p->data.data, p->data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        c->active_us = clock_mono_us();
        buf_consume(&p->data, (size_t)n);
    }
    if (!p->data.len && p->ended && !p->passed) {
        p->passed = true;
        (void)shutdown(fd, SHUT_WR);
    }
    return 0;
}

static bool plain(const struct conn *c)
{
    return c->state == CONN_RELAYING && !c->ask.connect;
}

void egress_conn_want(const struct conn *c, struct pollfd ret[2])
{
    bool in = !c->up.ended && (c->state == CONN_HEAD || c->state == CONN_RELAYING) &&
              c->up.data.len < PIPE_MAX;
    bool out = c->down.data.len && (c->state == CONN_RELAYING || c->state == CONN_ANSWERING);
    bool coming = !c->down.ended && c->down.data.len < PIPE_MAX &&
                  (c->state == CONN_RELAYING || c->state == CONN_ASKING);
    bool going = c->state == CONN_CONNECTING ||
                 (c->up.data.len && (c->state == CONN_RELAYING || c->state == CONN_ASKING));
    /* poll reports errors and hang-ups even of descriptors that nothing is wanted of */
    ret[0] = (struct pollfd){in || out ? c->client : -1,
                             (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)), 0};
    ret[1] = (struct pollfd){coming || going ? c->outside : -1,
                             (short)((coming ? POLLIN : 0) | (going ? POLLOUT : 0)), 0};
}

/* Over when both have said all, when whoever waits for the rest is gone, or when a client without
 * TLS asks again: its next request may be for another host, and needs a connection of its own. */
static void relay(struct conn *c, short client, short outside)
{
    bool more = client && c->up.data.len < PIPE_MAX && !c->up.ended;
    if (plain(c) && more) {
        char
            unread[16 * 1024]; /* what is left unread would reset the connection, answer included */
        ssize_t n = recv(c->client, unread, sizeof unread, MSG_DONTWAIT);
        if (n >= 0 || (errno != EAGAIN && errno != EINTR))
            return egress_conn_close(c);
    } else if (more) {
        take_in(c, c->client, &c->up, PIPE_MAX);
    }
    if (outside && !c->down.ended && c->down.data.len < PIPE_MAX)
        take_in(c, c->outside, &c->down, PIPE_MAX);
    if (give_out(c, c->outside, &c->up) < 0)
        c->up.ended = c->up.passed = true;
    if (give_out(c, c->client, &c->down) < 0 || (c->down.passed && (plain(c) || c->up.passed)))
        egress_conn_close(c);
}

void egress_conn_run(struct conn *c, const struct pollfd got[2])
{
    short client = got[0].revents, outside = got[1].revents;
    switch (c->state) {
    case CONN_HEAD:
        if (client)
            take_in(c, c->client, &c->up, EGRESS_HEAD_MAX);
        read_head(c);
        break;
    case CONN_CONNECTING:
        if (outside)
            connected(c);
        break;
    case CONN_ASKING:
        if (give_out(c, c->outside, &c->up) == 0 && outside)
            take_in(c, c->outside, &c->down, EGRESS_HEAD_MAX);
        if (outside)
            read_answer(c);
        break;
    case CONN_RELAYING:
        relay(c, client, outside);
        break;
    case CONN_ANSWERING:
        if (give_out(c, c->client, &c->down) < 0 || !c->down.data.len)
            egress_conn_close(c);
        break;
    case CONN_FREE:
        break;
    }
}
