/* lease — slots lent as they are: they count among all others and wait for a place as calls do, but
 * what is said to them is their holder's business. */
#include "engine/private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"

#include <signal.h>

enum { PATIENCE_S = 60, WAITING_MAX = 1024 };

static void lease_free(struct engine_lease *l)
{
    if (!l->slot)
        l->engine->leases_waiting--;
    list_remove(&l->node);
    list_remove(&l->hungry_node);
    timer_free(l->patience);
    free(l);
}

static void fail(struct engine_lease *l, const struct err *why)
{
    const struct engine_lease_events *events = l->events;
    lease_free(l);
    events->failed(events->arg, why);
}

static void given_up(struct err *ret)
{
    err_set(ret, ERR_UNAVAILABLE, "nobody waits for this sandbox any more");
}

static void on_patience(void *arg)
{
    struct engine_lease *l = arg;
    struct err why = {0};
    if (l->ending)
        given_up(&why);
    else
        err_set(&why, ERR_LIMIT, "waited %d s for a free sandbox (limit slots = %u)", PATIENCE_S,
                l->engine->config.slots_max);
    fail(l, &why);
}

/* Asks for its slot, or lets it wait. */
static int place(struct engine_lease *l, struct err *why)
{
    struct engine *e = l->engine;
    struct nursery *n = l->nursery;
    if (!n->up && n->failed.code) {
        *why = n->failed;
        return -1;
    }
    if (!n->up || pool_full(e)) {
        pool_hungry(e, n, &l->hungry_node, NULL);
        return 0;
    }
    if (!(l->slot = pool_ask(e, n, &l->limits, why)))
        return -1;
    l->slot->lease = l;
    e->leases_waiting--;
    timer_cancel(l->patience);
    return 0;
}

static int may_lease(const struct engine *e, unsigned index, struct err *err)
{
    if (e->closing)
        return err_set(err, ERR_UNAVAILABLE, "the server is shutting down");
    if (index < e->nursery_count || index - e->nursery_count >= e->config.leased)
        return err_set(err, ERR_INVALID, "template %u is not for leases", index);
    if (e->leases_waiting >= WAITING_MAX)
        return err_set(err, ERR_LIMIT, "%d others wait for a sandbox", WAITING_MAX);
    return 0;
}

int engine_lease(struct engine *e, unsigned template_index, const struct sandbox_limits *limits,
                 const struct engine_lease_events *lease_events, struct engine_lease **ret,
                 struct err *err)
{
    if (may_lease(e, template_index, err) < 0)
        return -1;
    struct engine_lease *l = mem_alloc(sizeof *l);
    *l = (struct engine_lease){.engine = e,
                               .nursery = &e->nurseries[template_index],
                               .limits = *limits,
                               .events = lease_events,
                               .patience = timer_new(e->loop, on_patience, l),
                               .asked_us = clock_mono_us()};
    list_init(&l->hungry_node);
    list_append(&e->leases, &l->node);
    e->leases_waiting++;
    timer_set_us(l->patience, PATIENCE_S * 1000000ull);
    if (place(l, err) < 0) {
        lease_free(l);
        return -1;
    }
    *ret = l;
    return 0;
}

/* Its holder hears of it on a later turn: this may be called from the midst of its own work. */
void engine_lease_end(struct engine_lease *l)
{
    if (l->ending)
        return;
    l->ending = true;
    if (!l->slot) {
        list_remove(&l->hungry_node);
        timer_set_us(l->patience, 0);
    } else if (l->slot->state == SLOT_LEASED) {
        slot_kill(l->slot);
    } /* else when it has arrived: until then it has no name by which it could be killed */
}

void lease_feed(struct engine_lease *l)
{
    struct err why = {0};
    if (place(l, &why) < 0)
        fail(l, &why);
}

void lease_arrived(struct slot *s, const struct sandbox_slot *box)
{
    struct engine_lease *l = s->lease;
    struct err why = {0};
    s->box = *box;
    slot_move(s, SLOT_LEASED);
    if (l->ending) {
        s->lease = NULL;
        slot_kill(s);
        given_up(&why);
        fail(l, &why);
        return;
    }
    s->box.socket = s->box.out = s->box.err = -1;
    l->events->started(l->events->arg, box);
}

void lease_not_started(struct slot *s, const struct err *why)
{
    struct engine_lease *l = take_ptr(s->lease);
    fail(l, why);
}

void lease_ended(struct slot *s, const struct sandbox_exit *how)
{
    struct engine_lease *l = take_ptr(s->lease);
    const struct engine_lease_events *events = l->events;
    lease_free(l);
    events->ended(events->arg, how);
}

/* The spawner ends the slots, but nobody will hear of it. */
void lease_end_all(struct engine *e)
{
    const struct sandbox_exit killed = {.status = SIGKILL};
    struct err why = {0};
    struct list *first;
    err_set(&why, ERR_UNAVAILABLE, "the server is shutting down");
    while ((first = list_first(&e->leases))) {
        struct engine_lease *l = list_of(first, struct engine_lease, node);
        bool started = l->slot && (l->slot->state == SLOT_LEASED || l->slot->state == SLOT_DYING);
        if (started) {
            lease_ended(l->slot, &killed);
        } else {
            if (l->slot)
                l->slot->lease = NULL;
            fail(l, &why);
        }
    }
}
