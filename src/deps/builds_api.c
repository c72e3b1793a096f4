/* builds_api — looking at builds: lists, one with its log, live events, and ending one. */
#include "app.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "deps/builds.h"
#include "http/stream.h"
#include "loop/loop.h"
#include "projects/projects.h"

#include <string.h>

enum {
    PIECE_MAX = 16 * 1024, /* of a log in one event */
    BEAT_US = 15 * 1000000,
};

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "Build not found");
}

static int list_builds(struct request *req, struct response *res, struct err *e)
{
    struct deps *d = deps_of(req->app);
    struct build_row rows[BUILDS_KEPT];
    const char *project = http_param(req, "id");
    int count = builds_store_list(req->context, req->arena, project, BUILDS_KEPT, rows, e);
    if (count < 0)
        return -1;
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        (void)builds_look(d, req->arena, project, rows[i].id, &rows[i]);
        json_array_append_new(list, builds_store_json(&rows[i], false));
    }
    return http_reply_json(req, res, 200, list);
}

/* In memory first: what has ended since is in the store. */
static int find(struct request *req, struct build_row *ret, struct err *e)
{
    const char *project = http_param(req, "id"), *id = http_param(req, "build");
    if (builds_look(deps_of(req->app), req->arena, project, id, ret))
        return 0;
    int found = builds_store_find(req->context, req->arena, project, id, ret, e);
    return found > 0 ? 0 : found < 0 ? -1 : not_found(e);
}

static int get_build(struct request *req, struct response *res, struct err *e)
{
    struct build_row row;
    if (find(req, &row, e) < 0)
        return -1;
    return http_reply_json(req, res, 200, builds_store_json(&row, true));
}

/* --- what looks at one build on the loop thread --- */

struct view {
    struct http_exchange *x;
    struct deps *d;
    void (*found)(struct view *v); /* `watch.live` is set, not watched yet */
    const char *action; /* for the audit log, when the build is under way; NULL: it is only read */
    struct builds_watch watch;
    struct build_row row; /* of one that is not under way here */
    bool failed, full;
    struct err error;
    struct timer *beat;
    uint64_t at;           /* of the log */
    struct build_row told; /* progress */
};

static void view_free(struct view *v)
{
    timer_free(v->beat);
    free(v);
}

static void give_up(struct view *v)
{
    http_answer_error(v->x, &v->error);
    view_free(v);
}

/* What is about to be done to a build that is under way here, in the audit log. */
static int tell(struct request *req, struct view *v)
{
    const char *project = http_param(req, "id"), *build = v->row.id;
    struct build_row row;
    if (!builds_look(v->d, req->arena, project, build, &row) || row.status > BUILD_RUNNING)
        return 0;
    return audit_write(req->context, req, v->action, project,
                       arena_printf(req->arena, "build %s", build), &v->error);
}

static void run_find(void *job, void *context)
{
    struct view *v = job;
    struct request *req = http_exchange_request(v->x);
    req->context = context;
    v->failed = find(req, &v->row, &v->error) < 0 || (v->action && tell(req, v) < 0);
    req->context = NULL;
}

static void row_found(void *job)
{
    struct view *v = job;
    const struct request *req = http_exchange_request(v->x);
    if (v->failed) {
        give_up(v);
        return;
    }
    v->watch.live = builds_find(v->d, http_param(req, "id"), http_param(req, "build"));
    if (!v->watch.live && v->row.status <= BUILD_RUNNING) {
        err_set(&v->error, ERR_UNAVAILABLE,
                "This build is under way on another server of this installation");
        give_up(v);
        return;
    }
    if (!v->watch.live)
        v->watch.live = builds_past(v->d, &v->row);
    v->found(v);
}

static void start_view(struct http_exchange *x, const char *action, void (*found)(struct view *v))
{
    const struct request *req = http_exchange_request(x);
    struct app *app = req->app;
    struct view *v = mem_alloc(sizeof *v);
    *v = (struct view){.x = x, .d = deps_of(app), .found = found, .action = action};
    if (!action)
        v->watch.live = builds_find(v->d, http_param(req, "id"), http_param(req, "build"));
    if (v->watch.live)
        found(v);
    else if (workers_submit(app->workers, run_find, row_found, v, &v->error) < 0)
        give_up(v);
}

/* --- events --- */

static void add_json(struct buf *out, json_t *take)
{
    char *text = json_dumps(take, JSON_COMPACT);
    buf_addz(out, text);
    free(text);
    json_decref(take);
}

