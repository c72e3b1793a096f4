/* bench — scaffolding: a server with the endpoints of packages on a thread of its own, and a
 * builder that is played. What a build does is told by what is asked for: "bad" fails, "slow" waits
 * until the test lets it go on, anything else makes a layer. */
#pragma once

#include "app.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "deps/build.h"
#include "deps/builds_store.h"
#include "deps/collect.h"
#include "deps/private.h"
#include "functions/functions.h"
#include "loop/loop.h"
#include "projects/projects.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEADLINE_MS = 60000 };

struct build {
    struct list node;
    struct loop *loop;
    struct build_events events;
    char layers[128];
    char text[256]; /* what is asked for */
    enum build_language language;
    bool cancelled;
};

/* The played builder has no argument of its own: one bench at a time. */
static struct play {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct list held; /* "slow" ones that have begun */
    unsigned started, together, most, cancelled;
    char version[32];
    char log[64];
    unsigned log_times; /* how often the line is printed */
} play;

struct bench {
    char dir[64], layers[80];
    struct app app;
    struct db *db;
    struct deps_config config;
    pthread_t thread;
    pthread_barrier_t passed;
    void (*call)(struct bench *b);
    struct buf notes;
    pthread_mutex_t notes_lock;
    int status;
    struct buf reply;
    json_t *body;
    struct err e;
};

#define GOOD(b, x)                                                                                 \
    do {                                                                                           \
        if ((x) < 0)                                                                               \
            fail_msg("%s", (b)->e.text);                                                           \
    } while (0)

/* --- the played builder; loop thread --- */

static void play_end(struct build *b, const struct err *why)
{
    static unsigned number;
    char dir[200], inner[220];
    struct build_result r = {.packages = "[{\"name\":\"six\",\"version\":\"1.16.0\"}]",
                             .lock = b->language ? "{\"lockfileVersion\":3}" : "six==1.16.0\n",
                             .runtime_version = play.version[0] ? play.version : "3.11.2",
                             .platform = "linux-x86_64-glibc",
                             .bytes = 1000,
                             .files = 1};
    snprintf(dir, sizeof dir, "%s/.new-%u", b->layers, number++);
    snprintf(inner, sizeof inner, "%s/%s", dir, b->language ? "node_modules" : "python");
    r.dir = dir;
    if (!why && (mkdir(dir, 0700) < 0 || mkdir(inner, 0755) < 0))
        abort();
    pthread_mutex_lock(&play.lock);
    play.together--;
    pthread_mutex_unlock(&play.lock);
    b->events.done(b->events.arg, why ? NULL : &r, why);
    free(b);
}

static void play_go_on(void *arg)
{
    struct build *b = arg;
    static const struct err bad = {.code = ERR_INVALID, .text = "no such package"};
    static const struct err gone = {.code = ERR_UNAVAILABLE, .text = "cancelled"};
    b->events.progress(b->events.arg, BUILD_RESOLVING, 1, 0);
    for (unsigned i = 0; i < play.log_times; i++)
        b->events.log(b->events.arg, str_of(play.log));
    for (int i = 1; strstr(b->text, "bad") && i <= 12; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d\n", i);
        b->events.log(b->events.arg, str_of(line));
    }
    if (strstr(b->text, "slow") && !b->cancelled) {
        pthread_mutex_lock(&play.lock);
        list_append(&play.held, &b->node);
        pthread_cond_broadcast(&play.moved);
        pthread_mutex_unlock(&play.lock);
        return;
    }
    b->events.progress(b->events.arg, BUILD_INSTALLING, 2, 500);
    play_end(b, b->cancelled ? &gone : strstr(b->text, "bad") ? &bad : NULL);
}

static int play_start(const struct build_config *config, const struct build_order *order,
                      const struct build_events *events, struct build **ret, struct err *e)
{
    struct build *b = mem_alloc(sizeof *b);
    (void)e;
    *b = (struct build){.loop = config->loop, .events = *events, .language = order->language};
    snprintf(b->layers, sizeof b->layers, "%s", config->layers_dir);
    snprintf(b->text, sizeof b->text, "%s",
             order->language ? order->package_json : order->requirements_txt);
    list_init(&b->node);
    pthread_mutex_lock(&play.lock);
    play.started++;
    play.together++;
    play.most = play.together > play.most ? play.together : play.most;
    pthread_mutex_unlock(&play.lock);
    *ret = b;
    loop_post(b->loop, play_go_on, b);
    return 0;
}

static void play_cancelled(void *arg)
{
    static const struct err gone = {.code = ERR_UNAVAILABLE, .text = "cancelled"};
    play_end(arg, &gone);
}

