#include "deps/deps.h"

#include "app.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/builds.h"
#include "deps/collect.h"
#include "deps/jobs.h"
#include "deps/restore.h"
#include "engine/engine.h"
#include "loop/loop.h"
#include "runtimes/runtimes.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    POOL_THREADS = 2, /* one may be busy removing files */
    POOL_QUEUE = 1024,
    UNKNOWN_US = 250 * 1000,         /* until the runtimes have said their versions */
    COLLECT_US = 10 * 60 * 1000000L, /* between collections */
};

struct deps *deps_of(const struct app *app)
{
    return app->deps;
}

static const char *engine_version(const struct app *app, const char *runtime)
{
    for (unsigned i = 0; runtimes[i]; i++)
        if (strcmp(runtimes[i]->name, runtime) == 0)
            return engine_runtime_version(app->engine, i);
    return "";
}

/* --- the tick --- */

static void run_collect(void *job, void *context)
{
    collect_run(job, context);
}

static void collected(void *job)
{
    (void)job;
}

struct outdated {
    struct deps *d;
    struct tx *tx;
    const char *version;
    struct err *e;
};

static int note_outdated(void *arg, const char *id)
{
    struct outdated *o = arg;
    auto_arena struct arena *a = arena_new();
    struct layer_row row;
    int known = deps_store_layer(o->tx->db, a, id, &row, o->e);
    if (known > 0 && strcmp(row.runtime_version, o->version) != 0)
        return deps_store_note_projects(o->tx, row.set, o->e);
    return known < 0 ? -1 : 0;
}

/* Functions were loaded before the runtimes had said what they are. What was built for others is
 * built again: refresh asks for it. */
static int note_all_outdated(struct deps *d, struct db *db, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    for (int i = 0; i < LANGUAGES; i++) {
        char version[VERSION_TEXT];
        pthread_mutex_lock(&d->lock);
        memcpy(version, d->versions[i], sizeof version);
        pthread_mutex_unlock(&d->lock);
        struct outdated o = {d, &tx, version, e};
        if (*version &&
            deps_store_each_used(db, (enum build_language)i, "", note_outdated, &o, e) < 0)
            return -1;
    }
    return db_commit(&tx, e);
}

static void run_outdated(void *job, void *context)
{
    struct err e = {0};
    if (note_all_outdated(job, context, &e) < 0)
        log_error("deps", "packages for other versions of a runtime stay in use: %s", e.text);
    collect_run(job, context);
}

/* True when all are known. */
static bool learn_versions(struct deps *d, bool *ret_news)
{
    bool all = true;
    *ret_news = false;
    for (int i = 0; i < LANGUAGES; i++) {
        const char *now = d->builder.version(d->app, deps_store_runtimes[i]);
        if (strcmp(now, d->versions[i]) != 0) {
            pthread_mutex_lock(&d->lock);
            snprintf(d->versions[i], VERSION_TEXT, "%s", now);
            pthread_mutex_unlock(&d->lock);
            *ret_news = true;
        }
        all = all && *now;
    }
    return all;
}

/* Often at first, then seldom: a runtime that this machine has not never says its version. */
static void on_tick(void *arg)
{
    struct deps *d = arg;
    struct err e = {0};
    bool news, known = learn_versions(d, &news);
    int64_t wait_us = known || d->ticks > 10 ? COLLECT_US : (int64_t)UNKNOWN_US << d->ticks;
    bool collect = known || d->ticks++ > 8;
    if ((news || collect) &&
        workers_submit(d->pool, news ? run_outdated : run_collect, collected, d, &e) < 0)
        log_warn("deps", "collection of layers skipped: %s", e.text);
    if (collect)
        restore_again(d);
    timer_set_us(d->tick, (uint64_t)wait_us);
}

/* --- open and close --- */

static int enter(void *arg, void **ret_context, struct err *e)
{
    struct deps *d = arg;
    struct db *db = NULL;
    if (db_open(d->app->store, DB_DURABLE, &db, e) < 0)
        return -1;
    *ret_context = db;
    return 0;
}

static void leave(void *arg, void *context)
{
    (void)arg;
    db_close(context);
}

