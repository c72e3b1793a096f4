/* variant_sweep — which templates of variants stay, and which are replaced by ones that know more.
 */
#include "engine/private.h"
#include "engine/variant.h"

#include "base/clock.h"

#include <stdlib.h>

enum { RENEW_US = 2 * 1000 * 1000 };

/* Slots that carry code, are on their way to somebody, or calls that wait for one. Blanks are there
 * for the template, not the other way round. */
static bool in_use(const struct variant *v)
{
    const struct nursery *n = &v->nursery;
    return !list_empty(&n->hungry) || n->slots > n->blank_count + n->starting;
}

static void stop_unused(struct variant *v, uint64_t now)
{
    uint64_t idle_us = (uint64_t)v->engine->config.variant_idle_ms * 1000;
    if (in_use(v))
        v->used_us = now;
    else if (v->asked && (v->retired || now - v->used_us >= idle_us))
        variant_stop(v);
}

static void end_surplus_blanks(struct variant *v)
{
    struct nursery *n = &v->nursery;
    while (n->blank_count > variant_blanks(v))
        slot_kill(list_of(list_last(&n->blanks), struct slot, owner_node));
}

/* The call that has taught the latest may still run: what it imports it needs now, and what is
 * started beside it would compete for the CPU. */
static bool still_teaching(const struct variant *v)
{
    const struct pool *p = &v->engine->pool;
    list_each (node, &p->slots[SLOT_BUSY]) {
        const struct slot *s = list_of(node, struct slot, state_node);
        if (s->ticket == v->teacher && s->number <= 1)
            return true;
    }
    return false;
}

/* One with snapstart has imported what its code imports. */
static void renew(struct variant *v, uint64_t now)
{
    struct err why = {0};
    unsigned index;
    if (!v->learned || v->learned->modules.len <= v->known || !v->nursery.up || v->next >= 0 ||
        *v->function_id || v->retired || now - v->tried_us < RENEW_US || still_teaching(v))
        return;
    int started = variant_start(v, STR(""), &index, &why);
    if (started < 0)
        variant_log(v, "template not renewed", &why);
    if (started <= 0)
        return;
    v->next = (int)index;
    v->next_known = v->learned->modules.len;
}

static void variant_free(struct variant *v)
{
    list_remove(&v->node);
    list_remove(&v->nursery.node);
    if (v->learned)
        v->learned->users--;
    free(v);
}

/* One that has failed is remembered for a while, so that it is not tried again too soon. */
static bool is_over(const struct variant *v, uint64_t now)
{
    return !v->asked && v->next < 0 && !v->nursery.slots && list_empty(&v->nursery.hungry) &&
           now - v->tried_us >= RENEW_US;
}

void variant_sweep(struct engine *e, uint64_t now)
{
    bool waiting = false;
    list_each_safe (node, &e->variants) {
        struct variant *v = list_of(node, struct variant, node);
        stop_unused(v, now);
        end_surplus_blanks(v);
        renew(v, now);
        waiting |= !v->asked && !list_empty(&v->nursery.hungry);
        if (is_over(v, now))
            variant_free(v);
    }
    variant_trim(e);
    if (waiting)
        pool_feed(e);
}

bool variant_evict(struct engine *e)
{
    struct variant *oldest = NULL;
    list_each (node, &e->variants) {
        struct variant *v = list_of(node, struct variant, node);
        if (v->asked && !in_use(v) && (!oldest || v->used_us < oldest->used_us))
            oldest = v;
    }
    if (oldest)
        variant_stop(oldest);
    return oldest;
}

void variant_stats(const struct engine *e, unsigned *ret_up, size_t *ret_bytes)
{
    *ret_up = 0;
    *ret_bytes = 0;
    list_each (node, &e->variants)
        *ret_up += list_of(node, struct variant, node)->nursery.up;
    for (unsigned i = 0; i < SANDBOX_VARIANTS_MAX; i++)
        *ret_bytes += e->indices[i].bytes;
}

void variant_trim(struct engine *e)
{
    unsigned up;
    size_t bytes;
    do
        variant_stats(e, &up, &bytes);
    while (bytes > e->config.variant_memory_max && variant_evict(e));
}

void variant_done(struct engine *e)
{
    list_each_safe (node, &e->variants)
        variant_free(list_of(node, struct variant, node));
}
