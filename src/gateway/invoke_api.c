/* invoke_api — POST /api/invoke/:id: the way in and out of a direct call.
 *
 * Runs on the loop thread and touches no store: the body's `input` goes to the engine byte for
 * byte, the result comes back the same way. Once the function was found and attempted the answer is
 * 200, also when its code failed.
 *
 * A result in pieces is joined, unless the caller takes them as they come (invoke_events.h).
 *
 * Access, rates and quotas come before the call (admission.h). Only the function's own people see
 * traceback, problem and output in the answer. */
#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/json.h"
#include "engine/engine.h"
#include "gateway/admission.h"
#include "gateway/answer.h"
#include "gateway/invoke_events.h"
#include "gateway/table.h"
#include "http/stream.h"

#include <inttypes.h>

static void add_text(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_add_string(out, text);
}

/* What only the function's own people may see of a call. */
static void add_private(struct buf *out, const struct call_record *r)
{
    if (r->traceback)
        add_text(out, "traceback", str_of(r->traceback));
    if (r->problem) {
        buf_addz(out, ",\"problem\":");
        answer_add_problem(out, r->problem);
    }
    add_text(out, "stdout", (struct str){r->out, r->out_len});
    add_text(out, "stderr", (struct str){r->err, r->err_len});
}

/* Without its output when that went out in pieces. */
static void add_result(struct buf *out, const struct call_record *r, bool in_pieces)
{
    bool ok = r->status == CALL_SUCCESS;
    buf_reserve(out, r->output_len + 512);
    buf_addf(out, "{\"success\":%s", ok ? "true" : "false");
    if (ok && !in_pieces) {
        buf_addz(out, ",\"output\":");
        buf_add(out, r->output, r->output_len);
    } else if (!ok) {
        add_text(out, "error", str_of(r->error));
    }
    buf_addf(out,
             ",\"status\":\"%s\",\"duration_ms\":%" PRIu64 ",\"duration_us\":%" PRIu64
             ",\"invocation_id\":\"%s\",\"cold_start\":%s,\"version\":%u",
             call_status_name(r->status), (r->duration_us + 500) / 1000, r->duration_us, r->id,
             r->cold ? "true" : "false", r->version);
}

/* One direct call under way, in its request's arena. */
struct invocation {
    struct http_exchange *x;
    struct str input;
    struct verdict verdict;
    bool streaming; /* events have begun */
};

/* Whoever may read a function's records may see what one says. */
static bool is_insider(const struct request *req, const char *function_id)
{
    const struct gateway *g = ((const struct app *)req->app)->gateway;
    const struct table_function *fn = table_function(g, function_id);
    const struct principal *p = req->principal;
    return fn && p && p->scopes & SCOPE_CALLS_READ && table_is_member(g, fn, p->account);
}

static void refuse(struct invocation *i, const struct err *why)
{
    struct request *req = http_exchange_request(i->x);
    struct response res = {0};
    if (why == &i->verdict.refused)
        admission_refuse(req, &i->verdict, &res);
    else
        answer_error(req, why, 0, &res);
    http_answer(i->x, &res);
}

static void write_answer(const struct invocation *i, const struct call_record *r, struct buf *out)
{
    add_result(out, r, i->streaming);
    if (is_insider(http_exchange_request(i->x), r->function_id))
        add_private(out, r);
    buf_addz(out, "}");
}

/* --- in pieces --- */

static void on_drained(void *arg)
{
    struct invocation *i = arg;
    const struct request *req = http_exchange_request(i->x);
    engine_resume(((const struct app *)req->app)->engine, i);
}

static void on_gone(void *arg)
{
    struct invocation *i = arg;
    const struct request *req = http_exchange_request(i->x);
    engine_abandon(((const struct app *)req->app)->engine, i);
}

/* Who may not call it any more does not get the rest; nor does one whose key is gone, though
 * strangers may call: the result at the end may be one for insiders. */
static int still_let_in(void *arg, struct request *req, struct err *e)
{
    const struct invocation *i = arg;
    if (http_exchange_request(i->x)->principal && !req->principal)
        return err_set(e, ERR_UNAUTHORIZED, "Invalid token");
    return admission_still(req, http_param(req, "id"), e);
}

