#include "deps/restore.h"

#include "app.h"
#include "base/log.h"
#include "base/mem.h"
#include "deps/jobs.h"
#include "deps/package.h"
#include "loop/loop.h"

#include <stdio.h>
#include <string.h>

enum { RESTORING_MAX = 4 };
enum wish_state { WISH_NEW, WISH_READING, WISH_BUILDING, WISH_FAILED };

struct wish {
    struct list node;
    struct deps *d;
    enum wish_state state; /* under deps.lock */
    char project[ID_TEXT], set[DIGEST_TEXT];
    enum build_language language;
    struct arena *arena; /* of the order */
    struct job_order order;
    struct job_follower *job;
    bool busy; /* begun and not settled */
    bool failed;
    struct err why;
};

static void begin_some(void *arg);

static void wish_free(struct wish *w)
{
    list_remove(&w->node);
    arena_free(w->arena);
    free(w);
}

static void settle(struct wish *w, enum wish_state state)
{
    struct deps *d = w->d;
    pthread_mutex_lock(&d->lock);
    w->state = state;
    arena_free(w->arena);
    w->arena = NULL;
    w->busy = false;
    if (state != WISH_FAILED)
        wish_free(w);
    pthread_mutex_unlock(&d->lock);
    d->restoring--;
    if (!d->stopping)
        loop_post(d->app->loop, begin_some, d);
}

/* --- building --- */

/* What it was resolved to elsewhere, so that the same versions are installed here; a requirement
 * with an address of its own is not told by its version. */
static int use_lock(void *arg, const struct layer_row *row)
{
    snprintf(arg, DIGEST_TEXT, "%s", row->id);
    return 1;
}

static int read_order(struct wish *w, struct db *db, struct err *e)
{
    struct arena *a = w->arena;
    struct packages p;
    struct requirements r;
    struct layer_row row;
    const char *json, *lock;
    char id[DIGEST_TEXT] = "";
    int here = deps_find_layer(w->d, db, w->language, w->set, id, e);
    if (here)
        return here < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "the layer is here by now");
    if (deps_store_find(db, a, w->project, &p, e) < 0)
        return -1;
    if (strcmp(p.set[w->language], w->set) != 0)
        return err_set(e, ERR_NOT_FOUND, "the project asks for other packages by now");
    if (requirements_read(a, str_of(p.requirements_txt), &r, e) < 0 ||
        package_read_json(a, str_of(p.package_json), &json, e) < 0 ||
        package_read_lock(a, str_of(p.package_lock), json, &lock, e) < 0 ||
        deps_store_layers(db, w->set, use_lock, id, e) < 0)
        return -1;
    int known = *id ? deps_store_layer(db, a, id, &row, e) : 0;
    if (known < 0)
        return -1;
    const char *text = known && !strchr(r.normal, '@') ? row.lock : r.normal;
    w->order =
        (struct job_order){w->language, w->set, text, json, *lock || !known ? lock : row.lock};
    return 0;
}

static void run_read(void *job, void *context)
{
    struct wish *w = job;
    w->failed = read_order(w, context, &w->why) < 0;
}

static void log_nothing(void *arg, struct str text)
{
    (void)arg, (void)text;
}

static void progress_nothing(void *arg, enum build_step step, unsigned packages, uint64_t bytes)
{
    (void)arg, (void)step, (void)packages, (void)bytes;
}

/* Those who wait for it hear why it is not there. */
static void run_note(void *job, void *context)
{
    const struct wish *w = job;
    struct err e = {0};
    auto_tx struct tx tx = {0};
    if (db_begin(context, &tx, &e) < 0 || deps_store_note_projects(&tx, w->set, &e) < 0 ||
        db_commit(&tx, &e) < 0)
        log_warn("deps", "functions are not told of missing packages set=%s: %s", w->set, e.text);
}

static void noted(void *job)
{
    settle(job, WISH_FAILED);
}

static void on_done(void *arg, const struct err *why)
{
    struct wish *w = arg;
    struct err e = {0};
    w->job = NULL;
    if (!why || why->code == ERR_NOT_FOUND) {
        settle(w, WISH_NEW);
        return;
    }
    pthread_mutex_lock(&w->d->lock);
    w->why = *why;
    w->state = WISH_FAILED;
    pthread_mutex_unlock(&w->d->lock);
    log_error("deps", "packages cannot be built anew project=%s set=%s: %s", w->project, w->set,
              why->text);
    if (w->d->stopping || workers_submit(w->d->pool, run_note, noted, w, &e) < 0)
        noted(w);
}

static void order_read(void *job)
{
    struct wish *w = job;
    const struct job_events events = {log_nothing, progress_nothing, on_done, w};
    struct err e = {0};
    if (w->failed)
        on_done(w, &w->why);
    else if (jobs_follow(w->d, &w->order, &events, &w->job, &e) < 0)
        on_done(w, &e);
}

static struct wish *next_new(struct deps *d)
{
    struct wish *found = NULL;
    pthread_mutex_lock(&d->lock);
    list_each (node, &d->wishes) {
        struct wish *w = list_of(node, struct wish, node);
        if (w->state == WISH_NEW) {
            w->state = WISH_READING;
            w->busy = true;
            found = w;
            break;
        }
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

static void begin_some(void *arg)
{
    struct deps *d = arg;
    struct wish *w;
    struct err e = {0};
    while (!d->stopping && d->restoring < RESTORING_MAX && (w = next_new(d))) {
        d->restoring++;
        w->arena = arena_new();
        if (workers_submit(d->pool, run_read, order_read, w, &e) < 0)
            on_done(w, &e);
    }
}

/* --- wishes --- */

static struct wish *find(struct deps *d, const char *set)
{
    list_each (node, &d->wishes) {
        struct wish *w = list_of(node, struct wish, node);
        if (strcmp(w->set, set) == 0)
            return w;
    }
    return NULL;
}

static void add(struct deps *d, const char *project, enum build_language language, const char *set)
{
    struct wish *w = mem_alloc(sizeof *w);
    *w = (struct wish){.d = d, .language = language};
    snprintf(w->project, sizeof w->project, "%s", project);
    snprintf(w->set, sizeof w->set, "%s", set);
    list_append(&d->wishes, &w->node);
    loop_post(d->app->loop, begin_some, d);
}

const char *restore_wish(struct deps *d, struct arena *a, const char *project,
                         enum build_language language, const char *set)
{
    const char *problem = "The packages of this project are not on this server yet and are being "
                          "built: try again in a moment";
    pthread_mutex_lock(&d->lock);
    const struct wish *w = find(d, set);
    if (!w)
        add(d, project, language, set);
    else if (w->state == WISH_FAILED)
        problem = arena_printf(a,
                               "The packages of this project could not be built on this server: "
                               "%s",
                               w->why.text);
    pthread_mutex_unlock(&d->lock);
    return problem;
}

void restore_again(struct deps *d)
{
    pthread_mutex_lock(&d->lock);
    list_each (node, &d->wishes) {
        struct wish *w = list_of(node, struct wish, node);
        if (w->state == WISH_FAILED && !w->busy)
            w->state = WISH_NEW;
    }
    pthread_mutex_unlock(&d->lock);
    begin_some(d);
}

void restore_done(struct deps *d)
{
    loop_unpost(d->app->loop, begin_some, d);
    list_each_safe (node, &d->wishes) {
        wish_free(list_of(node, struct wish, node));
    }
}
