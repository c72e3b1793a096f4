/* gateway_api — from a project's address to a function and back: /api/gateway/SLUG/... and the
 * project's own domains.
 *
 * On the loop thread, without the store: the project is found by slug or host, the route by its
 * trie, then admission.c lets the call in, event.c writes what the function sees, the engine calls
 * it, and result.c makes a response of what it returns. A result in pieces is passed on as it
 * comes; whoever is faster waits for the other. */
#include "app.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "gateway/admission.h"
#include "gateway/answer.h"
#include "gateway/cors.h"
#include "gateway/event.h"
#include "gateway/percent.h"
#include "gateway/result.h"
#include "gateway/table.h"
#include "http/stream.h"

#include <string.h>
#include <strings.h>

/* One request under way, in its own arena: it lives until it is answered, which is not before the
 * engine has done with the call. */
struct passage {
    struct http_exchange *x;
    struct request *req;
    const struct app *app;
    const struct cors_headers *cors;
    struct verdict verdict;
    struct trie_match match;
    struct str raw_path, path;
    const char *function_id;
    char id[ID_CALL_TEXT];
    bool own_origin; /* pages from here share their origin with this server's own */
    bool streaming;
    const struct response *instead; /* of a stream that cannot start */
};

/* --- out --- */

/* What a browser shows without running any of it, as the type says alone: nothing is sniffed
 * (http/reply.c). With a comma there are several, and browsers take the last. */
static bool is_inert(const char *type)
{
    static const char *const types[] = {
        "application/json", "application/pdf",   "application/octet-stream",
        "text/plain",       "text/csv",          "image/png",
        "image/jpeg",       "image/gif",         "image/webp",
        "image/avif",       "text/event-stream",
    };
    struct str rest = str_of(type);
    struct str name = str_trim(str_cut(&rest, ';'));
    for (size_t i = 0; i < sizeof types / sizeof *types && !strchr(type, ','); i++)
        if (name.n == strlen(types[i]) && strncasecmp(name.p, types[i], name.n) == 0)
            return true;
    return false;
}

/* What a browser keeps for the whole origin: to sign people out of it, to report its addresses
 * elsewhere, to reach it by another way or by that no more. */
