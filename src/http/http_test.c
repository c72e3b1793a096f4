/* The server as clients see it: raw bytes over real sockets, against a server on its own thread. */
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

enum { PERMIT_ALL = 1, PERMIT_NOBODY, BIG_BYTES = 8 << 20, DEADLINE_MS = 10000 };

struct bench {
    struct loop *loop;
    struct workers *workers;
    struct http_server *server;
    struct http_config config;
    pthread_t thread;
    struct http_exchange *held[64];
    unsigned held_count;
    unsigned gone, authorized; /* written by the loop, read after an event that follows */
    sem_t holding, went, idle;
    bool drained;
    char *big;
};

static void say_hello(struct http_exchange *x)
{
    http_answer(x, &(struct response){.content_type = "text/plain", .body = STR("hello")});
}

static void echo(struct http_exchange *x)
{
    struct request *req = http_exchange_request(x);
    struct response res = {.content_type = "text/plain", .body = req->body};
    http_answer(x, &res);
}

static void note_gone(void *arg)
{
    struct bench *b = arg;
    b->gone++;
    sem_post(&b->went);
}

static void hold(struct http_exchange *x)
{
    struct bench *b = http_exchange_request(x)->app;
    http_on_gone(x, note_gone, b);
    b->held[b->held_count++] = x;
    sem_post(&b->holding);
}

static void send_big(struct http_exchange *x)
{
    struct bench *b = http_exchange_request(x)->app;
    http_answer(x, &(struct response){.body = {b->big, BIG_BYTES}});
}

static void send_nothing(struct http_exchange *x)
{
    http_answer(x, &(struct response){.status = 204});
}

static int show(struct request *req, struct response *res, struct err *e)
{
    (void)e;
    return http_reply_json(req, res, 200,
                           json_pack("{s: s, s: s, s: s}", "id", http_param(req, "id"), "path",
                                     req->path, "query", req->query));
}

static int store(struct request *req, struct response *res, struct err *e)
{
    json_t *body;
    if (http_body_json(req, &body, e) < 0)
        return -1;
    if (!json_is_string(json_object_get(body, "name")))
        return http_invalid(req, "body.name", "missing", e, "Field required");
    return http_reply_json(req, res, 201, json_incref(body));
}

static int break_down(struct request *req, struct response *res, struct err *e)
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

static int authorize(void *app, struct request *req, int permission, struct err *e)
{
    struct bench *b = app;
    b->authorized++;
    req->principal = "tester";
    return permission == PERMIT_NOBODY ? err_set(e, ERR_UNAUTHORIZED, "Missing auth token") : 0;
}

static void *serve(void *arg)
{
    struct bench *b = arg;
    struct err e = {0};
    must(loop_run(b->loop, &e) == 0);
    return NULL;
}

static void bench_init(struct bench *b)
{
    *b = (struct bench){.config = {.host = "127.0.0.1", .routes = tables, .authorize = authorize}};
    must(sem_init(&b->holding, 0, 0) == 0 && sem_init(&b->went, 0, 0) == 0 &&
         sem_init(&b->idle, 0, 0) == 0);
}

static void bench_start(struct bench *b)
{
    struct err e = {0};
    struct workers_config workers = {.threads = 2, .queue_max = 100};
    b->config.app = b;
    CHECK(loop_new(&b->loop, &e) == 0);
    CHECK(workers_new(b->loop, &workers, &b->workers, &e) == 0);
    b->config.workers = b->workers;
    CHECK(http_server_new(b->loop, &b->config, &b->server, &e) == 0);
    CHECK(pthread_create(&b->thread, NULL, serve, b) == 0);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void bench_stop(struct bench *b)
{
    loop_post(b->loop, stop, b->loop);
    CHECK(pthread_join(b->thread, NULL) == 0);
    http_server_free(b->server);
    workers_free(b->workers);
    loop_free(b->loop);
    free(b->big);
}

static void post_sem(void *arg)
{
    sem_post(arg);
}

static void await(sem_t *sem)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_MS / 1000;
    while (sem_timedwait(sem, &until) < 0)
        if (errno != EINTR)
            fail_msg("waited too long");
}

