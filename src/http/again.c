/* Whether streams and WebSockets under way may go on: each is asked for anew with a copy of its
 * request. What the loop thread knows by itself (authorize) costs it nothing more; the others are
 * held, so that nothing leaves that may not, and wait for a worker. One worker at a time is busy
 * with them, however often somebody changes things. */
#include "http/private.h"

#include "base/mem.h"

#include <stdlib.h>

enum { BATCH = 64 };

/* One of a batch. `x` is NULL once the stream is gone. */
struct question {
    struct http_exchange *x;
    struct request req; /* a copy: the stream's own may go while a worker is at it */
    int permission;
    struct http_again again;
    bool stale;       /* rights have changed since it was asked */
    size_t stale_len; /* of what waited then; the answer is good for that much */
    bool failed;
    struct err why;
};

struct asking {
    struct http_server *server; /* NULL once it is freed */
    struct arena *arena;
    int (*admit)(void *app, struct request *req, int permission, struct err *e);
    size_t count;
    struct question all[BATCH];
};

/* Of a stream, its arg too. */
static const struct http_again *again_of(const struct http_exchange *x, void **ret_arg)
{
    const struct websocket_events *w = x->websocket ? websocket_events_of(x->websocket) : NULL;
    *ret_arg = w ? w->arg : x->stream.arg;
    return w ? &w->again : &x->stream.again;
}

static int permission_of(const struct http_exchange *x)
{
    void *arg;
    const struct http_again *again = again_of(x, &arg);
    return again->permission ? again->permission : x->route->permission;
}

static int ask_still(const struct http_exchange *x, struct request *req, struct err *e)
{
    void *arg;
    const struct http_again *again = again_of(x, &arg);
    return again->still ? again->still(arg, req, e) : 0;
}

void again_begin(struct http_exchange *x)
{
    struct http_server *s = x->conn->server;
    if (s && s->config.admit && s->config.authorize && x->route && x->conn->fd >= 0)
        list_append(&s->sure, &x->again);
}

void again_end(struct http_exchange *x)
{
    list_remove(&x->again);
    if (x->question)
        x->question->x = NULL;
    x->question = NULL;
}

/* --- what the loop thread knows --- */

static bool is_known(struct http_server *s, const struct http_exchange *x, struct arena *a)
{
    struct request copy = x->req;
    struct err ignored = {0};
    void *arg;
    copy.arena = a;
    return !again_of(x, &arg)->check &&
           s->config.authorize(s->config.app, &copy, permission_of(x), &ignored) == 0 &&
           ask_still(x, &copy, &ignored) == 0;
}

static void ask_next(struct http_server *s);

static void make_stale(struct http_exchange *x)
{
    struct question *q = x->question;
    if (!q || q->stale)
        return;
    q->stale = true;
    q->stale_len = x->conn->out.len;
}

static void doubt_all(struct http_server *s, bool hold)
{
    auto_arena struct arena *a = arena_new();
    list_each_safe (node, &s->sure) {
        struct http_exchange *x = list_of(node, struct http_exchange, again);
        if (is_known(s, x, a))
            continue;
        list_remove(node);
        list_append(&s->doubtful, node);
        make_stale(x);
        if (hold)
            conn_hold(x->conn);
    }
    ask_next(s);
}

void http_server_recheck(struct http_server *s)
{
    if (!s)
        return;
    list_each (node, &s->doubtful) {
        struct http_exchange *x = list_of(node, struct http_exchange, again);
        if (x->question && !x->conn->held) /* that time alone has made doubtful */
            x->question->stale_len = x->conn->out.len;
        conn_hold(x->conn);
    }
    doubt_all(s, true);
}

void again_tick(struct http_server *s, uint64_t now_us)
{
    s->asked_in_vain = false;
    if (now_us - s->again_us < s->config.again_ms * 1000ull) {
        ask_next(s);
        return;
    }
    s->again_us = now_us;
    doubt_all(s, false);
}

/* --- what a worker finds --- */

static void copy_headers(struct arena *a, struct request *to, const struct request *from)
{
    struct http_header *copy = arena_alloc(a, from->header_count * sizeof *copy);
    for (size_t i = 0; i < from->header_count; i++)
        copy[i] = (struct http_header){arena_strdup(a, from->headers[i].name),
                                       arena_strdup(a, from->headers[i].value)};
    to->headers = copy;
}

