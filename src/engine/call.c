/* call — the middle of a call's life: HTTP has handed over an event, a slot is found, its answer
 * goes back.
 *
 * engine_call gives the call to an idle slot of its function (pool.c's most recently used one) or
 * lets it wait while pool_place finds a new slot. slot_io.c sends it and sees the answer.
 * call_finish fills the record, answers whoever asked, hands the record to the sink, and gives the
 * slot to the next one waiting. */
#include "engine/private.h"
#include "engine/problem.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    INPUT_KEPT = 64 * 1024,                /* of the event, in the record */
    WAITING_BYTES_MAX = 256 * 1024 * 1024, /* events of all waiting calls together */
};

static const char *const status_names[CALL_STATUSES] = {
    [CALL_SUCCESS] = "success",           [CALL_ERROR] = "error",
    [CALL_TIMEOUT] = "timeout",           [CALL_OOM] = "oom",
    [CALL_OUTPUT_LIMIT] = "output_limit", [CALL_CRASHED] = "crashed",
    [CALL_THROTTLED] = "throttled",       [CALL_PLATFORM_ERROR] = "platform_error",
};

const char *call_status_name(enum call_status s)
{
    return status_names[s];
}

void call_record_free(struct call_record *r)
{
    if (!r)
        return;
    free(r->http_method);
    free(r->http_path);
    free(r->input);
    free(r->output);
    free(r->error);
    free(r->traceback);
    problem_free(r->problem);
    free(r->out);
    free(r->err);
    free(r);
}

static void call_free(struct call *c)
{
    list_remove(&c->taker_node);
    stream_free(c->stream);
    call_record_free(c->record);
    free((char *)c->event.p);
    fn_unuse(c->fn);
    free(c);
}

static uint32_t span(uint64_t from, uint64_t to)
{
    return to > from ? (uint32_t)(to - from) : 0;
}

/* A slot asked for after the call arrived was made for it; an older one was blank and only had to
 * be taken. */
static void fill_phases(struct call *c, const struct slot *s, uint64_t now)
{
    struct call_record *r = c->record;
    uint64_t asked = r->cold && s->asked_us > c->arrived_us ? s->asked_us : c->arrived_us;
    uint64_t begun = s->sent_us;
    if (r->cold) {
        r->phases.queue_us = span(c->arrived_us, asked);
        r->phases.place_us = span(asked, s->sent_us);
        begun = s->loaded && !c->load_only ? s->loaded_us : now;
        r->phases.load_us = span(s->sent_us, begun);
    } else {
        r->phases.queue_us = span(c->arrived_us, s->sent_us);
    }
    r->phases.handler_us = span(begun, now);
}

static void fill_from_slot(struct call *c, struct slot *s, uint64_t now)
{
    struct call_record *r = c->record;
    fill_phases(c, s, now);
    r->out_len = s->out.len;
    r->out = r->out_len ? buf_take(&s->out) : NULL;
    r->err_len = s->err.len;
    r->err = r->err_len ? buf_take(&s->err) : NULL;
}

/* Costs two system calls, so the answer goes out first. */
static void fill_usage(struct call_record *r, struct slot *s)
{
    uint64_t cpu_us;
    sandbox_usage(&s->box, &r->memory_peak_bytes, &cpu_us);
    if (cpu_us > s->cpu_seen_us) {
        r->cpu_us = cpu_us - s->cpu_seen_us;
        s->cpu_seen_us = cpu_us;
    }
}

/* The event becomes the record's input without another copy; only what is kept of a large one is.
 */
static void fill_input(struct call *c)
{
    struct call_record *r = c->record;
    r->input_cut = c->event.n > INPUT_KEPT;
    r->input = r->input_cut ? mem_dup(c->event.p, INPUT_KEPT) : (char *)take_ptr(c->event.p);
}

static void fill_outcome(struct call_record *r, const struct call_outcome *how)
{
    r->status = how->status;
    if (how->output.p) {
        r->output = mem_dup(how->output.p, how->output.n);
        r->output_len = how->output.n;
    }
    r->error = mem_strdup(how->error);
    r->traceback = how->traceback && *how->traceback ? mem_strdup(how->traceback) : NULL;
    r->problem = how->problem;
}

