/* load — a small HTTP/1.1 load client, so that every peer of the bench is measured by the same one.
 *
 *   load [options] http://127.0.0.1:PORT/path
 *
 *   -c N     connections (1)               -n N     requests; or
 *   -d SEC   for so long                   -r RATE  open loop: so many requests a second
 *   -w N     first N answers not counted   -t MS    an answer must arrive within (10000)
 *   -b TEXT  body: makes it a POST         -H LINE  one more header; may repeat
 *   -P FILE  paths, one a line, in turn    -e TEXT  must be in each 2xx body (white space ignored)
 *   -k TEXT  count bodies with it          -o FILE  every counted answer: "status microseconds"
 *
 * Closed loop: each connection sends its next request when the answer to the last is in; latency
 * runs from sending. Open loop: request i is due at i / RATE whether or not earlier ones were
 * answered, and latency runs from when it was due; a server that stalls cannot hide it by making
 * the client wait (coordinated omission). One thread, one epoll. Loopback only; counts are bounded.
 * Answers need a Content-Length. Prints one JSON object; percentiles are by nearest rank. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 4096,
    REQUESTS_MAX = 5000000,
    SECONDS_MAX = 600,
    PATHS_MAX = 100000,
    IN_MAX = 32 << 10, /* head and the part of the body that is looked at */
    FAILURES_MAX = 1000,
};

struct answer {
    uint32_t us;
    uint16_t status;
};

struct connection {
    int fd;
    bool busy;
    bool headed;       /* the head has been parsed */
    bool closing;      /* the server said "Connection: close" */
    uint64_t start_us; /* sent, or due (open loop) */
    uint64_t sent_us;
    const char *out; /* what is still to be sent */
    size_t out_len;
    char *in;
    size_t in_len, head_len;
    uint64_t body_len, body_seen;
    unsigned status;
};

struct load {
    struct sockaddr_in address;
    unsigned connections;
    uint64_t requests, warm_up, timeout_us;
    double seconds, rate;
    char **texts; /* whole requests, one per path */
    size_t text_count;
    const char *expect, *count;
    const char *raw_path;

    int epoll;
    struct connection *all;
    struct connection **idle;
    size_t idle_count;
    uint64_t began_us, ended_us, started, finished, outstanding;
    uint64_t unexpected, counted, timeouts, broken, refused;
    struct answer *answers;
    size_t answer_count;
};

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("load: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

static void *allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (!p)
        die("out of memory");
    return p;
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Connecting on the loopback ends at once, one way or the other: it may block. */
static bool connection_open(struct load *l, struct connection *c)
{
    c->in_len = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket: %s", strerror(errno));
    int on = 1;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&l->address, sizeof l->address) < 0) {
        close(c->fd);
        c->fd = -1;
        l->refused++;
        return false;
    }
    (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
        die("epoll: %s", strerror(errno));
    return true;
}

static void connection_idle(struct load *l, struct connection *c)
{
    if (c->busy)
        l->outstanding--;
    c->busy = false;
    l->idle[l->idle_count++] = c;
}

/* Closing the descriptor also takes it out of the epoll. */
static void connection_reopen(struct load *l, struct connection *c)
{
    close(c->fd);
    c->fd = -1;
    connection_idle(l, c);
}

static void connection_fail(struct load *l, struct connection *c, uint64_t *counter)
{
    ++*counter;
    l->finished++;
    connection_reopen(l, c);
}

static void connection_flush(struct load *l, struct connection *c)
{
    while (c->out_len) {
        ssize_t n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            connection_fail(l, c, &l->broken);
            return;
        }
        if (n > 0) {
            c->out += n;
            c->out_len -= (size_t)n;
        }
        struct epoll_event event = {.events = EPOLLIN | (c->out_len ? EPOLLOUT : 0), .data.ptr = c};
        if (n < 0 || !c->out_len) {
            if (n < 0 || event.events != EPOLLIN)
                (void)epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &event);
            return;
        }
    }
}

static void request_send(struct load *l, struct connection *c, uint64_t due_us)
{
    if (c->fd < 0 && !connection_open(l, c)) {
        l->finished++;
        l->started++;
        l->idle[l->idle_count++] = c;
        return;
    }
    c->out = l->texts[l->started % l->text_count];
    c->out_len = strlen(c->out);
    c->in_len = 0;
    c->headed = c->closing = false;
    c->busy = true;
    c->sent_us = now_us();
    c->start_us = due_us ? due_us : c->sent_us;
    l->started++;
    l->outstanding++;
    connection_flush(l, c);
}