/* What the loop had to do before this has been done. */
static void settle(struct bench *b)
{
    loop_post(b->loop, post_sem, &b->idle);
    await(&b->idle);
}

struct stats_question {
    struct bench *bench;
    struct http_stats stats;
};

static void answer_stats(void *arg)
{
    struct stats_question *q = arg;
    http_server_stats(q->bench->server, &q->stats);
}

static struct http_stats stats_of(struct bench *b)
{
    struct stats_question q = {.bench = b};
    loop_post(b->loop, answer_stats, &q);
    settle(b);
    return q.stats;
}

static int dial(struct bench *b)
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

static void tell(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static bool ended(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* One response. `text` holds head and body. */
struct reply {
    int status;
    char *body;
    size_t body_len;
    struct buf text;
};

static void reply_done(struct reply *r)
{
    buf_done(&r->text);
}

#define auto_reply __attribute__((cleanup(reply_done)))

static void hear_bytes(int fd, struct buf *b, size_t len)
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

static void hear_head(int fd, struct reply *ret)
{
    *ret = (struct reply){0};
    while (ret->text.len < 4 || strcmp(ret->text.data + ret->text.len - 4, "\r\n\r\n") != 0)
        hear_bytes(fd, &ret->text, 1);
    CHECK(sscanf(ret->text.data, "HTTP/1.1 %d", &ret->status) == 1);
}

static void hear(int fd, struct reply *ret)
{
    hear_head(fd, ret);
    const char *length = strstr(ret->text.data, "Content-Length: ");
    size_t at = ret->text.len;
    ret->body_len = length ? strtoul(length + 16, NULL, 10) : 0;
    hear_bytes(fd, &ret->text, ret->body_len);
    ret->body = ret->text.data + at;
}

/* One request on a connection of its own. */
static void ask(struct bench *b, const char *text, struct reply *ret)
{
    int fd = dial(b);
    tell(fd, text);
    hear(fd, ret);
    close(fd);
}

static void check_ask(struct bench *b, const char *text, int status, const char *part)
{
    auto_reply struct reply r = {0};
    ask(b, text, &r);
    if (r.status != status || !strstr(r.text.data, part))
        fail_msg("for:\n%s\nthe answer is:\n%s", text, r.text.data);
}

TEST(both_planes_answer)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    check_ask(&b, GET("/hello"), 200, "\r\n\r\nhello");
    check_ask(&b, GET("/show/a%20b?q=1"), 200,
              "{\"id\":\"a b\",\"path\":\"/show/a b\",\"query\":\"q=1\"}");
    check_ask(&b, "POST /store/ HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n{\"name\":\"x\"}",
              201, "{\"name\":\"x\"}");
    check_ask(&b, "DELETE /nothing HTTP/1.1\r\n" HOST "\r\n", 204, "nosniff");
    check_ask(&b, GET("http://test/hello"), 200, "hello");
    CHECK_INT(stats_of(&b).requests, 5);
    bench_stop(&b);
}

TEST(errors_are_json_with_a_detail)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    log_set_level(LOG_ERROR + 1); /* the one below is expected */
    check_ask(&b, GET("/none"), 404, "{\"detail\":\"Not Found\"}");
    check_ask(&b, GET("/echo"), 405, "Allow: POST, PUT, PATCH\r\n");
    check_ask(&b, GET("/echo"), 405, "{\"detail\":\"Method Not Allowed\"}");
    check_ask(&b, "BREW /hello HTTP/1.1\r\n" HOST "\r\n", 405, "Allow: GET, HEAD\r\n");
    check_ask(&b, GET("/hello/?a=b"), 307, "Location: http://test/hello?a=b\r\n");
    check_ask(&b, GET("/store"), 307, "Location: http://test/store/\r\n");
    check_ask(&b, GET("/broken"), 500, "\r\n\r\n{\"detail\":\"Internal Server Error\"}");
    check_ask(&b, GET("/secret"), 401, "WWW-Authenticate: Bearer\r\n");
    check_ask(&b, GET("/secret"), 401, "{\"detail\":\"Missing auth token\"}");
    check_ask(&b, "POST /store/ HTTP/1.1\r\n" HOST "\r\n", 422, "\"loc\":[\"body\"]");
    check_ask(&b, "POST /store/ HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 422,
              "\"loc\":[\"body\",\"name\"]");
    log_set_level(LOG_INFO);
    bench_stop(&b);
}

