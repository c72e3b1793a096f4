#include "functions/calls.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/engine.h"
#include "functions/calls_store.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    BATCH_ENOUGH = 512,      /* so many need not wait for more */
    RETRY_MS = 500,          /* after a commit that failed */
    WAIT_MAX_MS = 10 * 1000, /* calls_wait gives up: the store cannot be written */
    COUNTERS = 4096,
    PRUNE_EVERY = 64, /* records of one function between two looks at its count */
    AGE_EVERY_US = 60 * 1000 * 1000,
};

struct calls {
    struct calls_config config;
    struct db *db; /* the writer's */
    pthread_t writer;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;   /* the writer has something to do */
    pthread_cond_t stored; /* committed has moved */
    struct call_record *queue[CALLS_QUEUE_MAX];
    size_t head, count; /* guarded by lock */
    uint64_t pushed, committed;
    bool hurry; /* somebody waits: do not collect more */
    bool sleeping, ending;
    _Atomic size_t bytes, queued; /* also read without the lock by calls_room */
    _Atomic uint64_t dropped;
    uint16_t counters[COUNTERS]; /* the writer's: records since the last pruning, by hash of the
                                    function */
    uint64_t aged_us;
};

static size_t weight(const struct call_record *r)
{
    return sizeof *r + (r->input ? strlen(r->input) : 0) + r->output_len + r->out_len + r->err_len;
}

void calls_push(struct calls *c, struct call_record *r)
{
    size_t bytes = weight(r);
    pthread_mutex_lock(&c->lock);
    bool full = c->count == CALLS_QUEUE_MAX || c->bytes > CALLS_QUEUE_BYTES;
    if (!full) {
        c->queue[(c->head + c->count++) % CALLS_QUEUE_MAX] = r;
        c->pushed++;
        c->queued = c->count;
        c->bytes += bytes;
        /* A collecting writer is woken once, by the record that makes the batch large enough. */
        if (c->sleeping || c->count == BATCH_ENOUGH)
            pthread_cond_signal(&c->wake);
        c->sleeping = false;
    }
    pthread_mutex_unlock(&c->lock);
    if (full) {
        c->dropped++;
        call_record_free(r);
    }
}

bool calls_room(const struct calls *c)
{
    return c->queued < CALLS_QUEUE_MAX / 4 * 3 && c->bytes < CALLS_QUEUE_BYTES / 4 * 3;
}

uint64_t calls_dropped(const struct calls *c)
{
    return c->dropped;
}

static struct timespec after_ms(uint64_t ms)
{
    uint64_t at = clock_mono_us() + ms * 1000;
    return (struct timespec){(time_t)(at / 1000000), (long)(at % 1000000) * 1000};
}

int calls_wait(struct calls *c, struct err *e)
{
    struct timespec end = after_ms(WAIT_MAX_MS);
    int timed_out = 0;
    pthread_mutex_lock(&c->lock);
    uint64_t mine = c->pushed;
    while (c->committed < mine && !timed_out) {
        c->hurry = true;
        pthread_cond_signal(&c->wake);
        timed_out = pthread_cond_timedwait(&c->stored, &c->lock, &end);
    }
    bool done = c->committed >= mine;
    pthread_mutex_unlock(&c->lock);
    return done ? 0 : err_set(e, ERR_UNAVAILABLE, "call records cannot be stored at the moment");
}

/* Sleeps until there is something, then collects for a moment. Returns how many records to take; 0
 * at the end. */
static size_t await_batch(struct calls *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->count && !c->ending) {
        c->sleeping = true;
        pthread_cond_wait(&c->wake, &c->lock);
    }
    c->sleeping = false;
    struct timespec end = after_ms(CALLS_COMMIT_MS);
    while (c->count < BATCH_ENOUGH && !c->hurry && !c->ending)
        if (pthread_cond_timedwait(&c->wake, &c->lock, &end) != 0)
            break;
    c->hurry = false;
    size_t n = c->count;
    pthread_mutex_unlock(&c->lock);
    return n;
}