/* Finds `text` in the body with the white space of both taken out. */
static bool body_has(const struct connection *c, const char *text)
{
    static char squeezed[IN_MAX + 1];
    size_t len = 0;
    for (size_t i = c->head_len; i < c->in_len; i++)
        if (c->in[i] != ' ' && c->in[i] != '\n' && c->in[i])
            squeezed[len++] = c->in[i];
    squeezed[len] = '\0';
    return strstr(squeezed, text) != NULL;
}

static void answer_done(struct load *l, struct connection *c)
{
    uint64_t us = now_us() - c->start_us;
    l->finished++;
    if (l->expect && c->status / 100 == 2 && !body_has(c, l->expect))
        l->unexpected++;
    if (l->count && body_has(c, l->count))
        l->counted++;
    if (l->finished > l->warm_up && l->answer_count < REQUESTS_MAX)
        l->answers[l->answer_count++] = (struct answer){
            .us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us, .status = (uint16_t)c->status};
    if (l->finished == l->warm_up)
        l->began_us = now_us();
    if (c->closing)
        connection_reopen(l, c);
    else
        connection_idle(l, c);
}

/* 1: parsed, 0: incomplete, -1: not an answer we understand. */
static int head_parse(struct connection *c)
{
    c->in[c->in_len] = '\0';
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return c->in_len == IN_MAX ? -1 : 0;
    char *length = strcasestr(c->in, "\r\ncontent-length:");
    char *close_header = strcasestr(c->in, "\r\nconnection: close");
    unsigned status;
    if (sscanf(c->in, "HTTP/1.%*1[01] %3u", &status) != 1 || status < 100)
        return -1;
    if ((!length || length > end) && status != 204 && status != 304)
        return -1;
    c->status = status;
    c->closing = close_header && close_header < end;
    c->body_len = length && length < end ? strtoull(length + 17, NULL, 10) : 0;
    c->head_len = (size_t)(end - c->in) + 4;
    c->body_seen = c->in_len - c->head_len;
    c->headed = true;
    return 1;
}

static void connection_read(struct load *l, struct connection *c)
{
    static char beyond[64 << 10]; /* the part of a long body that nobody looks at */
    while (c->busy) {
        bool room = c->in_len < IN_MAX;
        ssize_t n = room ? recv(c->fd, c->in + c->in_len, IN_MAX - c->in_len, 0)
                         : recv(c->fd, beyond, sizeof beyond, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            connection_fail(l, c, &l->broken);
            return;
        }
        c->in_len += room ? (size_t)n : 0;
        if (c->headed)
            c->body_seen += (uint64_t)n;
        else if (head_parse(c) < 0) {
            connection_fail(l, c, &l->broken);
            return;
        }
        if (c->headed && c->body_seen >= c->body_len)
            answer_done(l, c);
    }
}

/* An idle connection that becomes readable was closed by the server (or speaks out of turn). */
static void connection_dropped(struct load *l, struct connection *c)
{
    (void)l;
    close(c->fd);
    c->fd = -1;
}

static void handle(struct load *l, struct epoll_event *event)
{
    struct connection *c = event->data.ptr;
    if (c->fd < 0)
        return;
    if (!c->busy) {
        connection_dropped(l, c);
        return;
    }
    if (event->events & EPOLLOUT)
        connection_flush(l, c);
    if (c->busy && event->events & ~(unsigned)EPOLLOUT)
        connection_read(l, c);
}

static bool may_start(const struct load *l, uint64_t now)
{
    if (l->started >= l->requests || l->refused + l->broken + l->timeouts > FAILURES_MAX)
        return false;
    return l->seconds <= 0 || now < l->ended_us;
}

/* Starts what is due. Returns microseconds until the next is, or UINT64_MAX. */
static uint64_t start_due(struct load *l)
{
    uint64_t now = now_us();
    while (l->idle_count && may_start(l, now)) {
        uint64_t due = 0;
        if (l->rate > 0) {
            due = l->began_us + (uint64_t)((double)l->started * 1e6 / l->rate);
            if (due > now)
                return due - now;
        }
        request_send(l, l->idle[--l->idle_count], due);
    }
    return UINT64_MAX;
}

