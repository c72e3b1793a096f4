/* What the owner of the server may decide: who is admitted, whose request it is, what is added. */
#include "http/testdata/http_peer.h"

enum { PERMIT_ASK = 10, PERMIT_ASK_NOBODY };

struct hooks {
    struct bench b;            /* first: http_config.app points at both */
    _Atomic unsigned admitted; /* written on the workers */
    unsigned started;          /* the loop's, read after an answer */
    bool blocking;
    sem_t admitting, go_on;
};

static int ask_some(void *app, struct request *req, int permission, struct err *e)
{
    (void)app;
    if (permission == PERMIT_NOBODY)
        return err_set(e, ERR_UNAUTHORIZED, "Missing auth token");
    if (http_header(req, "X-Blocked"))
        return err_set(e, ERR_LIMIT, "Too many requests");
    return permission >= PERMIT_ASK ? HTTP_ASK : 0;
}

static int admit(void *app, struct request *req, int permission, struct err *e)
{
    static const struct principal keeper = {"keeper"};
    struct hooks *h = app;
    must(req->context == app && !pthread_equal(pthread_self(), h->b.thread));
    h->admitted++;
    if (h->blocking) {
        sem_post(&h->admitting);
        await(&h->go_on);
    }
    req->principal = &keeper;
    if (permission == PERMIT_ASK_NOBODY || http_header(req, "X-Denied"))
        return err_set(e, ERR_DENIED, "Not yours");
    return 0;
}

static void answer_name(struct http_exchange *x)
{
    struct request *req = http_exchange_request(x);
    struct hooks *h = req->app;
    must(req->context == NULL && pthread_equal(pthread_self(), h->b.thread));
    h->started++;
    const char *name = req->principal ? req->principal->name : "nobody";
    struct response res = {.content_type = "text/plain", .body = str_of(name)};
    http_answer(x, &res);
}

static void answer_claimed(struct http_exchange *x)
{
    http_answer(x, &(struct response){.content_type = "text/plain",
                                      .body = str_of(http_exchange_request(x)->path)});
}

static int name(struct request *req, struct response *res, struct err *e)
{
    (void)e;
    must(req->context == req->app);
    http_response_header(req, res, "X-Own", "handler");
    http_response_header(req, res, "vary", "Accept");
    return http_reply_text(req, res, 200, "text/plain",
                           str_of(req->principal ? req->principal->name : "nobody"));
}

static int show_client(struct request *req, struct response *res, struct err *e)
{
    (void)e;
    json_t *about = json_pack("{s: s, s: s, s: b}", "peer", req->peer, "host", req->host, "secure",
                              req->secure);
    return http_reply_json(req, res, 200, about);
}

static const struct route rows[] = {
    {HTTP_GET, "/control", PERMIT_ALL, PLANE_CONTROL, name, NULL},
    {HTTP_GET, "/client", PERMIT_ALL, PLANE_CONTROL, show_client, NULL},
    {HTTP_GET, "/client/", PERMIT_ALL, PLANE_CONTROL, show_client, NULL},
    {HTTP_GET, "/slash/", PERMIT_ALL, PLANE_CONTROL, show_client, NULL},
    {HTTP_GET, "/free", PERMIT_ALL, PLANE_DATA, NULL, answer_name},
    {HTTP_GET | HTTP_POST, "/asked", PERMIT_ASK, PLANE_DATA, NULL, answer_name},
    {HTTP_GET, "/denied", PERMIT_ASK_NOBODY, PLANE_DATA, NULL, answer_name},
    {HTTP_GET, "/secret", PERMIT_NOBODY, PLANE_DATA, NULL, answer_name},
    {HTTP_ANY, "/any", PERMIT_ALL, PLANE_DATA, NULL, answer_name},
    {0},
};
static const struct route *const table[] = {rows, NULL};

static const struct route *claim(void *app, struct request *req)
{
    static const struct route own = {HTTP_GET | HTTP_POST, "/",  PERMIT_ALL,
                                     PLANE_DATA,           NULL, answer_claimed};
    static const struct route closed = {HTTP_ANY,   "/",  PERMIT_NOBODY,
                                        PLANE_DATA, NULL, answer_claimed};
    (void)app;
    if (strcmp(req->host, "closed.example") == 0)
        return &closed;
    return strcmp(req->host, "own.example") == 0 ? &own : NULL;
}

static void decorate(void *app, struct request *req, struct response *res)
{
    (void)app;
    res->status = 999; /* only the headers count */
    http_response_header(req, res, "X-Extra", "yes");
    http_response_header(req, res, "X-Own", "decorated");
    http_response_header(req, res, "Vary", "Origin");
}

