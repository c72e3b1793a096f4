#include "functions/functions.h"

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "functions/functions_store.h"
#include "http/http.h"
#include "runtimes/runtimes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A server's control plane without a server: requests are made by hand, answers read as JSON. */
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

static void world_make(struct world *w, bool egress)
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

static void world_done(struct world *w)
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
static int send(struct world *w, const char *who, enum http_method method, const char *target,
                const char *type, struct str body)
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

static int ask(struct world *w, enum http_method method, const char *target, const char *json)
{
    return send(w, "owner", method, target, "application/json", str_of(json ? json : ""));
}

static const char *text(const struct world *w, const char *name)
{
    return json_string_value(json_object_get(w->body, name));
}

static json_int_t number(const struct world *w, const char *name)
{
    return json_integer_value(json_object_get(w->body, name));
}

#define OK(w, ...)                                                                                 \
    do {                                                                                           \
        if (ask(w, __VA_ARGS__) != 200)                                                            \
            fail_msg("%s", (w)->e.text);                                                           \
    } while (0)

/* Makes a function and writes its path into `path`. */
static void create(struct world *w, const char *name, char path[96])
{
    auto_buf struct buf json = {0};
    buf_addf(&json, "{\"name\":\"%s\",\"code\":\"def handler(e): return 1\"}", name);
    OK(w, HTTP_POST, "/api/functions", json.data);
    snprintf(path, 96, "/api/functions/%s", text(w, "id"));
}

static void refuse(struct world *w, enum http_method method, const char *target, const char *json,
                   const char *what)
{
    int status = ask(w, method, target, json);
    if (status != 422 || !strstr(w->e.text, what))
        fail_msg("%s: %d '%s' instead of '%s'", json, status, w->e.text, what);
}

TEST(a_created_function_has_every_field_and_its_defaults)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96];
    create(&w, "hello", path);
    CHECK(strlen(text(&w, "id")) == 24);
    CHECK_STR(text(&w, "name"), "hello");
    CHECK_STR(text(&w, "description"), "");
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    CHECK_STR(text(&w, "runtime"), "python");
    CHECK_STR(text(&w, "status"), "active");
    CHECK_STR(text(&w, "reuse"), "always");
    CHECK(number(&w, "active_version") == 1);
    CHECK(number(&w, "concurrency") == 16 && number(&w, "queue") == 256);
    CHECK(json_is_false(json_object_get(w.body, "network_enabled")));
    CHECK(json_is_false(json_object_get(w.body, "public_logs")));
    json_t *limits = json_object_get(w.body, "limits");
    CHECK(json_real_value(json_object_get(limits, "cpu")) == 0.5);
    CHECK(json_integer_value(json_object_get(limits, "memory_mb")) == 128);
    CHECK(json_integer_value(json_object_get(limits, "timeout_ms")) == 30000);
    json_t *file = json_array_get(json_object_get(w.body, "files"), 0);
    CHECK_STR(json_string_value(json_object_get(file, "path")), "main.py");
    const char *created = text(&w, "created_at");
    CHECK(strlen(created) == 27 && created[26] == 'Z');
    CHECK_STR(created, text(&w, "updated_at"));
    CHECK(w.changed == 1 && w.last_version == 1 && w.code);
}

TEST(a_function_is_found_by_id_and_by_name)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96];
    create(&w, "My function_1.x", path);
    OK(&w, HTTP_GET, path, NULL);
    OK(&w, HTTP_GET, "/api/functions/My function_1.x", NULL);
    CHECK(ask(&w, HTTP_GET, "/api/functions/other", NULL) == 404);
    CHECK_STR(w.e.text, "Function not found");
}

