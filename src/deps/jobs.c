#include "deps/jobs.h"

#include "app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/build_log.h"
#include "loop/loop.h"

#include <string.h>

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_STORING };

struct job {
    struct list node;
    struct deps *d;
    enum job_state state;
    struct arena *arena; /* of the order and the result */
    struct job_order order;
    struct build *build;
    struct build_log log;
    enum build_step step;
    unsigned packages;
    uint64_t bytes;
    struct list followers;
    bool unwanted; /* cancelled; whoever asks for the set now begins anew */
    struct layer_row layer;
    char id[DIGEST_TEXT];
    const char *dir;
    bool failed;
    struct err error;
};

struct job_follower {
    struct list node;
    struct job *job;
    struct job_events events;
};

static void start_next(void *arg);

static void job_free(struct job *j)
{
    must(list_empty(&j->followers));
    list_remove(&j->node);
    build_log_done(&j->log);
    arena_free(j->arena);
    free(j);
}

/* Tells everybody and is gone. */
static void finish(struct job *j)
{
    struct list *node;
    while ((node = list_first(&j->followers))) {
        struct job_follower *f = list_of(node, struct job_follower, node);
        struct job_events events = f->events;
        list_remove(&f->node);
        free(f);
        events.done(events.arg, j->failed ? &j->error : NULL);
    }
    job_free(j);
}

static void fail(struct job *j, const struct err *why)
{
    j->failed = true;
    j->error = *why;
    finish(j);
}

/* --- the result --- */

/* The row comes after the rename: a directory without a row is swept at the next start, a row
 * without a directory would be believed. */