static void preflight(void *app, struct request *req, struct response *res)
{
    (void)app;
    http_response_header(req, res, "Access-Control-Allow-Origin", http_header(req, "Origin"));
}

static void hooks_init(struct hooks *h)
{
    *h = (struct hooks){0};
    bench_init(&h->b);
    h->b.config.routes = table;
    h->b.config.authorize = ask_some;
    h->b.config.admit = admit;
    must(sem_init(&h->admitting, 0, 0) == 0 && sem_init(&h->go_on, 0, 0) == 0);
}

TEST(the_control_plane_admits_on_the_worker_before_each_handler)
{
    struct hooks h;
    hooks_init(&h);
    bench_start(&h.b);
    check_ask(&h.b, GET("/control"), 200, "\r\n\r\nkeeper");
    check_ask(&h.b, "GET /control HTTP/1.1\r\n" HOST "X-Denied: 1\r\n\r\n", 403,
              "{\"detail\":\"Not yours\"}");
    CHECK_INT(h.admitted, 2);
    check_ask(&h.b, "GET /control HTTP/1.1\r\n" HOST "X-Blocked: 1\r\n\r\n", 429,
              "Retry-After: 1\r\n");
    CHECK_INT(h.admitted, 2);
    bench_stop(&h.b);
}

TEST(the_data_plane_asks_only_when_authorize_says_so)
{
    struct hooks h;
    hooks_init(&h);
    bench_start(&h.b);
    check_ask(&h.b, GET("/free"), 200, "\r\n\r\nnobody");
    CHECK_INT(h.admitted, 0);
    check_ask(&h.b, GET("/asked"), 200, "\r\n\r\nkeeper");
    CHECK_INT(h.admitted, 1);
    CHECK_INT(h.started, 2);
    check_ask(&h.b, GET("/denied"), 403, "{\"detail\":\"Not yours\"}");
    check_ask(&h.b, GET("/secret"), 401, "{\"detail\":\"Missing auth token\"}");
    CHECK_INT(h.admitted, 2);
    CHECK_INT(h.started, 2);
    bench_stop(&h.b);
}

TEST(asked_requests_keep_their_order_in_a_pipeline)
{
    struct hooks h;
    hooks_init(&h);
    bench_start(&h.b);
    int fd = dial(&h.b);
    for (int i = 0; i < 20; i++)
        tell(fd, GET("/asked") GET("/free") GET("/denied") "POST /asked HTTP/1.1\r\n" HOST
                                                           "Content-Length: 2\r\n\r\nab");
    for (int i = 0; i < 80; i++) {
        auto_reply struct reply r = {0};
        hear(fd, &r);
        CHECK_STR(r.body, i % 4 == 1   ? "nobody"
                          : i % 4 == 2 ? "{\"detail\":\"Not yours\"}"
                                       : "keeper");
    }
    close(fd);
    bench_stop(&h.b);
}