TEST(a_malformed_message_is_answered_and_the_connection_ended)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"GET /hello HTTP/1.1\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X : y\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X: y\r\n z\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\n" HOST "\n", 400},
        {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a%00b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET http://other/hello HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"POST /echo HTTP/1.1\r\n" HOST
         "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000000\r\n\r\nx", 413},
        {"GET /hello HTTP/3.0\r\n" HOST "\r\n", 505},
        {"\x16\x03\x01\x02\x05\x01\x05\x02\x06\n", 400}, /* TLS to a plain port */
    };
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_reply struct reply r = {0};
        int fd = dial(&b);
        tell(fd, rows[i].text);
        tell(fd, GET("/hello")); /* smuggled: must not be answered */
        hear(fd, &r);
        if (r.status != rows[i].status || !strstr(r.text.data, "Connection: close\r\n") ||
            !strstr(r.body, "{\"detail\":\""))
            fail_msg("for:\n%s\nthe answer is:\n%s", rows[i].text, r.text.data);
        CHECK(ended(fd));
        close(fd);
    }
    CHECK_INT(stats_of(&b).refused, ARRAY_LEN(rows));
    bench_stop(&b);
}

static void check_flood(struct bench *b, const char *start, const char *piece, int status)
{
    auto_reply struct reply r = {0};
    int fd = dial(b);
    tell(fd, start);
    for (int i = 0; i < 20000; i++)
        if (send(fd, piece, strlen(piece), MSG_NOSIGNAL) < 0)
            break;
    hear_head(fd, &r);
    CHECK_INT(r.status, status);
    close(fd);
}

TEST(floods_of_headers_and_endless_targets_are_cut_off)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    check_flood(&b, "GET /hello HTTP/1.1\r\n", "X-Long-Header-Name: and a value\r\n", 431);
    check_flood(&b, "GET /hello HTTP/1.1\r\nX: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 431);
    check_flood(&b, "GET /", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 414);
    auto_buf struct buf text = {0};
    buf_addz(&text, "GET /");
    for (int i = 0; i < 9000; i++)
        buf_addz(&text, "a");
    buf_addz(&text, " HTTP/1.1\r\n" HOST "\r\n");
    check_ask(&b, text.data, 414, "{\"detail\":\"URI Too Long\"}");
    CHECK_INT(stats_of(&b).refused, 4);
    bench_stop(&b);
}

TEST(bodies_arrive_whole_however_they_are_sent)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    check_ask(&b, "PATCH /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 200,
              "\r\n\r\nhello");
    check_ask(&b,
              "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
              "3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: x\r\n\r\n",
              200, "\r\n\r\nhello");
    static const char slow[] =
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    int fd = dial(&b);
    for (const char *c = slow; *c; c++)
        CHECK(send(fd, c, 1, 0) == 1);
    auto_reply struct reply r = {0};
    hear(fd, &r);
    CHECK_STR(r.body, "hello");
    close(fd);
    bench_stop(&b);
}

