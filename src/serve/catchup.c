#include "serve/catchup.h"

#include "base/log.h"
#include "base/mem.h"
#include "serve/refresh.h"
#include "serve/server.h"
#include "store/store.h"

#include <stdatomic.h>

enum { PAUSE_FIRST_US = 500000, PAUSE_LAST_US = 30000000 };

struct catchup {
    struct server *server;
    struct timer *timer;
    uint64_t pause_us;          /* before the next try; grows with each that fails */
    bool due;                   /* the timer is set, or a worker reads */
    atomic_uint missed, before; /* counts; the second as it was when the reading began */
};

static void try_later(struct catchup *c)
{
    c->due = true;
    timer_set_us(c->timer, c->pause_us);
    c->pause_us = c->pause_us * 2 < PAUSE_LAST_US ? c->pause_us * 2 : PAUSE_LAST_US;
}

static void read_everything(void *job, void *context)
{
    struct catchup *c = job;
    c->before = c->missed;
    refresh(c->server, context, STORE_ALL, "");
}

static void everything_read(void *job)
{
    struct catchup *c = job;
    c->due = false;
    if (c->missed != c->before) {
        try_later(c);
        return;
    }
    c->pause_us = PAUSE_FIRST_US;
    log_info("serve", "everything was read anew from the store");
}

void catchup_now(struct catchup *c)
{
    struct err e = {0};
    timer_cancel(c->timer);
    c->due = true;
    if (workers_submit(c->server->workers, read_everything, everything_read, c, &e) == 0)
        return;
    log_warn("serve", "the store is read later: %s", e.text);
    try_later(c);
}

static void on_timer(void *arg)
{
    catchup_now(arg);
}

static void on_missed(void *arg)
{
    struct catchup *c = arg;
    if (!c->due)
        try_later(c);
}

void catchup_missed(struct catchup *c)
{
    c->missed++;
    loop_post(c->server->loop, on_missed, c);
}

struct catchup *catchup_new(struct server *s)
{
    struct catchup *c = mem_alloc(sizeof *c);
    c->server = s;
    c->pause_us = PAUSE_FIRST_US;
    c->timer = timer_new(s->loop, on_timer, c);
    return c;
}

void catchup_free(struct catchup *c)
{
    if (!c)
        return;
    loop_unpost(c->server->loop, on_missed, c);
    timer_free(c->timer);
    free(c);
}
