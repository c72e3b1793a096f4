/* invoke_api — POST /api/invoke/:id: the way in and out of a direct call.
 *
 * Runs on the loop thread and touches no store: the body's `input` goes to the engine byte for
 * byte, the result comes back the same way. Once the function was found and attempted the answer is
 * 200, also when its code failed. */
#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/json.h"
#include "engine/engine.h"
#include "gateway/gateway.h"
#include "http/http.h"

#include <inttypes.h>

static void add_text(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_add_string(out, text);
}

/* What only the owner may see of a call. */
static void add_private(struct buf *out, const struct call_record *r)
{
    if (r->traceback)
        add_text(out, "traceback", str_of(r->traceback));
    add_text(out, "stdout", (struct str){r->out, r->out_len});
    add_text(out, "stderr", (struct str){r->err, r->err_len});
}

static void add_result(struct buf *out, const struct call_record *r)
{
    bool ok = r->status == CALL_SUCCESS;
    buf_reserve(out, r->output_len + 512);
    buf_addf(out, "{\"success\":%s", ok ? "true" : "false");
    if (ok) {
        buf_addz(out, ",\"output\":");
        buf_add(out, r->output, r->output_len);
    } else {
        add_text(out, "error", str_of(r->error));
    }
    buf_addf(out,
             ",\"status\":\"%s\",\"duration_ms\":%" PRIu64 ",\"duration_us\":%" PRIu64
             ",\"invocation_id\":\"%s\",\"cold_start\":%s,\"version\":%u",
             call_status_name(r->status), (r->duration_us + 500) / 1000, r->duration_us, r->id,
             r->cold ? "true" : "false", r->version);
}

static void refuse(struct http_exchange *x, const struct err *why)
{
    struct request *req = http_exchange_request(x);
    struct response res = {0};
    auto_buf struct buf body = {0};
    if (why->code != ERR_LIMIT) {
        http_answer_error(x, why);
        return;
    }
    buf_addz(&body, "{\"detail\":");
    json_add_string(&body, str_of(why->text));
    buf_addz(&body, "}");
    http_response_header(req, &res, "Retry-After", "1");
    res.status = 429;
    res.body = buf_str(&body);
    http_answer(x, &res);
}

static void answer(void *arg, const struct call_record *r, const struct err *refused)
{
    struct http_exchange *x = arg;
    struct response res = {.status = 200};
    auto_buf struct buf body = {0};
    if (refused) {
        refuse(x, refused);
        return;
    }
    add_result(&body, r);
    if (http_exchange_request(x)->principal)
        add_private(&body, r);
    buf_addz(&body, "}");
    res.body = buf_str(&body);
    http_answer(x, &res);
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
    const struct app *app = req->app;
    struct err e = {0};
    struct str input;
    if (take_input(req, &input, &e) < 0) {
        http_answer_error(x, &e);
        return;
    }
    engine_call(app->engine, &(struct call_request){.function_id = http_param(req, "id"),
                                                    .event = input,
                                                    .source = "direct",
                                                    .done = answer,
                                                    .arg = x});
}

const struct route invoke_routes[] = {
    {HTTP_POST, "/api/invoke/:id", PERM_CALL, PLANE_DATA, NULL, invoke},
    {0},
};
