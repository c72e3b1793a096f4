/* tail_api — records as they come, and all there are.
 *
 *   GET /api/functions/:id/invocations/tail     Server-Sent Events; or a WebSocket, when asked for
 *   GET /api/functions/:id/invocations/export   NDJSON, oldest first
 *   both below /api/projects/:id, too, and below /api, of all that the account may see
 *
 * What a request may see is decided on a worker (reach.h), and again while it lasts
 * (http/stream.h). Browsers cannot
 * set headers on a WebSocket: they come with their cookie, and only from a page of ours. */
#include "calls/calls.h"

#include "app.h"
#include "auth/auth.h"
#include "base/json.h"
#include "base/mem.h"
#include "calls/row_json.h"
#include "calls/scan.h"
#include "calls/tail.h"
#include "http/stream.h"
#include "loop/loop.h"

#include <string.h>

enum {
    LIVE_TEXT_MAX = 16 * 1024,    /* of one text; the whole is at .../invocations/:call */
    LIVE_SHORT_MAX = 2 * 1024,    /* where escapes would blow it up */
    LIVE_RECORD_MAX = 192 * 1024, /* as JSON: what a stream takes in one go */
    MESSAGE_MAX = 1024,
    CLOSE_NORMAL = 1000,
    CLOSE_AWAY = 1001,
    CLOSE_REFUSED = 1008,
};

enum form { FORM_EVENTS, FORM_SOCKET, FORM_EXPORT };

/* A tail with its connection. `x` and `socket` are NULL when they are gone. */
struct feed {
    struct http_exchange *x;
    struct websocket *socket;
    struct tail *tail; /* NULL before it begins and after it has ended */
    struct app *app;
    struct arena *arena; /* of what a worker may need when the request is gone */
    enum reach_kind kind;
    enum form form;
    struct reach reach;
    struct sieve sieve;
    int64_t after, before;
    bool gap; /* the record it was to go on behind is not there any more */
    bool gone;
    bool failed;
    struct err error;
};

static void feed_free(struct feed *f)
{
    arena_free(f->arena);
    free(f);
}

/* --- sinks --- */

static void write_live(const struct reach *r, struct buf *out, const struct call_row *row,
                       const char *name)
{
    size_t begin = out->len;
    struct row_view view = {r->member, name, LIVE_TEXT_MAX};
    row_json(out, row, &view);
    if (out->len - begin <= LIVE_RECORD_MAX)
        return;
    out->len = begin;
    view.text_max = LIVE_SHORT_MAX;
    row_json(out, row, &view);
}

static void write_event(const struct reach *r, struct buf *out, const struct call_row *row,
                        const char *name)
{
    buf_addf(out, "id: %s\ndata: ", row->id);
    write_live(r, out, row, name);
    buf_addz(out, "\n\n");
}

static void write_message(const struct reach *r, struct buf *out, const struct call_row *row,
                          const char *name)
{
    write_live(r, out, row, name);
    buf_addz(out, "\n");
}

static void write_line(const struct reach *r, struct buf *out, const struct call_row *row,
                       const char *name)
{
    row_json(out, row, &(struct row_view){.member = r->member, .name = name});
    buf_addz(out, "\n");
}

static bool send_piece(void *arg, struct str piece)
{
    const struct feed *f = arg;
    return http_stream_write(f->x, piece);
}

static bool send_message(void *arg, struct str piece)
{
    const struct feed *f = arg;
    return f->socket && websocket_send(f->socket, piece, true);
}

static void beat_events(void *arg)
{
    const struct feed *f = arg;
    (void)http_stream_write(f->x, STR(":\n\n"));
}

static void end_events(void *arg, const char *why, bool refused)
{
    struct feed *f = arg;
    auto_buf struct buf out = {0};
    (void)refused;
    buf_addz(&out, "event: end\ndata: {\"reason\":");
    json_add_string(&out, str_of(why));
    buf_addz(&out, "}\n\n");
    if (!f->gone)
        (void)http_stream_write(f->x, buf_str(&out));
    http_stream_end(f->x);
    feed_free(f);
}

static void end_export(void *arg, const char *why, bool refused)
{
    struct feed *f = arg;
    (void)refused;
    if (why && !f->gone)
        http_stream_break(f->x); /* the client must see that something is missing */
    else
        http_stream_end(f->x);
    feed_free(f);
}

static void end_socket(void *arg, const char *why, bool refused)
{
    struct feed *f = arg;
    f->tail = NULL;
    if (f->socket) /* `closed` follows */
        websocket_close(f->socket, refused ? CLOSE_REFUSED : why ? CLOSE_AWAY : CLOSE_NORMAL, why);
    else
        feed_free(f);
}

