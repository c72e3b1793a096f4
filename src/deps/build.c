/* One build: the loop's half. It leases the slot, keeps the deadline, and puts together what came
 * of the conversation (build_run.c, on a thread) and how the slot ended. The order of the end is
 * always the same: the thread is through, the slot has ended, `done` is called. */
#include "deps/build.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "deps/build_private.h"
#include "engine/lease.h"
#include "loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    LOG_PENDING_MAX = 256 << 10,
    PIDS = 256,
    OPEN_FILES = 1024,
    CPU_MILLIS = 2000,
    ROOM_FACTOR = 2, /* of the layer's size: what is fetched, unpacked and built lies beside it */
};

struct build {
    struct build_config config;
    struct build_events events;
    struct engine_lease_events lease_events;
    struct engine_lease *lease; /* NULL once it is gone */
    struct timer *deadline;
    struct build_run run;
    pthread_t thread;
    int hangup; /* the slot's socket once more, for build_abandon: the other one is the thread's */
    bool threaded, cancelled, late, abandoned;
    struct sandbox_exit how;
    struct err why; /* the thread's until it is joined */

    pthread_mutex_t lock; /* guards what the thread tells the loop */
    pthread_cond_t drained;
    bool posted, over, deaf; /* deaf: nobody reads the log any more */
    struct buf log;
    bool moved;
    enum build_step step;
    unsigned packages;
    uint64_t bytes;
};

/* --- from the thread --- */

static void hear(void *arg);

/* Under the lock. */
static void post(struct build *b)
{
    if (!b->posted && !b->deaf)
        loop_post(b->config.loop, hear, b);
    b->posted = true;
}

/* A log that nobody reads holds the package manager, and no memory. */
static void keep_log(void *arg, struct str text)
{
    struct build *b = arg;
    pthread_mutex_lock(&b->lock);
    while (b->log.len > LOG_PENDING_MAX && !b->deaf)
        pthread_cond_wait(&b->drained, &b->lock);
    buf_add_str(&b->log, text);
    post(b);
    pthread_mutex_unlock(&b->lock);
}

static void keep_progress(void *arg, enum build_step step, unsigned packages, uint64_t bytes)
{
    struct build *b = arg;
    pthread_mutex_lock(&b->lock);
    if (b->step != step || b->packages != packages || b->bytes != bytes) {
        b->moved = true;
        b->step = step;
        b->packages = packages;
        b->bytes = bytes;
        post(b);
    }
    pthread_mutex_unlock(&b->lock);
}

