/* world — scaffolding of the endpoints' tests: a control plane without a server. Requests are made
 * by hand, pass the same check of scope and role as in serve/, and answers are read as JSON. */
#pragma once

#include "app.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/test.h"
#include "http/http.h"
#include "projects/projects.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define GET    HTTP_GET
#define POST   HTTP_POST
#define PUT    HTTP_PUT
#define DELETE HTTP_DELETE

struct world {
    char dir[64], path[96];
    int dir_fd;
    struct app app;
    struct auth_quota quota;
    struct seal *seal;
    struct db *db;
    unsigned scopes;
    const char *host;
    struct arena *arena; /* of the last request */
    int status;
    json_t *body;
    char link[200];
    struct buf notes; /* "project:ID " */
    struct err e;
};

/* What the count of functions reads; and accounts to play with. */
static const struct migration world_tables[] = {
    {90, "functions", "CREATE TABLE functions (id text PRIMARY KEY, project_id text)"},
    {91, "people",
     "INSERT INTO accounts (id, name, name_key, email, email_key, admin, status, created_us,"
     " updated_us) VALUES ('a1', 'Ann', 'ann', 'Ann@x.example', 'ann@x.example', 0, 'active', 0,"
     " 0), ('b1', 'Bob', 'bob', NULL, NULL, 0, 'active', 0, 0),"
     " ('c1', 'Cy', 'cy', NULL, NULL, 0, 'active', 0, 0)"},
    {92, "letters", "UPDATE accounts SET email_proven = email_key WHERE id = 'a1'"},
    {0},
};

static inline void world_note(void *arg, struct db *db, const char *topic, const char *id)
{
    struct world *w = arg;
    (void)db;
    buf_addf(&w->notes, "%s:%s ", topic, id);
}

