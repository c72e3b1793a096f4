/* calls — see calls.h. One mutex guards the ring; the writer holds it only to take a batch out.
 * `held` counts what is queued and what the writer has in hand: both are memory. */
#include "calls/calls.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/engine.h"
#include "calls/calls_store.h"
#include "calls/rollup.h"
#include "calls/tail.h"
#include "calls/tally.h"
#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum {
    KEEP_DAYS = 30,
    KEEP_PER_FUNCTION = 10000,
    QUEUE_MAX = 32768,
    QUEUE_BYTES_MAX = 64 << 20,

    BATCH_ENOUGH = 512, /* so many need not wait for company */
    BATCH_MAX = 4096,   /* one transaction: others take their turn in between */
    GATHER_US = 20000,
    RETRY_FIRST_US = 100000,
    RETRY_LAST_US = 5000000,
    TRIES_AT_CLOSE = 3,
    FLUSH_WAIT_US = 5000000,

    PRUNE_ROWS = 500, /* by age, in one transaction */
    PRUNE_PAUSE_US = 50000,
};
static const uint64_t prune_every_us = 3600ull * 1000000;

struct calls {
    struct calls_config config;
    struct db *db; /* the writer's */
    pthread_t thread;

    pthread_mutex_t mutex;
    pthread_cond_t wake;    /* to the writer */
    pthread_cond_t written; /* from the writer */
    struct call_record **ring;
    size_t head, count;
    uint64_t pushed, taken, committed; /* numbers of records, ever */
    uint64_t flush_to;                 /* somebody waits for everything up to this one */
    uint64_t dropped;
    bool stop, failing, dropping;
    bool forgetting;        /* a function is gone, or may be */
    uint64_t forget_asked;  /* so often */
    uint64_t forget_behind; /* once everything up to this record is written */
    struct loop *watcher;   /* hears of commits: tails are open */
    bool watcher_told;
    atomic_size_t held, held_bytes;

    struct tail_hub *tails; /* the loop thread's own */

    /* The writer's own. */
    struct call_record *batch[BATCH_MAX];
    struct tally tally;
    uint64_t next_prune_us;
    char gone[ID_TEXT]; /* the function whose records are being removed, or "" */
};

static size_t size_of(const struct call_record *r)
{
    size_t texts = r->output_len + r->out_len + r->err_len;
    texts += r->input ? strlen(r->input) : 0;
    texts += r->error ? strlen(r->error) : 0;
    texts += r->traceback ? strlen(r->traceback) : 0;
    return sizeof *r + texts;
}

static void wait_until(struct calls *c, pthread_cond_t *cond, uint64_t mono_us)
{
    struct timespec at = {(time_t)(mono_us / 1000000), (long)(mono_us % 1000000 * 1000)};
    (void)pthread_cond_timedwait(cond, &c->mutex, &at); /* the caller looks at the clock itself */
}

