#include "gateway/admission.h"

#include "app.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "gateway/answer.h"
#include "gateway/table.h"
#include "loop/loop.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* A question under way; lives in the request's arena. */
struct question {
    struct http_exchange *x;
    const char *function_id;
    void (*decided)(void *arg, const struct verdict *v);
    void *arg;
    bool failed;
    struct err why;
};

/* --- access --- */

static int check_access(const struct gateway *g, const struct request *req,
                        const struct table_function *fn, struct err *e)
{
    const struct principal *p = req->principal;
    if (fn->access == ACCESS_PUBLIC)
        return 0;
    if (!p)
        return http_header(req, "Authorization") ? err_set(e, ERR_UNAUTHORIZED, "Invalid token")
                                                 : auth_missing(e);
    if (!(p->scopes & SCOPE_INVOKE))
        return err_set(e, ERR_DENIED, "Calling this function takes a key with the scope 'invoke'");
    if (fn->access == ACCESS_PRIVATE && !table_is_member(g, fn, p->account))
        return err_set(e, ERR_DENIED,
                       "This function is private: only members of its project may"
                       " call it");
    return 0;
}

/* --- rates --- */

/* Who counts as one client: an account, an address, or the network that an IPv6 customer has. */
static const char *client_of(const struct request *req)
{
    struct in6_addr address;
    if (req->principal)
        return req->principal->account;
    if (inet_pton(AF_INET6, req->peer, &address) != 1)
        return req->peer;
    if (IN6_IS_ADDR_V4MAPPED(&address))
        return strrchr(req->peer, ':') + 1;
    char *text = arena_alloc(req->arena, INET6_ADDRSTRLEN);
    memset(address.s6_addr + 8, 0, 8);
    return inet_ntop(AF_INET6, &address, text, INET6_ADDRSTRLEN);
}

static unsigned seconds(uint64_t us)
{
    return (unsigned)((us + 999999) / 1000000);
}

/* A bound on calls a minute. */
struct bound {
    const char *name, *text;
    uint32_t per_minute;
    uint64_t *bucket;
};

static void limit(struct verdict *v, const struct bound *b, const struct rate_view *view)
{
    if (v->refused.code)
        return;
    v->retry_s = seconds(view->wait_us);
    (void)err_set(&v->refused, ERR_LIMIT, "This function takes %" PRIu32 " call%s a minute%s",
                  b->per_minute, b->per_minute == 1 ? "" : "s", b->text);
}

static void say_rates(struct arena *a, const struct bound *bounds, size_t count, uint64_t now,
                      struct verdict *v)
{
    for (size_t i = 0; i < count; i++) {
        const struct bound *b = &bounds[i];
        struct rate_view view = rates_look(*b->bucket, b->per_minute, now);
        v->policy = arena_printf(a, "%s%s\"%s\";q=%" PRIu32 ";w=60", i ? v->policy : "",
                                 i ? ", " : "", b->name, b->per_minute);
        v->state = arena_printf(a, "%s%s\"%s\";r=%" PRIu64 ";t=%u", i ? v->state : "",
                                i ? ", " : "", b->name, view.left, seconds(view.full_us));
    }
}

/* Takes of all buckets or, when one is empty, of none. */
static void check_rates(struct gateway *g, struct request *req, struct table_function *fn,
                        struct verdict *v)
{
    struct bound bounds[2];
    size_t count = 0;
    uint64_t now = clock_mono_us();
    if (fn->rate_limit)
        bounds[count++] = (struct bound){"function", "", fn->rate_limit, &fn->bucket};
    if (fn->client_rate_limit)
        bounds[count++] = (struct bound){"client", " from each client", fn->client_rate_limit,
                                         rates_client(g->rates, fn->id, client_of(req))};
    for (size_t i = 0; i < count; i++) {
        struct rate_view view = rates_look(*bounds[i].bucket, bounds[i].per_minute, now);
        if (!view.left)
            limit(v, &bounds[i], &view);
    }
    for (size_t i = 0; i < count && !v->refused.code; i++)
        rates_take(bounds[i].bucket, bounds[i].per_minute, now);
    say_rates(req->arena, bounds, count, now, v);
}

/* --- the quota --- */

