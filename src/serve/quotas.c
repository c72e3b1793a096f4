#include "serve/quotas.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "calls/calls.h"
#include "gateway/gateway.h"
#include "serve/server.h"

#include <string.h>

static const uint64_t minute_us = 60 * 1000 * 1000;

struct quotas {
    struct server *server;
    struct timer *timer;
    struct buf ids; /* of the accounts being read, each ended by NUL */
    struct count {  /* one for each; `used` is of that day */
        int64_t calls_per_day, used, day;
    } * counts;
    size_t count;
    struct err failed;
};

static void add_id(void *arg, const char *account)
{
    struct quotas *q = arg;
    buf_add(&q->ids, account, strlen(account) + 1);
    q->count++;
}

static void ask_gateway(struct quotas *q)
{
    buf_clear(&q->ids);
    q->count = 0;
    q->failed = (struct err){0};
    gateway_accounts(q->server->app.gateway, add_id, q);
    free(q->counts);
    q->counts = mem_alloc((q->count + 1) * sizeof *q->counts);
}

/* Only a bounded account is worth the counting; one that has just gone makes no calls. */
static int read_one(const struct server *s, struct db *db, const char *account, struct count *ret,
                    struct err *e)
{
    struct auth_quota quota = {0};
    struct err why = {0};
    if (auth_quota(db, s->app.quota, account, &quota, &why) < 0 && why.code != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    ret->calls_per_day = quota.calls_per_day;
    return quota.calls_per_day ? calls_today(db, account, &ret->used, &ret->day, e) : 0;
}

static void read_counts(void *job, void *context)
{
    struct quotas *q = job;
    const char *id = q->ids.data;
    for (size_t i = 0; i < q->count; i++, id += strlen(id) + 1)
        if (read_one(q->server, context, id, &q->counts[i], &q->failed) < 0)
            return;
}

static void tell_gateway(struct quotas *q)
{
    const char *id = q->ids.data;
    for (size_t i = 0; i < q->count; i++, id += strlen(id) + 1)
        gateway_set_quota(q->server->app.gateway, id, q->counts[i].calls_per_day, q->counts[i].used,
                          q->counts[i].day);
}

static void counts_read(void *job)
{
    struct quotas *q = job;
    if (q->failed.code)
        log_warn("serve", "quotas stay as they were: %s", q->failed.text);
    else
        tell_gateway(q);
    timer_set_us(q->timer, minute_us);
}

static void on_minute(void *arg)
{
    struct quotas *q = arg;
    ask_gateway(q);
    if (workers_submit(q->server->workers, read_counts, counts_read, q, &q->failed) < 0)
        counts_read(q);
}

struct news {
    struct server *server;
    const char *account;
    struct count count;
};

static void take_news(void *arg)
{
    const struct news *n = arg;
    gateway_set_quota(n->server->app.gateway, n->account, n->count.calls_per_day, n->count.used,
                      n->count.day);
}

int quotas_read(struct server *s, struct db *db, const char *account, struct err *e)
{
    struct news news = {.server = s, .account = account};
    if (read_one(s, db, account, &news.count, e) < 0)
        return -1;
    (void)handoff_run(&s->handoff, take_news, &news);
    return 0;
}

int quotas_start(struct server *s, struct quotas **ret, struct err *e)
{
    struct db *db;
    if (db_open(s->app.store, DB_DURABLE, &db, e) < 0)
        return -1;
    struct quotas *q = *ret = mem_alloc(sizeof *q);
    q->server = s;
    q->timer = timer_new(s->loop, on_minute, q);
    ask_gateway(q);
    read_counts(q, db);
    db_close(db);
    if (q->failed.code) {
        *e = q->failed;
        return -1;
    }
    counts_read(q);
    return 0;
}

void quotas_free(struct quotas *q)
{
    if (!q)
        return;
    timer_free(q->timer);
    buf_done(&q->ids);
    free(q->counts);
    free(q);
}
