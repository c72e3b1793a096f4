/* Streams whose right to go on ends while they last. */
#include "http/stream.h"

#include "http/testdata/http_peer.h"

struct play {
    struct bench b; /* first: http_config.app points at both */
    struct http_exchange *x;
    struct websocket *socket;
    unsigned gone;
    _Atomic enum err_code answer; /* of admit; 0 lets go on */
    _Atomic bool wait;
    _Atomic unsigned asked;
    sem_t began, asking, go_on, left;
};

static int ask_always(void *app, struct request *req, int permission, struct err *e)
{
    (void)app, (void)req, (void)permission, (void)e;
    return HTTP_ASK;
}

static int admit(void *app, struct request *req, int permission, struct err *e)
{
    struct play *p = app;
    must(req->context && permission == PERMIT_ALL);
    CHECK_STR(http_header(req, "X-Key"), "k");
    p->asked++;
    if (p->wait) {
        sem_post(&p->asking);
        await(&p->go_on);
    }
    return p->answer ? err_set(e, p->answer, "not now") : 0;
}

static void on_gone(void *arg)
{
    struct play *p = arg;
    p->gone++;
    http_stream_break(p->x);
    sem_post(&p->left);
}

static void start_open(struct http_exchange *x)
{
    struct play *p = http_exchange_request(x)->app;
    p->x = x;
    http_stream_start(x, &(struct response){.body = STR("hi")},
                      &(struct http_stream){.gone = on_gone, .arg = p});
    sem_post(&p->began);
}

static void on_closed(void *arg)
{
    struct play *p = arg;
    p->gone++;
    sem_post(&p->left);
}

static void start_socket(struct http_exchange *x)
{
    struct play *p = http_exchange_request(x)->app;
    p->socket = websocket_accept(x, &(struct websocket_events){.closed = on_closed, .arg = p});
    sem_post(&p->began);
}

static const struct route rows[] = {
    {HTTP_GET, "/open", PERMIT_ALL, PLANE_DATA, NULL, start_open},
    {HTTP_GET, "/socket", PERMIT_ALL, PLANE_DATA, NULL, start_socket},
    {0},
};
static const struct route *const table[] = {rows, NULL};

static void recheck(void *arg)
{
    struct play *p = arg;
    http_server_recheck(p->b.server);
}

static void write_more(void *arg)
{
    struct play *p = arg;
    (void)http_stream_write(p->x, STR("more"));
}

static void end_it(void *arg)
{
    struct play *p = arg;
    http_stream_end(p->x);
}

static void on_loop(struct play *p, void (*fn)(void *arg))
{
    loop_post(p->b.loop, fn, p);
    settle(&p->b);
}

static void expect(int fd, const char *text)
{
    auto_buf struct buf got = {0};
    hear_bytes(fd, &got, strlen(text));
    CHECK_STR(got.data, text);
}

