#include "deps/builds.h"

#include "app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"
#include "projects/projects.h"

#include <string.h>

static void build_next(struct live *l);

static struct live *make(struct deps *d, const struct build_row *row)
{
    struct live *l = mem_alloc(sizeof *l);
    struct arena *a = arena_new();
    *l = (struct live){.d = d, .arena = a, .row = *row};
    l->row.id = arena_strdup(a, row->id);
    l->row.project = arena_strdup(a, row->project);
    l->row.server = arena_strdup(a, row->server);
    l->row.error = arena_strdup(a, row->error);
    l->row.log = NULL;
    list_init(&l->node);
    list_init(&l->watchers);
    return l;
}

struct live *builds_new(struct deps *d, const struct build_row *row, const struct packages *want,
                        const struct job_order order[LANGUAGES], const bool todo[LANGUAGES])
{
    struct live *l = make(d, row);
    struct arena *a = l->arena;
    l->want = (struct packages){.requirements_txt = arena_strdup(a, want->requirements_txt),
                                .requirements_hash = arena_strdup(a, want->requirements_hash),
                                .package_json = arena_strdup(a, want->package_json),
                                .package_lock = arena_strdup(a, want->package_lock),
                                .updated_us = want->updated_us};
    for (int i = 0; i < LANGUAGES; i++) {
        l->todo[i] = todo[i];
        l->want.set[i] = arena_strdup(a, want->set[i]);
        l->want.salt[i] = arena_strdup(a, want->salt[i]);
        l->order[i] = (struct job_order){
            order[i].language, l->want.set[i], arena_strdup(a, order[i].requirements_txt),
            arena_strdup(a, order[i].package_json), arena_strdup(a, order[i].package_lock)};
    }
    return l;
}

struct live *builds_past(struct deps *d, const struct build_row *row)
{
    struct live *l = make(d, row);
    build_log_add(&l->log, str_of(row->log));
    l->ended = true;
    return l;
}

void builds_discard(struct live *l)
{
    if (!l)
        return;
    must(list_empty(&l->watchers));
    build_log_done(&l->log);
    arena_free(l->arena);
    free(l);
}

/* A watcher may go from inside `changed`, also the last one. */
static void tell(struct live *l)
{
    l->telling = true;
    list_each_safe (node, &l->watchers) {
        struct builds_watch *w = list_of(node, struct builds_watch, node);
        w->changed(w->arg);
    }
    l->telling = false;
}

void builds_watch(struct live *l, struct builds_watch *w)
{
    w->live = l;
    list_append(&l->watchers, &w->node);
}

void builds_unwatch(struct builds_watch *w)
{
    struct live *l = w->live;
    list_remove(&w->node);
    if (l->ended && !l->telling && list_empty(&l->watchers))
        builds_discard(l);
}

/* --- the end --- */

int builds_save(struct tx *tx, const char *project, const struct packages *p, struct err *e)
{
    if (deps_store_put(tx->db, project, p, e) < 0 ||
        projects_set_requirements(tx, project, p->requirements_txt, e) < 0)
        return -1;
    db_note(tx, NOTE_VARIABLES, project); /* its functions get other templates */
    return 0;
}