TEST(what_does_not_fit_is_refused_with_its_place)
{
    auto_world struct world w;
    world_make(&w, false);
    static const struct {
        const char *member, *what;
    } wrong[] = {
        {"\"name\":null", "body.name: Input should be a valid string"},
        {"\"name\":\"\"", "1 to 64 letters"},
        {"\"name\":\"-x\"", "1 to 64 letters"},
        {"\"name\":\"a/b\"", "1 to 64 letters"},
        {"\"code\":null", "body.code: Input should be a valid string"},
        {"\"code\":7", "body.code: Input should be a valid string"},
        {"\"description\":null", "body.description"},
        {"\"runtime\":\"cobol\"", "python"},
        {"\"runtime\":null", "body.runtime"},
        {"\"handler\":\"a b\"", "body.handler"},
        {"\"handler\":\"\"", "body.handler"},
        {"\"limits\":[]", "body.limits: Input should be a valid dictionary"},
        {"\"limits\":{\"memory_mb\":15}",
         "body.limits.memory_mb: Input should be from 16 to 16384"},
        {"\"limits\":{\"memory_mb\":64.5}", "valid integer"},
        {"\"limits\":{\"memory_mb\":\"64\"}", "valid integer"},
        {"\"limits\":{\"cpu\":0.01}", "body.limits.cpu: Input should be from 0.05 to 64"},
        {"\"limits\":{\"cpu\":1e300}", "from 0.05 to 64"},
        {"\"limits\":{\"timeout_ms\":900001}", "from 1 to 900000"},
        {"\"limits\":{\"timeout_ms\":9223372036854775807}", "from 1 to 900000"},
        {"\"limits\":{\"pids\":-1}", "from 1 to 4096"},
        {"\"limits\":{\"tmp_mb\":null}", "valid integer"},
        {"\"concurrency\":0", "from 1 to 1000"},
        {"\"queue\":10001", "from 0 to 10000"},
        {"\"reuse\":\"maybe\"", "'always' or 'never'"},
        {"\"status\":\"paused\"", "'active' or 'inactive'"},
        {"\"public_logs\":1", "valid boolean"},
        {"\"network_enabled\":true", "this server has no egress network"},
        {"\"runtime\":\"nodejs\",\"limits\":{\"memory_mb\":32}", "at least 64 MB"},
        {"\"environment\":[]", "valid dictionary"},
        {"\"environment\":{\"1A\":\"x\"}", "not beginning with a digit"},
        {"\"environment\":{\"A-B\":\"x\"}", "letters, digits and '_'"},
        {"\"environment\":{\"A\":1}", "Value of 'A'"},
        {"\"environment\":{\"A\":null}", "Value of 'A'"},
        {"\"environment\":{\"A\":\"****\"}", "masked"},
        {"\"environment\":{\"LD_PRELOAD\":\"x\"}", "reserved"},
        {"\"environment\":{\"VIRGA_X\":\"x\"}", "reserved"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        auto_buf struct buf json = {0};
        bool named = strncmp(wrong[i].member, "\"name\"", 6) == 0;
        bool coded = strncmp(wrong[i].member, "\"code\"", 6) == 0;
        buf_addf(&json, "{%s%s%s}", named ? "" : "\"name\":\"x\",", coded ? "" : "\"code\":\"y\",",
                 wrong[i].member);
        refuse(&w, HTTP_POST, "/api/functions", json.data, wrong[i].what);
    }
    refuse(&w, HTTP_POST, "/api/functions", "{\"code\":\"x\"}", "body.name: Field required");
    refuse(&w, HTTP_POST, "/api/functions", "{\"name\":\"x\"}", "body.code: Field required");
    OK(&w, HTTP_GET, "/api/functions", NULL);
    CHECK(json_array_size(w.body) == 0 && w.changed == 0);
}

TEST(code_with_a_nul_and_a_huge_environment_are_refused)
{
    auto_world struct world w;
    world_make(&w, false);
    CHECK(ask(&w, HTTP_POST, "/api/functions", "{\"name\":\"x\",\"code\":\"a\\u0000b\"}") == 422);
    auto_buf struct buf json = {0};
    buf_addz(&json, "{\"name\":\"x\",\"code\":\"\",\"environment\":{\"A\":\"");
    for (int i = 0; i < 65536; i++)
        buf_addz(&json, "a");
    buf_addz(&json, "\"}}");
    refuse(&w, HTTP_POST, "/api/functions", json.data, "64 KB");
}

TEST(a_name_serves_one_function)
{
    auto_world struct world w;
    world_make(&w, false);
    char one[96], two[96];
    create(&w, "one", one);
    create(&w, "two", two);
    CHECK(ask(&w, HTTP_POST, "/api/functions", "{\"name\":\"one\",\"code\":\"\"}") == 409);
    CHECK_STR(w.e.text, "A function named 'one' exists already");
    CHECK(ask(&w, HTTP_PUT, two, "{\"name\":\"one\"}") == 409);
    CHECK(w.changed == 2); /* nobody was told of what was not stored */
    OK(&w, HTTP_PUT, one, "{\"name\":\"one\"}");
    OK(&w, HTTP_GET, "/api/functions", NULL);
    CHECK(json_array_size(w.body) == 2);
}

TEST(only_what_is_sent_changes_and_only_code_makes_a_version)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96];
    create(&w, "fn", path);
    OK(&w, HTTP_PUT, path, "{\"description\":\"d\",\"limits\":{\"memory_mb\":256},\"unknown\":1}");
    CHECK(number(&w, "active_version") == 1);
    CHECK_STR(text(&w, "description"), "d");
    json_t *limits = json_object_get(w.body, "limits");
    CHECK(json_integer_value(json_object_get(limits, "memory_mb")) == 256);
    CHECK(json_integer_value(json_object_get(limits, "pids")) == 64);
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    OK(&w, HTTP_PUT, path, "{\"code\":\"def handler(e): return 1\"}"); /* even when unchanged */
    CHECK(number(&w, "active_version") == 2 && w.last_version == 2);
    OK(&w, HTTP_PUT, path, "{\"status\":\"inactive\"}");
    CHECK(!w.last_active && number(&w, "active_version") == 2);
    OK(&w, HTTP_PUT, path, "{\"handler\":\"main.other\"}"); /* other code runs: a version */
    CHECK(number(&w, "active_version") == 3);
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    unsigned told = w.changed;
    OK(&w, HTTP_PUT, path, "{}");
    CHECK(w.changed == told);
    CHECK(ask(&w, HTTP_PUT, "/api/functions/none", "{\"description\":\"x\"}") == 404);
}

