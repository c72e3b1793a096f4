/* pool — slots arrive, idle ones are swept away, blank ones are refilled. Who gets which is in
 * place.c. */
#include "engine/private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"

enum {
    SWEEP_US = 500 * 1000,
    /* Lets the call that took a blank go first: copying competes with it for the CPU. */
    REFILL_US = 2 * 1000,
};

static void on_sweep(void *arg);
static void on_refill(void *arg);

void pool_init(struct engine *e)
{
    struct pool *p = &e->pool;
    for (int i = 0; i < SLOT_STATES; i++)
        list_init(&p->slots[i]);
    p->by_id = mem_alloc(e->config.slots_max * sizeof *p->by_id);
    p->refill = timer_new(e->loop, on_refill, e);
    p->sweep = timer_new(e->loop, on_sweep, e);
    timer_set_us(p->sweep, SWEEP_US);
}

void pool_done(struct engine *e)
{
    struct pool *p = &e->pool;
    for (int i = 0; i < SLOT_STATES; i++)
        list_each_safe (node, &p->slots[i])
            slot_free(list_of(node, struct slot, state_node));
    timer_free(p->refill);
    timer_free(p->sweep);
    free(p->by_id);
}

struct slot *pool_find(struct engine *e, uint32_t id)
{
    return id < e->config.slots_max ? e->pool.by_id[id] : NULL;
}

/* The spawner answers in order, so the oldest start is most likely the one meant. */
struct slot *pool_find_ticket(struct engine *e, uint64_t ticket)
{
    struct list *starting = &e->pool.slots[SLOT_STARTING];
    for (struct list *n = starting->prev; n != starting; n = n->prev) {
        struct slot *s = list_of(n, struct slot, state_node);
        if (s->ticket == ticket)
            return s;
    }
    return NULL;
}

/* Not moved once it is set: under a stream of cold calls it would never come. */
void pool_refill_soon(struct engine *e)
{
    if (e->closing || e->pool.refill_set)
        return;
    e->pool.refill_set = true;
    timer_set_us(e->pool.refill, REFILL_US);
}

static unsigned blanks_wanted(const struct engine *e, const struct nursery *n)
{
    if (n->variant)
        return variant_blanks(n->variant);
    return n->runtime ? e->config.blanks : 0; /* what is leased is made to order */
}

static void refill(struct engine *e, struct nursery *n)
{
    struct err why = {0};
    while (n->up && n->blank_count + n->starting < blanks_wanted(e, n) &&
           e->pool.total < e->config.slots_max)
        if (pool_start(e, n, NULL, &why) < 0) {
            log_warn("engine", "blank slot not started runtime=%s: %s", n->name, why.text);
            return;
        }
}

static void on_refill(void *arg)
{
    struct engine *e = arg;
    e->pool.refill_set = false;
    list_each (node, &e->nursing)
        refill(e, list_of(node, struct nursery, node));
}

static void reap_idle(struct engine *e, uint64_t now)
{
    struct list *oldest;
    while ((oldest = list_last(&e->pool.slots[SLOT_IDLE]))) {
        struct slot *s = list_of(oldest, struct slot, state_node);
        if (now - s->idle_since_us < (uint64_t)e->config.idle_ms * 1000)
            return;
        slot_kill(s);
    }
}

/* A call waits at most as long as it may run. */
static void refuse_overdue(struct engine *e, struct fn *fn, uint64_t now)
{
    struct err why = {0};
    struct list *first;
    const struct nursery *n = pool_nursery(e, fn);
    bool starting = n && !n->up;
    fn_use(fn); /* who is told may remove it */
    while ((first = list_first(&fn->waiting))) {
        struct call *c = list_of(first, struct call, node);
        if (now - c->arrived_us < (uint64_t)fn->spec.timeout_ms * 1000)
            break;
        err_set(&why, ERR_LIMIT,
                starting ? "Not ready: waited %u ms for the start of its template"
                         : "Too many calls: waited %u ms for a free slot",
                fn->spec.timeout_ms);
        call_refuse(c, &why);
    }
    fn_unuse(fn);
}

/* From one list to another, because whoever is told may add to and remove from both. */
static void sweep_queues(struct engine *e, uint64_t now)
{
    struct list seen = LIST_INIT(seen);
    struct list *first;
    while ((first = list_first(&e->queued))) {
        list_remove(first);
        list_append(&seen, first);
        refuse_overdue(e, list_of(first, struct fn, queued_node), now);
    }
    while ((first = list_first(&seen))) {
        list_remove(first);
        list_append(&e->queued, first);
    }
}