static size_t counter_of(const char *id)
{
    size_t h = 5381;
    for (; *id; id++)
        h = h * 33 + (unsigned char)*id;
    return h % COUNTERS;
}

static int prune(struct calls *c, const struct call_record *r, struct err *e)
{
    uint16_t *counter = &c->counters[counter_of(r->function_id)];
    if (++*counter < PRUNE_EVERY)
        return 0;
    *counter = 0;
    return calls_store_prune(c->db, r->function_id, c->config.per_function, e);
}

static int age(struct calls *c, struct err *e)
{
    uint64_t now = clock_mono_us();
    if (c->aged_us && now - c->aged_us < AGE_EVERY_US)
        return 0;
    int64_t before = clock_wall_us() - (int64_t)c->config.days * 86400 * 1000000;
    int removed = calls_store_age(c->db, before, e);
    /* A full chunk means there is more: look again with the next batch. */
    c->aged_us = removed == CALLS_AGE_CHUNK ? 0 : now;
    return removed < 0 ? -1 : 0;
}

static int store_batch(struct calls *c, size_t n, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(c->db, &tx, e) < 0)
        return -1;
    /* Only the writer moves head, so the first n stay where they are without the lock. */
    for (size_t i = 0; i < n; i++) {
        const struct call_record *r = c->queue[(c->head + i) % CALLS_QUEUE_MAX];
        if (calls_store_add(c->db, r, e) < 0 || prune(c, r, e) < 0)
            return -1;
    }
    if (age(c, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

static void drop_batch(struct calls *c, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        struct call_record *r = c->queue[(c->head + i) % CALLS_QUEUE_MAX];
        bytes += weight(r);
        call_record_free(r);
    }
    pthread_mutex_lock(&c->lock);
    c->head = (c->head + n) % CALLS_QUEUE_MAX;
    c->count -= n;
    c->queued = c->count;
    c->bytes -= bytes;
    c->committed += n;
    pthread_cond_broadcast(&c->stored);
    pthread_mutex_unlock(&c->lock);
}

/* False when the server is ending and there is no point in trying again. */
static bool pause_after_failure(struct calls *c)
{
    struct timespec end = after_ms(RETRY_MS);
    pthread_mutex_lock(&c->lock);
    while (!c->ending && pthread_cond_timedwait(&c->wake, &c->lock, &end) == 0)
        ;
    bool go_on = !c->ending;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *writer(void *arg)
{
    struct calls *c = arg;
    bool complained = false;
    for (size_t n; (n = await_batch(c));) {
        struct err e = {0};
        if (store_batch(c, n, &e) == 0) {
            complained = false;
            drop_batch(c, n);
            continue;
        }
        if (!complained)
            log_error("functions", "call records are not stored, trying again: %s", e.text);
        complained = true;
        if (!pause_after_failure(c)) {
            log_error("functions", "call records lost count=%zu: %s", n, e.text);
            drop_batch(c, n);
        }
    }
    return NULL;
}

static void init_locks(struct calls *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, &attr);
    pthread_cond_init(&c->stored, &attr);
    pthread_condattr_destroy(&attr);
}

static int start_writer(struct calls *c, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop's thread */
    c->started = pthread_create(&c->writer, NULL, writer, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return c->started ? 0 : err_set(e, ERR_SYSTEM, "start the writer of call records");
}

int calls_open(const struct calls_config *config, struct calls **ret, struct err *e)
{
    struct calls *c = mem_alloc(sizeof *c);
    c->config = *config;
    init_locks(c);
    if (db_open(config->store, DB_BULK, &c->db, e) < 0 || start_writer(c, e) < 0) {
        calls_close(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void calls_close(struct calls *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    if (c->started)
        pthread_join(c->writer, NULL);
    must(c->count == 0);
    db_close(c->db);
    pthread_cond_destroy(&c->wake);
    pthread_cond_destroy(&c->stored);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
