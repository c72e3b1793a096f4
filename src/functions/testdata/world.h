/* world — scaffolding of the endpoints' tests: a server's control plane without a server. Requests
 * are made by hand, answers read as JSON. */
#pragma once

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/test.h"
#include "functions/functions.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
    char dir[64];
    int dir_fd;
    struct app app;
    struct seal *seal;
    struct db *db;
    struct arena *arena; /* of the last request */
    int status;
    json_t *body;
    char link[200];
    struct err e;
    /* What the listener heard. */
    unsigned changed, removed, last_version;
    struct code *code;
    char last_name[80];
    bool last_active;
};

static void on_changed(void *arg, const struct function *fn, struct code *code)
{
    struct world *w = arg;
    w->changed++;
    w->last_version = fn->active_version;
    w->last_active = fn->active;
    snprintf(w->last_name, sizeof w->last_name, "%s", fn->name);
    if (code) {
        code_unref(w->code);
        w->code = code;
    }
}

static void on_removed(void *arg, const char *id)
{
    struct world *w = arg;
    CHECK(strlen(id) == ID_TEXT - 1);
    w->removed++;
}

static inline void world_make(struct world *w, bool egress)
{
    static const struct migration *const migrations[] = {functions_migrations, calls_migrations,
                                                         NULL};
    char path[96];
    struct err *e = &w->e;
    *w = (struct world){0};
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-functions-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->dir_fd = open(w->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/virga.db", w->dir);
    if (store_open(&(struct store_config){path, migrations}, &w->app.store, e) < 0 ||
        db_open(w->app.store, DB_DURABLE, &w->db, e) < 0 ||
        calls_open(&(struct calls_config){.store = w->app.store}, &w->app.calls, e) < 0 ||
        seal_load(w->dir_fd, &w->seal, e) < 0)
        fail_msg("%s", e->text);
    struct functions_listener listener = {on_changed, on_removed, w};
    w->app.functions = functions_new(&(struct functions_config){w->seal, listener, egress});
}

static inline void world_done(struct world *w)
{
    static const char *const files[] = {"virga.db", "virga.db-wal", "virga.db-shm", "secret.key"};
    json_decref(w->body);
    arena_free(w->arena);
    code_unref(w->code);
    functions_free(w->app.functions);
    calls_close(w->app.calls);
    db_close(w->db);
    store_close(w->app.store);
    seal_free(w->seal);
    for (size_t i = 0; i < 4; i++)
        unlinkat(w->dir_fd, files[i], 0);
    fd_close(&w->dir_fd);
    rmdir(w->dir);
}

#define auto_world __attribute__((cleanup(world_done)))

/* Matches "/a/:id/b" and fills the parameters, as the router would. */
static bool match(struct arena *a, const char *pattern, const char *path, struct request *req)
{
    struct str p = str_of(pattern), q = str_of(path);
    req->param_count = 0;
    while (p.p && q.p) {
        struct str want = str_cut(&p, '/'), have = str_cut(&q, '/');
        if (want.n && want.p[0] == ':') {
            req->params[req->param_count].name = arena_dup(a, want.p + 1, want.n - 1);
            req->params[req->param_count++].value = arena_dup(a, have.p, have.n);
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return !p.p && !q.p;
}

static const struct route *route_for(struct request *req)
{
    static const struct route *const tables[] = {functions_routes, versions_routes, deploy_routes,
                                                 calls_routes};
    for (size_t i = 0; i < 4; i++)
        for (const struct route *r = tables[i]; r->handle; r++)
            if ((r->method & req->method) && match(req->arena, r->path, req->path, req))
                return r;
    fail_msg("no route for %s", req->path);
    return NULL;
}

/* Sends a request and returns the status; the answer is in w->body, a refusal in w->e. */
static inline int send(struct world *w, const char *who, enum http_method method,
                       const char *target, const char *type, struct str body)
{
    json_decref(w->body);
    arena_free(w->arena);
    w->body = NULL;
    w->link[0] = 0;
    w->arena = arena_new();
    w->e = (struct err){0};
    struct str query = str_of(target), path = str_cut(&query, '?');
    struct http_header headers[] = {{"Content-Type", type}};
    struct request req = {.arena = w->arena,
                          .method = method,
                          .path = arena_dup(w->arena, path.p, path.n),
                          .query = query.p ? query.p : "",
                          .target = target,
                          .headers = headers,
                          .header_count = 1,
                          .body = body,
                          .principal = who,
                          .app = &w->app,
                          .context = w->db};
    struct response res = {.status = 200};
    const struct route *route = route_for(&req);
    if (route->handle(&req, &res, &w->e) < 0)
        return w->status = err_http_status(w->e.code);
    w->body = json_loadb(res.body.p, res.body.n, JSON_ALLOW_NUL, NULL);
    assert_non_null(w->body);
    for (size_t i = 0; i < res.header_count; i++)
        if (strcmp(res.headers[i].name, "Link") == 0)
            snprintf(w->link, sizeof w->link, "%s", res.headers[i].value);
    return w->status = res.status;
}

static inline int ask(struct world *w, enum http_method method, const char *target,
                      const char *json)
{
    return send(w, "owner", method, target, "application/json", str_of(json ? json : ""));
}

static inline const char *text(const struct world *w, const char *name)
{
    return json_string_value(json_object_get(w->body, name));
}

static inline json_int_t number(const struct world *w, const char *name)
{
    return json_integer_value(json_object_get(w->body, name));
}

#define OK(w, ...)                                                                                 \
    do {                                                                                           \
        if (ask(w, __VA_ARGS__) != 200)                                                            \
            fail_msg("%s", (w)->e.text);                                                           \
    } while (0)

/* Makes a function and writes its path into `path`. */
static inline void create(struct world *w, const char *name, char path[96])
{
    auto_buf struct buf json = {0};
    buf_addf(&json, "{\"name\":\"%s\",\"code\":\"def handler(e): return 1\"}", name);
    OK(w, HTTP_POST, "/api/functions", json.data);
    snprintf(path, 96, "/api/functions/%s", text(w, "id"));
}

static inline void refuse(struct world *w, enum http_method method, const char *target,
                          const char *json, const char *what)
{
    int status = ask(w, method, target, json);
    if (status != 422 || !strstr(w->e.text, what))
        fail_msg("%s: %d '%s' instead of '%s'", json, status, w->e.text, what);
}
