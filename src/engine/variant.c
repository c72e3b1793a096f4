#include "engine/variant.h"

#include "engine/private.h"
#include "engine/setup.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"

#include <stdio.h>
#include <string.h>

enum {
    RETRY_US = 1000 * 1000,
    FRESH_US = 10 * 1000 * 1000, /* after a cold start the next one is likely for so long */
};

void variant_log(const struct variant *v, const char *what, const struct err *why)
{
    log_warn("engine", "%s runtime=%s scope=%s fn=%s: %s", what, v->nursery.name, v->scope,
             *v->function_id ? v->function_id : "-", why->text);
}

/* --- which one --- */

static bool snaps(const struct fn *fn)
{
    return fn->spec.snapstart && fn->spec.runtime->learns && !fn->snapless;
}

static const char *scope_of(const struct function_spec *spec)
{
    return spec->scope && *spec->scope ? spec->scope : spec->id;
}

static bool serves(const struct variant *v, const struct fn *fn)
{
    const struct function_spec *spec = &fn->spec;
    return !v->retired && v->nursery.runtime == spec->runtime && v->layer == spec->layer &&
           v->database == spec->database && strcmp(v->scope, scope_of(spec)) == 0 &&
           strcmp(v->function_id, snaps(fn) ? spec->id : "") == 0 &&
           (!v->layer || memcmp(v->layer_id, spec->layer_id, LAYER_ID) == 0);
}

struct variant *variant_new(struct engine *e, const struct fn *fn)
{
    const struct function_spec *spec = &fn->spec;
    struct variant *v = mem_alloc(sizeof *v);
    v->engine = e;
    v->nursery.variant = v;
    v->nursery.runtime = spec->runtime;
    v->nursery.name = spec->runtime->name;
    list_init(&v->nursery.blanks);
    list_init(&v->nursery.hungry);
    snprintf(v->scope, sizeof v->scope, "%s", scope_of(spec));
    snprintf(v->function_id, sizeof v->function_id, "%s", snaps(fn) ? spec->id : "");
    v->layer = spec->layer;
    v->database = spec->database;
    v->next = -1;
    memcpy(v->layer_id, spec->layer_id, LAYER_ID);
    if (v->layer && spec->runtime->learns) {
        v->learned = learned_find(e, v->scope, spec->runtime, v->layer_id);
        v->learned->users++;
    }
    list_append(&e->variants, &v->node);
    list_append(&e->nursing, &v->nursery.node);
    return v;
}

/* What is too large for a set-up file is loaded in each slot, as without snapstart. */
static void check_size(struct fn *fn)
{
    if (!snaps(fn) || !fn->code || fn->code->len <= SETUP_MAX / 2)
        return;
    fn->snapless = true;
    log_warn("engine", "snapstart ignored fn=%s version=%u: the code is larger than %d MB",
             fn->spec.id, fn->spec.version, SETUP_MAX / 2 >> 20);
}

bool variant_needed(struct fn *fn)
{
    check_size(fn);
    return fn->spec.layer || fn->spec.database || snaps(fn);
}

struct variant *variant_find(struct engine *e, const struct fn *fn)
{
    list_each (node, &e->variants) {
        struct variant *v = list_of(node, struct variant, node);
        if (serves(v, fn))
            return v;
    }
    return NULL;
}

/* --- its template --- */

static unsigned base_of(const struct variant *v)
{
    const struct engine *e = v->engine;
    unsigned i = 0;
    while (e->config.runtimes[i] != v->nursery.runtime)
        i++;
    return i;
}

static int free_index(const struct engine *e)
{
    for (unsigned i = 0; i < SANDBOX_VARIANTS_MAX; i++)
        if (!e->indices[i].taken)
            return (int)i;
    return -1;
}

static bool one_is_stopping(const struct engine *e)
{
    for (unsigned i = 0; i < SANDBOX_VARIANTS_MAX; i++)
        if (e->indices[i].taken && !e->indices[i].owner)
            return true;
    return false;
}