static void expire(struct load *l, uint64_t now)
{
    for (unsigned i = 0; i < l->connections; i++)
        if (l->all[i].busy && now - l->all[i].sent_us > l->timeout_us)
            connection_fail(l, &l->all[i], &l->timeouts);
}

static void run(struct load *l)
{
    struct epoll_event events[256];
    uint64_t next_expiry = now_us() + 100000;
    l->began_us = now_us();
    l->ended_us = l->began_us + (uint64_t)(l->seconds * 1e6);
    for (;;) {
        uint64_t wait_us = start_due(l);
        if (!l->outstanding && wait_us == UINT64_MAX && !may_start(l, now_us()))
            break;
        if (wait_us > 100000)
            wait_us = 100000;
        struct timespec wait = {.tv_nsec = (long)wait_us * 1000};
        int n = epoll_pwait2(l->epoll, events, 256, &wait, NULL);
        if (n < 0 && errno != EINTR)
            die("epoll: %s", strerror(errno));
        for (int i = 0; i < n; i++)
            handle(l, &events[i]);
        uint64_t now = now_us();
        if (now >= next_expiry) {
            expire(l, now);
            next_expiry = now + 100000;
        }
    }
    l->ended_us = now_us();
}

static int by_us(const void *a, const void *b)
{
    uint32_t x = ((const struct answer *)a)->us, y = ((const struct answer *)b)->us;
    return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least the fraction `p` of all values does not exceed. */
static uint32_t percentile(const struct answer *sorted, size_t n, double p)
{
    double exact = p * (double)n;
    size_t rank = (size_t)exact;
    if ((double)rank < exact - 1e-9)
        rank++;
    return n ? sorted[rank ? rank - 1 : 0].us : 0;
}

/* `which`: 2 for 2xx answers, 0 for all others. */
static void print_latency(const struct load *l, const char *name, unsigned which)
{
    struct answer *some = allocate(l->answer_count + 1, sizeof *some);
    size_t n = 0;
    double sum = 0;
    for (size_t i = 0; i < l->answer_count; i++)
        if ((l->answers[i].status / 100 == 2) == (which == 2)) {
            some[n++] = l->answers[i];
            sum += l->answers[i].us;
        }
    qsort(some, n, sizeof *some, by_us);
    printf("\"%s\":{\"count\":%zu,\"min\":%u,\"mean\":%.1f,\"p50\":%u,\"p90\":%u,\"p99\":%u,"
           "\"p999\":%u,\"max\":%u},",
           name, n, n ? some[0].us : 0, n ? sum / (double)n : 0.0, percentile(some, n, 0.5),
           percentile(some, n, 0.9), percentile(some, n, 0.99), percentile(some, n, 0.999),
           n ? some[n - 1].us : 0);
    free(some);
}

static void print_statuses(const struct load *l)
{
    uint64_t counts[1000] = {0};
    for (size_t i = 0; i < l->answer_count; i++)
        counts[l->answers[i].status]++;
    const char *comma = "";
    printf("\"status\":{");
    for (unsigned s = 0; s < 1000; s++)
        if (counts[s]) {
            printf("%s\"%u\":%lu", comma, s, counts[s]);
            comma = ",";
        }
    printf("},");
}

static void print_results(const struct load *l)
{
    double seconds = (double)(l->ended_us - l->began_us) / 1e6;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"requests\":%lu,\"answers\":%zu,\"seconds\":%.6f,\"throughput\":%.1f,", l->started,
           l->answer_count, seconds, seconds > 0 ? (double)l->answer_count / seconds : 0.0);
    print_statuses(l);
    print_latency(l, "latency_us", 2);
    print_latency(l, "other_us", 0);
    printf("\"unexpected\":%lu,\"counted\":%lu,\"timeouts\":%lu,\"broken\":%lu,\"refused\":%lu,"
           "\"client_cpu_seconds\":%.3f}\n",
           l->unexpected, l->counted, l->timeouts, l->broken, l->refused,
           (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void write_raw(const struct load *l)
{
    FILE *f = fopen(l->raw_path, "we");
    if (!f)
        die("%s: %s", l->raw_path, strerror(errno));
    for (size_t i = 0; i < l->answer_count; i++)
        fprintf(f, "%u %u\n", l->answers[i].status, l->answers[i].us);
    if (fclose(f))
        die("%s: %s", l->raw_path, strerror(errno));
}

static char *request_text(const char *path, const char *host, const char *headers, const char *body)
{
    char *text;
    int n = body ? asprintf(&text,
                            "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            path, host, headers, strlen(body), body)
                 : asprintf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, host, headers);
    if (n < 0)
        die("out of memory");
    return text;
}

static void texts_from_file(struct load *l, const char *file, const char *host, const char *headers,
                            const char *body)
{
    FILE *f = fopen(file, "re");
    if (!f)
        die("%s: %s", file, strerror(errno));
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, f) > 0 && l->text_count < PATHS_MAX) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line)
            l->texts[l->text_count++] = request_text(line, host, headers, body);
    }
    free(line);
    fclose(f);
    if (!l->text_count)
        die("%s: no paths", file);
}

