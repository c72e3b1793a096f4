#include "serve/refresh.h"

#include "auth/auth.h"
#include "base/log.h"
#include "calls/calls.h"
#include "deps/deps.h"
#include "databases/databases.h"
#include "engine/engine.h"
#include "functions/functions.h"
#include "gateway/gateway.h"
#include "http/stream.h"
#include "projects/projects.h"
#include "serve/catchup.h"
#include "serve/quotas.h"
#include "serve/server.h"

#include <string.h>

/* What the loop thread is to take over. Members that are NULL have nothing to say. */
struct news {
    struct server *server;
    const struct function *fn;
    const struct function_spec *spec;
    const char *gone_function;
    const struct project_view *view;
    const struct gateway_route *routes;
    size_t route_count;
    const char *gone_project;
};

static void take_news(void *arg)
{
    const struct news *n = arg;
    const struct app *app = &n->server->app;
    if (n->spec)
        engine_set(app->engine, n->spec, NULL);
    if (n->fn)
        gateway_set_function(app->gateway, n->fn);
    if (n->gone_function) {
        gateway_remove_function(app->gateway, n->gone_function);
        engine_remove(app->engine, n->gone_function);
    }
    if (n->view)
        gateway_set_project(app->gateway, n->view, n->routes, n->route_count);
    if (n->gone_project)
        gateway_remove_project(app->gateway, n->gone_project);
}

/* The start runs on the loop's thread itself. */
static void deliver(struct news *n)
{
    if (n->server->loading)
        take_news(n);
    else
        (void)handoff_run(&n->server->handoff, take_news, n);
}

/* With those of its database, which win: they are only right together. */
static int variables_of(struct server *s, struct db *db, const char *project, json_t **ret,
                        bool *ret_database, struct err *e)
{
    *ret = NULL;
    *ret_database = false;
    if (!project)
        return 0;
    if (projects_environment(db, s->seal, project, ret, e) < 0)
        return -1;
    int found = databases_environment(s->app.databases, db, project, *ret, e);
    *ret_database = found > 0;
    return found < 0 ? -1 : 0;
}

/* The store was away, or somebody held it: this says nothing about what was to be read. */
static bool is_passing(const struct err *e)
{
    return e->code == ERR_UNAVAILABLE;
}

/* A function that cannot be called (a lost key, a runtime that is gone) must not stop the others,
 * and must not go on with what it was. One whose variables cannot be read now stays as it was. */
static void set_function(struct server *s, struct db *db, const struct function *fn,
                         struct err *ret_e)
{
    auto_arena struct arena *a = arena_new();
    struct function_spec spec;
    struct err e = {0};
    json_t *variables = NULL;
    struct deps_project packages;
    bool database;
    struct news news = {.server = s, .fn = fn, .spec = &spec};
    if (variables_of(s, db, fn->project, &variables, &database, &e) < 0 ||
        deps_project(s->app.deps, db, a, fn->project, &packages, &e) < 0 ||
        function_to_spec(s->app.functions, a, fn, variables, &spec, &e) < 0) {
        if (is_passing(&e)) {
            *ret_e = e;
            json_decref(variables);
            return;
        }
        log_error("serve", "function cannot be called fn=%s: %s", fn->id, e.text);
        news = (struct news){.server = s, .gone_function = fn->id};
    } else {
        spec.database = database;
        deps_layer(&packages, &spec);
    }
    json_decref(variables);
    deliver(&news);
}

static void drop_function(struct server *s, const char *id)
{
    deliver(&(struct news){.server = s, .gone_function = id});
    calls_forget(s->app.calls);
}

static void read_function(struct server *s, struct db *db, const char *id, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct function fn;
    if (functions_find_id(db, a, id, &fn, e) == 0)
        set_function(s, db, &fn, e);
    else if (e->code == ERR_NOT_FOUND) {
        *e = (struct err){0};
        drop_function(s, id);
    }
}

/* --- projects --- */

/* Ids collected on the loop thread, to be worked on off it. */
struct ids {
    struct server *server;
    const char *project;
    struct buf texts; /* each ended by NUL */
};

static void add_id(void *arg, const char *id)
{
    buf_add(&((struct ids *)arg)->texts, id, strlen(id) + 1);
}

static void collect_ids(void *arg)
{
    struct ids *ids = arg;
    gateway_functions_of(ids->server->app.gateway, ids->project, add_id, ids);
}

/* Its functions went with it. */
static void drop_project(struct server *s, const char *id)
{
    struct ids ids = {.server = s, .project = id};
    (void)handoff_run(&s->handoff, collect_ids, &ids);
    deliver(&(struct news){.server = s, .gone_project = id});
    databases_project_gone(s->app.databases);
    for (size_t at = 0; at < ids.texts.len; at += strlen(ids.texts.data + at) + 1)
        drop_function(s, ids.texts.data + at);
    buf_done(&ids.texts);
}

static void read_project(struct server *s, struct db *db, const char *id, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct project_view view;
    struct gateway_route *routes = NULL;
    struct news news = {.server = s};
    if (projects_view(db, a, id, &view, e) == 0 &&
        gateway_routes(db, a, id, &routes, &news.route_count, e) == 0) {
        news.view = &view;
        news.routes = routes;
    } else if (e->code == ERR_NOT_FOUND) {
        *e = (struct err){0};
        drop_project(s, id);
        return;
    } else {
        return;
    }
    deliver(&news);
}

struct each_function {
    struct server *server;
    struct db *db;
};

