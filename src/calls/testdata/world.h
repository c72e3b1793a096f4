/* world — scaffolding of the tests: a store with accounts, projects and functions in it, and the
 * writer of records. Requests are made by hand, answers read as JSON.
 *
 * The store is a file, or a schema of its own in the PostgreSQL that $VIRGA_TEST_POSTGRES names:
 * WORLD_MAIN runs each test on both. */
#pragma once

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "calls/calls.h"
#include "calls/scan.h"
#include "engine/engine.h"
#include "functions/functions.h"
#include "projects/projects.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
    char dir[64], path[256];
    char schema[40]; /* "" with a file */
    struct app app;
    struct db *db;
    struct calls_config config;
    struct arena *arena; /* of the last request */
    int status;
    json_t *body;
    char link[400];
    struct err e;
};

#define OK(w, x)                                                                                   \
    do {                                                                                           \
        if ((x) < 0)                                                                               \
            fail_msg("%s", (w)->e.text);                                                           \
    } while (0)

static inline void world_open(struct world *w)
{
    static const struct migration *const migrations[] = {
        auth_migrations, projects_migrations, functions_migrations, calls_migrations, NULL};
    struct store_config config = {.path = w->path, .migrations = migrations};
    OK(w, store_open(&config, &w->app.store, &w->e));
    w->config.store = w->app.store;
    OK(w, calls_open(&w->config, &w->app.calls, &w->e));
    OK(w, db_open(w->app.store, DB_DURABLE, &w->db, &w->e));
}

static inline void world_close(struct world *w)
{
    calls_close(take_ptr(w->app.calls));
    db_close(take_ptr(w->db));
    store_close(take_ptr(w->app.store));
}

static bool on_postgres; /* the half of the tests that runs */

#define WORLD_MAIN(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {TEST_EACH_(TEST_ROW_, __VA_ARGS__)};                    \
        int bad = cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);                        \
        on_postgres = getenv("VIRGA_TEST_POSTGRES") != NULL;                                       \
        if (on_postgres)                                                                           \
            return bad + cmocka_run_group_tests_name("PostgreSQL", tests, NULL, NULL);             \
        print_message("skipped: the half on PostgreSQL: VIRGA_TEST_POSTGRES is not set\n");        \
        return bad;                                                                                \
    }

/* Makes or drops a schema. */
static inline void world_admin(struct world *w, const char *verb, const char *behind)
{
    static const struct migration *const none[] = {NULL};
    struct store *store = NULL;
    struct db *db = NULL;
    char sql[100];
    struct store_config config = {.path = getenv("VIRGA_TEST_POSTGRES"), .migrations = none};
    OK(w, store_open(&config, &store, &w->e));
    OK(w, db_open(store, DB_DURABLE, &db, &w->e));
    snprintf(sql, sizeof sql, "%s SCHEMA %s%s", verb, w->schema, behind);
    OK(w, db_exec(db, sql, DB_NO_ARGS, &w->e));
    db_close(db);
    store_close(store);
}

static inline void world_make(struct world *w)
{
    static int count;
    *w = (struct world){0};
    if (on_postgres) {
        snprintf(w->schema, sizeof w->schema, "calls%d_%d", (int)getpid(), ++count);
        world_admin(w, "CREATE", "");
        snprintf(w->path, sizeof w->path, "%s&options=-csearch_path%%3D%s",
                 getenv("VIRGA_TEST_POSTGRES"), w->schema);
        return;
    }
    snprintf(w->dir, sizeof w->dir, "/tmp/virga-calls-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/virga.db", w->dir);
}

static inline void world_done(struct world *w)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    world_close(w);
    json_decref(w->body);
    arena_free(w->arena);
    if (w->schema[0]) {
        world_admin(w, "DROP", " CASCADE");
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        char file[300];
        snprintf(file, sizeof file, "%s%s", w->path, suffixes[i]);
        unlink(file);
    }
    rmdir(w->dir);
}

#define auto_world __attribute__((cleanup(world_done)))

static inline void run_sql(struct world *w, const char *sql)
{
    OK(w, db_exec(w->db, sql, DB_NO_ARGS, &w->e));
}

static inline int64_t ask_sql(struct world *w, const char *sql)
{
    auto_query struct query *q = NULL;
    OK(w, db_query(w->db, sql, DB_NO_ARGS, &q, &w->e));
    CHECK(query_next(q, &w->e) == 1);
    return query_int(q, 0);
}

/* --- who and what there is --- */

static inline void add_account(struct world *w, const char *id)
{
    OK(w, db_exec(w->db,
                  "INSERT INTO accounts (id, name, name_key, admin, status, created_us, updated_us)"
                  " VALUES ($1, $1, $1, 0, 'active', 0, 0)",
                  DB_ARGS(db_textz(id)), &w->e));
}

static inline void add_project(struct world *w, const char *id)
{
    OK(w, db_exec(w->db,
                  "INSERT INTO projects (id, slug, name, description, status, requirements_txt,"
                  " created_us, updated_us) VALUES ($1, $1, $1, '', 'active', '', 0, 0)",
                  DB_ARGS(db_textz(id)), &w->e));
}

static inline void add_member(struct world *w, const char *project, const char *account,
                              enum role role)
{
    OK(w, db_exec(w->db,
                  "INSERT INTO project_members (project_id, account_id, role, created_us)"
                  " VALUES ($1, $2, $3, 0)",
                  DB_ARGS(db_textz(project), db_textz(account), db_int(role)), &w->e));
}

