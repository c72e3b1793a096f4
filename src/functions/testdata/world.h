/* world — scaffolding of the endpoints' tests: a server's control plane without a server. Requests
 * are made by hand and admitted as serve/ does it, answers read as JSON. Accounts are the owner,
 * ann and bob. */
#pragma once

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/must.h"
#include "base/test.h"
#include "functions/functions.h"
#include "projects/projects.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
    char dir[64];
    int dir_fd;
    struct app app;
    struct auth_quota quota;
    struct seal *seal;
    struct db *db;
    struct arena *arena; /* of the last request */
    int status;
    json_t *body;
    char link[200];
    struct err e;
    unsigned noted; /* functions noted as changed */
    char last_noted[ID_TEXT];
};

/* As serve/refresh.c; on the thread of whoever commits. */
static void on_noted(void *arg, struct db *db, const char *topic, const char *id)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct world *w = arg;
    (void)db;
    functions_changed(w->app.functions);
    if (strcmp(topic, NOTE_FUNCTION) != 0)
        return;
    pthread_mutex_lock(&mutex);
    w->noted++;
    snprintf(w->last_noted, sizeof w->last_noted, "%s", id);
    pthread_mutex_unlock(&mutex);
}

/* The gateway's table, as far as functions/ asks it. */
static const struct migration routes_table[] = {
    {40, "routes", "CREATE TABLE routes (project_id text NOT NULL, function_id text NOT NULL)"},
    {0},
};

static inline void run(struct world *w, const char *sql)
{
    if (db_exec(w->db, sql, DB_NO_ARGS, &w->e) < 0)
        fail_msg("%s", w->e.text);
}

static inline void world_make(struct world *w, const char *no_egress)
{
    static const struct migration *const migrations[] = {auth_migrations, projects_migrations,
                                                         functions_migrations, routes_table, NULL};
    char path[96];
    struct err *e = &w->e;
    *w = (struct world){0};
    w->app.quota = &w->quota;
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-functions-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->dir_fd = open(w->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/virga.db", w->dir);
    struct store_config config = {
        .path = path, .migrations = migrations, .noted = on_noted, .arg = w};
    if (store_open(&config, &w->app.store, e) < 0 ||
        db_open(w->app.store, DB_DURABLE, &w->db, e) < 0 || seal_load(w->dir_fd, &w->seal, e) < 0)
        fail_msg("%s", e->text);
    w->app.functions =
        functions_new(&(struct functions_config){.seal = w->seal, .no_egress = no_egress});
    run(w, "INSERT INTO accounts (id, name, name_key, admin, status, created_us, updated_us)"
           " VALUES ('ann', 'ann', 'ann', 0, 'active', 1, 1), ('bob', 'bob', 'bob', 0, 'active', "
           "1, 1)");
}

static inline void world_done(struct world *w)
{
    static const char *const files[] = {"virga.db", "virga.db-wal", "virga.db-shm", "secret.key"};
    json_decref(w->body);
    arena_free(w->arena);
    functions_free(w->app.functions);
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
                                                 inputs_routes};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct route *r = tables[i]; r->handle; r++)
            if ((r->method & req->method) && match(req->arena, r->path, req->path, req))
                return r;
    fail_msg("no route for %s", req->path);
    return NULL;
}

/* As serve/admit.c, for somebody who is known. */
static int admit(struct request *req, const struct route *route, struct err *e)
{
    const struct permission_rule *rule = auth_permission(route->permission);
    switch (rule->object) {
    case OBJECT_PROJECT:
        return projects_admit(req, rule->role, e);
    case OBJECT_FUNCTION:
        return functions_admit(req, rule->role, NULL, e);
    case OBJECT_NONE:
        break;
    }
    return 0;
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
    struct principal principal = {
        .account = who, .name = who, .scopes = SCOPE_ALL, .credential = ""};
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
                          .principal = &principal,
                          .app = &w->app,
                          .context = w->db};
    struct response res = {.status = 200};
    const struct route *route = route_for(&req);
    if (admit(&req, route, &w->e) < 0 || route->handle(&req, &res, &w->e) < 0)
        return w->status = err_http_status(w->e.code);
    w->body = json_loadb(res.body.p, res.body.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(w->body);
    for (size_t i = 0; i < res.header_count; i++)
        if (strcmp(res.headers[i].name, "Link") == 0)
            snprintf(w->link, sizeof w->link, "%s", res.headers[i].value);
    return w->status = res.status;
}

static inline int ask_as(struct world *w, const char *who, enum http_method method,
                         const char *target, const char *json)
{
    return send(w, who, method, target, "application/json", str_of(json ? json : ""));
}

static inline int ask(struct world *w, enum http_method method, const char *target,
                      const char *json)
{
    return ask_as(w, OWNER_ACCOUNT, method, target, json);
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

/* A project with ann as its owner, bob as its viewer and the first account as its editor. */
static inline void make_project(struct world *w, const char *id, const char *slug)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "INSERT INTO projects (id, slug, name, description, status, requirements_txt,"
             " created_us, updated_us) VALUES ('%s', '%s', 'P', '', 'active', '', 1, 1)",
             id, slug);
    run(w, sql);
    snprintf(sql, sizeof sql,
             "INSERT INTO project_members (project_id, account_id, role, created_us) VALUES"
             " ('%s', 'ann', 3, 1), ('%s', 'bob', 1, 1), ('%s', 'owner', 2, 1)",
             id, id, id);
    run(w, sql);
    functions_changed(w->app.functions);
}

static inline void refuse(struct world *w, enum http_method method, const char *target,
                          const char *json, const char *what)
{
    int status = ask(w, method, target, json);
    if (status != 422 || !strstr(w->e.text, what))
        fail_msg("%s: %d '%s' instead of '%s'", json, status, w->e.text, what);
}
