/* Tails and exports over real sockets: a server on a thread of its own. */
#include "calls/testdata/world.h"

#include "base/fd.h"
#include "calls/tail.h"
#include "http/stream.h"
#include "loop/loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

enum { DEADLINE_MS = WORLD_DEADLINE_US / 1000 };

struct bench {
    struct world w;
    struct tail_hub_config tails;
    char keys[64], key[100]; /* a directory with owner.key, and what stands in it */
    int keys_fd;
    pthread_t thread;
    pthread_barrier_t passed; /* the loop has done what was posted */
    void (*call)(struct bench *b);
};

static int enter(void *arg, void **ret, struct err *e)
{
    struct bench *b = arg;
    struct db *db = NULL;
    if (db_open(b->w.app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    *ret = db;
    return 0;
}

static void leave(void *arg, void *context)
{
    (void)arg;
    db_close(context);
}

/* A browser's cookie is the owner's session; else keys as ever. */
static int authorize(void *app, struct request *req, int permission, struct err *e)
{
    static const struct principal owner = {
        .account = OWNER_ACCOUNT, .name = "owner", .scopes = SCOPE_ALL, .credential = "s"};
    if (!http_header(req, "Cookie"))
        return auth_authorize(app, req, permission, e);
    req->principal = &owner;
    return 0;
}

/* What the store knows; the role is looked at by the handlers themselves. */
static int admit(void *app, struct request *req, int permission, struct err *e)
{
    return http_header(req, "Cookie") ? authorize(app, req, permission, e)
                                      : auth_identify(app, req, permission, e);
}

static void *run_loop(void *arg)
{
    struct bench *b = arg;
    OK(&b->w, loop_run(b->w.app.loop, &b->w.e));
    return NULL;
}

static void open_keys(struct bench *b)
{
    char file[100];
    snprintf(b->keys, sizeof b->keys, "/tmp/virga-keys-XXXXXX");
    assert_non_null(mkdtemp(b->keys));
    b->keys_fd = open(b->keys, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    OK(&b->w, auth_open(&(struct auth_config){.dir_fd = b->keys_fd}, &b->w.app.auth, &b->w.e));
    snprintf(file, sizeof file, "%s/owner.key", b->keys);
    FILE *f = fopen(file, "re");
    CHECK(f && fgets(b->key, sizeof b->key, f));
    b->key[strcspn(b->key, "\n")] = 0;
    fclose(f);
}

static void listen_here(struct bench *b)
{
    static const struct route *const routes[] = {calls_routes, stats_routes, tail_routes, NULL};
    struct app *app = &b->w.app;
    struct workers_config workers = {
        .threads = 2, .queue_max = 100, .enter = enter, .leave = leave, .arg = b};
    OK(&b->w, loop_new(&app->loop, &b->w.e));
    OK(&b->w, workers_new(app->loop, &workers, &app->workers, &b->w.e));
    struct http_config config = {.host = "127.0.0.1",
                                 .routes = routes,
                                 .workers = app->workers,
                                 .app = app,
                                 .authorize = authorize,
                                 .admit = admit};
    OK(&b->w, http_server_new(app->loop, &config, &app->http, &b->w.e));
}

static void bench_make(struct bench *b)
{
    struct app *app = &b->w.app;
    struct tail_hub_config quick = b->tails;
    *b = (struct bench){.tails = quick};
    world_start(&b->w);
    open_keys(b);
    listen_here(b);
    if (b->tails.look_ms) {
        b->tails.calls = app->calls;
        b->tails.loop = app->loop;
        b->tails.workers = app->workers;
        *calls_tails(app->calls) = tail_hub_new(&b->tails);
    }
    pthread_barrier_init(&b->passed, NULL, 2);
    CHECK(pthread_create(&b->thread, NULL, run_loop, b) == 0);
}

static void do_call(void *arg)
{
    struct bench *b = arg;
    b->call(b);
    pthread_barrier_wait(&b->passed);
}

static void on_loop(struct bench *b, void (*call)(struct bench *b))
{
    b->call = call;
    loop_post(b->w.app.loop, do_call, b);
    pthread_barrier_wait(&b->passed);
}

static void recheck(struct bench *b)
{
    http_server_recheck(b->w.app.http);
}

static void stop_tails(struct bench *b)
{
    calls_stop_tails(b->w.app.calls);
}

static void stop_loop(struct bench *b)
{
    calls_stop_tails(b->w.app.calls);
    loop_stop(b->w.app.loop);
}

static void bench_done(struct bench *b)
{
    struct app *app = &b->w.app;
    on_loop(b, stop_loop);
    pthread_join(b->thread, NULL);
    workers_free(app->workers);
    http_server_free(app->http);
    calls_close(take_ptr(app->calls));
    loop_free(app->loop);
    auth_free(app->auth);
    unlinkat(b->keys_fd, "owner.key", 0);
    unlinkat(b->keys_fd, "token.key", 0);
    fd_close(&b->keys_fd);
    rmdir(b->keys);
    pthread_barrier_destroy(&b->passed);
    world_done(&b->w);
}

#define auto_bench __attribute__((cleanup(bench_done)))

/* --- clients --- */

struct peer {
    int fd;
    struct buf got;
};

static void peer_done(struct peer *p)
{
    fd_close(&p->fd);
    buf_done(&p->got);
}

#define auto_peer __attribute__((cleanup(peer_done)))

/* Sends a request with the owner's key, or none; HTTP/1.0 gets its reply without chunks. */
static void ask_raw(struct bench *b, struct peer *p, const char *target, const char *headers,
                    const char *version)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(b->w.app.http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    auto_buf struct buf out = {0};
    *p = (struct peer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(connect(p->fd, (struct sockaddr *)&to, sizeof to) == 0);
    buf_addf(&out, "GET %s HTTP/%s\r\nHost: here\r\n%s\r\n", target, version, headers);
    CHECK(write(p->fd, out.data, out.len) == (ssize_t)out.len);
}

static void ask_peer(struct bench *b, struct peer *p, const char *target, const char *more)
{
    char headers[400];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n%s", b->key, more);
    ask_raw(b, p, target, headers, "1.0");
}

/* Reads more. False at the end. */
static bool receive(struct peer *p)
{
    char bytes[16384];
    struct pollfd ready = {p->fd, POLLIN, 0};
    if (poll(&ready, 1, DEADLINE_MS) != 1)
        fail_msg("nothing comes behind: %s", p->got.data ? p->got.data : "");
    ssize_t n = read(p->fd, bytes, sizeof bytes);
    if (n > 0)
        buf_add(&p->got, bytes, (size_t)n);
    return n > 0;
}

static const char *expect(struct peer *p, const char *text)
{
    const char *found = NULL;
    while (!(found = p->got.data ? memmem(p->got.data, p->got.len, text, strlen(text)) : NULL))
        if (!receive(p))
            fail_msg("no '%s' in: %s", text, p->got.data ? p->got.data : "");
    return found;
}

static void expect_end(struct peer *p)
{
    while (receive(p))
        ;
}

static bool holds(const struct peer *p, const char *text)
{
    return p->got.data && memmem(p->got.data, p->got.len, text, strlen(text));
}

/* What "id: " stands before the record with this input. */
static void id_of(struct peer *p, const char *input, char id[ID_CALL_TEXT])
{
    const char *at = expect(p, input);
    while (strncmp(at, "id: ", 4) != 0)
        at--;
    snprintf(id, ID_CALL_TEXT, "%s", at + 4);
}

#define TAIL "/api/functions/a/invocations/tail"

TEST(events_carry_records_and_go_on_where_they_ended)
{
    auto_bench struct bench b = {0};
    char id[ID_CALL_TEXT], resume[100];
    bench_make(&b);
    calls_push(b.w.app.calls, record("a", 0));
    flush(&b.w);
    auto_peer struct peer p, again, lost;
    ask_peer(&b, &p, TAIL, "");
    expect(&p, "Content-Type: text/event-stream\r\n");
    expect(&p, "Cache-Control: no-store\r\n");
    expect(&p, "\r\n\r\n:\n\n");
    calls_push(b.w.app.calls, record("a", 1));
    expect(&p, "\"input\":\"{\\\"n\\\":1}\"");
    calls_push(b.w.app.calls, record("a", 2));
    id_of(&p, "{\\\"n\\\":1}", id);
    expect(&p, "{\\\"n\\\":2}");
    expect(&p, "\"function_name\":\"f-a\"");
    CHECK(!holds(&p, "{\\\"n\\\":0}"));
    snprintf(resume, sizeof resume, "Last-Event-ID: %s\r\n", id);
    ask_peer(&b, &again, TAIL, resume);
    expect(&again, "{\\\"n\\\":2}");
    CHECK(!holds(&again, "{\\\"n\\\":1}") && !holds(&again, "event: gap"));
    ask_peer(&b, &lost, TAIL, "Last-Event-ID: 0123456789ab0123456789ab0123456789ab\r\n");
    expect(&lost, "event: gap\n");
}

TEST(tails_and_exports_are_filtered_and_of_what_one_may_see)
{
    auto_bench struct bench b = {0};
    bench_make(&b);
    add_account(&b.w, "eva");
    add_project(&b.w, "p");
    add_member(&b.w, "p", OWNER_ACCOUNT, ROLE_VIEWER);
    add_function(&b.w, "p1", "eva", "p");
    add_function(&b.w, "eva1", "eva", NULL);
    static const char *const functions[] = {"a", "p1", "eva1", "p1"};
    for (int i = 0; i < 4; i++)
        calls_push(b.w.app.calls, record(functions[i], i));
    static const struct {
        const char *target;
        bool has[4];
    } exports[] = {
        {"/api/projects/p/invocations/export", {false, true, false, true}},
        {"/api/functions/f-a/invocations/export", {true, false, false, false}}, /* by name */
        {"/api/projects/p/invocations/export?q=%22n%22:1", {false, true, false, false}},
        {"/api/projects/p/invocations/export?function=p1&cold=true", {false}},
        {"/api/functions/a/invocations/export?status=error", {false}},
        {"/api/functions/p1/invocations/export?until=2020-01-01T00:00:00Z", {false}},
    };
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        auto_peer struct peer p;
        ask_peer(&b, &p, exports[i].target, "");
        expect_end(&p);
        if (!holds(&p, " 200 ") || !holds(&p, "application/x-ndjson"))
            fail_msg("%s: %s", exports[i].target, p.got.data);
        for (int n = 0; n < 4; n++) {
            char input[40];
            snprintf(input, sizeof input, "{\\\"n\\\":%d}", n);
            if (holds(&p, input) != exports[i].has[n])
                fail_msg("%s: %d", exports[i].target, n);
        }
    }
    static const struct {
        const char *target, *status;
    } refused[] = {
        {"/api/functions/eva1/invocations/tail", " 404 "},
        {"/api/functions/none/invocations/export", " 404 "},
        {TAIL "?status=fine", " 422 "},
        {TAIL "?after=x", " 422 "},
        {"/api/invocations/tail?function=eva1", " 422 "},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        auto_peer struct peer p;
        ask_peer(&b, &p, refused[i].target, "");
        expect(&p, refused[i].status);
    }
    auto_peer struct peer p;
    ask_peer(&b, &p, "/api/projects/p/invocations/tail?q=needle", "");
    expect(&p, ":\n\n");
    struct call_record *r = record("p1", 7);
    r->out = mem_strdup("a NEEDLE");
    r->out_len = strlen(r->out);
    calls_push(b.w.app.calls, record("p1", 6));
    calls_push(b.w.app.calls, r);
    expect(&p, "{\\\"n\\\":7}");
    CHECK(!holds(&p, "{\\\"n\\\":6}"));
}

TEST(strangers_follow_only_what_is_opened_and_see_no_visitors_input)
{
    auto_bench struct bench b = {0};
    bench_make(&b);
    auto_peer struct peer closed, opened;
    ask_raw(&b, &closed, TAIL, "", "1.0");
    expect(&closed, " 401 ");
    run_sql(&b.w, "UPDATE functions SET public_logs = 1");
    ask_raw(&b, &opened, TAIL, "", "1.0");
    expect(&opened, ":\n\n");
    struct call_record *r = record("a", 1);
    r->source = "gateway";
    calls_push(b.w.app.calls, r);
    expect(&opened, "\"input\":\"{}\"");
    CHECK(!holds(&opened, "function_name") && !holds(&opened, "traceback"));
}

enum { EXPORTED = 5000 };

TEST(an_export_is_complete_in_order_and_says_so)
{
    auto_bench struct bench b = {0};
    bench_make(&b);
    char text[16384];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < EXPORTED; i++) {
        struct call_record *r = record("a", i);
        r->out = mem_dup(text, i % 100 ? 10 : sizeof text);
        r->out_len = i % 100 ? 10 : sizeof text;
        calls_push(b.w.app.calls, r);
    }
    auto_peer struct peer p, chunked;
    ask_peer(&b, &p, "/api/functions/a/invocations/export", "");
    expect_end(&p);
    const char *at = strstr(p.got.data, "\r\n\r\n") + 4;
    for (int i = 0; i < EXPORTED; i++) {
        const char *end = strchr(at, '\n');
        char input[40];
        snprintf(input, sizeof input, "\"input\":\"{\\\"n\\\":%d}\"", i);
        CHECK(end && memmem(at, (size_t)(end - at), input, strlen(input)));
        at = end + 1;
    }
    CHECK(*at == 0);
    char headers[200];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", b.key);
    ask_raw(&b, &chunked, "/api/functions/a/invocations/export?limit=1&q=nothing", headers, "1.1");
    expect(&chunked, "\r\n0\r\n\r\n");
}

/* --- WebSocket --- */

#define UPGRADE                                                                                    \
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void upgrade(struct bench *b, struct peer *p, const char *headers, const char *status)
{
    char all[500];
    snprintf(all, sizeof all, UPGRADE "%s", headers);
    ask_raw(b, p, TAIL, all, "1.1");
    expect(p, status);
    expect(p, "\r\n\r\n");
}

TEST(a_websocket_gets_a_message_per_record)
{
    auto_bench struct bench b = {0};
    char headers[200];
    bench_make(&b);
    auto_peer struct peer p;
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", b.key);
    upgrade(&b, &p, headers, "101 Switching Protocols\r\n");
    calls_push(b.w.app.calls, record("a", 1));
    const char *message = expect(&p, "\x81\x7e");
    expect(&p, "]}");
    size_t length = (unsigned char)message[2] * 256u + (unsigned char)message[3];
    message = expect(&p, "\x81\x7e"); /* the buffer may have moved */
    json_t *record_got = json_loadb(message + 4, length, 0, NULL);
    CHECK(record_got && strcmp(text_of(record_got, "input"), "{\"n\":1}") == 0);
    json_decref(record_got);
    on_loop(&b, stop_tails);
    expect(&p, "\x03\xe9The server is stopping"); /* 1001 */
}

TEST(what_is_no_upgrade_is_refused_and_leaves_nothing)
{
    auto_bench struct bench b = {0};
    bench_make(&b);
    auto_peer struct peer p, q;
    ask_peer(&b, &p, TAIL, "Upgrade: h2c\r\n");
    expect(&p, " 426 ");
    ask_peer(&b, &q, TAIL, "");
    expect(&q, ":\n\n");
}

/* --- the end --- */

TEST(a_tail_of_what_is_gone_ends_and_says_why)
{
    auto_bench struct bench b = {0};
    bench_make(&b);
    auto_peer struct peer p;
    ask_peer(&b, &p, TAIL, "");
    expect(&p, ":\n\n");
    on_loop(&b, recheck);
    calls_push(b.w.app.calls, record("a", 1));
    expect(&p, "{\\\"n\\\":1}"); /* has been asked for and goes on */
    run_sql(&b.w, "DELETE FROM functions");
    on_loop(&b, recheck);
    expect(&p, "event: end\ndata: {\"reason\":\"This account may not");
    expect_end(&p);
}

TEST(the_end_of_the_server_is_told)
{
    auto_bench struct bench b = {0};
    bench_make(&b);
    auto_peer struct peer p, late;
    ask_peer(&b, &p, TAIL, "");
    expect(&p, ":\n\n");
    on_loop(&b, stop_tails);
    expect(&p, "event: end\ndata: {\"reason\":\"The server is stopping\"}\n\n");
    expect_end(&p);
    ask_peer(&b, &late, TAIL, "");
    expect(&late, " 503 ");
}

/* A client that closes looks like one that only has nothing more to say, until it is written to. */
TEST(clients_that_leave_at_any_moment_leave_nothing)
{
    auto_bench struct bench b = {.tails = {.look_ms = 5, .beat_ms = 10}};
    bench_make(&b);
    unsigned opened = 0;
    uint64_t until = clock_mono_us() + DEADLINE_MS * 1000ull;
    for (int i = 0; opened < 3 * TAILS_PER_CLIENT; i++) {
        auto_peer struct peer p;
        CHECK(clock_mono_us() < until);
        ask_peer(&b, &p, TAIL, "");
        if (i % 3)
            expect(&p, i % 3 == 1 ? "HTTP/1.1 " : "\r\n\r\n");
        push(&b.w, "a", 5);
        opened += holds(&p, " 200 ");
    }
}

WORLD_MAIN(events_carry_records_and_go_on_where_they_ended,
           tails_and_exports_are_filtered_and_of_what_one_may_see,
           strangers_follow_only_what_is_opened_and_see_no_visitors_input,
           an_export_is_complete_in_order_and_says_so, a_websocket_gets_a_message_per_record,
           what_is_no_upgrade_is_refused_and_leaves_nothing,
           a_tail_of_what_is_gone_ends_and_says_why, the_end_of_the_server_is_told,
           clients_that_leave_at_any_moment_leave_nothing)
