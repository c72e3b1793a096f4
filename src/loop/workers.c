/* Threads for what blocks. One locked queue in front of them; `done`s come back through loop_post,
 * and the loop hears of all that finished since its last turn in one wake-up. */
#include "loop/loop.h"

#include "base/list.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

struct job {
    struct list node;
    void (*run)(void *job, void *context);
    void (*done)(void *job);
    void *arg;
};

struct workers {
    struct loop *loop;
    struct workers_config config;
    pthread_t *threads;
    unsigned started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;  /* the queue has something, or the end has come */
    pthread_cond_t ready; /* one more thread has entered */
    struct list queue;    /* of struct job, oldest first */
    struct list finished; /* jobs whose `done` is due on the loop */
    unsigned queued, entered;
    bool posted; /* the loop has been told of `finished` */
    bool ending;
    struct err error; /* of the first `enter` that failed */
};

static void run_dones(void *arg)
{
    struct workers *w = arg;
    struct list batch;
    list_init(&batch);
    pthread_mutex_lock(&w->lock);
    w->posted = false;
    if (!list_empty(&w->finished)) {
        list_insert(&w->finished, &batch);
        list_remove(&w->finished);
    }
    pthread_mutex_unlock(&w->lock);
    list_each_safe (node, &batch) {
        struct job *j = list_of(node, struct job, node);
        j->done(j->arg);
        free(j);
    }
}

static void finish(struct workers *w, struct job *j)
{
    pthread_mutex_lock(&w->lock);
    list_append(&w->finished, &j->node);
    if (!w->posted)
        loop_post(w->loop, run_dones, w);
    w->posted = true;
    pthread_mutex_unlock(&w->lock);
}

/* NULL when the queue is empty and will stay so. */
static struct job *next_job(struct workers *w)
{
    struct job *j = NULL;
    pthread_mutex_lock(&w->lock);
    while (list_empty(&w->queue) && !w->ending)
        pthread_cond_wait(&w->wake, &w->lock);
    struct list *node = list_first(&w->queue);
    if (node) {
        j = list_of(node, struct job, node);
        list_remove(node);
        w->queued--;
    }
    pthread_mutex_unlock(&w->lock);
    return j;
}

static int enter(struct workers *w, void **ret_context)
{
    struct err e = {0};
    int r = w->config.enter ? w->config.enter(w->config.arg, ret_context, &e) : 0;
    pthread_mutex_lock(&w->lock);
    w->entered++;
    if (r < 0 && !w->error.code)
        w->error = e;
    pthread_cond_signal(&w->ready);
    pthread_mutex_unlock(&w->lock);
    return r;
}

static void *work(void *arg)
{
    struct workers *w = arg;
    void *context = NULL;
    if (enter(w, &context) < 0)
        return NULL;
    for (struct job *j; (j = next_job(w));) {
        j->run(j->arg, context);
        finish(w, j);
    }
    if (w->config.leave)
        w->config.leave(w->config.arg, context);
    return NULL;
}

/* Signals belong to the loop's thread, which waits for them. */
static int start_threads(struct workers *w, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = 0;
    while (w->started < w->config.threads && !failure) {
        failure = pthread_create(&w->threads[w->started], NULL, work, w);
        w->started += !failure;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return failure ? err_sys(e, "start worker thread %u", w->started) : 0;
}

static int await_enter(struct workers *w, struct err *e)
{
    pthread_mutex_lock(&w->lock);
    while (w->entered < w->started)
        pthread_cond_wait(&w->ready, &w->lock);
    bool failed = w->error.code != ERR_NONE;
    if (failed)
        *e = w->error;
    pthread_mutex_unlock(&w->lock);
    return failed ? -1 : 0;
}

int workers_new(struct loop *l, const struct workers_config *config, struct workers **ret,
                struct err *e)
{
    must(config->threads > 0 && config->queue_max > 0);
    struct workers *w = mem_alloc(sizeof *w);
    w->loop = l;
    w->config = *config;
    w->threads = mem_alloc(config->threads * sizeof *w->threads);
    list_init(&w->queue);
    list_init(&w->finished);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    pthread_cond_init(&w->ready, NULL);
    int started = start_threads(w, e);
    if (started < 0 || await_enter(w, e) < 0) {
        workers_free(w);
        return -1;
    }
    *ret = w;
    return 0;
}

int workers_submit(struct workers *w, void (*run)(void *job, void *context),
                   void (*done)(void *job), void *job, struct err *e)
{
    pthread_mutex_lock(&w->lock);
    bool ending = w->ending, full = w->queued >= w->config.queue_max;
    if (!ending && !full) {
        struct job *j = mem_alloc(sizeof *j);
        *j = (struct job){.run = run, .done = done, .arg = job};
        list_append(&w->queue, &j->node);
        w->queued++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (ending)
        return err_set(e, ERR_UNAVAILABLE, "the server is stopping");
    if (full)
        return err_set(e, ERR_LIMIT, "too many requests are waiting (limit %u)",
                       w->config.queue_max);
    return 0;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->started; i++)
        pthread_join(w->threads[i], NULL);
    run_dones(w);
    loop_unpost(w->loop, run_dones, w);
    pthread_cond_destroy(&w->ready);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w->threads);
    free(w);
}