/* Its name is "f-" and its id. */
static inline void add_function(struct world *w, const char *id, const char *account,
                                const char *project)
{
    OK(w,
       db_exec(
           w->db,
           "INSERT INTO functions (id, name, description, runtime, handler, active_version,"
           " status, network_enabled, public_logs, memory_mb, cpu_millis, timeout_ms, pids,"
           " tmp_mb, output_kb, result_kb, file_mb, open_files, concurrency, queue, reuse,"
           " created_us, updated_us, account_id, project_id, access, rate_limit,"
           " client_rate_limit, owner_id) VALUES ($1, 'f-' || $1, '', 'python', 'main.handler', 1,"
           " 'active', 0, 0, 128, 500, 30000, 64, 64, 1024, 1024, 64, 1024, 16, 256,"
           " 'always', 0, 0, $2, $3, 'public', 0, 0, $4)",
           DB_ARGS(db_textz(id), db_textz(account), db_textz(project),
                   db_textz(project ? NULL : account)),
           &w->e));
    OK(w, db_exec(w->db,
                  "INSERT INTO function_versions (function_id, version, runtime, handler, size,"
                  " created_us, files, entry, code) VALUES ($1, 1, 'python', 'main.handler', 0, 0,"
                  " '[]', '', $2)",
                  DB_ARGS(db_textz(id), db_blob(STR("x"))), &w->e));
}

/* Everything in one call: the owner's function "a" without a project. */
static inline void world_start(struct world *w)
{
    world_make(w);
    world_open(w);
    add_function(w, "a", OWNER_ACCOUNT, NULL);
}

/* --- records --- */

static inline struct call_record *record_at(const char *function, int64_t us)
{
    struct call_record *r = mem_alloc(sizeof *r);
    r->created_us = us;
    id_new_call(us, r->id);
    snprintf(r->function_id, sizeof r->function_id, "%s", function);
    r->version = 1;
    r->source = "direct";
    r->duration_us = 1000;
    r->output = mem_strdup("1");
    r->output_len = 1;
    return r;
}

static inline struct call_record *record(const char *function, int n)
{
    struct call_record *r = record_at(function, clock_wall_us());
    char input[64];
    snprintf(input, sizeof input, "{\"n\":%d}", n);
    r->input = mem_strdup(input);
    return r;
}

static inline void push(struct world *w, const char *function, int count)
{
    for (int i = 0; i < count; i++)
        calls_push(w->app.calls, record(function, i));
}

/* For what comes, sooner or later. */
enum { WORLD_DEADLINE_US = 60000000 };

/* A server answers that records cannot be written when they wait for long, or behind a failure:
 * here the machine may only be busy. */
static inline void flush(struct world *w)
{
    uint64_t until = clock_mono_us() + WORLD_DEADLINE_US;
    struct err e = {0};
    while (calls_flush_wait(w->app.calls, &e) < 0)
        if (clock_mono_us() > until)
            fail_msg("%s", e.text);
}

static inline int64_t count(struct world *w, const char *function)
{
    auto_query struct query *q = NULL;
    OK(w, db_query(w->db, "SELECT count(*) FROM calls WHERE function_id = $1",
                   DB_ARGS(db_textz(function)), &q, &w->e));
    CHECK(query_next(q, &w->e) == 1);
    return query_int(q, 0);
}

/* --- requests --- */

/* Matches "/a/:id/b" and fills the parameters, as the router would. */
static inline bool match(const char *pattern, const char *path, struct request *req)
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

static inline const struct route *route_for(struct request *req)
{
    static const struct route *const tables[] = {calls_routes, stats_routes};
    for (size_t i = 0; i < 2; i++)
        for (const struct route *r = tables[i]; r->handle; r++)
            if (match(r->path, req->path, req))
                return r;
    fail_msg("no route for %s", req->path);
    return NULL;
}

/* Asks as this account (NULL: as a stranger) and returns the status; the answer is in w->body, a
 * refusal in w->e. */
static inline int ask(struct world *w, const char *who, const char *target)
{
    json_decref(w->body);
    arena_free(w->arena);
    w->body = NULL;
    w->link[0] = 0;
    w->arena = arena_new();
    w->e = (struct err){0};
    struct principal principal = {.account = who, .scopes = SCOPE_ALL};
    struct str query = str_of(target), path = str_cut(&query, '?');
    struct request req = {.arena = w->arena,
                          .method = HTTP_GET,
                          .path = arena_dup(w->arena, path.p, path.n),
                          .query = query.p ? query.p : "",
                          .target = target,
                          .principal = who ? &principal : NULL,
                          .app = &w->app,
                          .context = w->db};
    struct response res = {.status = 200};
    if (route_for(&req)->handle(&req, &res, &w->e) < 0)
        return w->status = err_http_status(w->e.code);
    w->body = json_loadb(res.body.p, res.body.n, JSON_ALLOW_NUL, NULL);
    assert_non_null(w->body);
    for (size_t i = 0; i < res.header_count; i++)
        if (strcmp(res.headers[i].name, "Link") == 0)
            snprintf(w->link, sizeof w->link, "%s", res.headers[i].value);
    return w->status = res.status;
}

/* As the owner, who must get an answer. */
static inline void get(struct world *w, const char *target)
{
    if (ask(w, OWNER_ACCOUNT, target) != 200)
        fail_msg("%s: %s", target, w->e.text);
}

static inline void refuse(struct world *w, const char *target, const char *what)
{
    if (ask(w, OWNER_ACCOUNT, target) != 422 || !strstr(w->e.text, what))
        fail_msg("%s: %d '%s' instead of '%s'", target, w->status, w->e.text, what);
}

static inline const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static inline double number_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}