static void reset(int fd)
{
    struct linger hard = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

TEST(who_leaves_while_being_admitted_is_not_served)
{
    struct hooks h;
    hooks_init(&h);
    h.blocking = true;
    bench_start(&h.b);
    int fd = dial(&h.b);
    tell(fd, GET("/asked"));
    await(&h.admitting);
    reset(fd);
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    while (stats_of(&h.b).connections > 0)
        CHECK(clock_mono_us() < give_up);
    sem_post(&h.go_on);
    h.blocking = false;
    check_ask(&h.b, GET("/asked"), 200, "keeper"); /* and the loop has seen the first one's end */
    settle(&h.b);
    CHECK_INT(h.started, 1);
    bench_stop(&h.b);
}

TEST(a_server_may_go_while_a_worker_admits)
{
    struct hooks h;
    hooks_init(&h);
    h.blocking = true;
    bench_start(&h.b);
    int data = dial(&h.b), control = dial(&h.b);
    tell(data, GET("/asked"));
    tell(control, GET("/control"));
    await(&h.admitting);
    await(&h.admitting);
    loop_post(h.b.loop, stop, h.b.loop);
    CHECK(pthread_join(h.b.thread, NULL) == 0);
    http_server_free(h.b.server);
    sem_post(&h.go_on);
    sem_post(&h.go_on);
    workers_free(h.b.workers);
    loop_free(h.b.loop);
    CHECK_INT(h.started, 0);
    close(data);
    close(control);
}

TEST(a_claimed_request_never_sees_the_table)
{
    struct hooks h;
    hooks_init(&h);
    h.b.config.claim = claim;
    h.b.config.decorate = decorate;
    bench_start(&h.b);
    auto_reply struct reply r = {0}, no = {0};
    ask(&h.b, "GET /control HTTP/1.1\r\nHost: Own.Example\r\n\r\n", &r);
    CHECK_STR(r.body, "/control");
    CHECK(!strstr(r.text.data, "X-Extra"));
    ask(&h.b, "PUT /x HTTP/1.1\r\nHost: own.example\r\n\r\n", &no);
    CHECK_INT(no.status, 405);
    CHECK(strstr(no.text.data, "Allow: GET, POST\r\n") && !strstr(no.text.data, "X-Extra"));
    check_ask(&h.b, "BREW /x HTTP/1.1\r\nHost: own.example\r\n\r\n", 405, "Allow: GET, POST\r\n");
    check_ask(&h.b, "GET /x HTTP/1.1\r\nHost: closed.example\r\n\r\n", 401, "Missing auth token");
    check_ask(&h.b, GET("/control"), 200, "X-Extra: yes\r\n");
    bench_stop(&h.b);
}

static const struct route *otherwise(void *app, struct request *req)
{
    static const struct route own = {HTTP_GET, "/", PERMIT_ALL, PLANE_DATA, NULL, answer_claimed};
    (void)app;
    return http_header(req, "X-Lost") ? &own : NULL;
}

TEST(only_what_no_row_fits_is_asked_of_others)
{
    struct hooks h;
    hooks_init(&h);
    h.b.config.otherwise = otherwise;
    bench_start(&h.b);
    check_ask(&h.b, "GET /none HTTP/1.1\r\n" HOST "X-Lost: 1\r\n\r\n", 200, "\r\n\r\n/none");
    check_ask(&h.b, GET("/none"), 404, "{\"detail\":\"Not Found\"}");
    check_ask(&h.b, "PUT /none HTTP/1.1\r\n" HOST "X-Lost: 1\r\n\r\n", 404, "Not Found");
    check_ask(&h.b, "GET /slash HTTP/1.1\r\n" HOST "X-Lost: 1\r\n\r\n", 307, "/slash/");
    check_ask(&h.b, "PUT /free HTTP/1.1\r\n" HOST "X-Lost: 1\r\n\r\n", 405, "Allow: GET\r\n");
    check_ask(&h.b, "GET /secret HTTP/1.1\r\n" HOST "X-Lost: 1\r\n\r\n", 401, "detail");
    bench_stop(&h.b);
}

TEST(every_reply_of_the_api_is_decorated)
{
    static const struct {
        const char *text;
        int status;
    } refused[] = {
        {GET("/none"), 404},
        {GET("/secret"), 401},
        {GET("/denied"), 403},
        {GET("/slash"), 307},
        {"PUT /free HTTP/1.1\r\n" HOST "\r\n", 405},
        {"GET /free HTTP/1.1\r\n\r\n", 400},
        {"GET /free HTTP/9.9\r\n" HOST "\r\n", 505},
        {"POST /asked HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n", 413},
        {"\r\n\x01\r\n\r\n", 400},
    };
    struct hooks h;
    hooks_init(&h);
    h.b.config.decorate = decorate;
    bench_start(&h.b);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        check_ask(&h.b, refused[i].text, refused[i].status, "X-Extra: yes\r\n");
        check_ask(&h.b, refused[i].text, refused[i].status, "Vary: Origin\r\n");
    }
    auto_reply struct reply r = {0};
    ask(&h.b, GET("/control"), &r);
    CHECK_INT(r.status, 200);
    CHECK(strstr(r.text.data, "X-Own: handler\r\n") && !strstr(r.text.data, "decorated"));
    CHECK(strstr(r.text.data, "vary: Accept\r\n") && strstr(r.text.data, "Vary: Origin\r\n"));
    bench_stop(&h.b);
}

#define ASKS "Origin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n"

TEST(a_preflight_is_answered_where_nobody_else_would)
{
    struct hooks h;
    hooks_init(&h);
    h.b.config.preflight = preflight;
    h.b.config.decorate = decorate;
    bench_start(&h.b);
    check_ask(&h.b, "OPTIONS /secret HTTP/1.1\r\n" HOST ASKS "\r\n", 204,
              "Access-Control-Allow-Origin: https://a.example\r\n");
    check_ask(&h.b, "OPTIONS /secret HTTP/1.1\r\n" HOST ASKS "\r\n", 204, "X-Extra: yes\r\n");
    check_ask(&h.b, "OPTIONS /any HTTP/1.1\r\n" HOST ASKS "\r\n", 200, "nobody");
    check_ask(&h.b, "OPTIONS /none HTTP/1.1\r\n" HOST ASKS "\r\n", 404, "Not Found");
    check_ask(&h.b, "OPTIONS /free HTTP/1.1\r\n" HOST "Origin: https://a.example\r\n\r\n", 405,
              "Allow: GET\r\n");
    check_ask(&h.b, "PUT /free HTTP/1.1\r\n" HOST ASKS "\r\n", 405, "Allow: GET\r\n");
    bench_stop(&h.b);
}