/* --- whether it may go on --- */

enum { MARK_MEMBER = 1, MARK_KIND = 2 };

static unsigned mark_of(const struct feed *f)
{
    return f->kind * MARK_KIND + (f->reach.member ? MARK_MEMBER : 0);
}

/* The role and the function, behind the credentials. Who is a member no more may see a part of it
 * still: that is for another request. */
static int check_again(struct request *req, unsigned mark, struct err *e)
{
    struct reach now;
    if (reach_open(req, (enum reach_kind)(mark / MARK_KIND), &now, e) < 0)
        return -1;
    if (now.member || !(mark & MARK_MEMBER))
        return 0;
    return err_set(e, ERR_DENIED, "Not a member any more");
}

static void on_refused(void *arg)
{
    const struct feed *f = arg;
    if (f->tail)
        tail_refuse(f->tail);
}

static struct http_again again_of(const struct feed *f)
{
    return (struct http_again){.check = check_again, .mark = mark_of(f), .refused = on_refused};
}

static const struct tail_sink sinks[] = {
    [FORM_EVENTS] = {.write = write_event,
                     .send = send_piece,
                     .beat = beat_events,
                     .end = end_events},
    [FORM_SOCKET] = {.messages = true,
                     .write = write_message,
                     .send = send_message,
                     .end = end_socket},
    [FORM_EXPORT] = {.write = write_line, .send = send_piece, .end = end_export},
};

/* --- what the connection says --- */

static void on_drained(void *arg)
{
    const struct feed *f = arg;
    if (f->tail)
        tail_drained(f->tail);
}

static void on_gone(void *arg)
{
    struct feed *f = arg;
    f->gone = true;
    if (f->tail)
        tail_gone(f->tail);
}

static void on_message(void *arg, struct str bytes, bool text)
{
    (void)arg, (void)bytes, (void)text; /* nothing is said this way */
}

static void on_closed(void *arg)
{
    struct feed *f = arg;
    f->x = NULL;
    f->socket = NULL;
    if (f->tail)
        tail_gone(f->tail);
    else
        feed_free(f);
}

/* --- the start --- */

/* Where to go on: behind the record that `after` or Last-Event-ID names, else with what comes. A
 * browser that was away for so long that its record is gone hears of the gap. */
static int find_start(struct feed *f, struct request *req, int64_t newest, struct err *e)
{
    const char *after = http_query(req, "after"), *last = http_header(req, "Last-Event-ID");
    struct call_row row;
    struct err why = {0};
    f->after = f->form == FORM_EXPORT ? 0 : newest;
    if (f->form == FORM_EXPORT)
        f->before = newest + 1;
    if (!after && !last)
        return 0;
    int held = calls_find(req->context, req->arena, after ? after : last, &row, &why);
    if (held == 0)
        held = reach_holds(req->context, &f->reach, row.function, &why);
    else if (why.code == ERR_NOT_FOUND)
        held = 0;
    if (held < 0) {
        *e = why;
        return -1;
    }
    if (held > 0)
        f->after = row.seq;
    f->gap = held == 0;
    return held || !after ? 0
                          : http_invalid(req, "query.after", "value_error", e,
                                         "Value error, no such invocation");
}

static int admit(struct feed *f, struct request *req, struct err *e)
{
    int64_t newest;
    struct err ignored = {0};
    if (reach_open(req, f->kind, &f->reach, e) < 0 || sieve_read(req, &f->sieve, e) < 0)
        return -1;
    if (f->form == FORM_EXPORT)
        (void)calls_flush_wait(f->app->calls, &ignored);
    if (calls_newest(req->context, &newest, e) < 0 || find_start(f, req, newest, e) < 0)
        return -1;
    struct scan s = {.sieve = &f->sieve, .above = f->after, .below = f->before};
    if (f->form == FORM_EXPORT && scan_narrow(req->context, &s, e) < 0)
        return -1;
    f->after = s.above;
    f->before = s.below;
    return 0;
}

/* The exchange waits: nobody else looks at the request meanwhile. */
static void run_admit(void *job, void *context)
{
    struct feed *f = job;
    struct request *req = http_exchange_request(f->x);
    req->context = context;
    f->failed = admit(f, req, &f->error) < 0;
    req->context = NULL;
}

/* Takes along what outlives the request. */
static void adopt(struct feed *f)
{
    struct arena *a = f->arena = arena_new();
    f->reach.id = arena_strdup(a, f->reach.id);
    f->sieve.source = arena_strdup(a, f->sieve.source);
    f->sieve.q.p = arena_strdup(a, f->sieve.q.p);
}