TEST(rolling_back_moves_the_pointer_and_the_next_save_goes_on_counting)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96], versions[128], one[160];
    create(&w, "fn", path);
    snprintf(versions, sizeof versions, "%s/versions", path);
    snprintf(one, sizeof one, "%s/1", versions);
    OK(&w, HTTP_PUT, path, "{\"code\":\"two\",\"handler\":\"main.two\"}");
    OK(&w, HTTP_PUT, one, NULL);
    CHECK(number(&w, "active_version") == 1 && w.last_version == 1);
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    CHECK_STR(text(&w, "handler"), "main.handler");
    CHECK(w.code && memmem(w.code->bytes, w.code->len, "return 1", 8));
    OK(&w, HTTP_PUT, path, "{\"code\":\"three\"}");
    CHECK(number(&w, "active_version") == 3);
    OK(&w, HTTP_GET, versions, NULL);
    CHECK(json_array_size(w.body) == 3);
    json_t *newest = json_array_get(w.body, 0), *second = json_array_get(w.body, 1);
    CHECK(json_integer_value(json_object_get(newest, "version")) == 3);
    CHECK(json_is_true(json_object_get(newest, "active")));
    CHECK(json_is_false(json_object_get(second, "active")));
    CHECK_STR(json_string_value(json_object_get(second, "code")), "two");
    CHECK(json_integer_value(json_object_get(second, "size")) == 3);
    snprintf(one, sizeof one, "%s/9", versions);
    CHECK(ask(&w, HTTP_PUT, one, NULL) == 404);
    CHECK_STR(w.e.text, "Version not found");
    snprintf(one, sizeof one, "%s/x", versions);
    refuse(&w, HTTP_PUT, one, "", "path.version: Input should be a valid integer");
}

TEST(the_newest_hundred_versions_are_kept_and_the_active_one)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96], versions[128];
    create(&w, "fn", path);
    for (int i = 2; i <= 105; i++)
        OK(&w, HTTP_PUT, path, "{\"code\":\"x\"}");
    snprintf(versions, sizeof versions, "%s/versions", path);
    OK(&w, HTTP_GET, versions, NULL);
    CHECK_INT(json_array_size(w.body), VERSIONS_KEPT);
    json_t *oldest = json_array_get(w.body, VERSIONS_KEPT - 1);
    CHECK(json_integer_value(json_object_get(oldest, "version")) == 6);
    snprintf(versions, sizeof versions, "%s/versions?limit=2&before=50", path);
    OK(&w, HTTP_GET, versions, NULL);
    CHECK(json_array_size(w.body) == 2);
    CHECK_STR(w.link, "<?before=48&limit=2>; rel=\"next\"");
}