static int store_layer(struct job *j, struct db *db, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (layer_take_in(j->d->layers, j->dir, j->id, (uint64_t)j->layer.bytes, e) < 0)
        return -1;
    if (db_begin(db, &tx, e) < 0 || deps_store_put_layer(db, &j->layer, e) < 0 ||
        deps_store_note_projects(&tx, j->order.set, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

static void run_store(void *job, void *context)
{
    struct job *j = job;
    j->failed = store_layer(j, context, &j->error) < 0;
    if (j->failed)
        layer_discard(j->d->layers, j->dir);
}

static void stored(void *job)
{
    finish(job);
}

static void keep_result(struct job *j, const struct build_result *r)
{
    struct arena *a = j->arena;
    layer_id(j->id, j->order.set, r->runtime_version, r->platform);
    j->dir = arena_strdup(a, r->dir);
    j->layer = (struct layer_row){.id = j->id,
                                  .set = j->order.set,
                                  .language = j->order.language,
                                  .runtime_version = arena_strdup(a, r->runtime_version),
                                  .platform = arena_strdup(a, r->platform),
                                  .packages = arena_strdup(a, r->packages),
                                  .lock = arena_strdup(a, r->lock),
                                  .bytes = (int64_t)r->bytes,
                                  .files = r->files,
                                  .created_us = clock_wall_us()};
}

/* --- what a build says --- */

static void on_log(void *arg, struct str text)
{
    struct job *j = arg;
    build_log_add(&j->log, text);
    list_each (node, &j->followers) {
        const struct job_follower *f = list_of(node, struct job_follower, node);
        f->events.log(f->events.arg, text);
    }
}

static void on_progress(void *arg, enum build_step step, unsigned packages, uint64_t bytes)
{
    struct job *j = arg;
    j->step = step;
    j->packages = packages;
    j->bytes = bytes;
    list_each (node, &j->followers) {
        const struct job_follower *f = list_of(node, struct job_follower, node);
        f->events.progress(f->events.arg, step, packages, bytes);
    }
}

static void on_done(void *arg, const struct build_result *result, const struct err *why)
{
    struct job *j = arg;
    struct deps *d = j->d;
    struct err e = {0};
    j->build = NULL;
    j->state = JOB_STORING;
    d->running--;
    loop_post(d->app->loop, start_next, d);
    if (why) {
        e = *why;
        if (e.code == ERR_LIMIT) /* of the build: asking again does not help */
            e.code = ERR_INVALID;
        fail(j, &e);
        return;
    }
    keep_result(j, result);
    on_progress(j, BUILD_STORING, j->packages, j->bytes);
    if (workers_submit(d->pool, run_store, stored, j, &e) < 0)
        fail(j, &e); /* its directory goes at the next start */
}

/* --- turns --- */

static void begin(struct job *j)
{
    struct deps *d = j->d;
    const struct deps_config *c = &d->config;
    const struct build_config config = {.loop = d->app->loop,
                                        .engine = d->app->engine,
                                        .template_index = c->build_template,
                                        .index = c->index,
                                        .layers_dir = c->layers_dir,
                                        .memory_bytes = c->memory_bytes,
                                        .size_bytes = c->size_bytes,
                                        .files_max = c->files_max,
                                        .timeout_ms = c->timeout_ms};
    const struct build_order order = {j->order.language, j->order.requirements_txt,
                                      j->order.package_json, j->order.package_lock};
    const struct build_events events = {on_log, on_progress, on_done, j};
    struct err e = {0};
    j->state = JOB_RUNNING;
    d->running++;
    if (d->builder.start(&config, &order, &events, &j->build, &e) == 0)
        return;
    d->running--;
    fail(j, &e);
}

static void start_next(void *arg)
{
    struct deps *d = arg;
    list_each_safe (node, &d->jobs) {
        struct job *j = list_of(node, struct job, node);
        if (d->running >= d->config.builds_max || d->stopping)
            return;
        if (j->state == JOB_WAITING)
            begin(j);
    }
}

static struct job *find(struct deps *d, const char *set)
{
    list_each (node, &d->jobs) {
        struct job *j = list_of(node, struct job, node);
        if (!j->unwanted && strcmp(j->order.set, set) == 0)
            return j;
    }
    return NULL;
}

bool jobs_building(struct deps *d, const char *set)
{
    return find(d, set) != NULL;
}

static struct job *make(struct deps *d, const struct job_order *order)
{
    struct job *j = mem_alloc(sizeof *j);
    struct arena *a = arena_new();
    *j = (struct job){.d = d, .arena = a, .step = BUILD_WAITING};
    j->order = (struct job_order){
        order->language, arena_strdup(a, order->set), arena_strdup(a, order->requirements_txt),
        arena_strdup(a, order->package_json), arena_strdup(a, order->package_lock)};
    list_init(&j->followers);
    list_append(&d->jobs, &j->node);
    loop_post(d->app->loop, start_next, d);
    return j;
}

static size_t count(const struct list *l)
{
    size_t n = 0;
    list_each (node, l)
        n++;
    return n;
}

int jobs_follow(struct deps *d, const struct job_order *order, const struct job_events *events,
                struct job_follower **ret, struct err *e)
{
    struct job *j = find(d, order->set);
    if (d->stopping)
        return err_set(e, ERR_UNAVAILABLE, "The server is stopping");
    if (!j && count(&d->jobs) >= JOBS_MAX)
        return err_set(e, ERR_LIMIT, "%d builds are waiting already: try again later", JOBS_MAX);
    if (!j)
        j = make(d, order);
    struct job_follower *f = mem_alloc(sizeof *f);
    *f = (struct job_follower){.job = j, .events = *events};
    list_append(&j->followers, &f->node);
    *ret = f;
    if (j->log.text.len)
        events->log(events->arg, build_log_end(&j->log));
    if (j->step != BUILD_WAITING)
        events->progress(events->arg, j->step, j->packages, j->bytes);
    return 0;
}

static void cancel(struct job *j)
{
    static const struct err cancelled = {.code = ERR_UNAVAILABLE,
                                         .text = "The build was cancelled"};
    bool asked = j->unwanted;
    j->unwanted = true;
    if (j->state == JOB_WAITING)
        fail(j, &cancelled);
    else if (j->state == JOB_RUNNING && !asked)
        j->d->builder.cancel(j->build);
}

void jobs_leave(struct job_follower *f)
{
    struct job *j = f->job;
    list_remove(&f->node);
    free(f);
    if (list_empty(&j->followers) && j->state != JOB_STORING)
        cancel(j);
}

void jobs_stop(struct deps *d)
{
    d->stopping = true;
    loop_unpost(d->app->loop, start_next, d);
    list_each_safe (node, &d->jobs) {
        cancel(list_of(node, struct job, node));
    }
}

/* A job that is being stored ends with the pool. */
void jobs_abandon(struct deps *d)
{
    static const struct err stopping = {.code = ERR_UNAVAILABLE, .text = "The server is stopping"};
    d->stopping = true;
    loop_unpost(d->app->loop, start_next, d);
    list_each_safe (node, &d->jobs) {
        struct job *j = list_of(node, struct job, node);
        if (j->state == JOB_STORING)
            continue;
        if (j->state == JOB_RUNNING)
            d->builder.abandon(take_ptr(j->build));
        fail(j, &stopping);
    }
}