static struct tail_hub *hub_of(struct app *app)
{
    struct tail_hub **s = calls_tails(app->calls);
    if (!*s)
        *s = tail_hub_new(&(struct tail_hub_config){.calls = app->calls,
                                                    .loop = app->loop,
                                                    .workers = app->workers,
                                                    .shared = store_is_shared(app->store)});
    return *s;
}

static void begin_stream(struct feed *f)
{
    struct request *req = http_exchange_request(f->x);
    struct response res = {.status = 200};
    struct http_stream events = {
        .drained = on_drained, .gone = on_gone, .arg = f, .again = again_of(f)};
    if (f->form == FORM_EXPORT) {
        res.content_type = "application/x-ndjson";
        http_response_header(req, &res, "Content-Disposition",
                             "attachment; filename=\"invocations.ndjson\"");
    } else {
        res.content_type = "text/event-stream";
        res.body = f->gap ? STR("event: gap\ndata: {}\n\n") : STR(":\n\n");
    }
    http_response_header(req, &res, "Cache-Control", "no-store");
    http_response_header(req, &res, "X-Accel-Buffering", "no"); /* proxies must not collect it */
    http_stream_start(f->x, &res, &events);
}

static void begin_socket(struct feed *f)
{
    struct websocket_events events = {.message = on_message,
                                      .drained = on_drained,
                                      .closed = on_closed,
                                      .arg = f,
                                      .message_max = MESSAGE_MAX,
                                      .again = again_of(f)};
    f->socket = websocket_accept(f->x, &events);
    if (!f->socket) { /* answered */
        f->x = NULL;
        tail_gone(f->tail);
    }
}

static void begin(struct feed *f)
{
    const struct request *req = http_exchange_request(f->x);
    const char *client = req->principal ? req->principal->account : req->peer;
    adopt(f);
    struct tail_config config = {.sink = &sinks[f->form],
                                 .arg = f,
                                 .client = arena_strdup(f->arena, client),
                                 .stranger = !req->principal,
                                 .reach = f->reach,
                                 .sieve = f->sieve,
                                 .after = f->after,
                                 .before = f->before};
    if (tail_open(hub_of(f->app), &config, &f->tail, &f->error) < 0) {
        http_answer_error(f->x, &f->error);
        feed_free(f);
    } else if (f->form == FORM_SOCKET) {
        begin_socket(f);
    } else {
        begin_stream(f);
    }
}

static void admitted(void *job)
{
    struct feed *f = job;
    if (!f->failed) {
        begin(f);
        return;
    }
    http_answer_error(f->x, &f->error);
    feed_free(f);
}

static void start(struct http_exchange *x, enum reach_kind kind, enum form form)
{
    struct request *req = http_exchange_request(x);
    struct app *app = req->app;
    struct err e = {0};
    if (form == FORM_EVENTS && http_header(req, "Upgrade"))
        form = FORM_SOCKET;
    struct feed *f = mem_alloc(sizeof *f);
    *f = (struct feed){.x = x, .app = app, .kind = kind, .form = form};
    if (workers_submit(app->workers, run_admit, admitted, f, &e) < 0) {
        http_answer_error(x, &e);
        feed_free(f);
    }
}

static void tail_function(struct http_exchange *x)
{
    start(x, REACH_FUNCTION, FORM_EVENTS);
}

static void tail_project(struct http_exchange *x)
{
    start(x, REACH_PROJECT, FORM_EVENTS);
}

static void tail_account(struct http_exchange *x)
{
    start(x, REACH_ACCOUNT, FORM_EVENTS);
}

static void export_function(struct http_exchange *x)
{
    start(x, REACH_FUNCTION, FORM_EXPORT);
}

static void export_project(struct http_exchange *x)
{
    start(x, REACH_PROJECT, FORM_EXPORT);
}

static void export_account(struct http_exchange *x)
{
    start(x, REACH_ACCOUNT, FORM_EXPORT);
}

#define ROW(path, permission, start)                                                               \
    {                                                                                              \
        HTTP_GET, path, permission, PLANE_DATA, NULL, start                                        \
    }
const struct route tail_routes[] = {
    ROW("/api/functions/:id/invocations/tail", PERM_CALLS_READ, tail_function),
    ROW("/api/projects/:id/invocations/tail", PERM_PROJECT_VIEW, tail_project),
    ROW("/api/invocations/tail", PERM_STATS_READ, tail_account),
    ROW("/api/functions/:id/invocations/export", PERM_CALLS_READ, export_function),
    ROW("/api/projects/:id/invocations/export", PERM_PROJECT_VIEW, export_project),
    ROW("/api/invocations/export", PERM_STATS_READ, export_account),
    {0},
};