TEST(a_large_body_comes_back_unchanged)
{
    enum { BYTES = 5 << 20 };
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    auto_ptr char *body = mem_alloc(BYTES + 1);
    for (size_t i = 0; i < BYTES; i++)
        body[i] = (char)('a' + i * 7 % 26);
    int fd = dial(&b);
    tell(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5242880\r\n\r\n");
    tell(fd, body);
    auto_reply struct reply r = {0};
    hear(fd, &r);
    CHECK_INT(r.body_len, BYTES);
    CHECK(memcmp(r.body, body, BYTES) == 0);
    CHECK_INT(stats_of(&b).buffered_bytes, 0);
    close(fd);
    bench_stop(&b);
}

TEST(a_body_above_the_limit_is_refused_before_it_is_read_or_as_it_grows)
{
    struct bench b;
    bench_init(&b);
    b.config.body_max = 10;
    bench_start(&b);
    check_ask(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n0123456789", 200,
              "0123456789");
    check_ask(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n", 413,
              "{\"detail\":\"Content Too Large\"}");
    check_ask(&b,
              "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
              "6\r\n012345\r\n6\r\n012345\r\n",
              413, "Content Too Large");
    bench_stop(&b);
}

TEST(a_client_that_asks_first_is_told_to_go_on_only_when_it_may)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    auto_reply struct reply r = {0}, go_on = {0};
    tell(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    hear_head(fd, &go_on);
    CHECK_INT(go_on.status, 100);
    tell(fd, "hello");
    hear(fd, &r);
    CHECK_STR(r.body, "hello");
    close(fd);
    check_ask(&b,
              "POST /echo HTTP/1.1\r\n" HOST
              "Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
              413, "close");
    check_ask(&b,
              "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
              401, "Connection: close");
    check_ask(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: x\r\n\r\n", 417, "");
    bench_stop(&b);
}

TEST(a_refused_request_with_a_small_body_keeps_its_connection)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello" GET("/hello"));
    auto_reply struct reply no = {0}, yes = {0};
    hear(fd, &no);
    hear(fd, &yes);
    CHECK_INT(no.status, 401);
    CHECK_INT(yes.status, 200);
    close(fd);
    bench_stop(&b);
}

TEST(pipelined_requests_are_answered_in_order)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    for (int i = 0; i < 50; i++) /* both planes, sync and async, in one go */
        tell(fd, GET("/hello") "\r\n" GET("/show/x") "POST /echo HTTP/1.1\r\n" HOST
                                                     "Content-Length: 2\r\n\r\nab");
    for (int i = 0; i < 150; i++) {
        auto_reply struct reply r = {0};
        hear(fd, &r);
        CHECK_INT(r.status, 200);
        CHECK(strstr(r.body, i % 3 == 0 ? "hello" : i % 3 == 1 ? "/show/x" : "ab"));
    }
    close(fd);
    bench_stop(&b);
}

TEST(a_half_closed_client_is_still_answered_all_it_asked)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, GET("/show/1") GET("/hello") GET("/show/2"));
    CHECK(shutdown(fd, SHUT_WR) == 0);
    for (int i = 0; i < 3; i++) {
        auto_reply struct reply r = {0};
        hear(fd, &r);
        CHECK_INT(r.status, 200);
    }
    CHECK(ended(fd));
    close(fd);
    bench_stop(&b);
}

TEST(old_clients_are_served_as_they_expect)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    auto_reply struct reply kept = {0}, last = {0};
    tell(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear(fd, &kept);
    CHECK(strstr(kept.text.data, "Connection: keep-alive\r\n"));
    tell(fd, "GET /hello HTTP/1.0\r\n\r\n");
    hear(fd, &last);
    CHECK(strstr(last.text.data, "Connection: close\r\n"));
    CHECK(ended(fd));
    close(fd);
    bench_stop(&b);
}

TEST(head_sends_the_length_but_no_body)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    auto_reply struct reply head = {0}, get = {0};
    tell(fd, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
    hear_head(fd, &head);
    CHECK(strstr(head.text.data, "Content-Length: 5\r\n"));
    auto_reply struct reply wrong = {0};
    tell(fd, "HEAD /show/a HTTP/1.1\r\n" HOST "\r\n"); /* not implied by GET */
    hear_head(fd, &wrong);
    CHECK_INT(wrong.status, 405);
    tell(fd, GET("/hello"));
    hear(fd, &get);
    CHECK_STR(get.body, "hello");
    close(fd);
    bench_stop(&b);
}

/* Reads until the server ends the connection; the wait is bounded by the socket's timeout. */
static int last_status(int fd)
{
    char text[1024] = "";
    size_t n = 0;
    for (ssize_t got; (got = recv(fd, text + n, sizeof text - 1 - n, 0)) > 0;)
        n += (size_t)got;
    if (errno == EAGAIN)
        fail_msg("the connection stays open");
    int status = 0;
    (void)sscanf(text, "HTTP/1.1 %d", &status);
    return status;
}

/* Sends one byte every now and then until the server has enough of it. */
static int drip(int fd, char byte)
{
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, 10) == 0 && clock_mono_us() < give_up)
        (void)!send(fd, &byte, 1, MSG_NOSIGNAL);
    return last_status(fd);
}

