/* One request on its way to a handler and back. */
#include "http/private.h"

#include "base/log.h"
#include "base/must.h"
#include "http/reply.h"
#include "http/target.h"

#include <stdio.h>
#include <string.h>

struct http_exchange *exchange_new(struct conn *c)
{
    struct arena *arena = arena_new();
    struct http_exchange *x = arena_alloc(arena, sizeof *x);
    x->conn = c;
    x->req.arena = arena;
    x->req.app = c->server->config.app;
    x->req.peer = c->peer;
    x->req.path = x->req.query = x->req.target = "";
    return x;
}

void exchange_free(struct http_exchange *x)
{
    if (!x)
        return;
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
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
    char allow[64] = "";
    refuse_here(x, 405, "Method Not Allowed");
    for (size_t i = 0, n = 0; i < ARRAY_LEN(names); i++)
        if (allowed & 1u << i)
            n += (size_t)snprintf(allow + n, sizeof allow - n, "%s%s", n ? ", " : "", names[i]);
    http_response_header(&x->req, &x->res, "Allow", allow);
}

static void redirect(struct http_exchange *x)
{
    const char *target = x->req.target;
    size_t len = target_path_len(target);
    bool slash = target[len - 1] == '/';
    char *other = arena_printf(x->req.arena, "%s%s%.*s%s%s", x->head.host ? "http://" : "",
                               x->head.host ? x->head.host : "", (int)(slash ? len - 1 : len),
                               target, slash ? "" : "/", target + len);
    x->refused = true;
    x->res = (struct response){.status = 307};
    http_response_header(&x->req, &x->res, "Location", other);
}

static void find_route(struct http_exchange *x)
{
    const struct http_server *s = x->conn->server;
    struct router_match match = router_find(s->router, &x->req);
    x->route = match.route;
    if (match.route)
        return;
    if (match.allowed)
        refuse_method(x, match.allowed);
    else if (router_has_other_form(s->router, &x->req))
        redirect(x);
    else
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
    if (!config->authorize ||
        config->authorize(config->app, &x->req, x->route->permission, &e) == 0)
        return;
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
    if (x->head.content_length > x->conn->server->config.body_max)
        return head_refuse(r, 413, "Content Too Large");
    if (target_split(req, x->head.target, r) < 0)
        return -1;
    find_route(x);
    if (x->route)
        authorize(x);
    return 0;
}

static void run_handler(void *job, void *context)
{
    struct http_exchange *x = job;
    x->req.context = context;
    x->failed = x->route->handle(&x->req, &x->res, &x->error) < 0;
    x->req.context = NULL;
}

static void handler_done(void *job)
{
    struct http_exchange *x = job;
    if (x->failed)
        http_answer_error(x, &x->error);
    else
        http_answer(x, &x->res);
}

void exchange_start(struct http_exchange *x)
{
    struct err e = {0};
    if (x->refused)
        http_answer(x, &x->res);
    else if (x->route->plane == PLANE_DATA)
        x->route->start(x);
    else if (workers_submit(x->conn->server->config.workers, run_handler, handler_done, x, &e) < 0)
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
