/* world — scaffolding of the endpoints' tests: accounts without a server. Requests are made by hand
 * and go the way that http/ sends them: authorize, identify, handler. */
#pragma once

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"
#include "loop/loop.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
    char dir[64];
    int dir_fd;
    struct app app;
    struct auth_quota quota;
    struct db *db;
    char owner_key[80];
    /* Of the next request. */
    const char *bearer, *cookie, *origin, *host, *peer, *query;
    bool secure, upgrade;
    /* Of the last one. */
    struct arena *arena;
    int status, looked; /* looked: what the loop thread said */
    json_t *body;
    struct response res;
    struct err e;
};

static void world_noted(void *arg, struct db *db, const char *topic, const char *id)
{
    struct world *w = arg;
    (void)db;
    auth_forget(w->app.auth, topic, id);
}

static int world_enter(void *arg, void **ret, struct err *e)
{
    struct world *w = arg;
    struct db *db;
    if (db_open(w->app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    *ret = db;
    return 0;
}

static void world_leave(void *arg, void *db)
{
    (void)arg;
    db_close(db);
}

static void world_read_key(struct world *w)
{
    auto_buf struct buf file = {0};
    auto_fd int fd = openat(w->dir_fd, "owner.key", O_RDONLY | O_CLOEXEC);
    CHECK(fd_read_all(fd, 1000, &file, &w->e) == 0);
    struct str text = str_trim(buf_str(&file));
    snprintf(w->owner_key, sizeof w->owner_key, STR_FMT, STR_ARG(text));
}

static inline void world_open_auth(struct world *w, struct auth_config config)
{
    config.dir_fd = w->dir_fd;
    auth_free(w->app.auth);
    CHECK(auth_open(&config, &w->app.auth, &w->e) == 0);
}

static inline void world_make(struct world *w, struct auth_config config)
{
    static const struct migration *const migrations[] = {auth_migrations, NULL};
    char path[96];
    *w = (struct world){.host = "127.0.0.1:8000", .peer = "192.0.2.1", .query = ""};
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-auth-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->dir_fd = open(w->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/virga.db", w->dir);
    CHECK(store_open(
              &(struct store_config){
                  .path = path, .migrations = migrations, .noted = world_noted, .arg = w},
              &w->app.store, &w->e) == 0);
    CHECK(db_open(w->app.store, DB_DURABLE, &w->db, &w->e) == 0);
    CHECK(loop_new(&w->app.loop, &w->e) == 0);
    CHECK(workers_new(w->app.loop,
                      &(struct workers_config){.threads = 1,
                                               .queue_max = 100,
                                               .enter = world_enter,
                                               .leave = world_leave,
                                               .arg = w},
                      &w->app.workers, &w->e) == 0);
    w->app.quota = &w->quota;
    world_open_auth(w, config);
    world_read_key(w);
}

/* Whatever was given to the workers is done afterwards. */
static inline void world_end_workers(struct world *w)
{
    workers_free(w->app.workers);
    w->app.workers = NULL;
}

static inline void world_done(struct world *w)
{
    char command[128];
    arena_free(w->arena);
    json_decref(w->body);
    world_end_workers(w);
    loop_free(w->app.loop);
    db_close(w->db);
    store_close(w->app.store);
    auth_free(w->app.auth);
    fd_close(&w->dir_fd);
    snprintf(command, sizeof command, "rm -r %s", w->dir);
    CHECK(system(command) == 0);
}

#define auto_world __attribute__((cleanup(world_done)))

static inline bool world_matches(struct request *req, const char *pattern, const char *path)
{
    struct str a = str_of(pattern), b = str_of(path);
    req->param_count = 0;
    while (a.p && b.p) {
        struct str want = str_cut(&a, '/'), got = str_cut(&b, '/');
        if (str_starts(want, STR(":"))) {
            req->params[req->param_count].name = arena_dup(req->arena, want.p + 1, want.n - 1);
            req->params[req->param_count++].value = arena_dup(req->arena, got.p, got.n);
        } else if (!str_eq(want, got)) {
            return false;
        }
    }
    return !a.p && !b.p;
}

static inline const struct route *world_route(struct request *req)
{
    const struct route *const tables[] = {auth_routes,     accounts_routes, invites_routes,
                                          sessions_routes, keys_routes,     audit_routes};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct route *r = tables[t]; r->path; r++)
            if (r->method == req->method && world_matches(req, r->path, req->path))
                return r;
    return NULL;
}

static inline void world_fill(struct world *w, struct request *req, struct http_header *headers)
{
    size_t n = 0;
    if (w->bearer)
        headers[n++] =
            (struct http_header){"Authorization", arena_printf(w->arena, "Bearer %s", w->bearer)};
    if (w->cookie)
        headers[n++] = (struct http_header){"Cookie", w->cookie};
    if (w->origin)
        headers[n++] = (struct http_header){"Origin", w->origin};
    if (w->upgrade)
        headers[n++] = (struct http_header){"Upgrade", "websocket"};
    headers[n++] = (struct http_header){"User-Agent", "tests"};
    req->arena = w->arena;
    req->headers = headers;
    req->header_count = n;
    req->host = w->host;
    req->peer = w->peer;
    req->query = w->query;
    req->secure = w->secure;
    req->app = &w->app;
}

static inline int world_handle(struct world *w, struct request *req, const struct route *route)
{
    w->looked = auth_authorize(&w->app, req, route->permission, &w->e);
    if (w->looked < 0)
        return -1;
    req->context = w->db;
    if (auth_identify(&w->app, req, route->permission, &w->e) < 0)
        return -1;
    return route->handle(req, &w->res, &w->e);
}

/* Sends the request and returns its status; `body` NULL: none. */
static inline int world_ask(struct world *w, enum http_method method, const char *path,
                            const char *body)
{
    struct http_header headers[8];
    arena_free(w->arena);
    json_decref(w->body);
    w->arena = arena_new();
    w->body = NULL;
    w->res = (struct response){0};
    w->e = (struct err){0};
    struct request req = {.method = method, .path = path, .body = str_of(body)};
    world_fill(w, &req, headers);
    const struct route *route = world_route(&req);
    assert_non_null(route);
    bool ok = world_handle(w, &req, route) >= 0;
    w->status = ok ? w->res.status : err_http_status(w->e.code);
    if (ok)
        w->body = json_loadb(w->res.body.p, w->res.body.n, 0, NULL);
    return w->status;
}

/* Who a request with this permission would be: an account's id, "" for nobody, NULL when refused.
 * Lives until the next one. */
static inline const char *world_who(struct world *w, int permission)
{
    struct http_header headers[8];
    arena_free(w->arena);
    w->arena = arena_new();
    w->e = (struct err){0};
    struct request req = {.method = HTTP_GET, .path = "/"};
    world_fill(w, &req, headers);
    w->looked = auth_authorize(&w->app, &req, permission, &w->e);
    req.context = w->db;
    if (w->looked == HTTP_ASK && auth_identify(&w->app, &req, permission, &w->e) < 0)
        return NULL;
    if (w->looked < 0)
        return NULL;
    return req.principal ? req.principal->account : "";
}

/* Who may go on that would have had to wait for a second from then on has done so: this machine had
 * no time for us. */
static inline void world_waited(uint64_t from_us)
{
    CHECK(clock_mono_us() - from_us >= 1000000);
}

static inline const char *world_text(struct world *w, const char *name)
{
    const char *text = json_string_value(json_object_get(w->body, name));
    return text ? text : "";
}

/* The value of a header of the last answer, or NULL. */
static inline const char *world_header(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->res.header_count; i++)
        if (strcasecmp(w->res.headers[i].name, name) == 0)
            return w->res.headers[i].value;
    return NULL;
}

/* A copy that outlives the answer; the test frees it. */
static inline char *world_keep(struct world *w, const char *name)
{
    return strdup(world_text(w, name));
}

/* An account with the password "password1", signed in: its token. Registration must be open. */
static inline char *world_register(struct world *w, const char *name)
{
    char body[200];
    w->bearer = w->cookie = NULL;
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"password1\"}", name);
    CHECK_INT(world_ask(w, HTTP_POST, "/api/register", body), 200);
    return world_keep(w, "token");
}
