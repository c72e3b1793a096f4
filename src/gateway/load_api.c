/* load_api — POST /api/functions/:id/load: has the active version loaded, as a call would, and says
 * what became of it. For whoever has just saved it.
 *
 * No call: it takes from no rate and no quota and leaves no record, so only who may change the
 * function may ask. With a quota that is used up it is refused all the same: it runs code. */
#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/json.h"
#include "engine/engine.h"
#include "gateway/admission.h"
#include "gateway/answer.h"
#include "gateway/gateway.h"
#include "http/http.h"

#include <inttypes.h>

static void add_text(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, ",\"%s\":", name);
    if (text)
        json_add_string(out, str_of(text));
    else
        buf_addz(out, "null");
}

static void add_printed(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_add_string(out, text);
}

static void add_result(struct buf *out, const struct call_record *r)
{
    const struct call_phases *p = &r->phases;
    buf_addf(out,
             "{\"loaded\":%s,\"version\":%" PRIu32 ",\"cold\":%s,\"duration_us\":%" PRIu64
             ",\"phases\":{\"queue_us\":%" PRIu32 ",\"place_us\":%" PRIu32 ",\"load_us\":%" PRIu32
             ",\"handler_us\":%" PRIu32 "}",
             r->status == CALL_SUCCESS ? "true" : "false", r->version, r->cold ? "true" : "false",
             r->duration_us, p->queue_us, p->place_us, p->load_us, p->handler_us);
    add_text(out, "error", r->error);
    add_text(out, "traceback", r->traceback);
    add_printed(out, "stdout", (struct str){r->out, r->out_len});
    add_printed(out, "stderr", (struct str){r->err, r->err_len});
    buf_addz(out, ",\"problem\":");
    answer_add_problem(out, r->problem);
    buf_addz(out, "}");
}

/* Our own failure is no verdict on the code. */
static bool is_ours(const struct call_record *r, struct err *ret)
{
    if (r->status != CALL_PLATFORM_ERROR)
        return false;
    (void)err_set(ret, ERR_UNAVAILABLE, "%s", r->error);
    return true;
}

static void answer(void *arg, const struct call_record *r, const struct err *refused)
{
    struct http_exchange *x = arg;
    struct request *req = http_exchange_request(x);
    struct response res = {.status = 200};
    struct err ours = {0};
    auto_buf struct buf body = {0};
    if (refused) {
        answer_error(req, refused, 0, &res);
    } else if (is_ours(r, &ours)) {
        answer_error(req, &ours, 0, &res);
    } else {
        add_result(&body, r);
        res.body = buf_str(&body);
    }
    http_answer(x, &res);
}

static void load(struct http_exchange *x)
{
    struct request *req = http_exchange_request(x);
    const char *id = http_param(req, "id");
    struct verdict verdict;
    admission_look(req, id, &verdict);
    if (verdict.refused.code) {
        struct response res = {0};
        admission_refuse(req, &verdict, &res);
        http_answer(x, &res);
        return;
    }
    engine_call(((const struct app *)req->app)->engine, &(struct call_request){.function_id = id,
                                                                               .event = STR(""),
                                                                               .load_only = true,
                                                                               .source = "load",
                                                                               .done = answer,
                                                                               .arg = x});
}

const struct route load_routes[] = {
    {HTTP_POST, "/api/functions/:id/load", PERM_FUNCTION_EDIT, PLANE_DATA, NULL, load},
    {0},
};