static struct str known_modules(const struct variant *v)
{
    return v->learned ? buf_str(&v->learned->modules) : STR("");
}

int variant_start(struct variant *v, struct str load, unsigned *ret_index, struct err *why)
{
    struct engine *e = v->engine;
    struct sandbox_variant what = {.base = base_of(v), .layer = v->layer, .database = v->database};
    struct str modules = known_modules(v);
    auto_fd int setup = -1;
    int at = free_index(e);
    v->tried_us = clock_mono_us();
    if (at < 0)
        return 0;
    memcpy(what.layer_id, v->layer_id, LAYER_ID);
    if ((modules.n || load.n) && (setup = setup_file(modules, load, why)) < 0)
        return -1;
    *ret_index = SANDBOX_TEMPLATES_MAX + (unsigned)at;
    if (sandbox_template_start(e->sandbox, *ret_index, &what, setup, why) < 0)
        return -1;
    e->indices[at] = (struct variant_index){.taken = true, .owner = v};
    return 1;
}

static void stop_index(struct engine *e, unsigned index)
{
    struct variant_index *at = &e->indices[index - SANDBOX_TEMPLATES_MAX];
    at->owner = NULL;
    at->bytes = 0;
    sandbox_template_stop(e->sandbox, index);
}

static void end_blanks(struct nursery *n)
{
    struct list *first;
    while ((first = list_first(&n->blanks)))
        slot_kill(list_of(first, struct slot, owner_node));
}

void variant_stop(struct variant *v)
{
    end_blanks(&v->nursery);
    if (v->next >= 0)
        stop_index(v->engine, (unsigned)v->next);
    if (v->asked)
        stop_index(v->engine, v->nursery.index);
    v->next = -1;
    v->asked = v->nursery.up = false;
}

/* The first template. Without a free index it waits: another one goes for it, or ends by itself. */
static void begin(struct variant *v, const struct fn *fn)
{
    auto_buf struct buf load = {0};
    struct nursery *n = &v->nursery;
    v->load = *v->function_id && fn;
    if (v->load)
        slot_add_load(&load, fn);
    n->failed = (struct err){0};
    int started = variant_start(v, buf_str(&load), &n->index, &n->failed);
    v->asked = started > 0;
    v->known = known_modules(v).n;
    if (started == 0 && !one_is_stopping(v->engine))
        variant_evict(v->engine);
    if (started < 0)
        variant_log(v, "template not started", &n->failed);
}

void variant_want(struct variant *v, const struct fn *fn)
{
    uint64_t now = clock_mono_us();
    v->placed_us = v->used_us = now;
    if (!v->asked && (!v->nursery.failed.code || now - v->tried_us >= RETRY_US))
        begin(v, fn);
}

unsigned variant_blanks(const struct variant *v)
{
    const struct engine *e = v->engine;
    unsigned all = 0;
    if (!v->nursery.up || v->retired || !e->config.blanks ||
        clock_mono_us() - v->placed_us > FRESH_US)
        return 0;
    list_each (node, &e->variants) {
        const struct variant *other = list_of(node, struct variant, node);
        if (other != v)
            all += other->nursery.blank_count + other->nursery.starting;
    }
    return all < e->config.slots_max / 2;
}

/* --- what it learns --- */

void variant_heard(struct slot *s, struct str modules)
{
    struct variant *v = s->nursery->variant;
    if (v && v->learned && learned_add(v->learned, modules))
        v->teacher = s->ticket;
}

static void tell_learned(const struct variant *v)
{
    const struct engine *e = v->engine;
    if (v->learned && e->config.learned)
        e->config.learned(e->config.arg, v->scope, v->nursery.runtime, v->layer_id,
                          (struct str){v->known ? v->learned->modules.data : "", v->known});
}