static int write_batch(struct calls *c, size_t count, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(c->db, &tx, e) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (calls_insert(c->db, c->batch[i], e) < 0)
            return -1;
    if (rollup_write(c->db, c->batch, count, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

/* A step of its own for each function: two servers that prune several in one transaction could wait
 * for each other. */
static void prune_functions(struct calls *c, size_t count)
{
    unsigned keep = c->config.keep_per_function;
    struct err e = {0};
    for (size_t i = 0; i < count; i++) {
        const char *function = c->batch[i]->function_id;
        if (tally_due(&c->tally, function, keep / 10 + 1) &&
            calls_prune_function(c->db, function, keep, &e) < 0)
            log_warn("calls", "records of calls beyond their number cannot be removed: %s fn=%s",
                     e.text, function);
    }
}

static void note_failure(struct calls *c, size_t count, const struct err *e)
{
    if (!c->failing)
        log_error("calls", "records of calls cannot be written, trying again: %s records=%zu",
                  e->text, count);
    c->failing = true;
    pthread_cond_broadcast(&c->written); /* nobody waits for a store that refuses */
}

/* Tries until it succeeds; gives up only when the server is ending. Called and returns with the
 * mutex held. */
static bool write_with_patience(struct calls *c, size_t count)
{
    uint64_t pause_us = RETRY_FIRST_US;
    for (int tries_at_close = 0;;) {
        struct err e = {0};
        pthread_mutex_unlock(&c->mutex);
        int rc = write_batch(c, count, &e);
        if (rc == 0)
            prune_functions(c, count);
        pthread_mutex_lock(&c->mutex);
        if (rc == 0)
            break;
        note_failure(c, count, &e);
        if (c->stop && ++tries_at_close == TRIES_AT_CLOSE)
            return false;
        uint64_t until = clock_mono_us() + pause_us;
        bool was_stopped = c->stop;
        while (clock_mono_us() < until && c->stop == was_stopped)
            wait_until(c, &c->wake, until);
        pause_us = pause_us * 2 < RETRY_LAST_US ? pause_us * 2 : RETRY_LAST_US;
    }
    if (c->failing)
        log_info("calls", "records of calls are written again");
    c->failing = false;
    return true;
}

static size_t take_batch(struct calls *c)
{
    size_t count = c->count < BATCH_MAX ? c->count : BATCH_MAX;
    for (size_t i = 0; i < count; i++) {
        c->batch[i] = c->ring[c->head];
        c->head = (c->head + 1) % c->config.queue_max;
    }
    c->count -= count;
    c->taken += count;
    return count;
}

/* Called and returns with the mutex held; frees without it. */
static void release_batch(struct calls *c, size_t count)
{
    size_t bytes = 0;
    pthread_mutex_unlock(&c->mutex);
    for (size_t i = 0; i < count; i++) {
        bytes += size_of(c->batch[i]);
        call_record_free(c->batch[i]);
    }
    pthread_mutex_lock(&c->mutex);
    atomic_fetch_sub(&c->held, count);
    atomic_fetch_sub(&c->held_bytes, bytes);
}

static void hear_commit(void *arg)
{
    struct calls *c = arg;
    pthread_mutex_lock(&c->mutex);
    c->watcher_told = false;
    pthread_mutex_unlock(&c->mutex);
    tail_hub_wake(c->tails);
}

/* Once per turn of the loop, however many commits there are. With the mutex held. */
static void tell_watcher(struct calls *c)
{
    if (c->watcher && !c->watcher_told)
        loop_post(c->watcher, hear_commit, c);
    c->watcher_told = c->watcher != NULL;
}

static void write_some(struct calls *c)
{
    size_t count = take_batch(c);
    bool ok = write_with_patience(c, count);
    if (ok) {
        c->committed += count;
        tell_watcher(c);
    } else {
        c->dropped += count;
        log_error("calls", "records of calls are lost at the end records=%zu", count);
    }
    pthread_cond_broadcast(&c->written);
    release_batch(c, count);
}

/* Returns whether there is more to remove. */
static bool prune_step(struct calls *c)
{
    struct err e = {0};
    int64_t now = clock_wall_us();
    int64_t before = now - (int64_t)c->config.keep_days * 86400 * 1000000;
    int records = calls_prune_age(c->db, before, PRUNE_ROWS, &e);
    int counts = records < 0 ? -1 : rollup_prune(c->db, now, PRUNE_ROWS, &e);
    if (records < 0 || counts < 0)
        log_warn("calls", "old records of calls cannot be removed: %s", e.text);
    return counts >= 0 && (records == PRUNE_ROWS || counts == PRUNE_ROWS);
}

/* One step of forgetting by age, with the mutex released. */
static void prune(struct calls *c)
{
    pthread_mutex_unlock(&c->mutex);
    bool more = prune_step(c);
    pthread_mutex_lock(&c->mutex);
    c->next_prune_us = clock_mono_us() + (more ? PRUNE_PAUSE_US : prune_every_us);
    c->forgetting = true; /* calls that ended behind a deletion, what a crash left */
}

/* Some rows of a function that is gone; its total last, by which it is found again. Returns whether
 * there may be more. */
static bool forget_step(struct calls *c, struct err *e)
{
    if (!c->gone[0] && rollup_orphan(c->db, c->gone, e) <= 0)
        return false;
    int went = calls_delete_some(c->db, c->gone, PRUNE_ROWS, e);
    if (went >= 0 && went < PRUNE_ROWS)
        went = rollup_forget(c->db, c->gone, PRUNE_ROWS, e);
    if (went < PRUNE_ROWS)
        c->gone[0] = '\0';
    return went >= 0;
}

static void forget(struct calls *c)
{
    struct err e = {0};
    uint64_t asked = c->forget_asked;
    pthread_mutex_unlock(&c->mutex);
    bool more = forget_step(c, &e);
    if (e.code)
        log_warn("calls", "records of removed functions are left for later: %s", e.text);
    pthread_mutex_lock(&c->mutex);
    c->forgetting = more || c->forget_asked != asked;
}

/* Lets a batch grow for a moment, unless somebody waits for it. */
static void gather(struct calls *c)
{
    uint64_t until = clock_mono_us() + GATHER_US;
    while (c->count < BATCH_ENOUGH && !c->stop && c->flush_to <= c->taken &&
           clock_mono_us() < until)
        wait_until(c, &c->wake, until);
}

static void *writer(void *arg)
{
    struct calls *c = arg;
    pthread_mutex_lock(&c->mutex);
    while (!c->stop || c->count) {
        if (clock_mono_us() >= c->next_prune_us && !c->stop)
            prune(c);
        if (c->forgetting && c->taken >= c->forget_behind && !c->stop)
            forget(c);
        if (c->count) {
            gather(c);
            write_some(c);
        } else if (!c->stop && !c->forgetting) {
            wait_until(c, &c->wake, c->next_prune_us);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

static void set_defaults(struct calls_config *config)
{
    if (!config->keep_days)
        config->keep_days = KEEP_DAYS;
    if (!config->keep_per_function)
        config->keep_per_function = KEEP_PER_FUNCTION;
    if (!config->queue_max)
        config->queue_max = QUEUE_MAX;
    if (!config->queue_bytes_max)
        config->queue_bytes_max = QUEUE_BYTES_MAX;
}

static void free_calls(struct calls *c)
{
    db_close(c->db);
    tally_done(&c->tally);
    pthread_cond_destroy(&c->written);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->mutex);
    free(c->ring);
    free(c);
}

/* Signals belong to the loop's thread. */
static int start_writer(struct calls *c, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&c->thread, NULL, writer, c);
    int rc = errno ? err_sys(e, "start the writer of call records") : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int calls_open(const struct calls_config *config, struct calls **ret, struct err *e)
{
    struct calls *c = mem_alloc(sizeof *c);
    c->config = *config;
    set_defaults(&c->config);
    c->ring = mem_alloc(c->config.queue_max * sizeof *c->ring);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->wake, &monotonic);
    pthread_cond_init(&c->written, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (db_open(config->store, DB_BULK, &c->db, e) < 0 || start_writer(c, e) < 0) {
        free_calls(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void calls_close(struct calls *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    must(c->count == 0);
    tail_hub_free(take_ptr(c->tails)); /* stops watching */
    free_calls(c);
}

static void drop(struct calls *c, struct call_record *r)
{
    if (!c->dropping)
        log_error("calls", "records of calls are dropped: the queue is full queued=%zu", c->count);
    c->dropping = true;
    c->dropped++;
    pthread_mutex_unlock(&c->mutex);
    call_record_free(r);
}

void calls_push(struct calls *c, struct call_record *take)
{
    size_t bytes = size_of(take);
    pthread_mutex_lock(&c->mutex);
    if (atomic_load(&c->held) >= c->config.queue_max ||
        atomic_load(&c->held_bytes) + bytes > c->config.queue_bytes_max) {
        drop(c, take);
        return;
    }
    c->dropping = false;
    c->ring[(c->head + c->count) % c->config.queue_max] = take;
    c->count++;
    c->pushed++;
    atomic_fetch_add(&c->held, 1);
    atomic_fetch_add(&c->held_bytes, bytes);
    /* The writer sleeps at two points only: without work, and while a batch grows. */
    if (c->count == 1 || c->count == BATCH_ENOUGH)
        pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
}

bool calls_room(const struct calls *c)
{
    return atomic_load_explicit(&c->held, memory_order_relaxed) < c->config.queue_max / 4 * 3 &&
           atomic_load_explicit(&c->held_bytes, memory_order_relaxed) <
               c->config.queue_bytes_max / 4 * 3;
}

int calls_flush_wait(struct calls *c, struct err *e)
{
    uint64_t until = clock_mono_us() + FLUSH_WAIT_US;
    pthread_mutex_lock(&c->mutex);
    uint64_t mine = c->pushed;
    if (c->flush_to < mine)
        c->flush_to = mine;
    pthread_cond_signal(&c->wake);
    while (c->committed < mine && !c->stop && !c->failing && clock_mono_us() < until)
        wait_until(c, &c->written, until);
    bool done = c->committed >= mine;
    pthread_mutex_unlock(&c->mutex);
    return done ? 0 : err_set(e, ERR_UNAVAILABLE, "records of calls cannot be written now");
}

void calls_forget(struct calls *c)
{
    pthread_mutex_lock(&c->mutex);
    c->forgetting = true;
    c->forget_asked++;
    c->forget_behind = c->pushed;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
}

struct tail_hub **calls_tails(struct calls *c)
{
    return &c->tails;
}

void calls_watch(struct calls *c, struct loop *l)
{
    pthread_mutex_lock(&c->mutex);
    struct loop *before = c->watcher;
    c->watcher = l;
    c->watcher_told = false;
    pthread_mutex_unlock(&c->mutex);
    if (before)
        loop_unpost(before, hear_commit, c);
}

void calls_stop_tails(struct calls *c)
{
    if (c && c->tails)
        tail_hub_stop(c->tails);
}

void calls_stats(struct calls *c, struct calls_stats *ret)
{
    pthread_mutex_lock(&c->mutex);
    *ret = (struct calls_stats){
        c->committed, c->dropped,   atomic_load(&c->held), atomic_load(&c->held_bytes),
        c->failing,   c->forgetting};
    pthread_mutex_unlock(&c->mutex);
}