TEST(values_of_the_environment_are_sealed_masked_and_kept)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96];
    create(&w, "fn", path);
    OK(&w, HTTP_PUT, path, "{\"environment\":{\"KEY\":\"s3cr3t\",\"B\":\"b\"}}");
    json_t *environment = json_object_get(w.body, "environment");
    CHECK_STR(json_string_value(json_object_get(environment, "KEY")), "****");
    OK(&w, HTTP_PUT, path, "{\"environment\":{\"KEY\":\"****\",\"C\":\"c\"}}");
    struct function fn;
    struct function_spec spec;
    auto_arena struct arena *a = arena_new();
    CHECK(functions_find(w.db, a, "fn", &fn, &w.e) == 0);
    CHECK(memmem(fn.environment.p, fn.environment.n, "s3cr3t", 6) == NULL);
    CHECK(function_to_spec(w.app.functions, a, &fn, &spec, &w.e) == 0);
    CHECK(strstr(spec.environment, "\"KEY\":\"s3cr3t\"") &&
          strstr(spec.environment, "\"C\":\"c\""));
    CHECK(!strstr(spec.environment, "\"B\""));
    OK(&w, HTTP_PUT, path, "{\"environment\":{}}");
    CHECK(json_object_size(json_object_get(w.body, "environment")) == 0);
}

TEST(the_engine_gets_limits_in_its_own_units)
{
    auto_world struct world w;
    world_make(&w, true);
    OK(&w, HTTP_POST, "/api/functions",
       "{\"name\":\"fn\",\"code\":\"\",\"reuse\":\"never\",\"network_enabled\":true,"
       "\"limits\":{\"cpu\":1.5,\"memory_mb\":64,\"output_kb\":2}}");
    struct function fn;
    struct function_spec spec;
    auto_arena struct arena *a = arena_new();
    CHECK(functions_find(w.db, a, "fn", &fn, &w.e) == 0);
    CHECK(function_to_spec(w.app.functions, a, &fn, &spec, &w.e) == 0);
    CHECK_STR(spec.id, fn.id);
    CHECK_STR(spec.environment, "{}");
    CHECK_STR(spec.handler, spec.runtime->handler);
    CHECK(spec.limits.cpu_millis == 1500 && spec.limits.memory_bytes == 64 << 20);
    CHECK(spec.output_bytes == 2048 && spec.limits.network && spec.reuse == REUSE_NEVER);
    CHECK(spec.active && spec.version == 1 && spec.timeout_ms == 30000);
    struct code *code = NULL;
    CHECK(functions_load_code(w.db, fn.id, 1, &code, &w.e) == 0);
    CHECK(code->len == 8 + strlen(spec.runtime->entry_file));
    code_unref(code);
    CHECK(functions_load_code(w.db, fn.id, 2, &code, &w.e) < 0 && w.e.code == ERR_NOT_FOUND);
}

TEST(lists_are_newest_first_and_go_on_where_they_ended)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96], target[160];
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        create(&w, names[i], path);
    OK(&w, HTTP_GET, "/api/functions?limit=2", NULL);
    CHECK(json_array_size(w.body) == 2 && w.link[0]);
    CHECK_STR(json_string_value(json_object_get(json_array_get(w.body, 0), "name")), "c");
    const char *last = json_string_value(json_object_get(json_array_get(w.body, 1), "id"));
    snprintf(target, sizeof target, "/api/functions?limit=2&before=%s", last);
    OK(&w, HTTP_GET, target, NULL);
    CHECK(json_array_size(w.body) == 1 && !w.link[0]);
    CHECK_STR(json_string_value(json_object_get(json_array_get(w.body, 0), "name")), "a");
    refuse(&w, HTTP_GET, "/api/functions?limit=0", "", "query.limit");
    refuse(&w, HTTP_GET, "/api/functions?limit=x", "", "query.limit");
}

static int count_functions(void *arg, const struct function *fn, struct err *e)
{
    (void)e;
    CHECK(fn->name[0] && fn->active_version == 1);
    ++*(int *)arg;
    return 0;
}

