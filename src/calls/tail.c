#include "calls/tail.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "calls/scan.h"
#include "calls/settle.h"
#include "loop/loop.h"

#include <string.h>

enum {
    PACE_US = 50000,
    BATCH_ROWS = 200,
    BATCH_BYTES = 256 * 1024, /* of texts, give or take one record */
    PIECE_BYTES = 64 * 1024,
    BUFFER_KEPT = 64 * 1024, /* by a tail that waits */
    LOOK_MS = 1000,
    BEAT_MS = 15000,
};

struct tail_hub {
    struct tail_hub_config config;
    struct list all; /* of struct tail */
    unsigned count;
    struct timer *pace, *tick;
    bool pacing, again; /* commits were heard lately; and once more since then */
    bool stopped;
};

struct tail {
    struct list node;
    struct tail_hub *hub;
    struct tail_config config;
    struct settle settle;
    int64_t pass; /* a look at what is behind the cursor got to here; 0: it begins anew */
    struct buf out;
    size_t sent; /* of out */
    uint64_t beat_us;
    bool due;  /* there may be something to read */
    bool full; /* the sink waits for its client */
    bool gone; /* the client has left */
    bool over, refused;
    const char *why; /* it is over; NULL: an export is complete */

    /* While a worker is at it the loop leaves alone what is above, but for `due`, `full`, `gone`
     * and `over`. */
    bool busy;
    bool more;
    struct err error;
};

/* --- reading, on a worker thread --- */

static void write_page(struct tail *t, const struct scan_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        t->config.sink->write(&t->config.reach, &t->out, &page->rows[i], page->names[i]);
        settle_sent(&t->settle, page->rows[i].seq);
    }
    if (page->at)
        settle_at(&t->settle, page->at, clock_mono_us());
    t->more = page->more;
    t->pass = page->more ? page->at : 0;
}

static int read_page(struct tail *t, struct db *db, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct scan_page page;
    struct scan s = {.reach = t->config.reach,
                     .sieve = &t->config.sieve,
                     .ascending = true,
                     .at_any = true,
                     .above = t->pass ? t->pass : t->settle.from,
                     .below = t->config.before,
                     .limit = BATCH_ROWS,
                     .bytes_max = BATCH_BYTES,
                     .skip = t->settle.sent,
                     .skip_count = t->settle.count};
    if (scan_run(db, a, &s, &page, e) < 0)
        return -1;
    write_page(t, &page);
    return 0;
}

static void run(void *job, void *context)
{
    struct tail *t = job;
    t->error = (struct err){0};
    t->more = false;
    (void)read_page(t, context, &t->error);
}

/* --- the rest, on the loop thread --- */

static void finish(struct tail *t)
{
    struct tail_hub *s = t->hub;
    list_remove(&t->node);
    if (--s->count == 0) {
        calls_watch(s->config.calls, NULL);
        timer_cancel(s->tick);
    }
    t->config.sink->end(t->config.arg, t->why, t->refused);
    buf_done(&t->out);
    free(t);
}

static struct str next_piece(struct tail *t)
{
    struct str left = {t->out.data + t->sent, t->out.len - t->sent};
    if (t->config.sink->messages) {
        struct str line = str_cut(&left, '\n');
        t->sent += line.n + 1;
        return line;
    }
    if (left.n > PIECE_BYTES)
        left.n = PIECE_BYTES;
    t->sent += left.n;
    return left;
}

/* Returns whether the sink has taken everything and wants more. */
static bool flush(struct tail *t)
{
    while (!t->full && t->sent < t->out.len) {
        t->full = !t->config.sink->send(t->config.arg, next_piece(t));
        t->beat_us = clock_mono_us();
    }
    if (t->sent < t->out.len)
        return false;
    if (t->out.cap > BUFFER_KEPT)
        buf_done(&t->out);
    buf_clear(&t->out);
    t->sent = 0;
    return !t->full;
}

static void over(struct tail *t, const char *why, bool refused)
{
    if (t->over)
        return;
    t->over = true;
    t->why = why;
    t->refused = refused;
}

static void on_read(void *job);

static void step(struct tail *t)
{
    struct err ignored = {0};
    if (t->busy)
        return;
    if (t->gone)
        over(t, "The client has left", false);
    if (t->gone || (t->over && t->why)) { /* what is not sent does not matter any more */
        finish(t);
        return;
    }
    if (!flush(t))
        return;
    if (t->over) {
        finish(t);
        return;
    }
    if (!t->due)
        return;
    t->busy = true;
    t->due = false;
    if (workers_submit(t->hub->config.workers, run, on_read, t, &ignored) < 0) {
        t->busy = false; /* all workers have enough to do: the tick tries again */
        t->due = true;
    }
}