static bool write_event(struct view *v, const char *name, const struct buf *data)
{
    auto_buf struct buf out = {0};
    buf_addf(&out, "event: %s\ndata: %s\n\n", name, data->data);
    return http_stream_write(v->x, buf_str(&out));
}

static bool write_log(struct view *v, struct str piece)
{
    auto_buf struct buf data = {0};
    buf_addz(&data, "{\"text\":");
    json_add_string(&data, piece);
    buf_addz(&data, "}");
    return write_event(v, "log", &data);
}

static bool write_progress(struct view *v, const struct build_row *row)
{
    auto_buf struct buf data = {0};
    v->told = *row;
    add_json(&data, builds_store_progress_json(row));
    return write_event(v, "progress", &data);
}

static bool progressed(const struct build_row *a, const struct build_row *b)
{
    return a->status != b->status || a->step != b->step || a->packages != b->packages ||
           a->bytes != b->bytes;
}

static void end_events(struct view *v, bool whole)
{
    if (whole) {
        auto_buf struct buf data = {0};
        add_json(&data, builds_store_json(&v->watch.live->row, false));
        (void)write_event(v, "done", &data);
    }
    builds_unwatch(&v->watch);
    http_stream_end(v->x);
    view_free(v);
}

/* Everything there is to say, until the client has enough of it for now. */
static void pump(void *arg)
{
    struct view *v = arg;
    const struct live *l = v->watch.live;
    struct str piece;
    uint64_t next;
    while (!v->full && (piece = build_log_from(&l->log, v->at, PIECE_MAX, &next)).n) {
        v->at = next;
        v->full = !write_log(v, piece);
    }
    if (!v->full && progressed(&l->row, &v->told))
        v->full = !write_progress(v, &l->row);
    if (!v->full && l->ended)
        end_events(v, true);
}

static void on_drained(void *arg)
{
    struct view *v = arg;
    v->full = false;
    pump(v);
}

static void on_gone(void *arg)
{
    end_events(arg, false);
}

/* A silent stream would not notice that its client has gone, and proxies cut it. */
static void on_beat(void *arg)
{
    struct view *v = arg;
    if (!v->full)
        v->full = !http_stream_write(v->x, STR(":\n\n"));
    timer_set_us(v->beat, BEAT_US);
}

static void begin_events(struct view *v)
{
    struct request *req = http_exchange_request(v->x);
    struct response res = {
        .status = 200, .content_type = "text/event-stream", .body = STR(":\n\n")};
    const struct http_stream events = {.drained = on_drained, .gone = on_gone, .arg = v};
    http_response_header(req, &res, "Cache-Control", "no-store");
    http_response_header(req, &res, "X-Accel-Buffering", "no"); /* proxies must not collect it */
    http_stream_start(v->x, &res, &events);
    v->told.step = -1;
    v->watch = (struct builds_watch){.live = v->watch.live, .changed = pump, .arg = v};
    builds_watch(v->watch.live, &v->watch);
    v->beat = timer_new(v->d->app->loop, on_beat, v);
    timer_set_us(v->beat, BEAT_US);
    pump(v);
}

static void watch_build(struct http_exchange *x)
{
    start_view(x, NULL, begin_events);
}

/* --- cancel --- */

static void answer_ended(void *arg)
{
    struct view *v = arg;
    const struct live *l = v->watch.live;
    struct request *req = http_exchange_request(v->x);
    struct response res = {.status = 200};
    if (!l->ended)
        return;
    http_reply_json(req, &res, 200, builds_store_json(&l->row, false));
    builds_unwatch(&v->watch);
    http_answer(v->x, &res);
    view_free(v);
}

static void begin_cancel(struct view *v)
{
    struct live *l = v->watch.live;
    v->watch = (struct builds_watch){.changed = answer_ended, .arg = v};
    builds_watch(l, &v->watch);
    if (l->ended)
        answer_ended(v);
    else
        builds_cancel(l);
}

static void cancel_build(struct http_exchange *x)
{
    start_view(x, "packages.cancel", begin_cancel);
}

#define BUILDS "/api/projects/:id/builds"
#define BUILD  BUILDS "/:build"
const struct route builds_routes[] = {
    {HTTP_GET, BUILDS, PERM_PROJECT_VIEW, PLANE_CONTROL, list_builds, NULL},
    {HTTP_GET, BUILD, PERM_PROJECT_VIEW, PLANE_CONTROL, get_build, NULL},
    {HTTP_GET, BUILD "/events", PERM_PROJECT_VIEW, PLANE_DATA, NULL, watch_build},
    {HTTP_POST, BUILD "/cancel", PERM_PROJECT_EDIT, PLANE_DATA, NULL, cancel_build},
    {0},
};
