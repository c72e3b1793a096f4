#include "serve/server.h"

#include "auth/auth.h"
#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"
#include "calls/calls.h"
#include "deps/deps.h"
#include "deps/index.h"
#include "cluster/cluster.h"
#include "databases/databases.h"
#include "engine/engine.h"
#include "functions/functions.h"
#include "gateway/gateway.h"
#include "projects/projects.h"
#include "runtimes/runtimes.h"
#include "sandbox/sandbox.h"
#include "serve/admit.h"
#include "serve/catchup.h"
#include "serve/checks.h"
#include "serve/fetch.h"
#include "serve/origins.h"
#include "serve/quotas.h"
#include "serve/refresh.h"
#include "serve/routes.h"
#include "serve/schema.h"
#include "store/store.h"
#include "web/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    QUEUED_REQUESTS = 1024, /* of the control plane, waiting for a worker */
    SLOW_WORKERS = 2,       /* each hashes one password, in 64 MB */
    QUEUED_SLOW = 64,
    LONG_WORKERS = 4, /* each waits for another server: databases */
    QUEUED_LONG = 128,
};

int server_open_cluster(struct server *s, struct err *e)
{
    if (cluster_new(s->keeper_fd, s->data_path, &s->app.cluster, e) < 0)
        return -1;
    s->keeper_fd = -1; /* the cluster's now */
    return 0;
}

int server_open_store(struct server *s, struct err *e)
{
    char path[sizeof s->data_path + 16], shown[PATH_MAX];
    snprintf(path, sizeof path, "%s/virga.db", s->data_path);
    snprintf(shown, sizeof shown, "%s/virga.db", s->settings.data_dir);
    pthread_mutex_init(&s->refreshing, NULL);
    return store_open(&(struct store_config){.path = s->settings.store ? s->settings.store : path,
                                             .shown = s->settings.store ? NULL : shown,
                                             .migrations = schema_migrations,
                                             .alone = true,
                                             .noted = refresh,
                                             .arg = s},
                      &s->app.store, e);
}

int server_open_loop(struct server *s, struct err *e)
{
    if (loop_new(&s->loop, e) < 0)
        return -1;
    loop_busy_poll(s->loop, s->settings.busy_poll_us);
    handoff_init(&s->handoff, s->loop);
    s->catchup = catchup_new(s);
    s->app.loop = s->loop;
    return 0;
}

int server_open_calls(struct server *s, struct err *e)
{
    return calls_open(&(struct calls_config){.store = s->app.store,
                                             .keep_days = s->settings.calls_days,
                                             .keep_per_function = s->settings.calls_per_function},
                      &s->app.calls, e);
}

int server_open_functions(struct server *s, struct err *e)
{
    (void)e;
    s->app.functions = functions_new(&(struct functions_config){
        .seal = s->seal, .no_egress = s->app.no_egress, .files_max = s->settings.body_max});
    return 0;
}

int server_open_databases(struct server *s, struct err *e)
{
    const struct settings *o = &s->settings;
    return databases_open(
        &(struct databases_config){.store = s->app.store,
                                   .seal = s->seal,
                                   .cluster = s->app.cluster,
                                   .data_fd = s->data_fd,
                                   .provider = o->database_provider,
                                   .admin_url = o->database_url,
                                   .neon_key = o->neon_key,
                                   .neon_url = o->neon_url,
                                   .size_max = o->database_size_max,
                                   .connections_max = o->database_connections,
                                   .statement_timeout_ms = o->database_statement_ms},
        &s->app.databases, e);
}

int server_start_databases(struct server *s, struct err *e)
{
    return databases_start(s->app.databases, e);
}

int server_open_gateway(struct server *s, struct err *e)
{
    (void)e;
    s->app.gateway = gateway_new(&(struct gateway_config){.app = &s->app});
    return 0;
}

/* --- what the engine asks for --- */

