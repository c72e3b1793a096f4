/* One request on its way to a handler and back. */
#include "http/private.h"

#include "base/log.h"
#include "base/must.h"
#include "http/target.h"

#include <string.h>

struct http_exchange *exchange_new(struct conn *c)
{
    struct arena *arena = arena_new();
    struct http_exchange *x = arena_alloc(arena, sizeof *x);
    x->conn = c;
    list_init(&x->again);
    x->req.arena = arena;
    x->req.app = c->server->config.app;
    x->req.peer = c->peer;
    x->req.path = x->req.query = x->req.target = x->req.host = "";
    x->admit = c->server->config.admit; /* a worker asks when the server may be gone */
    return x;
}

void exchange_free(struct http_exchange *x)
{
    if (!x)
        return;
    again_end(x);
    if (x->posted)
        loop_unpost(x->conn->server->loop, stream_wake, x);
    buf_done(&x->body);
    arena_free(x->req.arena);
}

static void refuse_here(struct http_exchange *x, int status, const char *text)
{
    reply_detail(&x->req, status, text, &x->res);
    x->refused = true;
}

static void refuse_method(struct http_exchange *x, unsigned allowed)
{
    auto_buf struct buf allow = {0};
    refuse_here(x, 405, "Method Not Allowed");
    for (unsigned m = 1; m < HTTP_ANY; m <<= 1)
        if (allowed & m)
            buf_addf(&allow, "%s%s", allow.len ? ", " : "", http_method_name(m));
    http_response_header(&x->req, &x->res, "Allow", allow.data);
}

static void redirect(struct http_exchange *x)
{
    const char *target = x->req.target, *host = x->req.host;
    const char *scheme = !*host ? "" : x->req.secure ? "https://" : "http://";
    size_t len = target_path_len(target);
    bool slash = target[len - 1] == '/';
    char *other =
        arena_printf(x->req.arena, "%s%s%.*s%s%s", scheme, host, (int)(slash ? len - 1 : len),
                     target, slash ? "" : "/", target + len);
    x->refused = true;
    x->res = (struct response){.status = 307};
    http_response_header(&x->req, &x->res, "Location", other);
}

static bool is_claimed(struct http_exchange *x)
{
    const struct http_config *config = &x->conn->server->config;
    const struct route *row = config->claim ? config->claim(config->app, &x->req) : NULL;
    if (!row)
        return false;
    must(row->plane == PLANE_DATA && row->start && row->permission);
    x->claimed = true;
    if (row->method & x->req.method)
        x->route = row;
    else
        refuse_method(x, row->method);
    return true;
}

static bool is_answered_otherwise(struct http_exchange *x)
{
    const struct http_config *config = &x->conn->server->config;
    const struct route *row = config->otherwise ? config->otherwise(config->app, &x->req) : NULL;
    if (!row || !(row->method & x->req.method))
        return false;
    must(row->plane == PLANE_DATA && row->start && row->permission);
    x->route = row;
    return true;
}

static bool is_preflight(const struct http_exchange *x)
{
    return x->req.method == HTTP_OPTIONS && x->conn->server->config.preflight &&
           http_header(&x->req, "Origin") && http_header(&x->req, "Access-Control-Request-Method");
}

static void answer_preflight(struct http_exchange *x)
{
    const struct http_config *config = &x->conn->server->config;
    x->refused = true; /* as far as the handlers go */
    x->res = (struct response){.status = 204};
    config->preflight(config->app, &x->req, &x->res);
}

static void find_route(struct http_exchange *x)
{
    const struct http_server *s = x->conn->server;
    if (is_claimed(x))
        return;
    struct router_match match = router_find(s->router, &x->req);
    x->route = match.route;
    if (match.route)
        return;
    if (match.allowed && is_preflight(x))
        answer_preflight(x);
    else if (match.allowed)
        refuse_method(x, match.allowed);
    else if (router_has_other_form(s->router, &x->req))
        redirect(x);
    else if (!is_answered_otherwise(x))
        refuse_here(x, 404, "Not Found");
}