static void on_read(void *job)
{
    struct tail *t = job;
    bool export = t->config.before > 0;
    t->busy = false;
    if (t->error.code && export)
        over(t, "The store cannot be read now", false);
    else if (t->error.code)
        log_warn("calls", "records of calls cannot be followed, trying again: %s", t->error.text);
    else if (t->more)
        t->due = true;
    else if (export)
        over(t, NULL, false);
    t->due = t->due || t->error.code; /* the tick is next to look: see `on_tick` */
    if (t->error.code && !t->over)
        return;
    step(t);
}

static void on_tick(void *arg)
{
    struct tail_hub *s = arg;
    uint64_t now = clock_mono_us();
    list_each_safe (node, &s->all) {
        struct tail *t = list_of(node, struct tail, node);
        if (t->busy)
            continue;
        t->due = t->due || s->config.shared;
        if (t->config.sink->beat && !t->full && t->sent == t->out.len &&
            now - t->beat_us >= s->config.beat_ms * 1000ull) {
            t->beat_us = now;
            t->config.sink->beat(t->config.arg);
        }
        step(t);
    }
    if (s->count)
        timer_set_us(s->tick, s->config.look_ms * 1000ull);
}

void tail_hub_wake(struct tail_hub *s)
{
    if (s->pacing) {
        s->again = true;
        return;
    }
    s->pacing = true;
    s->again = false;
    timer_set_us(s->pace, PACE_US);
    list_each_safe (node, &s->all) {
        struct tail *t = list_of(node, struct tail, node);
        t->due = true;
        step(t);
    }
}

static void on_pace(void *arg)
{
    struct tail_hub *s = arg;
    s->pacing = false;
    if (s->again)
        tail_hub_wake(s);
}

struct tail_hub *tail_hub_new(const struct tail_hub_config *config)
{
    struct tail_hub *s = mem_alloc(sizeof *s);
    s->config = *config;
    if (!s->config.look_ms)
        s->config.look_ms = LOOK_MS;
    if (!s->config.beat_ms)
        s->config.beat_ms = BEAT_MS;
    list_init(&s->all);
    s->pace = timer_new(config->loop, on_pace, s);
    s->tick = timer_new(config->loop, on_tick, s);
    return s;
}

void tail_hub_stop(struct tail_hub *s)
{
    s->stopped = true;
    list_each_safe (node, &s->all) {
        struct tail *t = list_of(node, struct tail, node);
        over(t, "The server is stopping", false);
        step(t);
    }
}

void tail_hub_free(struct tail_hub *s)
{
    if (!s)
        return;
    tail_hub_stop(s);
    must(s->count == 0);
    calls_watch(s->config.calls, NULL);
    timer_free(s->pace);
    timer_free(s->tick);
    free(s);
}

static unsigned count_of(const struct tail_hub *s, const char *client)
{
    unsigned count = 0;
    list_each (node, &s->all)
        count += strcmp(list_of(node, struct tail, node)->config.client, client) == 0;
    return count;
}

static unsigned count_strangers(const struct tail_hub *s)
{
    unsigned count = 0;
    list_each (node, &s->all)
        count += list_of(node, struct tail, node)->config.stranger;
    return count;
}

static bool is_full(const struct tail_hub *s, const struct tail_config *config)
{
    return s->count == TAILS_MAX || count_of(s, config->client) >= TAILS_PER_CLIENT ||
           (config->stranger && count_strangers(s) >= TAILS_STRANGERS);
}

int tail_open(struct tail_hub *s, const struct tail_config *config, struct tail **ret,
              struct err *e)
{
    uint64_t now = clock_mono_us();
    if (s->stopped)
        return err_set(e, ERR_UNAVAILABLE, "The server is stopping");
    if (is_full(s, config))
        return err_set(e, ERR_LIMIT,
                       "Too many tails and exports are open (limit %d, %d of one "
                       "client)",
                       TAILS_MAX, TAILS_PER_CLIENT);
    struct tail *t = mem_alloc(sizeof *t);
    t->hub = s;
    t->config = *config;
    settle_init(&t->settle, config->after, s->config.shared && !config->before, now);
    t->beat_us = now;
    t->due = true;
    list_append(&s->all, &t->node);
    if (s->count++ == 0) {
        calls_watch(s->config.calls, s->config.loop);
        timer_set_us(s->tick, s->config.look_ms * 1000ull);
    }
    step(t);
    *ret = t;
    return 0;
}

void tail_drained(struct tail *t)
{
    t->full = false;
    step(t);
}

void tail_gone(struct tail *t)
{
    t->gone = true;
    step(t);
}

void tail_refuse(struct tail *t)
{
    over(t, "This account may not see these records any more", true);
    step(t);
}