static bool is_silent(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void play_start(struct play *p, unsigned again_ms)
{
    *p = (struct play){0};
    bench_init(&p->b);
    p->b.config.routes = table;
    p->b.config.authorize = ask_always;
    p->b.config.admit = admit;
    p->b.config.again_ms = again_ms;
    must(sem_init(&p->began, 0, 0) == 0 && sem_init(&p->asking, 0, 0) == 0 &&
         sem_init(&p->go_on, 0, 0) == 0 && sem_init(&p->left, 0, 0) == 0);
    bench_start(&p->b);
}

static int open_stream(struct play *p)
{
    auto_reply struct reply r = {0};
    int fd = dial_and_tell(&p->b, "GET /open HTTP/1.1\r\nX-Key: k\r\n" HOST "\r\n");
    hear_head(fd, &r);
    await(&p->began);
    expect(fd, "2\r\nhi\r\n");
    return fd;
}

/* Asks anew; the worker waits for go_on. */
static void ask_slowly(struct play *p)
{
    p->wait = true;
    on_loop(p, recheck);
    await(&p->asking);
    p->wait = false;
}

TEST(nothing_leaves_until_it_is_known_whether_it_may)
{
    struct play p;
    play_start(&p, 0);
    int fd = open_stream(&p);
    ask_slowly(&p);
    on_loop(&p, write_more);
    CHECK(is_silent(fd));
    sem_post(&p.go_on);
    expect(fd, "4\r\nmore\r\n");
    on_loop(&p, end_it);
    expect(fd, "0\r\n\r\n");
    CHECK_INT(p.gone, 0);
    close(fd);
    bench_stop(&p.b);
}

TEST(who_may_not_go_on_gets_nothing_more_and_is_cut_off)
{
    struct play p;
    play_start(&p, 0);
    int fd = open_stream(&p);
    ask_slowly(&p);
    on_loop(&p, write_more);
    p.answer = ERR_UNAUTHORIZED;
    sem_post(&p.go_on);
    await(&p.left);
    CHECK(ended(fd));
    CHECK_INT(p.gone, 1);
    close(fd);
    bench_stop(&p.b);
}

/* What has changed while a worker was at it counts too; the answer is good for what came before. */
TEST(a_change_in_between_is_asked_about_again)
{
    struct play p;
    play_start(&p, 0);
    int fd = open_stream(&p);
    ask_slowly(&p);
    on_loop(&p, write_more);
    p.wait = true;
    on_loop(&p, recheck);
    on_loop(&p, write_more);
    sem_post(&p.go_on);
    await(&p.asking);
    expect(fd, "4\r\nmore\r\n");
    settle(&p.b);
    CHECK(is_silent(fd));
    p.answer = ERR_NOT_FOUND;
    sem_post(&p.go_on);
    await(&p.left);
    CHECK(ended(fd));
    close(fd);
    bench_stop(&p.b);
}

TEST(a_store_that_is_away_lets_nobody_go_on_and_cuts_nobody_off)
{
    struct play p;
    play_start(&p, 0);
    int fd = open_stream(&p);
    p.answer = ERR_UNAVAILABLE;
    ask_slowly(&p);
    on_loop(&p, write_more);
    p.wait = true;
    sem_post(&p.go_on);
    await(&p.asking); /* the next tick */
    CHECK(is_silent(fd));
    p.wait = false;
    p.answer = 0;
    sem_post(&p.go_on);
    expect(fd, "4\r\nmore\r\n");
    close(fd);
    await(&p.left);
    bench_stop(&p.b);
}

TEST(time_that_passes_asks_too)
{
    struct play p;
    play_start(&p, 10);
    int fd = open_stream(&p);
    p.answer = ERR_DENIED;
    await(&p.left);
    CHECK(ended(fd));
    close(fd);
    bench_stop(&p.b);
}

TEST(a_websocket_is_closed_with_a_code_for_it)
{
    struct play p;
    play_start(&p, 0);
    auto_reply struct reply r = {0};
    int fd = dial(&p.b);
    tell(fd, "GET /socket HTTP/1.1\r\nX-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n" HOST
             "\r\n");
    hear_head(fd, &r);
    await(&p.began);
    p.answer = ERR_DENIED;
    on_loop(&p, recheck);
    expect(fd, "\x88\x14\x03\xf0This may not go on");
    close(fd);
    await(&p.left);
    CHECK_INT(p.gone, 1);
    bench_stop(&p.b);
}

TEST(streams_that_end_while_a_worker_is_at_it_leave_nothing)
{
    struct play p;
    play_start(&p, 0);
    int ends = open_stream(&p);
    ask_slowly(&p);
    on_loop(&p, write_more);
    on_loop(&p, end_it); /* whoever ends sends what there is */
    expect(ends, "4\r\nmore\r\n0\r\n\r\n");
    sem_post(&p.go_on);
    int leaves = open_stream(&p);
    ask_slowly(&p);
    close(leaves);
    await(&p.left);
    sem_post(&p.go_on);
    settle(&p.b);
    int stays = open_stream(&p);
    ask_slowly(&p);
    sem_post(&p.go_on);
    bench_stop(&p.b); /* the server goes before the answer, or behind it */
    CHECK_INT(p.gone, 2);
    close(stays);
    close(ends);
}

TEST_MAIN(nothing_leaves_until_it_is_known_whether_it_may,
          who_may_not_go_on_gets_nothing_more_and_is_cut_off,
          a_change_in_between_is_asked_about_again,
          a_store_that_is_away_lets_nobody_go_on_and_cuts_nobody_off, time_that_passes_asks_too,
          a_websocket_is_closed_with_a_code_for_it,
          streams_that_end_while_a_worker_is_at_it_leave_nothing)