static int store_end(struct live *l, struct db *db, struct err *e)
{
    auto_tx struct tx tx = {0};
    auto_arena struct arena *a = arena_new();
    struct build_row row = l->row;
    struct str log = build_log_end(&l->log);
    row.log = arena_dup(a, log.p, log.n);
    if (db_begin(db, &tx, e) < 0)
        return -1;
    int rows = builds_store_update(db, &row, e);
    if (rows <= 0)
        return rows < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "Project not found");
    if (row.status == BUILD_SUCCEEDED && builds_save(&tx, row.project, &l->want, e) < 0)
        return -1;
    if (builds_store_prune(db, row.project, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

/* Nobody changes the build any more but this worker. */
static void run_end(void *job, void *context)
{
    struct live *l = job;
    struct err e = {0};
    if (store_end(l, context, &e) == 0)
        return;
    if (e.code != ERR_NOT_FOUND)
        log_error("deps", "the end of a build is not stored build=%s: %s", l->row.id, e.text);
    if (l->why.code)
        return;
    pthread_mutex_lock(&l->d->lock);
    l->why = e;
    l->row.status = BUILD_FAILED;
    l->row.error = arena_strdup(l->arena, e.text);
    pthread_mutex_unlock(&l->d->lock);
}

static void leave(struct live *l)
{
    pthread_mutex_lock(&l->d->lock);
    list_remove(&l->node);
    l->d->live_count--;
    pthread_mutex_unlock(&l->d->lock);
}

static void end_stored(void *job)
{
    struct live *l = job;
    char quoted[120];
    log_info("deps", "build ended build=%s project=%s status=%s error=%s", l->row.id,
             l->row.project, builds_store_words[l->row.status],
             log_quote(str_of(l->why.text), quoted, sizeof quoted));
    leave(l);
    l->ended = true;
    tell(l);
    if (list_empty(&l->watchers))
        builds_discard(l);
}

static void end(struct live *l, enum build_status status, const struct err *why)
{
    struct err e = {0};
    l->saving = true;
    if (why)
        l->why = *why;
    pthread_mutex_lock(&l->d->lock);
    l->row.status = status;
    l->row.step = BUILD_DONE;
    l->row.error = why ? arena_strdup(l->arena, why->text) : NULL;
    l->row.finished_us = clock_wall_us();
    pthread_mutex_unlock(&l->d->lock);
    if (workers_submit(l->d->pool, run_end, end_stored, l, &e) < 0) {
        /* Cannot happen while builds are bounded below the queue; the next start marks its row. */
        log_error("deps", "the end of a build is not stored build=%s: %s", l->row.id, e.text);
        l->why = e;
        end_stored(l);
    }
}

/* --- under way --- */

static void on_log(void *arg, struct str text)
{
    struct live *l = arg;
    pthread_mutex_lock(&l->d->lock);
    build_log_add(&l->log, text);
    pthread_mutex_unlock(&l->d->lock);
    tell(l);
}

static void on_progress(void *arg, enum build_step step, unsigned packages, uint64_t bytes)
{
    struct live *l = arg;
    pthread_mutex_lock(&l->d->lock);
    if (step != BUILD_WAITING && l->row.status == BUILD_QUEUED) {
        l->row.status = BUILD_RUNNING;
        l->row.started_us = clock_wall_us();
    }
    l->row.step = (int)step;
    l->row.packages = packages;
    l->row.bytes = (int64_t)bytes;
    pthread_mutex_unlock(&l->d->lock);
    tell(l);
}

static void on_done(void *arg, const struct err *why)
{
    struct live *l = arg;
    l->job = NULL;
    if (why)
        end(l, BUILD_FAILED, why);
    else
        build_next(l);
}

static void build_next(struct live *l)
{
    const struct job_events events = {on_log, on_progress, on_done, l};
    struct err e = {0};
    int i = 0;
    while (i < LANGUAGES && !l->todo[i])
        i++;
    if (i == LANGUAGES) {
        end(l, BUILD_SUCCEEDED, NULL);
        return;
    }
    l->todo[i] = false;
    if (jobs_follow(l->d, &l->order[i], &events, &l->job, &e) < 0)
        end(l, BUILD_FAILED, &e);
}

void builds_begin(struct live *l)
{
    struct deps *d = l->d;
    pthread_mutex_lock(&d->lock);
    list_append(&d->live, &l->node);
    d->live_count++;
    pthread_mutex_unlock(&d->lock);
    build_next(l);
}

void builds_cancel(struct live *l)
{
    static const struct err cancelled = {.code = ERR_CONFLICT, .text = "The build was cancelled"};
    if (l->saving || l->ended)
        return;
    if (l->job)
        jobs_leave(take_ptr(l->job));
    end(l, BUILD_CANCELLED, &cancelled);
}

struct live *builds_find(struct deps *d, const char *project, const char *id)
{
    list_each (node, &d->live) {
        struct live *l = list_of(node, struct live, node);
        if (strcmp(l->row.id, id) == 0 && strcmp(l->row.project, project) == 0)
            return l;
    }
    return NULL;
}

int builds_look(struct deps *d, struct arena *a, const char *project, const char *id,
                struct build_row *ret)
{
    pthread_mutex_lock(&d->lock);
    struct live *l = builds_find(d, project, id);
    if (l) {
        struct str log = build_log_end(&l->log);
        *ret = l->row;
        ret->id = arena_strdup(a, l->row.id);
        ret->project = arena_strdup(a, l->row.project);
        ret->server = arena_strdup(a, l->row.server);
        ret->error = arena_strdup(a, l->row.error);
        ret->log = arena_dup(a, log.p, log.n);
    }
    pthread_mutex_unlock(&d->lock);
    return l != NULL;
}

bool builds_full(struct deps *d)
{
    pthread_mutex_lock(&d->lock);
    bool full = d->live_count >= BUILDS_MAX;
    pthread_mutex_unlock(&d->lock);
    return full;
}