/* `calls` are taken when there is one left. */
static void check_quota(struct gateway *g, const struct table_function *fn, unsigned calls,
                        struct verdict *v)
{
    const int64_t day_us = INT64_C(86400) * 1000000;
    struct table_account *payer = table_payer(g, fn);
    char reset[CLOCK_TEXT];
    if (!payer || !payer->calls_per_day)
        return;
    if (payer->used < payer->calls_per_day) {
        payer->used += calls;
        return;
    }
    int64_t now = clock_wall_us(), next = (now / day_us + 1) * day_us;
    v->retry_s = seconds((uint64_t)(next - now));
    (void)err_set(&v->refused, ERR_LIMIT,
                  "The quota of %" PRId64 " calls a day is used up; the next begins at %s",
                  payer->calls_per_day, clock_rfc3339(next, reset));
}

/* --- the decision --- */

static void decide(struct question *q)
{
    struct request *req = http_exchange_request(q->x);
    struct gateway *g = ((const struct app *)req->app)->gateway;
    struct table_function *fn = table_function(g, q->function_id);
    struct verdict v = {0};
    if (!fn)
        (void)err_set(&v.refused, ERR_NOT_FOUND, "Function not found");
    else if (q->failed && fn->access != ACCESS_PUBLIC)
        v.refused = q->why;
    else if (check_access(g, req, fn, &v.refused) == 0 && (fn->rate_limit || fn->client_rate_limit))
        check_rates(g, req, fn, &v);
    if (fn && !v.refused.code)
        check_quota(g, fn, 1, &v);
    g->stats.limited += v.refused.code == ERR_LIMIT;
    g->stats.denied += v.refused.code == ERR_UNAUTHORIZED || v.refused.code == ERR_DENIED;
    q->decided(q->arg, &v);
}

static void ask_worker(void *job, void *context)
{
    struct question *q = job;
    struct request *req = http_exchange_request(q->x);
    req->context = context;
    q->failed = auth_identify(req->app, req, PERM_CALL, &q->why) < 0;
    req->context = NULL;
}

static void worker_done(void *job)
{
    decide(job);
}

/* Only a function that looks at who calls it makes us look. A key that we do not know yet is not
 * looked up for a public one: its address will do. True when a worker has been asked. */
static bool identify(struct question *q, const struct table_function *fn)
{
    struct request *req = http_exchange_request(q->x);
    const struct app *app = req->app;
    if (req->principal || !fn || (fn->access == ACCESS_PUBLIC && !fn->client_rate_limit))
        return false;
    if (auth_lookup(app->auth, req, &req->principal) != AUTH_ASK || fn->access == ACCESS_PUBLIC)
        return false;
    if (workers_submit(app->workers, ask_worker, worker_done, q, &q->why) == 0)
        return true;
    q->failed = true;
    return false;
}

void admission_ask(struct http_exchange *x, const char *function_id,
                   void (*decided)(void *arg, const struct verdict *v), void *arg)
{
    struct request *req = http_exchange_request(x);
    const struct app *app = req->app;
    struct question *q = arena_alloc(req->arena, sizeof *q);
    *q = (struct question){.x = x, .function_id = function_id, .decided = decided, .arg = arg};
    if (!identify(q, table_function(app->gateway, function_id)))
        decide(q);
}

int admission_still(const struct request *req, const char *function_id, struct err *e)
{
    const struct gateway *g = ((const struct app *)req->app)->gateway;
    const struct table_function *fn = table_function(g, function_id);
    return fn ? check_access(g, req, fn, e) : 0;
}

void admission_look(struct request *req, const char *function_id, struct verdict *ret)
{
    struct gateway *g = ((const struct app *)req->app)->gateway;
    const struct table_function *fn = table_function(g, function_id);
    *ret = (struct verdict){0};
    if (!fn)
        (void)err_set(&ret->refused, ERR_NOT_FOUND, "Function not found");
    else
        check_quota(g, fn, 0, ret);
}

void admission_headers(struct request *req, const struct verdict *v, struct response *res)
{
    if (!v->policy)
        return;
    http_response_header(req, res, "RateLimit-Policy", v->policy);
    http_response_header(req, res, "RateLimit", v->state);
}

void admission_refuse(struct request *req, const struct verdict *v, struct response *res)
{
    answer_error(req, &v->refused, v->retry_s, res);
    admission_headers(req, v, res);
}