TEST(slow_clients_are_cut_off)
{
    struct bench b;
    bench_init(&b);
    b.config.idle_ms = 100;
    bench_start(&b);
    static const struct {
        const char *start;
        int status;
    } rows[] = {
        {"", 0},
        {"GET /hel", 408},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab", 408},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\na", 408},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = dial(&b);
        tell(fd, rows[i].start);
        errno = 0;
        CHECK_INT(last_status(fd), rows[i].status);
        close(fd);
    }
    int fd = dial(&b);
    tell(fd, "GET /hello HTTP/1.1\r\nX: ");
    CHECK_INT(drip(fd, 'a'), 408); /* never silent, never done */
    close(fd);
    fd = dial(&b);
    tell(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
    CHECK_INT(drip(fd, 'a'), 408);
    close(fd);
    bench_stop(&b);
}

TEST(a_client_that_does_not_read_is_cut_off_and_its_memory_freed)
{
    struct bench b;
    bench_init(&b);
    b.config.idle_ms = 200;
    b.big = mem_alloc(BIG_BYTES);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, GET("/big"));
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    bool held = false;
    while (stats_of(&b).connections > 0 || !held) {
        held |= stats_of(&b).buffered_bytes > 0;
        CHECK(clock_mono_us() < give_up);
    }
    CHECK_INT(stats_of(&b).buffered_bytes, 0);
    close(fd);
    bench_stop(&b);
}

TEST(a_large_reply_arrives_whole_at_a_slow_reader)
{
    struct bench b;
    bench_init(&b);
    b.big = mem_alloc(BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++)
        b.big[i] = (char)(i * 31 % 251);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, GET("/big") GET("/hello"));
    auto_reply struct reply r = {0}, next = {0};
    hear(fd, &r);
    CHECK_INT(r.body_len, BIG_BYTES);
    CHECK(memcmp(r.body, b.big, BIG_BYTES) == 0);
    hear(fd, &next);
    CHECK_STR(next.body, "hello");
    CHECK_INT(stats_of(&b).buffered_bytes, 0);
    close(fd);
    bench_stop(&b);
}

static void answer_held(void *arg)
{
    struct bench *b = arg;
    for (unsigned i = 0; i < b->held_count; i++)
        http_answer(b->held[i], &(struct response){.body = STR("late")});
    b->held_count = 0;
}

static void reset(int fd)
{
    struct linger hard = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

TEST(a_reset_is_reported_once_and_the_late_answer_goes_nowhere)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, GET("/hold"));
    await(&b.holding);
    reset(fd);
    await(&b.went);
    CHECK_INT(stats_of(&b).connections, 0);
    loop_post(b.loop, answer_held, &b);
    check_ask(&b, GET("/hello"), 200, "hello");
    CHECK_INT(b.gone, 1);
    bench_stop(&b);
}

TEST(an_exchange_outlives_its_server)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b);
    tell(fd, GET("/hold"));
    await(&b.holding);
    loop_post(b.loop, stop, b.loop);
    CHECK(pthread_join(b.thread, NULL) == 0);
    http_server_free(b.server);
    CHECK_INT(b.gone, 1);
    answer_held(&b);
    workers_free(b.workers);
    loop_free(b.loop);
    close(fd);
}

TEST(what_is_pipelined_behind_a_slow_answer_is_bounded)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int fd = dial(&b), small = 8192;
    static char junk[65536];
    memset(junk, 'x', sizeof junk);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    tell(fd, GET("/hold"));
    await(&b.holding);
    size_t sent = 0;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    for (ssize_t n; poll(&p, 1, 300) == 1 && sent<256 << 20; sent += n> 0 ? (size_t)n : 0)
        n = send(fd, junk, sizeof junk, MSG_NOSIGNAL | MSG_DONTWAIT);
    CHECK(sent < 256 << 20);
    CHECK(stats_of(&b).buffered_bytes <= 512 * 1024);
    loop_post(b.loop, answer_held, &b);
    auto_reply struct reply r = {0};
    hear(fd, &r);
    CHECK_STR(r.body, "late");
    close(fd);
    bench_stop(&b);
}