static void play_cancel(struct build *b)
{
    pthread_mutex_lock(&play.lock);
    bool held = !list_empty(&b->node);
    list_remove(&b->node);
    play.cancelled++;
    pthread_mutex_unlock(&play.lock);
    b->cancelled = true;
    if (held)
        loop_post(b->loop, play_cancelled, b);
}

static void play_abandon(struct build *b)
{
    loop_unpost(b->loop, play_go_on, b);
    loop_unpost(b->loop, play_cancelled, b);
    list_remove(&b->node);
    free(b);
}

static const char *play_version(const struct app *app, const char *runtime)
{
    (void)app;
    return strcmp(runtime, "python") == 0 ? play.version : "";
}

static const struct deps_builder play_builder = {play_start, play_cancel, play_abandon,
                                                 play_version};

/* Waits until `count` slow ones have begun. */
static inline void wait_held(unsigned count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_MS / 1000;
    pthread_mutex_lock(&play.lock);
    for (;;) {
        unsigned n = 0;
        list_each (node, &play.held)
            n++;
        if (n >= count)
            break;
        CHECK(pthread_cond_timedwait(&play.moved, &play.lock, &until) == 0);
    }
    pthread_mutex_unlock(&play.lock);
}

static inline void play_release(struct bench *b)
{
    struct list *node;
    (void)b;
    while ((node = list_first(&play.held))) {
        struct build *held = list_of(node, struct build, node);
        list_remove(node);
        play_end(held, NULL);
    }
}

/* --- the server --- */