/* Others that share the list have imported what is given up here: they keep it until they end. */
static void give_up_modules(struct variant *v, size_t from)
{
    struct engine *e = v->engine;
    learned_cut(v->learned, from);
    list_each (node, &e->variants) {
        struct variant *other = list_of(node, struct variant, node);
        if (other->learned != v->learned)
            continue;
        other->known = other->known < from ? other->known : from;
        other->next_known = other->next_known < from ? other->next_known : from;
    }
}

static void come_up(struct variant *v)
{
    v->asked = v->nursery.up = true;
    v->nursery.failed = (struct err){0};
}

static void take_over(struct variant *v)
{
    struct nursery *n = &v->nursery;
    end_blanks(n);
    if (v->asked) /* it may have died meanwhile */
        stop_index(v->engine, n->index);
    n->index = (unsigned)v->next;
    v->next = -1;
    v->known = v->next_known;
    come_up(v);
    tell_learned(v);
}

/* --- the spawner's words --- */

static struct variant *owner_of(struct engine *e, unsigned index)
{
    return e->indices[index - SANDBOX_TEMPLATES_MAX].owner;
}

void variant_ready(struct engine *e, unsigned index, uint64_t start_us, size_t bytes)
{
    struct variant *v = owner_of(e, index);
    if (!v)
        return;
    e->indices[index - SANDBOX_TEMPLATES_MAX].bytes = bytes;
    log_info("engine", "template ready runtime=%s scope=%s fn=%s start_us=%llu mb=%zu",
             v->nursery.name, v->scope, *v->function_id ? v->function_id : "-",
             (unsigned long long)start_us, bytes >> 20);
    if (v->next == (int)index)
        take_over(v);
    else
        come_up(v);
    pool_feed(e);
    pool_refill_soon(e);
    variant_trim(e);
}

/* Its code does not load there: its slots load it, and whoever calls learns what is wrong. */
static void without_load(struct variant *v, const struct err *why)
{
    struct fn *fn = fn_find(&v->engine->functions, v->function_id);
    variant_log(v, "snapstart failed, done without", why);
    v->retired = true;
    if (fn)
        fn->snapless = true;
}

static void first_failed(struct variant *v, const struct err *why)
{
    bool missing = why->code == ERR_NOT_FOUND; /* the layer: nothing that was loaded is to blame */
    v->asked = false;
    if (v->retired) /* what it was for has changed meanwhile */
        return;
    if (v->load && !missing) {
        without_load(v, why);
    } else if (v->known && !missing) {
        variant_log(v, "template failed, modules given up", why);
        give_up_modules(v, 0);
        tell_learned(v);
        begin(v, NULL);
    } else {
        variant_log(v, "template failed", why);
        v->nursery.failed = *why;
    }
}

static void next_failed(struct variant *v, const struct err *why)
{
    variant_log(v, "template with more modules failed, they are given up", why);
    v->next = -1;
    give_up_modules(v, v->known);
}

void variant_failed(struct engine *e, unsigned index, const struct err *why)
{
    struct variant *v = owner_of(e, index);
    if (!v)
        return; /* being stopped: that is still to be said */
    e->indices[index - SANDBOX_TEMPLATES_MAX] = (struct variant_index){0};
    if (v->next == (int)index) {
        next_failed(v, why);
    } else if (v->nursery.up) { /* it died in service: tried again when it is needed */
        variant_log(v, "template died", why);
        v->nursery.up = v->asked = false;
        v->nursery.failed = *why;
        end_blanks(&v->nursery);
    } else {
        first_failed(v, why);
    }
    pool_feed(e);
}

void variant_stopped(struct engine *e, unsigned index)
{
    e->indices[index - SANDBOX_TEMPLATES_MAX] = (struct variant_index){0};
    pool_feed(e); /* others may wait for an index */
}

void variant_retire(struct engine *e, const char *function_id)
{
    list_each (node, &e->variants) {
        struct variant *v = list_of(node, struct variant, node);
        if (*v->function_id && strcmp(v->function_id, function_id) == 0) {
            v->retired = true;
            end_blanks(&v->nursery);
        }
    }
}
