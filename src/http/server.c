/* The listening socket, the deadlines of all connections, and the end. */
#include "http/private.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *server_date(struct http_server *s)
{
    time_t now = time(NULL);
    if (now != s->date_s) {
        struct tm tm;
        gmtime_r(&now, &tm);
        strftime(s->date, sizeof s->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        s->date_s = now;
    }
    return s->date;
}

static void expire_due(struct list *timed, uint64_t now)
{
    for (struct list *node; (node = list_first(timed));) {
        struct conn *c = list_of(node, struct conn, timed);
        if (c->deadline_us > now)
            return;
        conn_expire(c);
    }
}

static void start_tick(struct http_server *s)
{
    unsigned ms = s->config.idle_ms / 8;
    timer_set_us(s->tick, 1000ull * (ms < 10 ? 10 : ms > 1000 ? 1000 : ms));
}

/* Stands still while nobody is connected. */
static void on_tick(void *arg)
{
    struct http_server *s = arg;
    uint64_t now = clock_mono_us();
    expire_due(&s->waiting, now);
    expire_due(&s->lingering, now);
    websocket_beat(s, now);
    again_tick(s, now);
    if (!list_empty(&s->waiting) || !list_empty(&s->lingering) || s->stats.connections)
        start_tick(s);
}

static void peer_text(const struct sockaddr_storage *address, char out[INET6_ADDRSTRLEN])
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    const void *ip = &((const struct sockaddr_in *)address)->sin_addr;
    int family = address->ss_family;
    if (family == AF_INET6)
        ip = v6;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6)) { /* one client has one name */
        ip = v6->s6_addr + 12;
        family = AF_INET;
    }
    if (!inet_ntop(family, ip, out, INET6_ADDRSTRLEN))
        *out = 0;
}

/* No descriptor or no memory: the waiting connection stays in the queue and the listener stays
 * readable, so accepting again at once would spin. */
static void pause_accepting(struct http_server *s)
{
    log_warn("http", "cannot accept, pausing: %s", strerror(errno));
    watch_want(s->listener, 0);
    timer_set_us(s->accept_again, ACCEPT_PAUSE_US);
}

static void accept_again(void *arg)
{
    struct http_server *s = arg;
    watch_want(s->listener, WATCH_READ);
}

static bool accept_one(struct http_server *s)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char peer[INET6_ADDRSTRLEN];
    int fd = accept4(s->listen_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(s);
        return errno == ECONNABORTED || errno == EINTR;
    }
    if (s->stats.connections >= s->config.connections_max) {
        s->stats.refused++;
        close(fd);
        return true;
    }
    if (s->stats.connections == 0)
        start_tick(s);
    peer_text(&address, peer);
    conn_new(s, fd, peer);
    return true;
}

static void on_listener(void *arg, unsigned ready)
{
    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(arg); i++)
        ;
}

static int bind_to(const struct addrinfo *a, struct err *e)
{
    int one = 1;
    auto_fd int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, "make a listening socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted ones inherit it */
    if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, 4096) < 0)
        return err_sys(e, "listen");
    return take_fd(&fd);
}