static void log_failure(const struct http_exchange *x, const struct err *e)
{
    char path[256];
    if (err_http_status(e->code) == 500)
        log_error("http", "request failed: %s path=%s", e->text,
                  log_quote(str_of(x->req.path), path, sizeof path));
}

static void authorize(struct http_exchange *x)
{
    const struct http_config *config = &x->conn->server->config;
    struct err e = {0};
    if (!config->authorize)
        return;
    int verdict = config->authorize(config->app, &x->req, x->route->permission, &e);
    if (verdict >= 0) {
        x->ask = verdict == HTTP_ASK;
        must(!x->ask || config->admit); /* nobody to ask: never let pass instead */
        return;
    }
    log_failure(x, &e);
    reply_error(&x->req, &e, &x->res);
    x->refused = true;
}

int exchange_open(struct http_exchange *x, struct str head, struct refusal *r)
{
    struct request *req = &x->req;
    char *text = arena_dup(req->arena, head.p, head.n);
    if (head_parse(text, head.n, req->arena, &x->head, r) < 0)
        return -1;
    req->method = x->head.method;
    req->headers = x->head.headers;
    req->header_count = x->head.header_count;
    if (x->head.host)
        req->host = head_lower_host(req->arena, x->head.host);
    req->proxied = x->conn->proxied;
    if (req->proxied)
        proxy_apply(x->conn->server->proxies, req);
    if (target_split(req, x->head.target, r) < 0)
        return -1;
    find_route(x);
    if (x->head.content_length > x->conn->server->config.body_max)
        return head_refuse(r, 413, "Content Too Large");
    if (x->route)
        authorize(x);
    return 0;
}

static int run(struct http_exchange *x)
{
    const struct route *row = x->route;
    if (x->admit && x->admit(x->req.app, &x->req, row->permission, &x->error) < 0)
        return -1;
    return row->plane != PLANE_DATA ? row->handle(&x->req, &x->res, &x->error) : 0;
}

static void run_on_worker(void *job, void *context)
{
    struct http_exchange *x = job;
    x->req.context = context;
    x->failed = run(x) < 0;
    x->req.context = NULL;
}

static void worker_done(void *job)
{
    struct http_exchange *x = job;
    bool abandoned = x->conn->state == CONN_GONE; /* http_on_gone would never fire */
    if (x->failed)
        http_answer_error(x, &x->error);
    else if (x->route->plane != PLANE_DATA || abandoned)
        http_answer(x, &x->res);
    else
        x->route->start(x);
}

static struct workers *workers_of(const struct http_exchange *x)
{
    const struct http_config *config = &x->conn->server->config;
    switch (x->route->plane) {
    case PLANE_SLOW:
        return config->slow_workers;
    case PLANE_LONG:
        return config->long_workers;
    default:
        return config->workers;
    }
}

void exchange_start(struct http_exchange *x)
{
    struct err e = {0};
    if (x->refused)
        http_answer(x, &x->res);
    else if (x->route->plane == PLANE_DATA && !x->ask)
        x->route->start(x);
    else if (workers_submit(workers_of(x), run_on_worker, worker_done, x, &e) < 0)
        http_answer_error(x, &e);
}

struct request *http_exchange_request(struct http_exchange *x)
{
    return &x->req;
}

void http_answer(struct http_exchange *x, const struct response *res)
{
    must(!x->answered);
    x->answered = true;
    conn_reply(x->conn, res);
}

void http_answer_error(struct http_exchange *x, const struct err *e)
{
    struct response res;
    log_failure(x, e);
    reply_error(&x->req, e, &res);
    http_answer(x, &res);
}

void http_on_gone(struct http_exchange *x, void (*fn)(void *arg), void *arg)
{
    x->gone = fn;
    x->gone_arg = arg;
}