/* All but the body, which says nothing about who asks. */
static void copy_request(struct arena *a, struct request *to, const struct request *from)
{
    *to = (struct request){.arena = a,
                           .method = from->method,
                           .path = arena_strdup(a, from->path),
                           .query = arena_strdup(a, from->query),
                           .target = arena_strdup(a, from->target),
                           .header_count = from->header_count,
                           .peer = arena_strdup(a, from->peer),
                           .host = arena_strdup(a, from->host),
                           .secure = from->secure,
                           .proxied = from->proxied,
                           .param_count = from->param_count,
                           .app = from->app};
    copy_headers(a, to, from);
    for (size_t i = 0; i < from->param_count; i++) {
        to->params[i].name = arena_strdup(a, from->params[i].name);
        to->params[i].value = arena_strdup(a, from->params[i].value);
    }
}

static void run(void *job, void *context)
{
    struct asking *asking = job;
    for (size_t i = 0; i < asking->count; i++) {
        struct question *q = &asking->all[i];
        q->req.context = context;
        q->failed = asking->admit(q->req.app, &q->req, q->permission, &q->why) < 0 ||
                    (q->again.check && q->again.check(&q->req, q->again.mark, &q->why) < 0);
    }
}

static bool is_refusal(const struct err *e)
{
    return e->code == ERR_UNAUTHORIZED || e->code == ERR_DENIED || e->code == ERR_NOT_FOUND;
}

static void refuse(struct http_exchange *x)
{
    void *arg;
    const struct http_again *again = again_of(x, &arg);
    conn_unhold(x->conn, true);
    if (again->refused)
        again->refused(arg);
    else if (x->websocket)
        websocket_close(x->websocket, 1008, "This may not go on");
    else
        conn_close(x->conn);
}

/* A store that is away refuses nobody, and lets nobody go on: the next tick asks again. */
static void settle(struct http_server *s, struct question *q)
{
    struct http_exchange *x = q->x;
    if (!x)
        return;
    x->question = NULL;
    bool failed = q->failed || ask_still(x, &q->req, &q->why) < 0;
    if (failed && is_refusal(&q->why)) {
        refuse(x);
    } else if (failed) {
        s->asked_in_vain = true;
        list_remove(&x->again);
        list_append(&s->doubtful, &x->again);
    } else if (q->stale) { /* somebody who changes things all the time must not hold up the rest */
        conn_release(x->conn, q->stale_len);
    } else {
        conn_unhold(x->conn, false);
    }
}

static void asking_free(struct asking *asking)
{
    arena_free(asking->arena);
    free(asking);
}

static void on_asked(void *job)
{
    struct asking *asking = job;
    struct http_server *s = asking->server;
    for (size_t i = 0; i < asking->count && s; i++)
        settle(s, &asking->all[i]);
    if (s)
        s->asking = NULL;
    asking_free(asking);
    if (s)
        ask_next(s);
}

static void add_question(struct asking *asking, struct http_exchange *x)
{
    struct question *q = &asking->all[asking->count++];
    void *arg;
    *q = (struct question){.x = x, .permission = permission_of(x), .again = *again_of(x, &arg)};
    copy_request(asking->arena, &q->req, &x->req);
    x->question = q;
    list_remove(&x->again);
    list_append(&asking->server->sure, &x->again);
}

/* Nobody has time: the next tick tries again. */
static void take_back(struct asking *asking)
{
    struct http_server *s = asking->server;
    s->asked_in_vain = true;
    for (size_t i = 0; i < asking->count; i++) {
        struct http_exchange *x = asking->all[i].x;
        x->question = NULL;
        list_remove(&x->again);
        list_append(&s->doubtful, &x->again);
    }
    asking_free(asking);
}

static void ask_next(struct http_server *s)
{
    struct err ignored = {0};
    if (s->asking || s->asked_in_vain || list_empty(&s->doubtful))
        return;
    struct asking *asking = mem_alloc(sizeof *asking);
    *asking = (struct asking){.server = s, .arena = arena_new(), .admit = s->config.admit};
    for (struct list *node; asking->count < BATCH && (node = list_first(&s->doubtful));)
        add_question(asking, list_of(node, struct http_exchange, again));
    if (workers_submit(s->config.workers, run, on_asked, asking, &ignored) < 0)
        take_back(asking);
    else
        s->asking = asking;
}

void again_stop(struct http_server *s)
{
    if (s->asking)
        s->asking->server = NULL;
    s->asking = NULL;
}