/* Kept beside the layers: builds that were under way here are ours when we come back. */
static int read_name(struct deps *d, struct err *e)
{
    auto_buf struct buf path = {0}, text = {0};
    buf_addf(&path, "%s/.server", d->config.layers_dir);
    if (access(path.data, F_OK) == 0) {
        if (fd_read_file(path.data, sizeof d->server - 1, &text, e) < 0)
            return -1;
        snprintf(d->server, sizeof d->server, "%s", text.data ? text.data : "");
        return 0;
    }
    auto_fd int dir = open(d->config.layers_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(e, "open '%s'", d->config.layers_dir);
    id_new(d->server);
    return fd_write_file(dir, ".server", d->server, strlen(d->server), 0600, e);
}

static int open_store(struct deps *d, struct err *e)
{
    struct db *db = NULL;
    if (db_open(d->app->store, DB_DURABLE, &db, e) < 0)
        return -1;
    int rc = collect_start(d, db, e);
    if (rc == 0)
        rc = builds_store_abandon(db, d->server, "the server was restarted", e);
    db_close(db);
    return rc < 0 ? -1 : 0;
}

int deps_open(const struct deps_config *config, struct deps **ret, struct err *e)
{
    static const struct deps_builder real = {build_start, build_cancel, build_abandon,
                                             engine_version};
    struct deps *d = mem_alloc(sizeof *d);
    *d = (struct deps){.config = *config, .app = config->app};
    d->builder = config->builder ? *config->builder : real;
    list_init(&d->jobs);
    list_init(&d->live);
    list_init(&d->wishes);
    pthread_mutex_init(&d->lock, NULL);
    *ret = d; /* deps_close ends half-made ones */
    if (layer_open(config->layers_dir, &d->layers, e) < 0 || read_name(d, e) < 0 ||
        open_store(d, e) < 0)
        return -1;
    const struct workers_config pool = {
        .threads = POOL_THREADS, .queue_max = POOL_QUEUE, .enter = enter, .leave = leave, .arg = d};
    if (workers_new(d->app->loop, &pool, &d->pool, e) < 0)
        return -1;
    d->tick = timer_new(d->app->loop, on_tick, d);
    timer_set_us(d->tick, UNKNOWN_US);
    return 0;
}

void deps_stop(struct deps *d)
{
    if (d)
        jobs_stop(d);
}

void deps_close(struct deps *d)
{
    if (!d)
        return;
    d->closing = true;
    jobs_abandon(d);
    workers_free(d->pool);
    restore_done(d);
    timer_free(d->tick);
    layer_close(d->layers);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* --- layers of projects --- */

struct choice {
    struct deps *d;
    const char *version;
    char *ret_id;
};

static int choose(void *arg, const struct layer_row *row)
{
    struct choice *c = arg;
    if ((*c->version && strcmp(row->runtime_version, c->version) != 0) ||
        !layer_here(c->d->layers, row->id))
        return 0;
    snprintf(c->ret_id, DIGEST_TEXT, "%s", row->id);
    return 1;
}

int deps_find_layer(struct deps *d, struct db *db, enum build_language language, const char *set,
                    char ret_id[DIGEST_TEXT], struct err *e)
{
    char version[VERSION_TEXT];
    pthread_mutex_lock(&d->lock);
    memcpy(version, d->versions[language], sizeof version);
    pthread_mutex_unlock(&d->lock);
    ret_id[0] = 0;
    return deps_store_layers(db, set, choose, &(struct choice){d, version, ret_id}, e);
}

int deps_project(struct deps *d, struct db *db, struct arena *a, const char *project,
                 struct deps_project *ret, struct err *e)
{
    struct packages p;
    *ret = (struct deps_project){0};
    if (!project || !d)
        return 0;
    if (deps_store_find(db, a, project, &p, e) < 0)
        return -1;
    for (int i = 0; i < LANGUAGES; i++) {
        struct deps_project_layer *layer = &ret->of[i];
        char id[DIGEST_TEXT];
        layer->wanted = *p.set[i];
        int found =
            layer->wanted ? deps_find_layer(d, db, (enum build_language)i, p.set[i], id, e) : 0;
        if (found < 0)
            return -1;
        if (layer->wanted && !found)
            layer->problem = restore_wish(d, a, project, (enum build_language)i, p.set[i]);
        if (found)
            must(sodium_hex2bin(layer->id, sizeof layer->id, id, strlen(id), NULL, NULL, NULL) ==
                 0);
    }
    return 0;
}

void deps_layer(const struct deps_project *p, struct function_spec *spec)
{
    for (int i = 0; i < LANGUAGES; i++) {
        if (strcmp(spec->runtime->name, deps_store_runtimes[i]) != 0)
            continue;
        spec->layer = p->of[i].wanted;
        memcpy(spec->layer_id, p->of[i].id, sizeof spec->layer_id);
        spec->layer_problem = p->of[i].problem;
    }
}

/* --- what was learned --- */

struct lesson {
    struct deps *d;
    char project[ID_TEXT], runtime[32], layer[DIGEST_TEXT];
    struct buf modules;
};

static void run_learn(void *job, void *context)
{
    const struct lesson *l = job;
    struct err e = {0};
    if (deps_store_learn(context, l->project, l->runtime, l->layer, buf_str(&l->modules), &e) < 0)
        log_warn("deps", "imports of a project are not kept project=%s: %s", l->project, e.text);
}

static void learned(void *job)
{
    struct lesson *l = job;
    buf_done(&l->modules);
    free(l);
}

void deps_learned(struct deps *d, const char *project, const char *runtime,
                  const uint8_t layer_id[32], struct str modules)
{
    struct lesson *l = mem_alloc(sizeof *l);
    struct err e = {0};
    *l = (struct lesson){.d = d};
    snprintf(l->project, sizeof l->project, "%s", project);
    snprintf(l->runtime, sizeof l->runtime, "%s", runtime);
    sodium_bin2hex(l->layer, sizeof l->layer, layer_id, 32);
    buf_addz(&l->modules, "");
    buf_add(&l->modules, modules.p, modules.n < LEARNED_MAX ? modules.n : LEARNED_MAX);
    if (!str_is_utf8(buf_str(&l->modules)) || memchr(l->modules.data, 0, l->modules.len) ||
        workers_submit(d->pool, run_learn, learned, l, &e) < 0)
        learned(l); /* a guest's lie, or too much to do: it is learned again */
}

int deps_each_learned(struct deps *d, struct db *db,
                      void (*each)(void *arg, const char *project, const char *runtime,
                                   const uint8_t layer_id[32], struct str modules),
                      void *arg, struct err *e)
{
    auto_query struct query *q = NULL;
    int more;
    (void)d;
    if (db_query(db, "SELECT project_id, runtime, layer, modules FROM project_modules", DB_NO_ARGS,
                 &q, e) < 0)
        return -1;
    while ((more = query_next(q, e)) > 0) {
        auto_arena struct arena *a = arena_new();
        uint8_t id[32];
        const char *layer = query_text(q, a, 2);
        if (sodium_hex2bin(id, sizeof id, layer, strlen(layer), NULL, NULL, NULL) == 0)
            each(arg, query_text(q, a, 0), query_text(q, a, 1), id, str_of(query_text(q, a, 3)));
    }
    return more;
}