static void on_sweep(void *arg)
{
    struct engine *e = arg;
    uint64_t now = clock_mono_us();
    timer_set_us(e->pool.sweep, SWEEP_US);
    reap_idle(e, now);
    sweep_queues(e, now);
    variant_sweep(e, now);
    on_refill(e); /* starts that failed, and blank slots that ended by themselves, are not retried
                     any faster than this */
}

/* Whether a slot that was started for the function can still be used for it: it may have changed
 * meanwhile. */
static bool still_wanted(const struct slot *s)
{
    struct fn *fn = s->fn;
    return !fn->removed && !list_empty(&fn->waiting) && fn->code &&
           pool_nursery(s->engine, fn) == s->nursery &&
           pool_limits_reachable(&s->limits, &fn->spec.limits);
}

static void disown(struct slot *s)
{
    struct fn *fn = s->fn;
    slot_uncount(s);
    s->fn = NULL;
    fn_unuse(fn);
}

/* A copy of a template that has been replaced since it was asked for. */
static bool outdated(const struct slot *s)
{
    return s->template_index != s->nursery->index;
}

/* A fresh slot without work stays as a blank one when it is like all blanks and there are not
 * enough. */
static void keep_or_kill(struct engine *e, struct slot *s)
{
    if (!pool_limits_equal(&s->limits, &sandbox_default_limits) || outdated(s) ||
        s->nursery->blank_count > blanks_wanted(e, s->nursery))
        slot_kill(s);
}

/* The slot cannot be used, and whoever waited for it learns why. */
static void give_up(struct engine *e, struct slot *s, const struct err *why)
{
    struct fn *fn = s->fn; /* lives as long as the slot */
    log_error("engine", "slot not taken into service slot=%u: %s", s->box.id, why->text);
    slot_kill(s);
    if (!fn)
        return;
    pool_fail_first(fn, why);
    pool_place(e, fn);
}

/* A blank slot goes to those who wait, else it is kept, else it goes. */
static void offer(struct engine *e, struct slot *s)
{
    if (!list_empty(&s->nursery->hungry))
        pool_feed(e);
    if (s->state == SLOT_BLANK)
        keep_or_kill(e, s);
    pool_share(e);
}

void pool_arrived(struct engine *e, struct slot *s, const struct sandbox_slot *box)
{
    struct err why = {0};
    struct fn *fn = s->fn;
    must(box->id < e->config.slots_max && !e->pool.by_id[box->id]);
    e->pool.by_id[box->id] = s;
    metrics_add(&e->metrics.copy, box->copy_us);
    e->metrics.slots_started++;
    if (s->lease) {
        lease_arrived(s, box);
        return;
    }
    if (fn)
        fn->starting--;
    else
        s->nursery->starting--;
    slot_move(s, SLOT_BLANK);
    if (slot_open(s, box, &why) < 0) {
        give_up(e, s, &why);
    } else if (!fn) {
        offer(e, s);
    } else if (still_wanted(s)) {
        if (pool_adopt(e, s, fn, &why) < 0)
            give_up(e, s, &why);
    } else {
        fn_use(fn);
        disown(s);
        pool_place(e, fn); /* its calls may wait for other limits, another runtime, or code */
        offer(e, s);
        fn_unuse(fn);
    }
}

void pool_limited(struct engine *e, struct slot *s, const struct err *failed)
{
    struct fn *fn = s->fn;
    if (s->state != SLOT_LIMITING)
        return;
    if (!failed && still_wanted(s) && pool_limits_equal(&s->limits, &fn->spec.limits)) {
        fn->starting--;
        call_serve(fn, s);
        return;
    }
    slot_kill(s);
    if (failed)
        pool_fail_first(fn, failed);
    pool_place(e, fn);
}

void pool_not_started(struct engine *e, struct slot *s, const struct err *why)
{
    struct fn *fn = s->fn;
    bool again = outdated(s); /* its template may have been stopped before it was copied */
    e->metrics.slots_failed++;
    log_warn("engine", "slot not started runtime=%s fn=%s: %s", s->nursery->name,
             fn ? fn->spec.id : "-", why->text);
    if (fn)
        fn_use(fn);
    else if (s->lease)
        lease_not_started(s, why);
    else
        s->nursery->starting--;
    slot_free(s);
    if (fn && !again)
        pool_fail_first(fn, why);
    pool_feed(e); /* its place is free */
    if (fn) {
        pool_place(e, fn);
        fn_unuse(fn);
    }
}

void pool_ended(struct engine *e, struct slot *s)
{
    struct fn *fn = s->fn;
    bool used = s->version;
    if (fn)
        fn_use(fn);
    e->pool.by_id[s->box.id] = NULL;
    slot_free(s);
    pool_feed(e);
    if (fn) {
        pool_place(e, fn); /* a call that waited for this very slot's limits */
        fn_unuse(fn);
    }
    if (used)
        pool_refill_soon(e);
}
