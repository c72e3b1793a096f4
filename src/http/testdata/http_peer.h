/* http_peer — a server on a thread of its own, and a client that speaks raw bytes to it: what the
 * tests of the server share. */
#pragma once

#include "http/http.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/test.h"
#include "loop/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST      "Host: test\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

enum { PERMIT_ALL = 1, PERMIT_NOBODY, BIG_BYTES = 8 << 20, DEADLINE_MS = 60000 };

struct bench {
    struct loop *loop;
    struct workers *workers;
    struct http_server *server;
    struct http_config config;
    pthread_t thread;
    struct http_exchange *held[64];
    unsigned held_count;
    unsigned gone, authorized; /* written by the loop, read after an event that follows */
    sem_t holding, went, idle, standing, go_on;
    bool drained;
    char *big;
    size_t most_buffered; /* behind an answer of it; read as the counts above */
};

static inline void say_hello(struct http_exchange *x)
{
    http_answer(x, &(struct response){.content_type = "text/plain", .body = STR("hello")});
}

static inline void echo(struct http_exchange *x)
{
    struct request *req = http_exchange_request(x);
    struct response res = {.content_type = "text/plain", .body = req->body};
    http_answer(x, &res);
}

static inline void note_gone(void *arg)
{
    struct bench *b = arg;
    b->gone++;
    sem_post(&b->went);
}

static inline void hold(struct http_exchange *x)
{
    struct bench *b = http_exchange_request(x)->app;
    http_on_gone(x, note_gone, b);
    b->held[b->held_count++] = x;
    sem_post(&b->holding);
}

static inline void send_big(struct http_exchange *x)
{
    struct bench *b = http_exchange_request(x)->app;
    struct http_stats stats;
    http_answer(x, &(struct response){.body = {b->big, BIG_BYTES}});
    http_server_stats(b->server, &stats);
    if (stats.buffered_bytes > b->most_buffered)
        b->most_buffered = stats.buffered_bytes;
}

static inline void send_nothing(struct http_exchange *x)
{
    http_answer(x, &(struct response){.status = 204});
}

static inline int show(struct request *req, struct response *res, struct err *e)
{
    (void)e;
    return http_reply_json(req, res, 200,
                           json_pack("{s: s, s: s, s: s}", "id", http_param(req, "id"), "path",
                                     req->path, "query", req->query));
}

static inline int store(struct request *req, struct response *res, struct err *e)
{
    json_t *body;
    if (http_body_json(req, &body, e) < 0)
        return -1;
    if (!json_is_string(json_object_get(body, "name")))
        return http_invalid(req, "body.name", "missing", e, "Field required");
    return http_reply_json(req, res, 201, json_incref(body));
}

static inline int break_down(struct request *req, struct response *res, struct err *e)
{
    (void)req, (void)res;
    return err_set(e, ERR_SYSTEM, "open '/secret/place'");
}

static const struct route data_rows[] = {
    {HTTP_GET | HTTP_HEAD, "/hello", PERMIT_ALL, PLANE_DATA, NULL, say_hello},
    {HTTP_POST | HTTP_PUT | HTTP_PATCH, "/echo", PERMIT_ALL, PLANE_DATA, NULL, echo},
    {HTTP_GET | HTTP_POST, "/hold", PERMIT_ALL, PLANE_DATA, NULL, hold},
    {HTTP_GET, "/big", PERMIT_ALL, PLANE_DATA, NULL, send_big},
    {HTTP_DELETE, "/nothing", PERMIT_ALL, PLANE_DATA, NULL, send_nothing},
    {0},
};
static const struct route control_rows[] = {
    {HTTP_GET, "/show/:id", PERMIT_ALL, PLANE_CONTROL, show, NULL},
    {HTTP_POST, "/store/", PERMIT_ALL, PLANE_CONTROL, store, NULL},
    {HTTP_GET, "/broken", PERMIT_ALL, PLANE_CONTROL, break_down, NULL},
    {HTTP_GET | HTTP_POST, "/secret", PERMIT_NOBODY, PLANE_CONTROL, show, NULL},
    {0},
};
static const struct route *const tables[] = {data_rows, control_rows, NULL};

struct principal {
    const char *name;
};

static inline int authorize(void *app, struct request *req, int permission, struct err *e)
{
    struct bench *b = app;
    b->authorized++;
    static const struct principal tester = {"tester"};
    req->principal = &tester;
    return permission == PERMIT_NOBODY ? err_set(e, ERR_UNAUTHORIZED, "Missing auth token") : 0;
}

static inline void *serve(void *arg)
{
    struct bench *b = arg;
    struct err e = {0};
    must(loop_run(b->loop, &e) == 0);
    return NULL;
}