TEST(a_deleted_function_is_gone_with_versions_and_records)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96];
    create(&w, "kept", path);
    create(&w, "fn", path);
    struct call_record *r = mem_alloc(sizeof *r);
    id_new_call(clock_wall_us(), r->id);
    snprintf(r->function_id, sizeof r->function_id, "%s", text(&w, "id"));
    r->source = "direct";
    calls_push(w.app.calls, r);
    OK(&w, HTTP_DELETE, path, NULL);
    CHECK_STR(text(&w, "detail"), "Function deleted");
    CHECK(w.removed == 1);
    CHECK(ask(&w, HTTP_GET, path, NULL) == 404);
    CHECK(ask(&w, HTTP_DELETE, path, NULL) == 404 && w.removed == 1);
    struct query *q = NULL;
    CHECK(db_query(w.db,
                   "SELECT (SELECT count(*) FROM function_versions),"
                   " (SELECT count(*) FROM calls)",
                   DB_NO_ARGS, &q, &w.e) == 0);
    CHECK(query_next(q, &w.e) == 1 && query_int(q, 0) == 1 && query_int(q, 1) == 0);
    query_done(q);
    int count = 0;
    CHECK(functions_each(w.db, count_functions, &count, &w.e) == 0 && count == 1);
}

/* Archives */

static void add_file(struct buf *tar, const char *name, const char *bytes)
{
    char h[512] = {0};
    size_t n = strlen(bytes);
    unsigned sum = 0;
    snprintf(h, 100, "%s", name);
    snprintf(h + 100, 8, "%07o", 0644);
    snprintf(h + 124, 12, "%011zo", n);
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    buf_add(tar, h, sizeof h);
    buf_add(tar, bytes, n);
    memset(h, 0, sizeof h);
    buf_add(tar, h, (512 - n % 512) % 512);
}

static int deploy(struct world *w, const char *target, struct buf *tar)
{
    static const char end[1024];
    struct buf whole = {0};
    buf_add_str(&whole, buf_str(tar));
    buf_add(&whole, end, sizeof end);
    int status =
        send(w, "owner", HTTP_POST, target, "application/x-tar; charset=binary", buf_str(&whole));
    buf_done(&whole);
    return status;
}

TEST(an_archive_becomes_a_function_and_then_its_next_version)
{
    auto_world struct world w;
    world_make(&w, false);
    auto_buf struct buf tar = {0};
    add_file(&tar, "virga.json",
             "{\"name\":\"app\",\"description\":\"d\",\"environment\":{\"K\":\"s3cr3t\"},"
             "\"limits\":{\"memory_mb\":99}}");
    add_file(&tar, "index.mjs", "export const handler = 1");
    add_file(&tar, "lib/a.js", "a");
    if (deploy(&w, "/api/deploy", &tar) != 200)
        fail_msg("%s", w.e.text);
    CHECK_STR(text(&w, "name"), "app");
    CHECK_STR(text(&w, "runtime"), "nodejs");
    CHECK_STR(text(&w, "description"), "d");
    CHECK(json_array_size(json_object_get(w.body, "files")) == 2);
    CHECK(memmem(w.code->bytes, w.code->len, "s3cr3t", 6) == NULL);
    CHECK_STR(text(&w, "code"), "export const handler = 1");
    CHECK(deploy(&w, "/api/deploy?name=other", &tar) == 200);
    CHECK_STR(text(&w, "name"), "other");
    CHECK(deploy(&w, "/api/deploy?name=app&handler=index.main", &tar) == 200);
    CHECK(number(&w, "active_version") == 2);
    CHECK_STR(text(&w, "handler"), "index.main");
    /* The editor's save replaces the entry file and keeps the others. */
    OK(&w, HTTP_PUT, "/api/functions/app", "{\"code\":\"new\"}");
    CHECK_STR(text(&w, "code"), "new");
    CHECK(json_array_size(json_object_get(w.body, "files")) == 2);
}

TEST(an_archive_that_does_not_say_enough_is_refused)
{
    auto_world struct world w;
    world_make(&w, false);
    auto_buf struct buf tar = {0}, empty = {0}, bad = {0};
    add_file(&tar, "app.txt", "x");
    CHECK(deploy(&w, "/api/deploy", &tar) == 422 && strstr(w.e.text, "query.name"));
    CHECK(deploy(&w, "/api/deploy?name=x", &tar) == 422 && strstr(w.e.text, "query.runtime"));
    CHECK(deploy(&w, "/api/deploy?name=x&runtime=cobol", &tar) == 422);
    CHECK(deploy(&w, "/api/deploy?name=x&runtime=python", &tar) == 200);
    CHECK(deploy(&w, "/api/deploy?name=x", &tar) == 200); /* it keeps the runtime it has */
    add_file(&empty, "virga.json", "{\"name\":\"x\"}");
    CHECK(deploy(&w, "/api/deploy", &empty) == 422 && strstr(w.e.text, "no files"));
    add_file(&bad, "virga.json", "{\"name\":");
    CHECK(deploy(&w, "/api/deploy", &bad) == 422 && strstr(w.e.text, "JSON decode error"));
    add_file(&tar, "../x", "x");
    CHECK(deploy(&w, "/api/deploy?name=x", &tar) == 422 && strstr(w.e.text, "'../x'"));
    CHECK(send(&w, "owner", HTTP_POST, "/api/deploy?name=x", "application/zip", STR("x")) == 422);
}

