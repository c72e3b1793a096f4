#include "gateway/answer.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"

#include <inttypes.h>

void answer_detail(struct request *req, int status, const char *text, struct response *res)
{
    auto_buf struct buf body = {0};
    buf_addz(&body, "{\"detail\":");
    json_add_string(&body, str_of(text));
    buf_addz(&body, "}");
    res->status = status;
    res->body = arena_str(req->arena, buf_str(&body));
}

void answer_error(struct request *req, const struct err *e, unsigned retry_s, struct response *res)
{
    int status = err_http_status(e->code);
    if (status == 500)
        log_error("gateway", "request failed: %s", e->text);
    answer_detail(req, status, status == 500 ? "Internal Server Error" : e->text, res);
    if (e->code == ERR_UNAUTHORIZED)
        http_response_header(req, res, "WWW-Authenticate", "Bearer");
    if (e->code == ERR_LIMIT || e->code == ERR_UNAVAILABLE)
        http_response_header(req, res, "Retry-After",
                             arena_printf(req->arena, "%u", retry_s ? retry_s : 1));
}

static void add_member(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, ",\"%s\":", name);
    if (text)
        json_add_string(out, str_of(text));
    else
        buf_addz(out, "null");
}

void answer_add_problem(struct buf *out, const struct call_problem *p)
{
    if (!p) {
        buf_addz(out, "null");
        return;
    }
    buf_addz(out, "{\"file\":");
    json_add_string(out, str_of(p->file));
    buf_addf(out, ",\"line\":%" PRIu32 ",\"column\":", p->line);
    if (p->column)
        buf_addf(out, "%" PRIu32, p->column);
    else
        buf_addz(out, "null");
    add_member(out, "type", p->type);
    add_member(out, "message", p->message);
    add_member(out, "module", p->module);
    add_member(out, "package", p->package);
    buf_addz(out, "}");
}