static int listen_on(const char *host, uint16_t port, struct err *e)
{
    char service[8];
    struct addrinfo *list, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    snprintf(service, sizeof service, "%u", port);
    int failure = getaddrinfo(host, service, &hints, &list);
    if (failure)
        return err_set(e, ERR_INVALID, "address '%s': %s", host, gai_strerror(failure));
    int fd = bind_to(list, e);
    freeaddrinfo(list);
    return fd < 0 ? err_in(e, "address '%s' port %u", host, port) : fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    must(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    /* the port stands at the same place in both families */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static struct http_config with_defaults(struct http_config c)
{
    c.body_max = c.body_max ? c.body_max : 6 << 20;
    c.headers_max = c.headers_max ? c.headers_max : 32 << 10;
    c.connections_max = c.connections_max ? c.connections_max : 16384;
    c.again_ms = c.again_ms ? c.again_ms : 60000;
    c.idle_ms = c.idle_ms ? c.idle_ms : 60000;
    c.buffered_max = c.buffered_max ? c.buffered_max : 256 << 20;
    return c;
}

static int check_planes(const struct http_config *config, struct err *e)
{
    for (const struct route *const *table = config->routes; *table; table++)
        for (const struct route *row = *table; row->path; row++)
            if ((row->plane == PLANE_CONTROL && !config->workers) ||
                (row->plane == PLANE_SLOW && !config->slow_workers) ||
                (row->plane == PLANE_LONG && !config->long_workers))
                return err_set(e, ERR_INVALID, "route '%s' needs workers", row->path);
    if (config->admit && !config->workers)
        return err_set(e, ERR_INVALID, "admit needs workers");
    return 0;
}

int http_server_new(struct loop *l, const struct http_config *config, struct http_server **ret,
                    struct err *e)
{
    struct http_server *s = mem_alloc(sizeof *s);
    s->loop = l;
    s->config = with_defaults(*config);
    s->listen_fd = -1;
    list_init(&s->conns);
    list_init(&s->waiting);
    list_init(&s->lingering);
    list_init(&s->sockets);
    list_init(&s->sure);
    list_init(&s->doubtful);
    s->again_us = clock_mono_us();
    s->ping_ms = PING_MS;
    s->tick = timer_new(l, on_tick, s);
    s->accept_again = timer_new(l, accept_again, s);
    if (check_planes(config, e) < 0 || router_new(config->routes, &s->router, e) < 0 ||
        proxy_list_new(config->trusted_proxies, &s->proxies, e) < 0 ||
        (s->listen_fd = listen_on(config->host, config->port, e)) < 0) {
        http_server_free(s);
        return -1;
    }
    s->port = bound_port(s->listen_fd);
    s->listener = watch_new(l, s->listen_fd, on_listener, s);
    watch_want(s->listener, WATCH_READ);
    *ret = s;
    return 0;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

static void stop_accepting(struct http_server *s)
{
    timer_cancel(s->accept_again);
    watch_free(s->listener);
    s->listener = NULL;
    fd_close(&s->listen_fd);
}

static void tell_drained(void *arg)
{
    struct http_server *s = arg;
    s->drained(s->drained_arg);
}

/* Who has no end of its own gets one, so that the drain has an end. */
static void hasten(struct conn *c)
{
    if (c->state == CONN_HEAD && c->in.len == 0)
        conn_close(c);
    else if (c->state == CONN_STREAM)
        conn_hurry(c);
    else if (c->state == CONN_SOCKET)
        stream_post(c->x); /* writing to it could close others, also the next of the list */
}

/* Those who only read their last answer do not count. Posted, since the callback may free us. */
void server_check_drained(struct http_server *s)
{
    unsigned open = 0;
    for (int state = 0; state < CONN_STATES; state++)
        open += state == CONN_LINGER ? 0 : s->in_state[state];
    if (!s->draining || s->drained_posted || open)
        return;
    s->drained_posted = true;
    loop_post(s->loop, tell_drained, s);
}

void http_server_drain(struct http_server *s, void (*drained)(void *arg), void *arg)
{
    s->draining = true;
    s->drained = drained;
    s->drained_arg = arg;
    stop_accepting(s);
    list_each_safe (node, &s->conns)
        hasten(list_of(node, struct conn, node));
    server_check_drained(s);
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    stop_accepting(s);
    again_stop(s);
    for (struct list *node; (node = list_first(&s->conns));) {
        struct conn *c = list_of(node, struct conn, node);
        list_remove(node);
        conn_detach(c);
    }
    loop_unpost(s->loop, tell_drained, s);
    timer_free(s->tick);
    timer_free(s->accept_again);
    router_free(s->router);
    proxy_list_free(s->proxies);
    buf_done(&s->out);
    free(s);
}

void http_server_stats(const struct http_server *s, struct http_stats *ret)
{
    *ret = s->stats;
}
