/* The server against clients that are slow, greedy, gone or many, and at its own end. */
#include "http/testdata/http_peer.h"

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
        int fd = dial_and_tell(&b, rows[i].start);
        errno = 0;
        CHECK_INT(last_status(fd), rows[i].status);
        close(fd);
    }
    int fd = dial_and_tell(&b, "GET /hello HTTP/1.1\r\nX: ");
    CHECK_INT(drip(fd, 'a'), 408); /* never silent, never done */
    close(fd);
    fd = dial_and_tell(&b, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
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
    int fd = dial_and_tell(&b, GET("/big"));
    uint64_t give_up = clock_mono_us() + DEADLINE_MS * 1000ull;
    while (!stats_of(&b).requests || stats_of(&b).connections)
        CHECK(clock_mono_us() < give_up);
    CHECK(b.most_buffered > 0);
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

TEST_MAIN(slow_clients_are_cut_off, a_client_that_does_not_read_is_cut_off_and_its_memory_freed,
          a_large_reply_arrives_whole_at_a_slow_reader,
          a_reset_is_reported_once_and_the_late_answer_goes_nowhere,
          an_exchange_outlives_its_server, what_is_pipelined_behind_a_slow_answer_is_bounded,
          bodies_in_memory_are_bounded_over_all_connections, connections_above_the_bound_are_closed,
          without_descriptors_the_listener_waits_and_does_not_spin,
          draining_answers_what_is_under_way_and_takes_nothing_new,
          an_incomplete_table_stops_the_start,
          ten_thousand_idle_connections_cost_little_and_leave_nothing)