static void on_fetch(void *arg, const char *function_id, uint32_t version)
{
    struct server *s = arg;
    fetch_code(s->workers, s->app.engine, function_id, version);
}

static void on_record(void *arg, struct call_record *r)
{
    struct server *s = arg;
    calls_push(s->app.calls, r);
}

static bool has_room(void *arg)
{
    struct server *s = arg;
    return calls_room(s->app.calls);
}

static void on_learned(void *arg, const char *scope, const struct runtime *runtime,
                       const uint8_t layer_id[LAYER_ID], struct str modules)
{
    struct server *s = arg;
    deps_learned(s->app.deps, scope, runtime->name, layer_id, modules);
}

int server_open_engine(struct server *s, struct err *e)
{
    struct engine_config config = {
        .runtimes = runtimes,
        .slots_max = s->settings.slots_max,
        .blanks = s->settings.blanks,
        .idle_ms = s->settings.idle_s * 1000,
        .variant_idle_ms = s->settings.template_idle_s * 1000,
        .variant_memory_max = s->settings.template_memory_max,
        .code_cache_max = s->settings.code_cache_max,
        .leased = 1, /* the build program */
        .fetch_code = on_fetch,
        .learned = on_learned,
        .record = on_record,
        .record_room = has_room,
        .arg = s,
    };
    if (engine_new(s->loop, s->spawner_fd, &config, &s->app.engine, e) < 0)
        return -1;
    s->spawner_fd = -1; /* the engine's now */
    return 0;
}