TEST(records_are_shown_to_the_owner_and_to_others_only_when_opened)
{
    auto_world struct world w;
    world_make(&w, false);
    char path[96], calls[128], last[ID_CALL_TEXT] = "";
    create(&w, "fn", path);
    snprintf(calls, sizeof calls, "%s/invocations", path);
    for (int i = 0; i < 3; i++) {
        struct call_record *r = mem_alloc(sizeof *r);
        id_new_call(clock_wall_us(), r->id);
        snprintf(r->function_id, sizeof r->function_id, "%s", path + strlen("/api/functions/"));
        r->source = i == 2 ? "gateway" : "direct";
        r->status = i == 2 ? CALL_ERROR : CALL_SUCCESS;
        r->duration_us = 1600;
        r->input = mem_strdup("{\"method\":\"GET\",\"path\":\"/x\"}");
        r->error = i == 2 ? mem_strdup("ValueError: \xff") : NULL;
        r->traceback = i == 2 ? mem_strdup("Traceback") : NULL;
        r->out = mem_dup("a\0\xff", 3);
        r->out_len = 3;
        snprintf(last, sizeof last, "%s", r->id);
        calls_push(w.app.calls, r);
    }
    OK(&w, HTTP_GET, calls, NULL); /* at once: it waits for the writer */
    CHECK(json_array_size(w.body) == 3);
    json_t *newest = json_array_get(w.body, 0);
    CHECK_STR(json_string_value(json_object_get(newest, "id")), last);
    CHECK_STR(json_string_value(json_object_get(newest, "status")), "error");
    CHECK_STR(json_string_value(json_object_get(newest, "http_path")), "/x");
    CHECK_STR(json_string_value(json_object_get(newest, "traceback")), "Traceback");
    CHECK_STR(json_string_value(json_object_get(newest, "output")), "");
    CHECK(json_integer_value(json_object_get(newest, "duration_ms")) == 2);
    CHECK(json_string_length(json_object_get(newest, "stdout")) == 5); /* a NUL U+FFFD */
    CHECK(json_is_null(json_object_get(json_array_get(w.body, 1), "http_path")));
    CHECK(send(&w, NULL, HTTP_GET, calls, "", STR("")) == 401);
    CHECK(send(&w, NULL, HTTP_GET, "/api/functions/fn/invocations", "", STR("")) == 401);
    OK(&w, HTTP_PUT, path, "{\"public_logs\":true}");
    CHECK(send(&w, NULL, HTTP_GET, calls, "", STR("")) == 200);
    CHECK(json_object_get(json_array_get(w.body, 0), "traceback") == NULL);
    CHECK(send(&w, NULL, HTTP_GET, "/api/functions/fn/invocations", "", STR("")) == 401);
}

TEST_MAIN(a_created_function_has_every_field_and_its_defaults,
          a_function_is_found_by_id_and_by_name, what_does_not_fit_is_refused_with_its_place,
          code_with_a_nul_and_a_huge_environment_are_refused, a_name_serves_one_function,
          only_what_is_sent_changes_and_only_code_makes_a_version,
          rolling_back_moves_the_pointer_and_the_next_save_goes_on_counting,
          the_newest_hundred_versions_are_kept_and_the_active_one,
          values_of_the_environment_are_sealed_masked_and_kept,
          the_engine_gets_limits_in_its_own_units,
          lists_are_newest_first_and_go_on_where_they_ended,
          a_deleted_function_is_gone_with_versions_and_records,
          an_archive_becomes_a_function_and_then_its_next_version,
          an_archive_that_does_not_say_enough_is_refused,
          records_are_shown_to_the_owner_and_to_others_only_when_opened)
