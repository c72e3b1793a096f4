/* place — finds a slot for calls that wait: a blank one, a new one, or one that somebody else has
 * to give up. */
#include "engine/private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

enum { PATIENCE_US = 200 * 1000 };

bool pool_limits_equal(const struct sandbox_limits *a, const struct sandbox_limits *b)
{
    return a->memory_bytes == b->memory_bytes && a->tmp_bytes == b->tmp_bytes &&
           a->file_bytes == b->file_bytes && a->cpu_millis == b->cpu_millis && a->pids == b->pids &&
           a->open_files == b->open_files && a->network == b->network;
}

/* What sandbox_limit cannot change on a running slot: mounts at all, a network not back, and the
 * limits of the process itself (setrlimit(2)) not upwards, which takes a right that the spawner
 * does not have everywhere. */
bool pool_limits_reachable(const struct sandbox_limits *from, const struct sandbox_limits *to)
{
    return from->tmp_bytes == to->tmp_bytes && from->network <= to->network &&
           from->file_bytes >= to->file_bytes && from->open_files >= to->open_files &&
           from->pids >= to->pids;
}

void pool_fail_first(struct fn *fn, const struct err *why)
{
    struct list *first = list_first(&fn->waiting);
    if (first)
        call_fail(list_of(first, struct call, node), CALL_PLATFORM_ERROR, "no sandbox: %s",
                  why->text);
}

struct slot *pool_ask(struct engine *e, struct nursery *n, const struct sandbox_limits *limits,
                      struct err *why)
{
    struct slot *s = mem_alloc(sizeof *s);
    s->engine = e;
    s->nursery = n;
    s->template_index = n->index;
    s->limits = *limits;
    s->ticket = ++e->pool.last_ticket;
    s->asked_us = clock_mono_us();
    s->box =
        (struct sandbox_slot){.socket = -1, .out = -1, .err = -1, .memory_peak = -1, .cpu = -1};
    if (sandbox_start(e->sandbox, s->ticket, n->index, &s->limits, why) < 0) {
        free(s);
        return NULL;
    }
    list_init(&s->owner_node);
    list_push(&e->pool.slots[SLOT_STARTING], &s->state_node);
    e->pool.count[SLOT_STARTING]++;
    e->pool.total++;
    n->slots++;
    return s;
}

int pool_start(struct engine *e, struct nursery *n, struct fn *fn, struct err *why)
{
    struct slot *s = pool_ask(e, n, fn ? &fn->spec.limits : &sandbox_default_limits, why);
    if (!s)
        return -1;
    if (fn) {
        s->fn = fn;
        fn_use(fn);
        s->counted = true;
        fn->live++;
        fn->starting++;
    } else {
        n->starting++;
    }
    return 0;
}

/* A blank slot becomes one of the function's: at once, or after its limits were changed. */
int pool_adopt(struct engine *e, struct slot *s, struct fn *fn, struct err *why)
{
    if (!s->fn) {
        s->fn = fn;
        fn_use(fn);
    }
    if (!s->counted) {
        s->counted = true;
        fn->live++;
    }
    if (pool_limits_equal(&s->limits, &fn->spec.limits)) {
        call_serve(fn, s);
        return 0;
    }
    if (sandbox_limit(e->sandbox, s->box.id, &fn->spec.limits, why) < 0)
        return -1;
    s->limits = fn->spec.limits;
    slot_move(s, SLOT_LIMITING);
    fn->starting++;
    return 0;
}

/* The blank slot that has waited longest: its runner is the most likely to be ready. */
static struct slot *take_blank(struct nursery *n, const struct fn *fn)
{
    struct list *oldest = list_last(&n->blanks);
    if (!oldest)
        return NULL;
    struct slot *s = list_of(oldest, struct slot, owner_node);
    return pool_limits_reachable(&s->limits, &fn->spec.limits) ? s : NULL;
}

static struct nursery *runtime_nursery(struct engine *e, const struct fn *fn)
{
    for (unsigned i = 0; i < e->nursery_count; i++)
        if (e->nurseries[i].runtime == fn->spec.runtime)
            return &e->nurseries[i];
    must(!"every runtime has a nursery");
    return NULL;
}

const struct nursery *pool_nursery(struct engine *e, struct fn *fn)
{
    if (!variant_needed(fn))
        return runtime_nursery(e, fn);
    const struct variant *v = variant_find(e, fn);
    return v ? &v->nursery : NULL;
}

/* The same, ready to be asked or on its way to that. */
static struct nursery *open_nursery(struct engine *e, struct fn *fn)
{
    if (!variant_needed(fn))
        return runtime_nursery(e, fn);
    struct variant *v = variant_find(e, fn);
    if (!v)
        v = variant_new(e, fn);
    variant_want(v, fn);
    return &v->nursery;
}

static bool blank_fits(const struct slot *s, const struct nursery *n, const struct fn *fn)
{
    return fn && s->nursery == n && pool_limits_reachable(&s->limits, &fn->spec.limits);
}

/* One idle slot, else a blank one that is of no use to the function (NULL: to a lease), gives up
 * its place. The place is free when the spawner says that the slot has ended. */