static bool reusable(const struct slot *s)
{
    return s->counted && s->loaded && !s->stale && s->fn->spec.reuse != REUSE_NEVER &&
           !s->engine->closing && !pool_overdue(s->engine, s->fn);
}

/* After a call the slot idles when it may serve another one; else it goes. */
static void release(struct slot *s)
{
    s->call = NULL;
    if (s->state != SLOT_BUSY)
        return;
    timer_cancel(s->deadline);
    if (!reusable(s))
        slot_kill(s);
    else {
        s->idle_since_us = clock_mono_us();
        slot_move(s, SLOT_IDLE);
    }
}

/* Loads at the front of the queue have what they ask for when a slot idles. It stays idle. One
 * after the other here, since a queue may be longer than the stack is deep. */
static void answer_loads(struct fn *fn)
{
    struct list *first, *idle;
    while ((first = list_first(&fn->waiting)) && (idle = list_first(&fn->idle))) {
        struct call *c = list_of(first, struct call, node);
        struct slot *s = list_of(idle, struct slot, owner_node);
        if (!c->load_only)
            return;
        if (!slot_is_quiet(s)) {
            slot_kill(s);
            continue;
        }
        c->record->version = s->version;
        call_finish(c, &(struct call_outcome){.status = CALL_SUCCESS});
    }
}

static void serve_first(struct engine *e, struct fn *fn)
{
    struct list *idle = list_first(&fn->idle);
    if (list_empty(&fn->waiting))
        return;
    if (idle)
        call_serve(fn, list_of(idle, struct slot, owner_node));
    else
        pool_place(e, fn);
}

static void serve_next(struct engine *e, struct fn *fn)
{
    fn_use(fn); /* who is told of a load may remove it */
    answer_loads(fn);
    serve_first(e, fn);
    fn_unuse(fn);
}

static void join_queue(struct call *c, bool in_front)
{
    if (list_empty(&c->fn->waiting))
        list_append(&c->engine->queued, &c->fn->queued_node);
    list_insert(in_front ? &c->fn->waiting : c->fn->waiting.prev, &c->node);
    c->fn->waiting_count++;
    c->engine->waiting++;
    c->engine->waiting_bytes += c->event.n;
}

static void leave_queue(struct call *c)
{
    if (list_empty(&c->node))
        return;
    list_remove(&c->node);
    c->fn->waiting_count--;
    c->engine->waiting--;
    c->engine->waiting_bytes -= c->event.n;
    if (list_empty(&c->fn->waiting)) {
        list_remove(&c->fn->queued_node);
        list_remove(&c->fn->hungry_node);
    }
}

void call_finish(struct call *c, const struct call_outcome *how)
{
    struct engine *e = c->engine;
    struct fn *fn = c->fn;
    struct slot *s = c->slot;
    struct call_record *r = c->record;
    uint64_t now = clock_mono_us();
    fn_use(fn); /* the callback may remove the function */
    leave_queue(c);
    fill_outcome(r, how);
    stream_record(c->stream, r);
    r->duration_us = now - c->arrived_us;
    if (s) {
        fill_from_slot(c, s, now);
        release(s);
    } else {
        r->phases.queue_us = span(c->arrived_us, now);
    }
    fill_input(c);
    if (!c->load_only)
        metrics_call(&e->metrics, r);
    c->done(c->arg, r, NULL);
    if (s)
        fill_usage(r, s);
    if (!c->load_only)
        e->config.record(e->config.arg, take_ptr(c->record));
    call_free(c);
    if (s) { /* a call that never had one gives nothing back; whoever ended it goes on */
        serve_next(e, fn);
        pool_share(e);
    }
    fn_unuse(fn);
}

void call_fail(struct call *c, enum call_status status, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    call_finish(c, &(struct call_outcome){.status = status, .error = text});
}

