/* engine — wiring: functions come and go, the spawner reports, everything ends. */
#include "engine/private.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void on_started(void *arg, uint64_t ticket, const struct sandbox_slot *box)
{
    struct engine *e = arg;
    struct slot *s = pool_find_ticket(e, ticket);
    must(s);
    pool_arrived(e, s, box);
}

static void on_not_started(void *arg, uint64_t ticket, const struct err *why)
{
    struct engine *e = arg;
    struct slot *s = pool_find_ticket(e, ticket);
    must(s);
    pool_not_started(e, s, why);
}

static void on_limited(void *arg, uint32_t id, const struct err *failed)
{
    struct engine *e = arg;
    struct slot *s = pool_find(e, id);
    if (s)
        pool_limited(e, s, failed);
}

static void how_it_ended(const struct sandbox_exit *how, char *out, size_t size)
{
    if (WIFSIGNALED(how->status))
        snprintf(out, size, "the function's process was killed by signal %d (SIG%s)",
                 WTERMSIG(how->status), sigabbrev_np(WTERMSIG(how->status)));
    else
        snprintf(out, size, "the function's process exited with status %d",
                 WEXITSTATUS(how->status));
}

/* A call that was under way learns why its slot has ended: the memory limit first, then whatever
 * the kernel says. */
static void end_call(struct slot *s, const struct sandbox_exit *how)
{
    char text[128];
    struct call *c = s->call;
    unsigned long long mb = s->limits.memory_bytes >> 20;
    if (how->oom) {
        call_fail(c, CALL_OOM, "out of memory: needed more than %llu MB (limit memory_mb = %llu)",
                  mb, mb);
        return;
    }
    how_it_ended(how, text, sizeof text);
    call_fail(c, CALL_CRASHED, "%s", text);
}

static void on_ended(void *arg, uint32_t id, const struct sandbox_exit *how)
{
    struct engine *e = arg;
    struct slot *s = pool_find(e, id);
    if (!s)
        return;
    bool by_itself = s->state != SLOT_DYING; /* else its end may follow from the closed socket */
    if (s->state == SLOT_BUSY)
        slot_last_words(s);
    slot_kill(s);
    if (s->call)
        end_call(s, how);
    if (s->lease)
        lease_ended(s, how);
    else if (!s->version && by_itself &&
             !(WIFSIGNALED(how->status) && WTERMSIG(how->status) == SIGKILL))
        log_warn("engine", "fresh slot ended slot=%u runtime=%s status=%d", id, s->nursery->name,
                 how->status);
    pool_ended(e, s);
}

static void on_template_ready(void *arg, unsigned index, uint64_t start_us, uint64_t memory_bytes)
{
    struct engine *e = arg;
    if (index >= SANDBOX_TEMPLATES_MAX) {
        variant_ready(e, index, start_us, memory_bytes);
        return;
    }
    struct nursery *n = &e->nurseries[index];
    n->up = true;
    n->failed = (struct err){0};
    log_info("engine", "template ready runtime=%s start_us=%llu", n->name,
             (unsigned long long)start_us);
    pool_feed(e);
    pool_refill_soon(e);
}

static void on_template_failed(void *arg, unsigned index, const struct err *why)
{
    struct engine *e = arg;
    if (index >= SANDBOX_TEMPLATES_MAX) {
        variant_failed(e, index, why);
        return;
    }
    struct nursery *n = &e->nurseries[index];
    n->up = false;
    n->failed = *why;
    log_error("engine", "template failed runtime=%s: %s", n->name, why->text);
    pool_feed(e);
}

static void fail_all(struct engine *e, const char *why)
{
    for (int state = 0; state < SLOT_STATES; state++)
        list_each_safe (node, &e->pool.slots[state]) {
            struct slot *s = list_of(node, struct slot, state_node);
            if (s->call)
                call_fail(s->call, CALL_PLATFORM_ERROR, "%s", why);
        }
    for (struct list *first; (first = list_first(&e->queued));) {
        struct fn *fn = list_of(first, struct fn, queued_node);
        call_fail(list_of(fn->waiting.next, struct call, node), CALL_PLATFORM_ERROR, "%s", why);
    }
}

static void on_lost(void *arg)
{
    struct engine *e = arg;
    log_error("engine", "the spawner is gone: no calls can be served");
    e->closing = true;
    fail_all(e, "the spawner is gone");
    loop_stop(e->loop);
}

static void on_template_stopped(void *arg, unsigned index)
{
    variant_stopped(arg, index);
}

static const struct sandbox_events events = {
    .started = on_started,
    .failed = on_not_started,
    .limited = on_limited,
    .ended = on_ended,
    .template_ready = on_template_ready,
    .template_failed = on_template_failed,
    .template_stopped = on_template_stopped,
    .lost = on_lost,
};