static inline struct world *world_new(void)
{
    static const struct migration *const migrations[] = {auth_migrations, projects_migrations,
                                                         world_tables, NULL};
    struct world *w = calloc(1, sizeof *w);
    struct err *e = &w->e;
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-projects-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->dir_fd = open(w->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    snprintf(w->path, sizeof w->path, "%s/virga.db", w->dir);
    if (store_open(
            &(struct store_config){
                .path = w->path, .migrations = migrations, .noted = world_note, .arg = w},
            &w->app.store, e) < 0 ||
        db_open(w->app.store, DB_DURABLE, &w->db, e) < 0 || seal_load(w->dir_fd, &w->seal, e) < 0)
        fail_msg("%s", e->text);
    w->app.public_url = "https://virga.example";
    w->app.seal = w->seal;
    w->app.quota = &w->quota;
    w->scopes = SCOPE_ALL;
    w->host = "virga.example:8000";
    return w;
}

static inline void world_free(struct world **at)
{
    static const char *const files[] = {"virga.db", "virga.db-wal", "virga.db-shm", "secret.key"};
    struct world *w = *at;
    json_decref(w->body);
    arena_free(w->arena);
    buf_done(&w->notes);
    db_close(w->db);
    store_close(w->app.store);
    seal_free(w->seal);
    for (size_t i = 0; i < 4; i++)
        unlinkat(w->dir_fd, files[i], 0);
    fd_close(&w->dir_fd);
    CHECK(rmdir(w->dir) == 0);
    free(w);
}

#define auto_world __attribute__((cleanup(world_free)))

/* Matches "/a/:id/b" and fills the parameters, as the router would. */
static inline bool world_match(const char *pattern, const char *path, struct request *req)
{
    struct str p = str_of(pattern), q = str_of(path);
    req->param_count = 0;
    while (p.p && q.p) {
        struct str want = str_cut(&p, '/'), have = str_cut(&q, '/');
        if (want.n && want.p[0] == ':') {
            req->params[req->param_count].name = arena_dup(req->arena, want.p + 1, want.n - 1);
            req->params[req->param_count++].value = arena_dup(req->arena, have.p, have.n);
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return !p.p && !q.p;
}

static inline const struct route *world_route(struct request *req)
{
    static const struct route *const tables[] = {projects_routes, members_routes, variables_routes,
                                                 domains_routes};
    for (size_t i = 0; i < 4; i++)
        for (const struct route *r = tables[i]; r->handle; r++)
            if ((r->method & req->method) && world_match(r->path, req->path, req))
                return r;
    fail_msg("no route for %s", req->path);
    return NULL;
}

/* What auth_authorize and serve/'s admit do together. */
static inline int world_admit(struct request *req, int permission, struct err *e)
{
    const struct permission_rule *rule = auth_permission(permission);
    if (rule->scope && !(req->principal->scopes & rule->scope))
        return err_set(e, ERR_DENIED, "no such scope");
    return rule->object == OBJECT_PROJECT ? projects_admit(req, rule->role, e) : 0;
}

static inline void world_keep(struct world *w, const struct response *res)
{
    w->body = json_loadb(res->body.p, res->body.n, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    assert_non_null(w->body);
    for (size_t i = 0; i < res->header_count; i++)
        if (strcmp(res->headers[i].name, "Link") == 0)
            snprintf(w->link, sizeof w->link, "%s", res->headers[i].value);
}

/* Sends a request of account `who` and returns the status; the answer is in w->body, a refusal in
 * w->e. */
static inline int ask(struct world *w, const char *who, enum http_method method, const char *target,
                      const char *json)
{
    json_decref(w->body);
    arena_free(w->arena);
    w->body = NULL;
    w->link[0] = 0;
    w->arena = arena_new();
    w->e = (struct err){0};
    struct str query = str_of(target), path = str_cut(&query, '?');
    struct principal principal = {
        .account = who, .name = who, .scopes = w->scopes, .credential = "k1"};
    struct request req = {.arena = w->arena,
                          .method = method,
                          .path = arena_dup(w->arena, path.p, path.n),
                          .query = query.p ? query.p : "",
                          .target = target,
                          .body = str_of(json ? json : ""),
                          .peer = "192.0.2.1",
                          .host = w->host,
                          .principal = &principal,
                          .app = &w->app,
                          .context = w->db};
    struct response res = {.status = 200};
    const struct route *route = world_route(&req);
    if (world_admit(&req, route->permission, &w->e) < 0 || route->handle(&req, &res, &w->e) < 0)
        return w->status = err_http_status(w->e.code);
    world_keep(w, &res);
    return w->status = res.status;
}

/* Puts the path of something below the project into `w`'s arena-free scratch: up to four live. */
static inline const char *at(const char *project, const char *rest)
{
    static char paths[4][1024];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "/api/projects/%s%s", project, rest);
    return path;
}

static inline json_t *member_of(struct world *w, const char *name)
{
    json_t *value = json_object_get(w->body, name);
    if (!value)
        fail_msg("no member '%s'", name);
    return value;
}

static inline const char *text(struct world *w, const char *name)
{
    return json_string_value(member_of(w, name));
}

/* Of a list: the member of its row `i`. */
static inline const char *row_text(struct world *w, size_t i, const char *name)
{
    return json_string_value(json_object_get(json_array_get(w->body, i), name));
}

static inline size_t rows(struct world *w)
{
    return json_array_size(w->body);
}

#define OK(w, ...)                                                                                 \
    do {                                                                                           \
        if (ask(w, __VA_ARGS__) != 200)                                                            \
            fail_msg("%d %s", (w)->status, (w)->e.text);                                           \
    } while (0)

/* Makes a project of the account and writes its id into `id`. */
static inline void create(struct world *w, const char *who, const char *name, char id[32])
{
    char body[400];
    snprintf(body, sizeof body, "{\"name\":\"%s\"}", name);
    OK(w, who, HTTP_POST, "/api/projects", body);
    snprintf(id, 32, "%s", text(w, "id"));
}

static inline void refuse(struct world *w, int status, const char *what, const char *who,
                          enum http_method method, const char *target, const char *json)
{
    int got = ask(w, who, method, target, json);
    if (got != status || !strstr(w->e.text, what))
        fail_msg("%s %s: %d '%s' instead of %d '%s'", target, json ? json : "", got, w->e.text,
                 status, what);
}

/* How many lines the audit log has of this action on this object with this detail. */
static inline int64_t audited(struct world *w, const char *action, const char *object,
                              const char *detail)
{
    auto_query struct query *q = NULL;
    struct err e = {0};
    if (db_query(w->db,
                 "SELECT count(*) FROM audit WHERE action = $1 AND object = $2 AND detail = $3"
                 " AND credential = 'k1' AND address = '192.0.2.1'",
                 DB_ARGS(db_textz(action), db_textz(object), db_textz(detail)), &q, &e) < 0 ||
        query_next(q, &e) < 0)
        fail_msg("%s", e.text);
    return query_int(q, 0);
}

/* Whether a note was told since the last look, which forgets all of them. */
static inline bool noted(struct world *w, const char *topic, const char *id)
{
    char want[100];
    snprintf(want, sizeof want, "%s:%s ", topic, id);
    bool found = w->notes.data && strstr(w->notes.data, want);
    buf_clear(&w->notes);
    if (w->notes.data)
        w->notes.data[0] = 0;
    return found;
}