static double number(const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || !(value >= min && value <= max))
        die("'%s' is not a number from %g to %g", text, min, max);
    return value;
}

static void parse(struct load *l, int argc, char **argv)
{
    static char headers[8192];
    const char *body = NULL, *paths = NULL;
    bool bounded = false;
    int option;
    while ((option = getopt(argc, argv, "c:n:d:r:w:t:b:H:P:e:k:o:")) != -1)
        switch (option) {
        case 'c':
            l->connections = (unsigned)number(optarg, 1, CONNECTIONS_MAX);
            break;
        case 'n':
            l->requests = (uint64_t)number(optarg, 1, REQUESTS_MAX);
            bounded = true;
            break;
        case 'd':
            l->seconds = number(optarg, 0.01, SECONDS_MAX);
            bounded = true;
            break;
        case 'r':
            l->rate = number(optarg, 0.1, 1e6);
            break;
        case 'w':
            l->warm_up = (uint64_t)number(optarg, 0, REQUESTS_MAX);
            break;
        case 't':
            l->timeout_us = (uint64_t)number(optarg, 1, 600000) * 1000;
            break;
        case 'b':
            body = optarg;
            break;
        case 'P':
            paths = optarg;
            break;
        case 'e':
            l->expect = optarg;
            break;
        case 'k':
            l->count = optarg;
            break;
        case 'o':
            l->raw_path = optarg;
            break;
        case 'H':
            if (strlen(headers) + strlen(optarg) + 3 > sizeof headers)
                die("headers are too long");
            strcat(strcat(headers, optarg), "\r\n");
            break;
        default:
            die("see the head of bench/load.c");
        }
    unsigned port;
    int used = 0;
    if (optind != argc - 1 || !bounded ||
        sscanf(argv[optind], "http://127.0.0.1:%5u%n", &port, &used) != 1 || port > 65535)
        die("needs -n or -d and http://127.0.0.1:PORT/path");
    if (l->rate > 0 && l->warm_up)
        die("-w goes with a closed loop only");
    const char *path = argv[optind] + used, *host = "127.0.0.1";
    l->address.sin_port = htons((uint16_t)port);
    l->texts = allocate(PATHS_MAX, sizeof *l->texts);
    if (paths)
        texts_from_file(l, paths, host, headers, body);
    else
        l->texts[l->text_count++] = request_text(*path ? path : "/", host, headers, body);
}

int main(int argc, char **argv)
{
    struct load l = {
        .address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .connections = 1,
        .requests = REQUESTS_MAX,
        .timeout_us = 10000000,
    };
    parse(&l, argc, argv);
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    l.answers = allocate(l.requests, sizeof *l.answers);
    l.all = allocate(l.connections, sizeof *l.all);
    l.idle = allocate(l.connections, sizeof(struct connection *));
    for (unsigned i = 0; i < l.connections; i++) {
        l.all[i].fd = -1;
        l.all[i].in = allocate(IN_MAX + 1, 1);
        if (!connection_open(&l, &l.all[i]))
            die("connect to port %u: %s", ntohs(l.address.sin_port), strerror(errno));
        connection_idle(&l, &l.all[i]);
    }
    run(&l);
    print_results(&l);
    if (l.raw_path)
        write_raw(&l);
    return 0;
}