static bool is_for_origin(const char *name)
{
    static const char *const names[] = {
        "Clear-Site-Data",
        "Strict-Transport-Security",
        "Service-Worker-Allowed",
        "NEL",
        "Report-To",
        "Public-Key-Pins",
        "Expect-CT",
        "Alt-Svc",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

/* A page of a function on our own origin could act as whoever is logged in here. In a sandbox it
 * has an origin of its own; a project that wants more has a domain. */
static void confine(const struct passage *p, struct response *res)
{
    size_t kept = 0;
    if (!p->own_origin)
        return;
    for (size_t i = 0; i < res->header_count; i++)
        if (!is_for_origin(res->headers[i].name))
            res->headers[kept++] = res->headers[i];
    res->header_count = kept;
    if (res->content_type && !is_inert(res->content_type))
        http_response_header(p->req, res, "Content-Security-Policy",
                             "sandbox allow-downloads allow-forms allow-modals allow-popups"
                             " allow-scripts");
}

static void dress(const struct passage *p, struct response *res)
{
    confine(p, res);
    cors_add(p->cors, p->req, res);
    admission_headers(p->req, &p->verdict, res);
    http_response_header(p->req, res, "X-Virga-Call", p->id);
}

static void refuse(struct http_exchange *x, const struct cors_headers *cors, int status,
                   const char *text)
{
    struct request *req = http_exchange_request(x);
    struct response res = {0};
    answer_detail(req, status, text, &res);
    cors_add(cors, req, &res);
    http_answer(x, &res);
}

static void unavailable(const struct passage *p)
{
    refuse(p->x, p->cors, 503, "The function for this route is not available");
}

static void invalid(const struct passage *p, const char *why, struct response *res)
{
    *res = (struct response){0};
    answer_detail(p->req, 502,
                  arena_printf(p->req->arena, "The function returned an invalid response: %s", why),
                  res);
}

/* The engine did not start the call. */
static void answer_refused(struct passage *p, const struct err *refused)
{
    struct response res = {0};
    if (refused->code == ERR_NOT_FOUND || refused->code == ERR_MALFORMED) {
        unavailable(p);
        return;
    }
    answer_error(p->req, refused, 0, &res);
    cors_add(p->cors, p->req, &res);
    admission_headers(p->req, &p->verdict, &res);
    http_answer(p->x, &res);
}

static int status_of(enum call_status status)
{
    switch (status) {
    case CALL_TIMEOUT:
        return 504;
    case CALL_OUTPUT_LIMIT: /* its answer is none that we can pass on */
        return 502;
    case CALL_PLATFORM_ERROR:
        return 503;
    case CALL_THROTTLED:
        return 429;
    default:
        return 500;
    }
}

/* Strangers read this: one line, no traceback. */
static void answer_failed(struct passage *p, const struct call_record *r)
{
    struct response res = {0};
    int status = status_of(r->status);
    answer_detail(p->req, status, r->error ? r->error : "The function failed", &res);
    if (status == 429 || status == 503)
        http_response_header(p->req, &res, "Retry-After", "1");
    dress(p, &res);
    http_answer(p->x, &res);
}

static void answer_result(struct passage *p, const struct call_record *r)
{
    struct response res;
    struct err e = {0};
    auto_buf struct buf body = {0};
    if (result_map(p->req, (struct str){r->output, r->output_len}, &res, &body, &e) < 0)
        invalid(p, e.text, &res);
    dress(p, &res);
    http_answer(p->x, &res);
}

/* --- streams --- */

static void on_drained(void *arg)
{
    struct passage *p = arg;
    engine_resume(p->app->engine, p);
}

static void on_gone(void *arg)
{
    struct passage *p = arg;
    engine_abandon(p->app->engine, p);
}

/* Who may not call the function any more does not get the rest. */
static int still_let_in(void *arg, struct request *req, struct err *e)
{
    const struct passage *p = arg;
    return admission_still(req, p->function_id, e);
}

static void on_opened(void *arg, unsigned status, struct str headers)
{
    struct passage *p = arg;
    struct response *res = arena_alloc(p->req->arena, sizeof *res);
    struct err e = {0};
    res->status = (int)status;
    bool good = result_headers(p->req, headers, res, &e) == 0;
    if (!good)
        invalid(p, e.text, res);
    else
        result_type(res, "text/plain; charset=utf-8");
    dress(p, res);
    if (!good) {
        p->instead = res;
        engine_abandon(p->app->engine, p);
        return;
    }
    p->streaming = true;
    /* The row lets anybody in: who asks matters to the function. */
    const struct http_again again = {.permission = PERM_CALL, .still = still_let_in};
    http_stream_start(
        p->x, res,
        &(struct http_stream){.drained = on_drained, .gone = on_gone, .arg = p, .again = again});
    if (p->req->method == HTTP_HEAD) /* nobody wants the pieces */
        engine_abandon(p->app->engine, p);
}

static bool on_piece(void *arg, struct str bytes)
{
    struct passage *p = arg;
    return !p->streaming || http_stream_write(p->x, bytes);
}

static const struct call_stream streams = {on_opened, on_piece};

static void end_stream(struct passage *p, const struct call_record *r)
{
    if (r && (r->status == CALL_SUCCESS || p->req->method == HTTP_HEAD))
        http_stream_end(p->x);
    else
        http_stream_break(p->x);
}

static void on_done(void *arg, const struct call_record *r, const struct err *refused)
{
    struct passage *p = arg;
    if (p->streaming)
        end_stream(p, r);
    else if (p->instead)
        http_answer(p->x, p->instead);
    else if (refused)
        answer_refused(p, refused);
    else if (r->status == CALL_SUCCESS)
        answer_result(p, r);
    else
        answer_failed(p, r);
}

/* --- in --- */

static void write_event(const struct passage *p, const struct table_function *fn, struct buf *out)
{
    event_write(out, &(struct event_source){.req = p->req,
                                            .raw_path = p->raw_path,
                                            .path = p->path,
                                            .match = &p->match,
                                            .id = p->id,
                                            .authorization =
                                                fn->access == ACCESS_PUBLIC && !fn->public_logs &&
                                                !auth_has_issuers_token(p->app->auth, p->req)});
}

static void call(struct passage *p)
{
    struct gateway *g = p->app->gateway;
    auto_buf struct buf event = {0};
    int64_t now_us = clock_wall_us();
    id_new_call(now_us, p->id);
    write_event(p, table_function(g, p->function_id), &event);
    g->stats.routed++;
    http_on_gone(p->x, on_gone, p);
    engine_call(p->app->engine,
                &(struct call_request){.function_id = p->function_id,
                                       .id = p->id,
                                       .created_us = now_us,
                                       .event = buf_str(&event),
                                       .source = "gateway",
                                       .http_method = http_method_name(p->req->method),
                                       .http_path = arena_dup(p->req->arena, p->path.p, p->path.n),
                                       .stream = &streams,
                                       .done = on_done,
                                       .arg = p});
}

static void on_decided(void *arg, const struct verdict *v)
{
    struct passage *p = arg;
    struct response res = {0};
    p->verdict = *v;
    if (!v->refused.code) {
        call(p);
    } else if (v->refused.code == ERR_NOT_FOUND) {
        unavailable(p);
    } else {
        admission_refuse(p->req, v, &res);
        cors_add(p->cors, p->req, &res);
        http_answer(p->x, &res);
    }
}

/* A function that has left the project since the route was made is not for this address. */
static bool is_available(const struct table_function *fn, const struct table_project *project)
{
    return fn && fn->active && fn->project && strcmp(fn->project, project->id) == 0;
}

/* The route's names go with the project, which may change while a worker is asked. */
static void keep_names(struct passage *p)
{
    for (size_t i = 0; i < p->match.count; i++)
        p->match.params[i].name = arena_str(p->req->arena, p->match.params[i].name);
}

static bool find_route(struct passage *p, const struct table_project *project)
{
    struct gateway *g = p->app->gateway;
    if (!project->live_count) {
        refuse(p->x, p->cors, 404, "No routes configured for this project");
        return false;
    }
    if (trie_find(project->trie, p->req->method, p->raw_path, p->req->arena, &p->match))
        return true;
    g->stats.unmatched++;
    refuse(p->x, p->cors, 404,
           arena_printf(p->req->arena, "No route matches %s " STR_FMT,
                        http_method_name(p->req->method), STR_ARG(p->path)));
    return false;
}

static void pass(struct passage *p, const struct table_project *project)
{
    struct response res;
    if (!project) {
        refuse(p->x, NULL, 404, "Project not found");
        return;
    }
    if (cors_is_preflight(&project->cors, p->req)) {
        cors_preflight(&project->cors, p->req, &res);
        http_answer(p->x, &res);
        return;
    }
    p->cors = cors_prepare(&project->cors, p->req);
    if (!find_route(p, project))
        return;
    const struct table_route *route = p->match.value;
    if (!project->active ||
        !is_available(table_function(p->app->gateway, route->function), project)) {
        unavailable(p);
        return;
    }
    p->function_id = arena_strdup(p->req->arena, route->function);
    keep_names(p);
    admission_ask(p->x, p->function_id, on_decided, p);
}

/* The path of the request's target behind its first `segments` segments. */
static struct str path_behind(const struct request *req, unsigned segments)
{
    struct str path = {req->target, strcspn(req->target, "?")};
    const char *p = path.p, *end = path.p + path.n;
    for (; segments && p; segments--)
        p = memchr(p + 1, '/', (size_t)(end - p - 1));
    return p && p < end ? (struct str){p, (size_t)(end - p)} : STR("/");
}

static struct passage *passage_new(struct http_exchange *x, unsigned segments)
{
    struct request *req = http_exchange_request(x);
    struct passage *p = arena_alloc(req->arena, sizeof *p);
    p->x = x;
    p->req = req;
    p->app = req->app;
    p->raw_path = path_behind(req, segments);
    p->path = percent_decode(req->arena, p->raw_path, false);
    return p;
}

static void start_by_slug(struct http_exchange *x)
{
    struct passage *p = passage_new(x, 3); /* /api/gateway/SLUG */
    p->own_origin = true;
    pass(p, table_project_by_slug(p->app->gateway, str_of(http_param(p->req, "slug"))));
}

static void start_by_host(struct http_exchange *x)
{
    struct passage *p = passage_new(x, 0);
    pass(p, table_project_by_host(p->app->gateway, p->req->host));
}

const struct route *gateway_claim(void *app, struct request *req)
{
    static const struct route row = {HTTP_ANY,   "/*path", PERM_PUBLIC,
                                     PLANE_DATA, NULL,     start_by_host};
    bool path = *req->target == '/'; /* "OPTIONS *" asks the server, not one of its pages */
    return path && table_project_by_host(((const struct app *)app)->gateway, req->host) ? &row
                                                                                        : NULL;
}

const struct route gateway_routes_table[] = {
    {HTTP_ANY, "/api/gateway/:slug", PERM_PUBLIC, PLANE_DATA, NULL, start_by_slug},
    {HTTP_ANY, "/api/gateway/:slug/*path", PERM_PUBLIC, PLANE_DATA, NULL, start_by_slug},
    {0},
};
