/* calls_api — records of calls, newest first, and one of them (contracts 1.4, row 17).
 *
 *   GET /api/functions/:id/invocations         for members; for anybody where it is opened
 *   GET /api/functions/:id/invocations/:call   one, whole
 *   GET /api/projects/:id/invocations          of all functions of a project
 *   GET /api/invocations                       of all that the account may see
 *
 * Filters: see calls.h. A page may be short, even empty, where a filter takes little: then Link
 * says where it goes on. */
#include "calls/calls.h"

#include "app.h"
#include "auth/auth.h"
#include "calls/row_json.h"
#include "calls/scan.h"
#include "http/form.h"

#include <string.h>

enum { LIST_STANDARD = 50, LIST_MAX = 200, LIST_BYTES = 8 << 20 };

/* The number of the record that a cursor names; it must be one that is in reach. */
static int find_cursor(struct request *req, const struct reach *r, const char *loc, const char *id,
                       int64_t *ret, struct err *e)
{
    struct call_row row;
    struct err why = {0};
    int held = calls_find(req->context, req->arena, id, &row, &why);
    if (held == 0)
        held = reach_holds(req->context, r, row.function, &why);
    else if (why.code == ERR_NOT_FOUND)
        held = 0;
    if (held == 0)
        return http_invalid(req, loc, "value_error", e, "Value error, no such invocation");
    if (held < 0)
        *e = why;
    else
        *ret = row.seq;
    return held < 0 ? -1 : 0;
}

static int read_cursor(struct request *req, struct scan *s, struct err *e)
{
    const char *before = http_query(req, "before"), *after = http_query(req, "after");
    if (before && after)
        return http_invalid(req, "query.after", "value_error", e,
                            "Value error, give either before or after");
    if (before)
        return find_cursor(req, &s->reach, "query.before", before, &s->below, e);
    s->ascending = after != NULL;
    return after ? find_cursor(req, &s->reach, "query.after", after, &s->above, e) : 0;
}

/* The id of the record where the page stopped, which need not be on it. */
static int where_it_stopped(struct request *req, const struct scan_page *page, const char **ret,
                            struct err *e)
{
    struct call_row row;
    size_t count = 0;
    *ret = NULL;
    if (!page->more)
        return 0;
    if (calls_fetch(req->context, req->arena, &page->at, 1, &row, &count, e) < 0)
        return -1;
    *ret = count ? row.id : NULL; /* pruned in this moment: then all behind it are, too */
    return 0;
}

/* Link: <?...after=ID>; rel="prev", with the request's own filters. */
static void link_newer(struct request *req, struct response *res, const char *after)
{
    auto_buf struct buf out = {0};
    struct str rest = str_of(req->query);
    buf_addz(&out, "<?");
    while (rest.p) {
        struct str pair = str_cut(&rest, '&');
        if (pair.n && !str_starts(pair, STR("after=")))
            buf_addf(&out, STR_FMT "&", STR_ARG(pair));
    }
    buf_addf(&out, "after=%s>; rel=\"prev\"", after);
    http_response_header(req, res, "Link", out.data);
}

static int reply_page(struct request *req, struct response *res, const struct scan *s,
                      const struct scan_page *page, struct err *e)
{
    auto_buf struct buf out = {0};
    const char *stopped;
    if (where_it_stopped(req, page, &stopped, e) < 0)
        return -1;
    buf_addz(&out, "[");
    for (size_t i = 0; i < page->count; i++) {
        size_t at = s->ascending ? page->count - 1 - i : i; /* newest first in any case */
        buf_addz(&out, i ? "," : "");
        row_json(&out, &page->rows[at],
                 &(struct row_view){.member = s->reach.member, .name = page->names[at]});
    }
    buf_addz(&out, "]");
    if (stopped && s->ascending)
        link_newer(req, res, stopped);
    else if (stopped)
        form_link_next(req, res, stopped);
    return http_reply_text(req, res, 200, "application/json", buf_str(&out));
}

static int list(struct request *req, struct response *res, enum reach_kind kind, struct err *e)
{
    struct sieve sieve;
    struct scan s = {.sieve = &sieve, .bytes_max = LIST_BYTES};
    struct scan_page page;
    struct err ignored = {0};
    if (form_limit(req, LIST_STANDARD, LIST_MAX, &s.limit, e) < 0 ||
        reach_open(req, kind, &s.reach, e) < 0 || sieve_read(req, &sieve, e) < 0)
        return -1;
    /* Waits for calls that have just ended. Shows what there is when the store takes no more. */
    (void)calls_flush_wait(((const struct app *)req->app)->calls, &ignored);
    if (read_cursor(req, &s, e) < 0 || scan_narrow(req->context, &s, e) < 0 ||
        scan_run(req->context, req->arena, &s, &page, e) < 0)
        return -1;
    return reply_page(req, res, &s, &page, e);
}

static int list_function(struct request *req, struct response *res, struct err *e)
{
    return list(req, res, REACH_FUNCTION, e);
}

static int list_project(struct request *req, struct response *res, struct err *e)
{
    return list(req, res, REACH_PROJECT, e);
}

static int list_account(struct request *req, struct response *res, struct err *e)
{
    return list(req, res, REACH_ACCOUNT, e);
}

static int get_call(struct request *req, struct response *res, struct err *e)
{
    struct reach r;
    struct call_row row;
    struct err ignored = {0};
    auto_buf struct buf out = {0};
    if (reach_open(req, REACH_FUNCTION, &r, e) < 0)
        return -1;
    (void)calls_flush_wait(((const struct app *)req->app)->calls, &ignored);
    if (calls_find(req->context, req->arena, http_param(req, "call"), &row, e) < 0)
        return -1;
    if (strcmp(row.function, r.id) != 0)
        return err_set(e, ERR_NOT_FOUND, "Invocation not found");
    row_json(&out, &row, &(struct row_view){.member = r.member});
    return http_reply_text(req, res, 200, "application/json", buf_str(&out));
}

const struct route calls_routes[] = {
    {HTTP_GET, "/api/functions/:id/invocations", PERM_CALLS_READ, PLANE_CONTROL, list_function,
     NULL},
    {HTTP_GET, "/api/functions/:id/invocations/:call", PERM_CALLS_READ, PLANE_CONTROL, get_call,
     NULL},
    {HTTP_GET, "/api/projects/:id/invocations", PERM_PROJECT_VIEW, PLANE_CONTROL, list_project,
     NULL},
    {HTTP_GET, "/api/invocations", PERM_STATS_READ, PLANE_CONTROL, list_account, NULL},
    {0},
};