TEST(bodies_in_memory_are_bounded_over_all_connections)
{
    enum { BYTES = 1 << 20, CLIENTS = 8 };
    struct bench b;
    int fds[CLIENTS];
    int refused = 0;
    bench_init(&b);
    b.config.buffered_max = 4 << 20;
    bench_start(&b);
    auto_ptr char *body = mem_alloc(BYTES + 1);
    memset(body, 'x', BYTES);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(&b);
        tell(fds[i], "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
        (void)!send(fds[i], body, BYTES, MSG_NOSIGNAL);
        struct pollfd p = {.fd = fds[i], .events = POLLIN};
        while (sem_trywait(&b.holding) < 0 && poll(&p, 1, 1) == 0)
            ;
        if (poll(&p, 1, 0) == 1) {
            auto_reply struct reply r = {0};
            hear(fds[i], &r);
            CHECK_INT(r.status, 503);
            refused++;
        }
    }
    CHECK(refused >= CLIENTS - 4 && refused < CLIENTS);
    CHECK(stats_of(&b).buffered_bytes <= (4 << 20) + 65536);
    loop_post(b.loop, answer_held, &b);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    settle(&b);
    bench_stop(&b);
}

TEST(connections_above_the_bound_are_closed)
{
    struct bench b;
    bench_init(&b);
    b.config.connections_max = 2;
    bench_start(&b);
    int one = dial(&b), two = dial(&b), three = dial(&b);
    auto_reply struct reply r = {0};
    CHECK(ended(three));
    tell(two, GET("/hello"));
    hear(two, &r);
    CHECK_INT(r.status, 200);
    close(one);
    close(two);
    close(three);
    bench_stop(&b);
}

