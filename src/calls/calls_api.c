/* calls_api — GET /api/functions/:id/invocations: what a function was called with and what came of
 * it (contracts 1.4, row 17). For the owner, and for anybody where the function opens its log. */
#include "calls/calls.h"

#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/must.h"
#include "calls/calls_store.h"
#include "functions/functions.h"
#include "http/form.h"

#include <inttypes.h>

enum { LIST_STANDARD = 50, LIST_MAX = 200, LIST_BYTES = 8 << 20 };

static void add_text(struct buf *out, const char *name, struct str value)
{
    buf_addf(out, ",\"%s\":", name);
    if (value.p)
        json_add_string(out, value);
    else
        buf_addz(out, "null");
}

static void add_cut(struct buf *out, unsigned cut)
{
    static const char *const names[] = {"input", "output", "stdout", "stderr"};
    buf_addz(out, ",\"truncated\":[");
    for (unsigned i = 0, first = 1; i < ARRAY_LEN(names); i++) {
        if (cut & 1u << i) {
            buf_addf(out, "%s\"%s\"", first ? "" : ",", names[i]);
            first = 0;
        }
    }
    buf_addz(out, "]");
}

static void add_figures(struct buf *out, const struct call_row *row)
{
    char time[CLOCK_TEXT];
    buf_addf(out,
             ",\"created_at\":\"%s\",\"version\":%u,\"cold_start\":%s,\"duration_ms\":%" PRId64
             ",\"duration_us\":%" PRId64 ",\"phases\":{\"queue_us\":%" PRId64
             ",\"place_us\":%" PRId64 ",\"load_us\":%" PRId64 ",\"handler_us\":%" PRId64
             "},\"peak_memory_bytes\":%" PRId64 ",\"cpu_us\":%" PRId64,
             clock_rfc3339(row->created_us, time), row->version, row->cold ? "true" : "false",
             (row->duration_us + 500) / 1000, row->duration_us, row->queue_us, row->place_us,
             row->load_us, row->handler_us, row->peak_bytes, row->cpu_us);
}

/* Texts that P1 always has are never null. */
static struct str or_text(struct str s, const char *otherwise)
{
    return s.p ? s : str_of(otherwise);
}

static void add_row(struct buf *out, const struct function *fn, const struct call_row *row,
                    bool owner)
{
    buf_addf(out, "{\"id\":\"%s\",\"function_id\":\"%s\"", row->id, fn->id);
    add_text(out, "input", or_text(row->input, "{}"));
    add_text(out, "output", or_text(row->output, ""));
    add_text(out, "status", str_of(row->status));
    add_text(out, "source", str_of(row->source));
    add_text(out, "http_method", str_of(row->http_method));
    add_text(out, "http_path", str_of(row->http_path));
    add_figures(out, row);
    add_text(out, "error", row->error);
    if (owner)
        add_text(out, "traceback", row->traceback);
    add_text(out, "stdout", or_text(row->out, ""));
    add_text(out, "stderr", or_text(row->err, ""));
    add_cut(out, row->cut);
    buf_addz(out, "}");
}

/* Members see all of it, under its name too; others what the function has opened. A stranger learns
 * neither which ids exist nor any name. */
static int find_function(struct request *req, struct function *fn, bool *ret_member, struct err *e)
{
    struct err inner = {0};
    *ret_member = req->principal && functions_admit(req, ROLE_VIEWER, NULL, &inner) == 0;
    if (inner.code && inner.code != ERR_NOT_FOUND) {
        *e = inner;
        return -1;
    }
    inner = (struct err){0};
    int rc = functions_find_id(req->context, req->arena, http_param(req, "id"), fn, &inner);
    if (rc < 0 && inner.code != ERR_NOT_FOUND) {
        *e = inner;
        return -1;
    }
    if (rc == 0 && (*ret_member || fn->public_logs))
        return 0;
    return req->principal ? err_set(e, ERR_NOT_FOUND, "Function not found") : auth_missing(e);
}

static int read_cursor(struct request *req, struct calls_cursor *cursor, struct err *e)
{
    *cursor = (struct calls_cursor){http_query(req, "before"), http_query(req, "after")};
    if (cursor->before && cursor->after)
        return http_invalid(req, "query.after", "value_error", e,
                            "Value error, give either before or after");
    return 0;
}

static int read_rows(struct request *req, const struct function *fn, struct call_row *rows,
                     size_t limit, size_t *ret_count, struct err *e)
{
    struct calls_cursor cursor;
    struct err inner = {0};
    if (read_cursor(req, &cursor, e) < 0)
        return -1;
    if (calls_list(req->context, req->arena, fn->id, &cursor, limit, LIST_BYTES, rows, ret_count,
                   &inner) == 0)
        return 0;
    if (inner.code == ERR_NOT_FOUND)
        return http_invalid(req, cursor.before ? "query.before" : "query.after", "value_error", e,
                            "Value error, no such invocation");
    *e = inner;
    return -1;
}

static int list_calls(struct request *req, struct response *res, struct err *e)
{
    struct function fn;
    struct err ignored = {0};
    size_t limit, count = 0;
    bool member;
    if (form_limit(req, LIST_STANDARD, LIST_MAX, &limit, e) < 0 ||
        find_function(req, &fn, &member, e) < 0)
        return -1;
    /* Waits for calls that have just ended. Shows what there is when the store takes no more. */
    (void)calls_flush_wait(((const struct app *)req->app)->calls, &ignored);
    struct call_row *rows = arena_alloc(req->arena, limit * sizeof *rows);
    if (read_rows(req, &fn, rows, limit, &count, e) < 0)
        return -1;
    auto_buf struct buf out = {0};
    buf_addz(&out, "[");
    for (size_t i = 0; i < count; i++) {
        buf_addz(&out, i ? "," : "");
        add_row(&out, &fn, &rows[i], member);
    }
    buf_addz(&out, "]");
    return http_reply_text(req, res, 200, "application/json", buf_str(&out));
}

const struct route calls_routes[] = {
    {HTTP_GET, "/api/functions/:id/invocations", PERM_CALLS_READ, PLANE_CONTROL, list_calls, NULL},
    {0},
};