void call_refuse(struct call *c, const struct err *why)
{
    leave_queue(c);
    if (why->code == ERR_LIMIT && !c->load_only)
        c->engine->metrics.calls[CALL_THROTTLED]++;
    c->done(c->arg, NULL, why);
    call_free(c);
}

/* The slot's process had ended by itself and nobody has seen it yet. Nothing of the call was read,
 * so it can be given to another slot. */
static void try_again(struct slot *s, struct call *c)
{
    c->again = true;
    c->slot = NULL;
    s->call = NULL;
    timer_cancel(s->deadline);
    slot_kill(s);
    join_queue(c, true);
    serve_next(c->engine, c->fn);
}

void call_serve(struct fn *fn, struct slot *s)
{
    struct list *first = list_first(&fn->waiting);
    must(first);
    struct call *c = list_of(first, struct call, node);
    leave_queue(c);
    c->record->cold = s->version == 0;
    slot_move(s, SLOT_BUSY);
    bool sent = slot_send_call(s, c);
    c->record->version = s->version;
    if (!sent && !c->again)
        try_again(s, c);
}

static int may_enter(struct engine *e, const struct fn *fn, const struct call_request *req,
                     struct err *why)
{
    unsigned busy = fn->live - fn->starting; /* and idle ones, but then it is not asked */
    unsigned places = busy < fn->spec.concurrency ? fn->spec.concurrency - busy : 0;
    if (!fn->spec.active)
        return err_set(why, ERR_MALFORMED, "Function is not active (status: inactive)");
    if (!e->config.record_room(e->config.arg))
        return err_set(why, ERR_LIMIT, "call records cannot be stored as fast as they come");
    if (list_empty(&fn->idle) && fn->waiting_count >= (uint64_t)places + fn->spec.queue)
        return err_set(why, ERR_LIMIT,
                       "Too many calls: %u are running (limit concurrency = %u) and %u are waiting "
                       "(limit queue = %u)",
                       busy, fn->spec.concurrency, fn->waiting_count, fn->spec.queue);
    if (e->waiting_bytes + req->event.n > WAITING_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "Too many calls: waiting events fill %d MB",
                       WAITING_BYTES_MAX >> 20);
    return 0;
}

static struct call *call_new(struct engine *e, struct fn *fn, const struct call_request *req)
{
    struct call *c = mem_alloc(sizeof *c);
    struct call_record *r = mem_alloc(sizeof *r);
    fn_use(fn);
    c->engine = e;
    c->fn = fn;
    c->record = r;
    c->event = (struct str){mem_dup(req->event.p, req->event.n), req->event.n};
    c->arrived_us = clock_mono_us();
    c->done = req->done;
    c->arg = req->arg;
    c->load_only = req->load_only;
    c->taker = req->stream;
    list_init(&c->taker_node);
    if (c->taker)
        list_append(&e->takers, &c->taker_node);
    r->created_us = req->id ? req->created_us : clock_wall_us();
    r->source = req->source;
    r->http_method = mem_strdup(req->http_method);
    r->http_path = mem_strdup(req->http_path);
    r->version = fn->spec.version;
    memcpy(r->function_id, fn->spec.id, sizeof r->function_id);
    if (req->id)
        snprintf(r->id, sizeof r->id, "%s", req->id);
    else
        id_new_call(r->created_us, r->id);
    return c;
}

void engine_call(struct engine *e, const struct call_request *req)
{
    struct err why = {0};
    struct fn *fn = fn_find(&e->functions, req->function_id);
    if (!fn || e->closing) {
        err_set(&why, fn ? ERR_UNAVAILABLE : ERR_NOT_FOUND,
                fn ? "The server is shutting down" : "Function not found");
        req->done(req->arg, NULL, &why);
        return;
    }
    if (may_enter(e, fn, req, &why) < 0) {
        if (why.code == ERR_LIMIT && !req->load_only)
            e->metrics.calls[CALL_THROTTLED]++;
        req->done(req->arg, NULL, &why);
        return;
    }
    struct call *c = call_new(e, fn, req);
    join_queue(c, false);
    serve_next(e, fn);
}