static void *work(void *arg)
{
    struct build *b = arg;
    (void)build_run(&b->run, &b->why);
    pthread_mutex_lock(&b->lock);
    b->over = true;
    post(b);
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* --- the end --- */

static void build_free(struct build *b)
{
    struct build_order *o = &b->run.order;
    /* the thread may have told of its end while the loop saw it already */
    loop_unpost(b->config.loop, hear, b);
    build_run_done(&b->run);
    timer_free(b->deadline);
    fd_close(&b->hangup);
    buf_done(&b->log);
    free((char *)(uintptr_t)o->requirements_txt);
    free((char *)(uintptr_t)o->package_json);
    free((char *)(uintptr_t)o->package_lock);
    free((char *)(uintptr_t)b->config.layers_dir);
    pthread_cond_destroy(&b->drained);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* The limits that ended the slot say more than what the conversation saw of it. */
static void explain(struct build *b)
{
    uint64_t memory = b->config.memory_bytes;
    if (b->cancelled)
        err_set(&b->why, ERR_UNAVAILABLE, "the build was cancelled");
    else if (b->late)
        err_set(&b->why, ERR_LIMIT, "the build took longer than %u s (limit time = %u ms)",
                b->config.timeout_ms / 1000, b->config.timeout_ms);
    else if (b->why.code && b->how.oom)
        err_set(&b->why, ERR_LIMIT,
                "the build needs more than %" PRIu64 " MB of memory (limit memory = %" PRIu64 ")",
                memory >> 20, memory);
}

static void finish(struct build *b)
{
    struct build_run *r = &b->run;
    explain(b);
    if (b->why.code) {
        b->events.done(b->events.arg, NULL, &b->why);
        build_free(b);
        return;
    }
    char name[sizeof r->take.name];
    memcpy(name, r->take.name, sizeof name);
    const struct build_result result = {
        .dir = name,
        .packages = r->packages.data,
        .lock = r->lock.len ? r->lock.data : "",
        .runtime_version = r->runtime_version,
        .platform = r->platform,
        .bytes = r->take.bytes,
        .files = r->take.files,
    };
    build_take_close(&r->take, true); /* from here on it belongs to whoever hears of it */
    b->events.done(b->events.arg, &result, NULL);
    build_free(b);
}

static void join(struct build *b)
{
    if (b->threaded)
        must(pthread_join(b->thread, NULL) == 0);
    b->threaded = false;
    fd_close(&b->hangup);
}

/* --- on the loop --- */

static void tell(struct build *b)
{
    auto_buf struct buf log = {0};
    pthread_mutex_lock(&b->lock);
    struct buf swap = log;
    log = b->log;
    b->log = swap;
    bool moved = b->moved;
    enum build_step step = b->step;
    unsigned packages = b->packages;
    uint64_t bytes = b->bytes;
    b->posted = b->moved = false;
    pthread_cond_signal(&b->drained);
    pthread_mutex_unlock(&b->lock);
    if (log.len)
        b->events.log(b->events.arg, buf_str(&log));
    if (moved)
        b->events.progress(b->events.arg, step, packages, bytes);
}

static void hear(void *arg)
{
    struct build *b = arg;
    tell(b);
    pthread_mutex_lock(&b->lock);
    bool over = b->over && !b->log.len;
    pthread_mutex_unlock(&b->lock);
    if (!over || !b->threaded)
        return;
    join(b);
    timer_cancel(b->deadline);
    if (b->lease)
        engine_lease_end(b->lease);
    else
        finish(b);
}

static void on_deadline(void *arg)
{
    struct build *b = arg;
    b->late = true;
    if (b->lease)
        engine_lease_end(b->lease);
}

/* Signals are for the thread that waits for them. */
static int start_thread(struct build *b)
{
    sigset_t all, before;
    sigfillset(&all);
    must(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    int result = pthread_create(&b->thread, NULL, work, b);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    b->threaded = result == 0;
    return result;
}

static void on_started(void *arg, const struct sandbox_slot *slot)
{
    struct build *b = arg;
    b->run.sock = slot->socket;
    b->run.out = slot->out;
    b->run.err = slot->err;
    b->hangup = fcntl(slot->socket, F_DUPFD_CLOEXEC, 3);
    timer_set_us(b->deadline, b->config.timeout_ms * 1000ull);
    errno = start_thread(b);
    if (errno == 0)
        return;
    err_sys(&b->why, "start the thread of a build");
    fd_close(&b->run.sock);
    fd_close(&b->run.out);
    fd_close(&b->run.err);
    engine_lease_end(b->lease);
}

static void lease_gone(struct build *b)
{
    b->lease = NULL;
    if (b->abandoned)
        build_free(b);
    else if (!b->threaded)
        finish(b);
}

static void on_failed(void *arg, const struct err *why)
{
    struct build *b = arg;
    b->why = *why;
    lease_gone(b);
}

static void on_ended(void *arg, const struct sandbox_exit *how)
{
    struct build *b = arg;
    b->how = *how;
    lease_gone(b);
}

static struct build *build_new(const struct build_config *config, const struct build_order *order,
                               const struct build_events *events)
{
    struct build *b = mem_alloc(sizeof *b);
    b->config = *config;
    b->config.layers_dir = mem_strdup(config->layers_dir);
    b->events = *events;
    b->hangup = -1;
    b->lease_events = (struct engine_lease_events){on_started, on_failed, on_ended, b};
    b->run = (struct build_run){
        .order = {order->language, mem_strdup(order->requirements_txt),
                  mem_strdup(order->package_json), mem_strdup(order->package_lock)},
        .index = config->index,
        .layers_dir = b->config.layers_dir,
        .size_bytes = config->size_bytes,
        .files_max = config->files_max,
        .sock = -1,
        .out = -1,
        .err = -1,
        .log = keep_log,
        .progress = keep_progress,
        .arg = b,
        .take = {.dir = -1, .file = -1},
    };
    must(pthread_mutex_init(&b->lock, NULL) == 0 && pthread_cond_init(&b->drained, NULL) == 0);
    b->deadline = timer_new(config->loop, on_deadline, b);
    return b;
}

int build_start(const struct build_config *config, const struct build_order *order,
                const struct build_events *events, struct build **ret, struct err *e)
{
    struct sandbox_limits limits = {
        .memory_bytes = config->memory_bytes,
        .tmp_bytes = ROOM_FACTOR * config->size_bytes,
        .file_bytes = config->size_bytes,
        .cpu_millis = CPU_MILLIS,
        .pids = PIDS,
        .open_files = OPEN_FILES,
    };
    struct build *b = build_new(config, order, events);
    if (engine_lease(config->engine, config->template_index, &limits, &b->lease_events, &b->lease,
                     e) < 0) {
        build_free(b);
        return -1;
    }
    *ret = b;
    return 0;
}

void build_cancel(struct build *b)
{
    b->cancelled = true;
    if (b->lease)
        engine_lease_end(b->lease);
}

void build_abandon(struct build *b)
{
    pthread_mutex_lock(&b->lock);
    b->deaf = true;
    pthread_cond_signal(&b->drained);
    pthread_mutex_unlock(&b->lock);
    if (b->threaded)
        (void)shutdown(b->hangup, SHUT_RDWR);
    join(b);
    loop_unpost(b->config.loop, hear, b);
    timer_cancel(b->deadline);
    b->abandoned = true;
    if (b->lease)
        engine_lease_end(b->lease);
    else
        build_free(b);
}