static void steal_descriptors(void *arg)
{
    struct rlimit *limit = arg;
    must(getrlimit(RLIMIT_NOFILE, limit) == 0);
    int next = dup(0);
    struct rlimit none = {(rlim_t)next, limit->rlim_max};
    close(next);
    must(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static void give_back_descriptors(void *arg)
{
    must(setrlimit(RLIMIT_NOFILE, arg) == 0);
}

static uint64_t cpu_us(void)
{
    struct rusage u;
    must(getrusage(RUSAGE_SELF, &u) == 0);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

TEST(without_descriptors_the_listener_waits_and_does_not_spin)
{
    struct bench b;
    struct rlimit before;
    bench_init(&b);
    bench_start(&b);
    log_set_level(LOG_ERROR); /* it warns that it pauses */
    check_ask(&b, GET("/hello"), 200, "hello");
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(b.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    settle(&b);
    steal_descriptors(&before);
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    tell(fd, GET("/hello"));
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t cpu = cpu_us();
    CHECK_INT(poll(&p, 1, 350), 0);
    CHECK(cpu_us() - cpu < 100000);
    give_back_descriptors(&before);
    auto_reply struct reply r = {0};
    hear(fd, &r);
    CHECK_STR(r.body, "hello");
    close(fd);
    log_set_level(LOG_INFO);
    bench_stop(&b);
}

static void note_drained(void *arg)
{
    struct bench *b = arg;
    b->drained = true;
    sem_post(&b->went);
}

static void drain(void *arg)
{
    struct bench *b = arg;
    http_server_drain(b->server, note_drained, b);
}

TEST(draining_answers_what_is_under_way_and_takes_nothing_new)
{
    struct bench b;
    bench_init(&b);
    bench_start(&b);
    int idle = dial(&b), busy = dial(&b), half = dial(&b);
    auto_reply struct reply r = {0}, late = {0};
    tell(half, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhe");
    tell(busy, GET("/hold"));
    await(&b.holding);
    loop_post(b.loop, drain, &b);
    CHECK(ended(idle));
    settle(&b);
    CHECK(!b.drained);
    tell(half, "llo");
    hear(half, &r);
    CHECK_STR(r.body, "hello");
    CHECK(strstr(r.text.data, "Connection: close\r\n"));
    loop_post(b.loop, answer_held, &b);
    hear(busy, &late);
    CHECK_STR(late.body, "late");
    await(&b.went);
    close(idle);
    close(busy);
    close(half);
    bench_stop(&b);
}

TEST(an_incomplete_table_stops_the_start)
{
    static const struct route bad[] = {{HTTP_GET, "/x", 0, PLANE_DATA, NULL, say_hello}, {0}};
    static const struct route *const list[] = {bad, NULL};
    struct bench b;
    struct err e = {0};
    struct http_server *s;
    bench_init(&b);
    b.config.routes = list;
    CHECK(loop_new(&b.loop, &e) == 0);
    CHECK(http_server_new(b.loop, &b.config, &s, &e) < 0);
    CHECK_STR(e.text, "route '/x' has no permission");
    b.config.routes = tables; /* control rows, but no workers */
    CHECK(http_server_new(b.loop, &b.config, &s, &e) < 0);
    b.config.host = "256.1.1.1";
    CHECK(http_server_new(b.loop, &b.config, &s, &e) < 0);
    loop_free(b.loop);
}

enum { IDLE_CLIENTS = 10000 };

/* The clients live in a process of their own: both ends would need too many descriptors in one. */
_Noreturn static void be_clients(struct bench *b, int report, int end)
{
    char c = 'y', text[512];
    for (int i = 0; i < IDLE_CLIENTS; i++) {
        int fd = dial(b);
        tell(fd, GET("/hello"));
        if (recv(fd, text, sizeof text, 0) <= 0)
            c = 'n';
    }
    (void)!write(report, &c, 1);
    (void)!read(end, &c, 1);
    _exit(0);
}

static size_t heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

TEST(ten_thousand_idle_connections_cost_little_and_leave_nothing)
{
    struct bench b;
    struct rlimit limit;
    int report[2], end[2];
    char c = 'n';
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < IDLE_CLIENTS + 100)
        SKIP("needs a limit of 10,100 open files");
    bench_init(&b);
    bench_start(&b);
    CHECK(pipe(report) == 0 && pipe(end) == 0);
    size_t before = heap_bytes();
    pid_t clients = fork();
    if (clients == 0)
        be_clients(&b, report[1], end[0]);
    close(report[1]);
    CHECK(read(report[0], &c, 1) == 1 && c == 'y');
    CHECK_INT(stats_of(&b).connections, IDLE_CLIENTS);
    size_t each = (heap_bytes() - before) / IDLE_CLIENTS;
    print_message("%d connections, %zu bytes each\n", IDLE_CLIENTS, each);
    CHECK(each < 2048);
    close(end[1]);
    close(end[0]);
    CHECK(kill(clients, SIGKILL) == 0 && waitpid(clients, NULL, 0) == clients);
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    while (stats_of(&b).connections > 0)
        CHECK(clock_mono_us() < give_up);
    CHECK_INT(stats_of(&b).buffered_bytes, 0);
    close(report[0]);
    bench_stop(&b);
}

TEST_MAIN(both_planes_answer, errors_are_json_with_a_detail,
          a_malformed_message_is_answered_and_the_connection_ended,
          floods_of_headers_and_endless_targets_are_cut_off,
          bodies_arrive_whole_however_they_are_sent, a_large_body_comes_back_unchanged,
          a_body_above_the_limit_is_refused_before_it_is_read_or_as_it_grows,
          a_client_that_asks_first_is_told_to_go_on_only_when_it_may,
          a_refused_request_with_a_small_body_keeps_its_connection,
          pipelined_requests_are_answered_in_order,
          a_half_closed_client_is_still_answered_all_it_asked,
          old_clients_are_served_as_they_expect, head_sends_the_length_but_no_body,
          slow_clients_are_cut_off, a_client_that_does_not_read_is_cut_off_and_its_memory_freed,
          a_large_reply_arrives_whole_at_a_slow_reader,
          a_reset_is_reported_once_and_the_late_answer_goes_nowhere,
          an_exchange_outlives_its_server, what_is_pipelined_behind_a_slow_answer_is_bounded,
          bodies_in_memory_are_bounded_over_all_connections, connections_above_the_bound_are_closed,
          without_descriptors_the_listener_waits_and_does_not_spin,
          draining_answers_what_is_under_way_and_takes_nothing_new,
          an_incomplete_table_stops_the_start,
          ten_thousand_idle_connections_cost_little_and_leave_nothing)