static int enter_worker(void *arg, void **ret_context, struct err *e)
{
    struct server *s = arg;
    struct db *db;
    if (db_open(s->app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    *ret_context = db;
    return 0;
}

static void leave_worker(void *arg, void *context)
{
    (void)arg;
    db_close(context);
}

static int open_pool(struct server *s, unsigned threads, unsigned queue, struct workers **ret,
                     struct err *e)
{
    return workers_new(s->loop,
                       &(struct workers_config){.threads = threads,
                                                .queue_max = queue,
                                                .enter = enter_worker,
                                                .leave = leave_worker,
                                                .arg = s},
                       ret, e);
}

int server_open_workers(struct server *s, struct err *e)
{
    if (open_pool(s, s->settings.workers, QUEUED_REQUESTS, &s->workers, e) < 0 ||
        open_pool(s, SLOW_WORKERS, QUEUED_SLOW, &s->slow_workers, e) < 0 ||
        open_pool(s, LONG_WORKERS, QUEUED_LONG, &s->long_workers, e) < 0)
        return -1;
    s->app.workers = s->workers;
    return 0;
}

int server_open_deps(struct server *s, struct err *e)
{
    const struct settings *o = &s->settings;
    snprintf(s->layers_path, sizeof s->layers_path, "%s/layers", s->data_path);
    return deps_open(&(struct deps_config){.app = &s->app,
                                           .index = s->index,
                                           .build_template = s->build_template,
                                           .layers_dir = s->layers_path,
                                           .memory_bytes = o->build_memory,
                                           .size_bytes = o->build_size,
                                           .files_max = o->build_files,
                                           .timeout_ms = o->build_timeout_s * 1000,
                                           .builds_max = o->builds_max,
                                           .disk_bytes = o->layers_max,
                                           .grace_s = o->layers_grace_s},
                     &s->app.deps, e);
}

static void tell_learned(void *arg, const char *project, const char *runtime,
                         const uint8_t layer_id[32], struct str modules)
{
    struct server *s = arg;
    const struct runtime *found;
    struct err ignored = {0};
    if (runtimes_find(runtime, &found, &ignored) == 0)
        engine_learned(s->app.engine, project, found, layer_id, modules);
}

/* What others commit from here on is heard, and waits until everything is there. */
int server_load_functions(struct server *s, struct err *e)
{
    struct db *db;
    if (db_open(s->app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    pthread_mutex_lock(&s->refreshing);
    s->loading = true;
    int loaded = store_listen(s->app.store, e);
    if (loaded == 0)
        loaded = deps_each_learned(s->app.deps, db, tell_learned, s, e);
    if (loaded == 0)
        loaded = refresh_all(s, db, e);
    s->loading = false;
    pthread_mutex_unlock(&s->refreshing);
    db_close(db);
    return loaded;
}

int server_open_quotas(struct server *s, struct err *e)
{
    return quotas_start(s, &s->quotas, e);
}

/* What somebody in particular was told is for no cache on the way, nor for the disk of a browser.
 */
static void decorate(void *app, struct request *req, struct response *res)
{
    if (req->principal)
        http_response_header(req, res, "Cache-Control", "no-store");
    origins_decorate(app, req, res);
}

int server_listen(struct server *s, struct err *e)
{
    const struct http_config config = {.host = s->settings.host,
                                       .port = s->settings.port,
                                       .body_max = s->settings.body_max,
                                       .connections_max = s->settings.connections_max,
                                       .idle_ms = s->settings.http_idle_s * 1000,
                                       .routes = routes_all,
                                       .workers = s->workers,
                                       .slow_workers = s->slow_workers,
                                       .long_workers = s->long_workers,
                                       .app = &s->app,
                                       .authorize = auth_authorize,
                                       .admit = admit,
                                       .claim = gateway_claim,
                                       .otherwise = web_otherwise,
                                       .decorate = decorate,
                                       .preflight = origins_preflight,
                                       .trusted_proxies = s->settings.trusted_proxies};
    if (http_server_new(s->loop, &config, &s->app.http, e) == 0)
        return 0;
    if (e->sys == EADDRINUSE)
        return err_set(e, ERR_CONFLICT,
                       "another program listens on %s port %u; --listen ADDRESS:PORT names another",
                       config.host, config.port);
    return -1;
}

int server_log_setup(struct server *s, struct err *e)
{
    char path[128], url[256];
    struct db *db;
    if (db_open(s->app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    int rc = auth_setup_path(s->app.auth, db, path, e);
    db_close(db);
    if (rc < 0)
        return -1;
    server_url(s, url, sizeof url);
    const char *public_url = s->settings.public_url;
    if (path[0])
        log_info("serve", "set up the first account: %s%s", public_url ? public_url : url, path);
    explicit_bzero(path, sizeof path);
    return 0;
}

void server_url(const struct server *s, char *out, size_t size)
{
    const char *open = strchr(s->settings.host, ':') ? "[" : "", *close = *open ? "]" : "";
    snprintf(out, size, "http://%s%s%s:%u", open, s->settings.host, close,
             http_server_port(s->app.http));
}

/* The other way round: whoever may still be called goes after those who call. */
void server_done(struct server *s)
{
    if (s->loop)
        handoff_end(&s->handoff);
    store_listen_end(s->app.store); /* its thread works with all of the below */
    workers_free(s->long_workers);
    workers_free(s->slow_workers);
    workers_free(s->workers);
    deps_close(s->app.deps);
    databases_close(s->app.databases); /* its commits are noted: refresh must still work */
    engine_free(s->app.engine);        /* answers what is under way */
    calls_stop_tails(s->app.calls);
    http_server_free(s->app.http);
    quotas_free(s->quotas);
    catchup_free(s->catchup);
    timer_free(s->drain);
    functions_free(s->app.functions);
    gateway_free(s->app.gateway);
    calls_close(s->app.calls);
    loop_free(s->loop);
    store_close(s->app.store);
    auth_free(s->app.auth);
    index_free(s->index);
    seal_free(s->seal);
    cluster_free(s->app.cluster); /* PostgreSQL takes its time to write everything */
    fd_close(&s->spawner_fd);
    fd_close(&s->keeper_fd);
    fd_close(&s->data_fd);
    fd_close(&s->lock_fd);
    checks_free(s->checks);
    pthread_mutex_destroy(&s->refreshing);
}