static inline void bench_init(struct bench *b)
{
    *b = (struct bench){.config = {.host = "127.0.0.1", .routes = tables, .authorize = authorize}};
    must(sem_init(&b->holding, 0, 0) == 0 && sem_init(&b->went, 0, 0) == 0 &&
         sem_init(&b->idle, 0, 0) == 0 && sem_init(&b->standing, 0, 0) == 0 &&
         sem_init(&b->go_on, 0, 0) == 0);
}

static inline int enter_worker(void *arg, void **ret_context, struct err *e)
{
    (void)e;
    *ret_context = arg;
    return 0;
}

static inline void bench_start(struct bench *b)
{
    struct err e = {0};
    struct workers_config workers = {
        .threads = 2, .queue_max = 100, .enter = enter_worker, .arg = b};
    b->config.app = b;
    CHECK(loop_new(&b->loop, &e) == 0);
    CHECK(workers_new(b->loop, &workers, &b->workers, &e) == 0);
    b->config.workers = b->workers;
    CHECK(http_server_new(b->loop, &b->config, &b->server, &e) == 0);
    CHECK(pthread_create(&b->thread, NULL, serve, b) == 0);
}

static inline void stop(void *arg)
{
    loop_stop(arg);
}

static inline void bench_stop(struct bench *b)
{
    loop_post(b->loop, stop, b->loop);
    CHECK(pthread_join(b->thread, NULL) == 0);
    http_server_free(b->server);
    workers_free(b->workers);
    loop_free(b->loop);
    free(b->big);
}

static inline void post_sem(void *arg)
{
    sem_post(arg);
}

static inline void await(sem_t *sem)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_MS / 1000;
    while (sem_timedwait(sem, &until) < 0)
        if (errno != EINTR)
            fail_msg("waited too long");
}

/* What the loop had to do before this has been done. */
static inline void settle(struct bench *b)
{
    loop_post(b->loop, post_sem, &b->idle);
    await(&b->idle);
}

struct stats_question {
    struct bench *bench;
    struct http_stats stats;
};

static inline void answer_stats(void *arg)
{
    struct stats_question *q = arg;
    http_server_stats(q->bench->server, &q->stats);
}

static inline struct http_stats stats_of(struct bench *b)
{
    struct stats_question q = {.bench = b};
    loop_post(b->loop, answer_stats, &q);
    settle(b);
    return q.stats;
}

static inline int dial(struct bench *b)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(b->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval tv = {.tv_sec = DEADLINE_MS / 1000};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static inline void tell(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static inline bool ended(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static inline void stand_still(void *arg)
{
    struct bench *b = arg;
    sem_post(&b->standing);
    await(&b->go_on);
}

/* A connection whose first bytes are there when the server sees it: one that closes what is silent
 * does not count the time that we have no processor in between. */
static inline int dial_and_tell(struct bench *b, const char *text)
{
    loop_post(b->loop, stand_still, b);
    await(&b->standing);
    int fd = dial(b);
    tell(fd, text);
    sem_post(&b->go_on);
    return fd;
}

/* One response. `text` holds head and body. */
struct reply {
    int status;
    char *body;
    size_t body_len;
    struct buf text;
};

static inline void reply_done(struct reply *r)
{
    buf_done(&r->text);
}

#define auto_reply __attribute__((cleanup(reply_done)))

static inline void hear_bytes(int fd, struct buf *b, size_t len)
{
    buf_reserve(b, len);
    while (len > 0) {
        ssize_t n = recv(fd, b->data + b->len, len, 0);
        if (n <= 0)
            fail_msg("no more bytes: %s", n ? strerror(errno) : "end of file");
        b->len += (size_t)n;
        b->data[b->len] = 0;
        len -= (size_t)n;
    }
}

static inline void hear_head(int fd, struct reply *ret)
{
    *ret = (struct reply){0};
    while (ret->text.len < 4 || strcmp(ret->text.data + ret->text.len - 4, "\r\n\r\n") != 0)
        hear_bytes(fd, &ret->text, 1);
    CHECK(sscanf(ret->text.data, "HTTP/1.1 %d", &ret->status) == 1);
}

static inline void hear(int fd, struct reply *ret)
{
    hear_head(fd, ret);
    const char *length = strstr(ret->text.data, "Content-Length: ");
    size_t at = ret->text.len;
    ret->body_len = length ? strtoul(length + 16, NULL, 10) : 0;
    hear_bytes(fd, &ret->text, ret->body_len);
    ret->body = ret->text.data + at;
}

/* One request on a connection of its own. */
static inline void ask(struct bench *b, const char *text, struct reply *ret)
{
    int fd = dial(b);
    tell(fd, text);
    hear(fd, ret);
    close(fd);
}

static inline void check_ask(struct bench *b, const char *text, int status, const char *part)
{
    auto_reply struct reply r = {0};
    ask(b, text, &r);
    if (r.status != status || !strstr(r.text.data, part))
        fail_msg("for:\n%s\nthe answer is:\n%s", text, r.text.data);
}
