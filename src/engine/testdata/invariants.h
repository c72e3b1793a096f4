/* invariants — what must hold of an engine between any two turns of its loop: counts agree with
 * lists. */
#pragma once

#include "base/test.h"
#include "engine/private.h"

static unsigned count_list(const struct list *l)
{
    unsigned n = 0;
    list_each (node, l)
        n++;
    return n;
}

static void check_slots_of(struct engine *e, const struct fn *fn, unsigned *live,
                           unsigned *starting)
{
    *live = *starting = 0;
    for (int state = 0; state < SLOT_STATES; state++)
        list_each (node, &e->pool.slots[state]) {
            const struct slot *s = list_of(node, struct slot, state_node);
            if (s->fn != fn || !s->counted)
                continue;
            CHECK(state != SLOT_DYING && state != SLOT_BLANK);
            ++*live;
            *starting += state == SLOT_STARTING || state == SLOT_LIMITING;
        }
}

static void check_fn(struct engine *e, const struct fn *fn)
{
    unsigned live, starting;
    check_slots_of(e, fn, &live, &starting);
    CHECK_INT(fn->live, live);
    CHECK_INT(fn->starting, starting);
    CHECK_INT(fn->waiting_count, count_list(&fn->waiting));
    CHECK(list_empty(&fn->waiting) == list_empty(&fn->queued_node));
    CHECK(list_empty(&fn->hungry_node) || !list_empty(&fn->waiting));
    CHECK(list_empty(&fn->idle) || list_empty(&fn->waiting));
    list_each (node, &fn->idle) {
        const struct slot *s = list_of(node, struct slot, owner_node);
        CHECK(s->state == SLOT_IDLE && s->counted && s->version == fn->spec.version && !s->call);
    }
}

static void check_pool(const struct engine *e)
{
    unsigned total = 0;
    for (int state = 0; state < SLOT_STATES; state++) {
        CHECK_INT(e->pool.count[state], count_list(&e->pool.slots[state]));
        total += e->pool.count[state];
    }
    CHECK_INT(e->pool.total, total);
    CHECK(total <= e->config.slots_max);
}

static unsigned count_slots_of(const struct engine *e, const struct nursery *n)
{
    unsigned count = 0;
    for (int state = 0; state < SLOT_STATES; state++)
        list_each (node, &e->pool.slots[state])
            count += list_of(node, struct slot, state_node)->nursery == n;
    return count;
}

/* Every index belongs to one variant or is on its way out. */
static void check_variants(const struct engine *e)
{
    unsigned owned = 0, has = 0;
    for (unsigned i = 0; i < SANDBOX_VARIANTS_MAX; i++) {
        const struct variant_index *at = &e->indices[i];
        const struct variant *v = at->owner;
        unsigned index = SANDBOX_TEMPLATES_MAX + i;
        owned += v != NULL;
        CHECK(!v || at->taken);
        CHECK(!v || v->next == (int)index || (v->asked && v->nursery.index == index));
        CHECK(v || !at->bytes);
    }
    list_each (node, &e->variants) {
        const struct variant *v = list_of(node, struct variant, node);
        has += v->asked + (v->next >= 0);
        CHECK(v->asked || !v->nursery.up);
        CHECK(!v->learned || v->known <= v->learned->modules.len);
    }
    CHECK_INT(owned, has);
}

static void check_nurseries(const struct engine *e)
{
    unsigned blanks = 0;
    list_each (at, &e->nursing) {
        const struct nursery *n = list_of(at, struct nursery, node);
        CHECK_INT(n->blank_count, count_list(&n->blanks));
        blanks += n->blank_count;
        unsigned starting = 0;
        list_each (node, &e->pool.slots[SLOT_STARTING]) {
            const struct slot *s = list_of(node, struct slot, state_node);
            starting += s->nursery == n && !s->fn && !s->lease;
        }
        CHECK_INT(n->starting, starting);
        CHECK_INT(n->slots, count_slots_of(e, n));
    }
    CHECK_INT(e->pool.count[SLOT_BLANK], blanks);
}

static void check_leases(const struct engine *e)
{
    unsigned waiting = 0;
    list_each (node, &e->leases) {
        const struct engine_lease *l = list_of(node, struct engine_lease, node);
        CHECK(l->slot ? l->slot->lease == l && list_empty(&l->hungry_node) : true);
        waiting += !l->slot;
    }
    CHECK_INT(e->leases_waiting, waiting);
}

static void check_engine(struct engine *e)
{
    unsigned waiting = 0;
    size_t bytes = 0, code = 0;
    check_pool(e);
    check_nurseries(e);
    check_leases(e);
    check_variants(e);
    for (size_t i = 0; i < e->functions.size; i++)
        for (const struct fn *fn = e->functions.buckets[i]; fn; fn = fn->next) {
            check_fn(e, fn);
            waiting += fn->waiting_count;
            code += fn->code ? fn->code->len : 0;
            list_each (node, &fn->waiting)
                bytes += list_of(node, struct call, node)->event.n;
        }
    CHECK_INT(e->waiting, waiting);
    CHECK_INT(e->waiting_bytes, bytes);
    CHECK_INT(e->code_bytes, code);
}
