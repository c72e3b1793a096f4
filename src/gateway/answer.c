#include "gateway/answer.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"

#include <string.h>

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