static void on_opened(void *arg, unsigned status, struct str headers)
{
    struct invocation *i = arg;
    struct request *req = http_exchange_request(i->x);
    struct response res = {.status = 200, .content_type = "text/event-stream"};
    auto_buf struct buf event = {0};
    invoke_events_open(&event, status, headers);
    res.body = buf_str(&event);
    http_response_header(req, &res, "Cache-Control", "no-store");
    http_response_header(req, &res, "X-Accel-Buffering", "no"); /* proxies must not collect it */
    admission_headers(req, &i->verdict, &res);
    i->streaming = true;
    http_stream_start(
        i->x, &res,
        &(struct http_stream){
            .drained = on_drained, .gone = on_gone, .arg = i, .again = {.still = still_let_in}});
}

static bool on_piece(void *arg, struct str bytes)
{
    struct invocation *i = arg;
    auto_buf struct buf event = {0};
    invoke_events_piece(&event, bytes);
    return http_stream_write(i->x, buf_str(&event));
}

static const struct call_stream pieces = {on_opened, on_piece};

static void end_stream(struct invocation *i, const struct call_record *r)
{
    auto_buf struct buf answer = {0}, event = {0};
    write_answer(i, r, &answer);
    invoke_events_result(&event, buf_str(&answer));
    (void)http_stream_write(i->x, buf_str(&event));
    http_stream_end(i->x);
}

/* --- the call --- */

static void answer(void *arg, const struct call_record *r, const struct err *refused)
{
    struct invocation *i = arg;
    struct request *req = http_exchange_request(i->x);
    struct response res = {.status = 200};
    auto_buf struct buf body = {0};
    if (i->streaming) {
        end_stream(i, r);
        return;
    }
    if (refused) {
        refuse(i, refused);
        return;
    }
    write_answer(i, r, &body);
    res.body = buf_str(&body);
    admission_headers(req, &i->verdict, &res);
    http_answer(i->x, &res);
}

static void on_decided(void *arg, const struct verdict *v)
{
    struct invocation *i = arg;
    struct request *req = http_exchange_request(i->x);
    i->verdict = *v;
    if (v->refused.code) {
        refuse(i, &i->verdict.refused);
        return;
    }
    bool events = invoke_events_wanted(req);
    if (events)
        http_on_gone(i->x, on_gone, i);
    engine_call(((const struct app *)req->app)->engine,
                &(struct call_request){.function_id = http_param(req, "id"),
                                       .event = i->input,
                                       .source = "direct",
                                       .stream = events ? &pieces : NULL,
                                       .done = answer,
                                       .arg = i});
}

/* The control plane's reader words the refusal; what it would accept and we do not is worded here.
 */
static int malformed(struct request *req, const struct err *why, struct err *e)
{
    json_t *tree;
    if (http_body_json(req, &tree, e) < 0)
        return -1;
    return http_invalid(req, "body", "json_invalid", e, "JSON decode error: %s", why->text);
}

static int take_input(struct request *req, struct str *ret, struct err *e)
{
    struct err why = {0};
    if (json_check(req->body, &why) < 0)
        return malformed(req, &why, e);
    if (json_member(req->body, "input", ret, &why) < 0)
        return http_invalid(req, "body", "dict_type", e, "Input should be a valid dictionary: %s",
                            why.text);
    if (!ret->p)
        *ret = STR("{}");
    return 0;
}

static void invoke(struct http_exchange *x)
{
    struct request *req = http_exchange_request(x);
    struct invocation *i = arena_alloc(req->arena, sizeof *i);
    struct err e = {0};
    i->x = x;
    if (take_input(req, &i->input, &e) < 0)
        http_answer_error(x, &e);
    else
        admission_ask(x, http_param(req, "id"), on_decided, i);
}

const struct route invoke_routes[] = {
    {HTTP_POST, "/api/invoke/:id", PERM_CALL, PLANE_DATA, NULL, invoke},
    {0},
};