static int read_one(void *arg, const char *id, struct err *e)
{
    struct each_function *each = arg;
    read_function(each->server, each->db, id, e);
    return e->code ? -1 : 0;
}

static void read_functions_of(struct server *s, struct db *db, const char *project, struct err *e)
{
    (void)functions_of_project(db, project, read_one, &(struct each_function){s, db}, e);
}

/* --- everything --- */

/* Variables and packages of the project that the last function belonged to: they come grouped. */
struct load {
    struct server *server;
    struct db *db;
    char project[ID_TEXT];
    json_t *variables;
    bool database;
    struct arena *arena; /* of `packages` */
    struct deps_project packages;
    struct err unreadable; /* why one of them is missing */
};

static void turn_to(struct load *l, const char *project)
{
    if (strcmp(l->project, project ? project : "") == 0)
        return;
    json_decref(l->variables);
    arena_free(l->arena);
    l->arena = arena_new();
    l->unreadable = (struct err){0};
    snprintf(l->project, sizeof l->project, "%s", project ? project : "");
    if (variables_of(l->server, l->db, project, &l->variables, &l->database, &l->unreadable) == 0)
        (void)deps_project(l->server->app.deps, l->db, l->arena, project, &l->packages,
                           &l->unreadable);
}

static int load_function(void *arg, const struct function *fn, struct err *e)
{
    struct load *l = arg;
    struct server *s = l->server;
    struct function_spec spec;
    auto_arena struct arena *a = arena_new();
    turn_to(l, fn->project);
    struct err why = l->unreadable;
    if (is_passing(&why)) {
        *e = why;
        return -1;
    }
    if (why.code || function_to_spec(s->app.functions, a, fn, l->variables, &spec, &why) < 0)
        log_error("serve", "function cannot be called fn=%s: %s", fn->id, why.text);
    else {
        spec.database = l->database;
        deps_layer(&l->packages, &spec);
        deliver(&(struct news){.server = s, .fn = fn, .spec = &spec});
    }
    return 0;
}

static int load_project(void *arg, const struct project_view *view, struct err *e)
{
    struct load *l = arg;
    auto_arena struct arena *a = arena_new();
    struct gateway_route *routes = NULL;
    struct news news = {.server = l->server, .view = view};
    if (gateway_routes(l->db, a, view->project.id, &routes, &news.route_count, e) < 0)
        return -1;
    news.routes = routes;
    deliver(&news);
    return 0;
}

int refresh_all(struct server *s, struct db *db, struct err *e)
{
    struct load load = {.server = s, .db = db};
    int rc = projects_each(db, load_project, &load, e);
    if (rc >= 0)
        rc = functions_each(db, load_function, &load, e);
    json_decref(load.variables);
    arena_free(load.arena);
    return rc;
}

/* --- notes --- */

static void drop_swept(void *arg, const char *function)
{
    engine_remove(((struct server *)arg)->app.engine, function);
}

static void mark(void *arg)
{
    gateway_mark(((struct server *)arg)->app.gateway);
}

static void sweep(void *arg)
{
    gateway_sweep(((struct server *)arg)->app.gateway, drop_swept, arg);
}

/* Notes may have been missed. What cannot be read stays as it was. */
static void read_all(struct server *s, struct db *db, struct err *e)
{
    (void)handoff_run(&s->handoff, mark, s);
    auth_forget(s->app.auth, STORE_ALL, "");
    databases_changed(s->app.databases);
    databases_project_gone(s->app.databases); /* one may be */
    if (refresh_all(s, db, e) >= 0)
        (void)handoff_run(&s->handoff, sweep, s);
}

static void read_account(struct server *s, struct db *db, const char *id, struct err *e)
{
    auth_forget(s->app.auth, NOTE_ACCOUNT, id);
    (void)quotas_read(s, db, id, e);
}

static void dispatch(struct server *s, struct db *db, const char *topic, const char *id,
                     struct err *e)
{
    if (strcmp(topic, NOTE_FUNCTION) == 0)
        read_function(s, db, id, e);
    else if (strcmp(topic, NOTE_PROJECT) == 0)
        read_project(s, db, id, e);
    else if (strcmp(topic, NOTE_VARIABLES) == 0)
        read_functions_of(s, db, id, e);
    else if (strcmp(topic, NOTE_DATABASE) == 0) {
        databases_changed(s->app.databases);
        read_functions_of(s, db, id, e);
    } else if (strcmp(topic, NOTE_ACCOUNT) == 0)
        read_account(s, db, id, e);
    else if (strcmp(topic, NOTE_CREDENTIAL) == 0)
        auth_forget(s->app.auth, topic, id);
    else if (strcmp(topic, STORE_ALL) == 0)
        read_all(s, db, e);
    else
        log_warn("serve", "note ignored topic=%s", topic);
}

static void recheck(void *arg)
{
    http_server_recheck(((struct server *)arg)->app.http);
}

void refresh(void *arg, struct db *db, const char *topic, const char *id)
{
    struct server *s = arg;
    struct err e = {0};
    functions_changed(s->app.functions); /* whatever comes of the rest */
    pthread_mutex_lock(&s->refreshing);
    dispatch(s, db, topic, id, &e);
    if (strcmp(topic, NOTE_VARIABLES) != 0 &&
        strcmp(topic, NOTE_DATABASE) != 0) /* those say nothing about who may see what */
        (void)handoff_run(&s->handoff, recheck, s);
    pthread_mutex_unlock(&s->refreshing);
    if (!e.code)
        return;
    log_error("serve", "memory is behind the store, trying again topic=%s id=%s: %s", topic, id,
              e.text);
    catchup_missed(s->catchup);
}