static void make_room(struct engine *e, const struct nursery *n, const struct fn *fn)
{
    struct list *idle = list_last(&e->pool.slots[SLOT_IDLE]);
    if (idle) {
        slot_kill(list_of(idle, struct slot, state_node));
        return;
    }
    list_each (node, &e->pool.slots[SLOT_BLANK]) {
        struct slot *s = list_of(node, struct slot, state_node);
        if (!blank_fits(s, n, fn)) {
            slot_kill(s);
            return;
        }
    }
}

/* As many as are dying will have places soon; only who comes on top of them needs another one. */
static unsigned places_owed(struct engine *e)
{
    unsigned hungry = 0;
    list_each (node, &e->nursing) {
        struct nursery *n = list_of(node, struct nursery, node);
        if (n->up)
            list_each (waiting, &n->hungry)
                hungry++;
    }
    return hungry > e->pool.count[SLOT_DYING] ? hungry - e->pool.count[SLOT_DYING] : 0;
}

bool pool_full(const struct engine *e)
{
    return e->pool.total >= e->config.slots_max;
}

void pool_hungry(struct engine *e, struct nursery *n, struct list *node, const struct fn *fn)
{
    if (list_empty(node))
        list_append(&n->hungry, node);
    if (n->up && pool_full(e) && places_owed(e))
        make_room(e, n, fn);
}

/* NULL: nobody, or nobody who could be helped by a place. */
static struct list *first_hungry(struct nursery *n)
{
    return n->up ? list_first(&n->hungry) : NULL;
}

static struct fn *hungry_fn(const struct nursery *n, struct list *first)
{
    return n->runtime ? list_of(first, struct fn, hungry_node) : NULL;
}

static uint64_t hungry_since(const struct nursery *n, struct list *first)
{
    const struct fn *fn = hungry_fn(n, first);
    if (!fn)
        return list_of(first, struct engine_lease, hungry_node)->asked_us;
    return list_of(fn->waiting.next, struct call, node)->arrived_us;
}

void pool_share(struct engine *e)
{
    if ((!e->waiting && !e->leases_waiting) || e->closing)
        return;
    list_each (node, &e->nursing) {
        struct nursery *n = list_of(node, struct nursery, node);
        struct list *first = first_hungry(n);
        if (first && pool_full(e) && places_owed(e))
            make_room(e, n, hungry_fn(n, first));
    }
}

/* Without this a function that always has calls waiting would keep its slots for ever. Not at once:
 * each change of hands costs a cold start. */
bool pool_overdue(struct engine *e, const struct fn *fn)
{
    if (e->waiting == fn->waiting_count && !e->leases_waiting)
        return false;
    uint64_t now = clock_mono_us();
    list_each (node, &e->nursing) {
        struct nursery *n = list_of(node, struct nursery, node);
        struct list *first = first_hungry(n);
        if (!first || hungry_fn(n, first) == fn)
            continue;
        if (now - hungry_since(n, first) > PATIENCE_US && pool_full(e) && places_owed(e))
            return true;
    }
    return false;
}

/* One more slot for the function. 1: it has one; 0: it waits for a place; -1: there is none to be
 * had. */
static int place_one(struct engine *e, struct fn *fn, struct err *why)
{
    struct nursery *n = open_nursery(e, fn);
    struct slot *blank = take_blank(n, fn);
    if (blank) {
        pool_refill_soon(e);
        if (pool_adopt(e, blank, fn, why) == 0)
            return 1;
        slot_kill(blank);
        return -1;
    }
    if (!n->up && n->failed.code && fn->live == fn->starting) {
        *why = n->failed;
        return -1;
    }
    if (!n->up || pool_full(e)) {
        pool_hungry(e, n, &fn->hungry_node, fn);
        return 0;
    }
    return pool_start(e, n, fn, why) < 0 ? -1 : 1;
}

/* Nothing that its slots could see would be what it asks for. */
static void fail_waiting(struct fn *fn)
{
    struct list *first;
    while (fn->spec.layer_problem && (first = list_first(&fn->waiting)))
        call_fail(list_of(first, struct call, node), CALL_PLATFORM_ERROR, "%s",
                  fn->spec.layer_problem);
}

static bool wants_slot(struct engine *e, struct fn *fn)
{
    return !e->closing && fn->waiting_count > fn->starting && fn->live < fn->spec.concurrency &&
           code_want(e, fn);
}

void pool_place(struct engine *e, struct fn *fn)
{
    fn_use(fn); /* who is told of a failure may remove it */
    fail_waiting(fn);
    while (wants_slot(e, fn)) {
        struct err why = {0};
        int placed = place_one(e, fn, &why);
        if (placed == 0)
            break;
        if (placed < 0)
            pool_fail_first(fn, &why);
    }
    fn_unuse(fn);
}

/* Those who cannot be helped come back to the list. */
static void feed(struct engine *e, struct nursery *n)
{
    struct list now = LIST_INIT(now);
    struct list *first;
    while ((first = list_first(&n->hungry))) {
        list_remove(first);
        list_append(&now, first);
    }
    while ((first = list_first(&now))) {
        list_remove(first);
        if (n->runtime)
            pool_place(e, list_of(first, struct fn, hungry_node));
        else
            lease_feed(list_of(first, struct engine_lease, hungry_node));
    }
}

/* Who was asked first is asked last the next time: one free place must not always go to the same
 * template's calls. */
void pool_feed(struct engine *e)
{
    struct list *first = list_first(&e->nursing);
    list_remove(first);
    list_append(&e->nursing, first);
    list_each (node, &e->nursing)
        feed(e, list_of(node, struct nursery, node));
}
