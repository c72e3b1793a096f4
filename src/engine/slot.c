#include "engine/private.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "loop/loop.h"

static const bool may_move[SLOT_STATES][SLOT_STATES] = {
    [SLOT_STARTING] = {[SLOT_BLANK] = true, [SLOT_LEASED] = true},
    [SLOT_BLANK] = {[SLOT_LIMITING] = true, [SLOT_BUSY] = true, [SLOT_DYING] = true},
    [SLOT_LIMITING] = {[SLOT_BUSY] = true, [SLOT_DYING] = true},
    [SLOT_BUSY] = {[SLOT_IDLE] = true, [SLOT_DYING] = true},
    [SLOT_LEASED] = {[SLOT_DYING] = true},
    [SLOT_IDLE] = {[SLOT_BUSY] = true, [SLOT_DYING] = true}, /* busy again: same version only */
};

void slot_move(struct slot *s, enum slot_state to)
{
    struct pool *pool = &s->engine->pool;
    must(may_move[s->state][to]);
    if (s->state == SLOT_BLANK)
        s->nursery->blank_count--;
    list_remove(&s->state_node);
    list_remove(&s->owner_node);
    pool->count[s->state]--;
    s->state = to;
    pool->count[to]++;
    list_push(&pool->slots[to], &s->state_node);
    if (to == SLOT_IDLE)
        list_push(&s->fn->idle, &s->owner_node);
    if (to == SLOT_BLANK) {
        list_push(&s->nursery->blanks, &s->owner_node);
        s->nursery->blank_count++;
    }
}

static void on_deadline(void *arg)
{
    struct slot *s = arg;
    struct call *c = s->call;
    if (!c)
        return;
    if (slot_drain(s) < 0) /* that has ended the call */
        return;
    slot_kill(s);
    call_fail(c, CALL_TIMEOUT, "timed out after %u ms (limit timeout_ms = %u)",
              s->fn->spec.timeout_ms, s->fn->spec.timeout_ms);
}

int slot_open(struct slot *s, const struct sandbox_slot *box, struct err *e)
{
    struct loop *loop = s->engine->loop;
    s->box = *box;
    if (fd_nonblock(box->socket, e) < 0 || fd_nonblock(box->out, e) < 0 ||
        fd_nonblock(box->err, e) < 0)
        return -1;
    s->socket = watch_new(loop, box->socket, slot_on_socket, s);
    s->out_pipe = watch_new(loop, box->out, slot_on_out, s);
    s->err_pipe = watch_new(loop, box->err, slot_on_err, s);
    s->deadline = timer_new(loop, on_deadline, s);
    watch_want(s->socket, WATCH_READ);
    watch_want(s->out_pipe, WATCH_READ);
    watch_want(s->err_pipe, WATCH_READ);
    return 0;
}

void slot_uncount(struct slot *s)
{
    if (!s->counted)
        return;
    s->counted = false;
    s->fn->live--;
    if (s->state == SLOT_STARTING || s->state == SLOT_LIMITING)
        s->fn->starting--;
}

/* Nothing more is read from it: what a dying slot says interests nobody. */
static void close_ends(struct slot *s)
{
    watch_free(take_ptr(s->socket));
    watch_free(take_ptr(s->out_pipe));
    watch_free(take_ptr(s->err_pipe));
    timer_free(take_ptr(s->deadline));
    fd_close(&s->box.socket);
    fd_close(&s->box.out);
    fd_close(&s->box.err);
}

void slot_kill(struct slot *s)
{
    if (s->state == SLOT_DYING)
        return;
    must(s->state != SLOT_STARTING); /* it has no index yet */
    slot_uncount(s);
    sandbox_kill(s->engine->sandbox, s->box.id);
    close_ends(s);
    slot_move(s, SLOT_DYING);
}

void slot_free(struct slot *s)
{
    struct engine *e = s->engine;
    must(!s->call);
    slot_uncount(s);
    if (s->state == SLOT_BLANK)
        s->nursery->blank_count--;
    list_remove(&s->state_node);
    list_remove(&s->owner_node);
    e->pool.count[s->state]--;
    e->pool.total--;
    s->nursery->slots--;
    close_ends(s);
    fd_close(&s->box.memory_peak);
    fd_close(&s->box.cpu);
    buf_done(&s->in);
    buf_done(&s->unsent);
    buf_done(&s->out);
    buf_done(&s->err);
    if (s->fn)
        fn_unuse(s->fn);
    free(s);
}