static int bench_enter(void *arg, void **ret, struct err *e)
{
    struct bench *b = arg;
    struct db *db = NULL;
    if (db_open(b->app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    *ret = db;
    return 0;
}

static void bench_leave(void *arg, void *context)
{
    (void)arg;
    db_close(context);
}

static int bench_authorize(void *app, struct request *req, int permission, struct err *e)
{
    (void)app, (void)req, (void)permission, (void)e;
    return HTTP_ASK;
}

static int bench_admit(void *app, struct request *req, int permission, struct err *e)
{
    const char *who = http_header(req, "Who");
    struct principal *p = arena_alloc(req->arena, sizeof *p);
    (void)app;
    *p = (struct principal){
        .account = who ? who : OWNER_ACCOUNT, .name = "n", .scopes = SCOPE_ALL, .credential = ""};
    req->principal = p;
    return projects_admit(req, auth_permission(permission)->role, e);
}

static void bench_noted(void *arg, struct db *db, const char *topic, const char *id)
{
    struct bench *b = arg;
    (void)db;
    pthread_mutex_lock(&b->notes_lock);
    buf_addf(&b->notes, "%s:%s ", topic, id);
    pthread_mutex_unlock(&b->notes_lock);
}

static void *bench_loop(void *arg)
{
    struct bench *b = arg;
    struct err e = {0};
    if (loop_run(b->app.loop, &e) < 0)
        abort();
    return NULL;
}

static void bench_call(void *arg)
{
    struct bench *b = arg;
    b->call(b);
    pthread_barrier_wait(&b->passed);
}

static inline void on_loop(struct bench *b, void (*call)(struct bench *b))
{
    b->call = call;
    loop_post(b->app.loop, bench_call, b);
    pthread_barrier_wait(&b->passed);
}

static inline void run_sql(struct bench *b, const char *sql)
{
    GOOD(b, db_exec(b->db, sql, DB_NO_ARGS, &b->e));
}

static inline void bench_up(struct bench *b)
{
    static const struct route *const routes[] = {deps_routes, builds_routes, NULL};
    struct app *app = &b->app;
    struct workers_config workers = {
        .threads = 2, .queue_max = 100, .enter = bench_enter, .leave = bench_leave, .arg = b};
    GOOD(b, loop_new(&app->loop, &b->e));
    GOOD(b, workers_new(app->loop, &workers, &app->workers, &b->e));
    b->config.app = app;
    b->config.builder = &play_builder;
    b->config.layers_dir = b->layers;
    GOOD(b, deps_open(&b->config, &app->deps, &b->e));
    struct http_config config = {.host = "127.0.0.1",
                                 .routes = routes,
                                 .workers = app->workers,
                                 .app = app,
                                 .authorize = bench_authorize,
                                 .admit = bench_admit};
    GOOD(b, http_server_new(app->loop, &config, &app->http, &b->e));
    CHECK(pthread_create(&b->thread, NULL, bench_loop, b) == 0);
}

static void bench_stop_loop(struct bench *b)
{
    loop_stop(b->app.loop);
}

static inline void bench_down(struct bench *b)
{
    struct app *app = &b->app;
    on_loop(b, bench_stop_loop);
    pthread_join(b->thread, NULL);
    workers_free(app->workers);
    deps_close(take_ptr(app->deps));
    http_server_free(app->http);
    loop_free(app->loop);
}

static inline void bench_make(struct bench *b)
{
    static const struct migration *const migrations[] = {
        auth_migrations, projects_migrations, functions_migrations, deps_migrations, NULL};
    char path[100];
    play = (struct play){.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    list_init(&play.held);
    *b = (struct bench){.config = {.builds_max = 2, .disk_bytes = 1 << 30, .grace_s = 86400}};
    pthread_mutex_init(&b->notes_lock, NULL);
    pthread_barrier_init(&b->passed, NULL, 2);
    snprintf(b->dir, sizeof b->dir, "/tmp/virga-deps-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->layers, sizeof b->layers, "%s/layers", b->dir);
    snprintf(path, sizeof path, "%s/virga.db", b->dir);
    GOOD(b, store_open(
                &(struct store_config){
                    .path = path, .migrations = migrations, .noted = bench_noted, .arg = b},
                &b->app.store, &b->e));
    GOOD(b, db_open(b->app.store, DB_DURABLE, &b->db, &b->e));
    run_sql(b, "INSERT INTO accounts (id, name, name_key, admin, status, created_us, updated_us)"
               " VALUES ('viewer', 'v', 'v', 0, 'active', 1, 1)");
    run_sql(b, "INSERT INTO projects (id, slug, name, description, status, requirements_txt,"
               " created_us, updated_us) VALUES ('p', 'p', 'P', '', 'active', '', 1, 1),"
               " ('q', 'q', 'Q', '', 'active', '', 1, 1)");
    run_sql(b, "INSERT INTO project_members (project_id, account_id, role, created_us) VALUES"
               " ('p', 'owner', 3, 1), ('q', 'owner', 3, 1), ('p', 'viewer', 1, 1)");
    bench_up(b);
}

static inline void remove_dir(const char *path)
{
    char command[200]; /* of a name that mkdtemp has made */
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    CHECK(system(command) == 0);
}

static inline void bench_done(struct bench *b)
{
    bench_down(b);
    db_close(b->db);
    store_close(b->app.store);
    json_decref(b->body);
    buf_done(&b->reply);
    buf_done(&b->notes);
    pthread_barrier_destroy(&b->passed);
    remove_dir(b->dir);
}

#define auto_bench __attribute__((cleanup(bench_done)))

/* --- clients --- */

static inline int send_request(struct bench *b, const char *who, const char *method,
                               const char *path, const char *json)
{
    struct err e = {0};
    auto_buf struct buf out = {0};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(b->app.http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    buf_addf(&out,
             "%s /api/projects/%s HTTP/1.0\r\nHost: x\r\nWho: %s\r\nContent-Length: %zu\r\n\r\n%s",
             method, path, who, json ? strlen(json) : 0, json ? json : "");
    CHECK(fd_write_all(fd, out.data, out.len, &e) == 0);
    return fd;
}

/* Reads until `what` has come, or the end for NULL. False when it ended before. */
static inline bool read_until(int fd, struct buf *got, const char *what)
{
    char bytes[65536];
    while (!what || !got->data || !memmem(got->data, got->len, what, strlen(what))) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, DEADLINE_MS) != 1)
            fail_msg("nothing came: %s", got->data ? got->data : "");
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            return !what;
        buf_add(got, bytes, (size_t)n);
    }
    return true;
}

static inline int take_reply(struct bench *b, int fd)
{
    buf_clear(&b->reply);
    CHECK(read_until(fd, &b->reply, NULL));
    close(fd);
    const char *body = strstr(b->reply.data, "\r\n\r\n");
    CHECK(body && b->reply.len > 12);
    json_decref(b->body);
    b->body = json_loads(body + 4, JSON_DECODE_ANY, NULL);
    return b->status = atoi(b->reply.data + 9);
}

static inline int ask_as(struct bench *b, const char *who, const char *method, const char *path,
                         const char *json)
{
    return take_reply(b, send_request(b, who, method, path, json));
}

static inline int ask(struct bench *b, const char *method, const char *path, const char *json)
{
    return ask_as(b, OWNER_ACCOUNT, method, path, json);
}

static inline void expect(struct bench *b, int status)
{
    if (b->status != status)
        fail_msg("%s", b->reply.data);
}

static inline const char *text_of(struct bench *b, const char *name)
{
    return json_string_value(json_object_get(b->body, name));
}

static inline json_t *in(struct bench *b, const char *name, const char *inner)
{
    return json_object_get(json_object_get(b->body, name), inner);
}

static inline bool noted(struct bench *b, const char *what)
{
    pthread_mutex_lock(&b->notes_lock);
    bool found = b->notes.data && strstr(b->notes.data, what);
    pthread_mutex_unlock(&b->notes_lock);
    return found;
}