TEST(a_row_for_any_method_takes_them_all_and_head_gets_no_body)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    struct hooks h;
    hooks_init(&h);
    bench_start(&h.b);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        char text[64];
        snprintf(text, sizeof text, "%s /any HTTP/1.1\r\n" HOST "\r\n", methods[i]);
        check_ask(&h.b, text, 200, "nobody");
    }
    int fd = dial(&h.b);
    auto_reply struct reply head = {0}, get = {0};
    tell(fd, "HEAD /any HTTP/1.1\r\n" HOST "\r\n" GET("/any"));
    hear_head(fd, &head);
    CHECK(strstr(head.text.data, "Content-Length: 6\r\n"));
    hear(fd, &get);
    CHECK_INT(get.status, 200);
    close(fd);
    bench_stop(&h.b);
}

#define FORWARDED                                                                                  \
    "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"                                 \
    "X-Forwarded-Host: Shop.example:444\r\n"

TEST(forwarded_headers_count_only_from_a_trusted_proxy)
{
    struct hooks h;
    hooks_init(&h);
    bench_start(&h.b);
    check_ask(&h.b, "GET /client HTTP/1.1\r\nHost: TEST:80\r\n" FORWARDED "\r\n", 200,
              "{\"peer\":\"127.0.0.1\",\"host\":\"test:80\",\"secure\":false}");
    check_ask(&h.b, "GET /slash HTTP/1.1\r\nHost: TEST\r\n" FORWARDED "\r\n", 307,
              "Location: http://test/slash/\r\n");
    check_ask(&h.b, "GET /client HTTP/1.0\r\n\r\n", 200, "\"host\":\"\"");
    check_ask(&h.b, "GET /slash HTTP/1.0\r\n\r\n", 307, "Location: /slash/\r\n");
    bench_stop(&h.b);
    hooks_init(&h);
    h.b.config.trusted_proxies = "10.0.0.0/8,127.0.0.1";
    bench_start(&h.b);
    check_ask(&h.b, "GET /client HTTP/1.1\r\nHost: TEST\r\n" FORWARDED "\r\n", 200,
              "{\"peer\":\"203.0.113.9\",\"host\":\"shop.example:444\",\"secure\":true}");
    check_ask(&h.b, "GET /slash HTTP/1.1\r\nHost: TEST\r\n" FORWARDED "\r\n", 307,
              "Location: https://shop.example:444/slash/\r\n");
    check_ask(&h.b, "GET /client HTTP/1.1\r\nHost: TEST\r\n\r\n", 200,
              "{\"peer\":\"127.0.0.1\",\"host\":\"test\",\"secure\":false}");
    bench_stop(&h.b);
}

TEST(what_the_hooks_need_is_checked_at_the_start)
{
    static const struct route data[] = {{HTTP_GET, "/", PERMIT_ALL, PLANE_DATA, NULL, say_hello},
                                        {0}};
    static const struct route *const list[] = {data, NULL};
    struct hooks h;
    struct err e = {0};
    struct http_server *s;
    hooks_init(&h);
    h.b.config.routes = list;
    CHECK(loop_new(&h.b.loop, &e) == 0);
    CHECK(http_server_new(h.b.loop, &h.b.config, &s, &e) < 0);
    CHECK_STR(e.text, "admit needs workers");
    h.b.config.admit = NULL;
    h.b.config.trusted_proxies = "10.0.0.0/8, 10.0.0.0/33";
    CHECK(http_server_new(h.b.loop, &h.b.config, &s, &e) < 0);
    CHECK_STR(e.text, "trusted proxy '10.0.0.0/33' is no address or network");
    loop_free(h.b.loop);
}

TEST_MAIN(the_control_plane_admits_on_the_worker_before_each_handler,
          the_data_plane_asks_only_when_authorize_says_so,
          asked_requests_keep_their_order_in_a_pipeline,
          who_leaves_while_being_admitted_is_not_served, a_server_may_go_while_a_worker_admits,
          a_claimed_request_never_sees_the_table, only_what_no_row_fits_is_asked_of_others,
          every_reply_of_the_api_is_decorated, a_preflight_is_answered_where_nobody_else_would,
          a_row_for_any_method_takes_them_all_and_head_gets_no_body,
          forwarded_headers_count_only_from_a_trusted_proxy,
          what_the_hooks_need_is_checked_at_the_start)