static void add_nursery(struct engine *e, unsigned index, const struct runtime *runtime)
{
    must(index < ENGINE_RUNTIMES_MAX);
    struct nursery *n = &e->nurseries[index];
    n->runtime = runtime;
    n->name = runtime ? runtime->name : "leased";
    n->index = index;
    list_init(&n->blanks);
    list_init(&n->hungry);
    list_append(&e->nursing, &n->node);
}

static void add_nurseries(struct engine *e)
{
    for (; e->config.runtimes[e->nursery_count]; e->nursery_count++)
        add_nursery(e, e->nursery_count, e->config.runtimes[e->nursery_count]);
    for (unsigned i = 0; i < e->config.leased; i++)
        add_nursery(e, e->nursery_count + i, NULL);
}

int engine_new(struct loop *l, int spawner_fd, const struct engine_config *config,
               struct engine **ret, struct err *err)
{
    struct engine *e = mem_alloc(sizeof *e);
    e->config = *config;
    e->config.stream_max = config->stream_max ? config->stream_max : 1 << 30;
    e->loop = l;
    list_init(&e->codes);
    list_init(&e->queued);
    list_init(&e->takers);
    list_init(&e->nursing);
    list_init(&e->leases);
    list_init(&e->variants);
    list_init(&e->learned);
    add_nurseries(e);
    pool_init(e);
    if (sandbox_new(l, spawner_fd, &events, e, &e->sandbox, err) < 0) {
        pool_done(e);
        free(e);
        return -1;
    }
    *ret = e;
    return 0;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    e->closing = true;
    fail_all(e, "the server is shutting down");
    lease_end_all(e);
    pool_done(e);
    sandbox_free(e->sandbox);
    variant_done(e);
    learned_done(e);
    fn_table_done(&e->functions);
    buf_done(&e->scratch);
    free(e);
}

/* Slots of what the function was: idle ones go at once, busy ones when their call has ended. */
static void retire_slots(struct engine *e, struct fn *fn)
{
    const enum slot_state with_code[] = {SLOT_BUSY, SLOT_IDLE};
    for (size_t i = 0; i < ARRAY_LEN(with_code); i++)
        list_each_safe (node, &e->pool.slots[with_code[i]]) {
            struct slot *s = list_of(node, struct slot, state_node);
            if (s->fn != fn)
                continue;
            slot_uncount(s);
            if (s->state == SLOT_IDLE)
                slot_kill(s);
        }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* A template that has loaded the one could have loaded the other: what it sees, and what a LOAD
 * frame says. */
static bool same_load(const struct function_spec *a, const struct function_spec *b)
{
    return a->version == b->version && a->runtime == b->runtime && a->snapstart == b->snapstart &&
           a->layer == b->layer && memcmp(a->layer_id, b->layer_id, LAYER_ID) == 0 &&
           a->database == b->database && same_text(a->scope, b->scope) &&
           same_text(a->name, b->name) && same_text(a->handler, b->handler) &&
           same_text(a->environment, b->environment) && a->result_bytes == b->result_bytes &&
           a->limits.memory_bytes == b->limits.memory_bytes;
}

static void respec(struct engine *e, struct fn *fn, const struct function_spec *spec)
{
    retire_slots(e, fn);
    list_remove(&fn->hungry_node); /* it may belong to another template now */
    if (!same_load(&fn->spec, spec)) {
        variant_retire(e, spec->id);
        fn->snapless = false;
    }
    fn_respec(fn, spec);
}

void engine_set(struct engine *e, const struct function_spec *spec, struct code *code)
{
    struct fn *fn = fn_find(&e->functions, spec->id);
    bool new_code = !fn || fn->spec.version != spec->version;
    if (fn) {
        respec(e, fn, spec);
    } else {
        fn = fn_add(&e->functions, spec);
    }
    if (code || new_code)
        code_set(e, fn, code);
    pool_place(e, fn);
}

void engine_remove(struct engine *e, const char *function_id)
{
    struct err why = {0};
    struct fn *fn = fn_find(&e->functions, function_id);
    if (!fn)
        return;
    fn_use(fn);
    fn_remove(&e->functions, fn);
    list_remove(&fn->hungry_node);
    code_set(e, fn, NULL);
    retire_slots(e, fn);
    variant_retire(e, function_id);
    err_set(&why, ERR_NOT_FOUND, "Function not found");
    while (!list_empty(&fn->waiting))
        call_refuse(list_of(fn->waiting.next, struct call, node), &why);
    fn_unuse(fn);
}
