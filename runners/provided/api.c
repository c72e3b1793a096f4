#include "provided.h"

#include "base/clock.h"
#include "base/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "/2018-06-01/runtime/"

/* Failures */

void api_fail(struct provided *p, bool fatal, struct str type, struct str message,
              struct str traceback)
{
    auto_buf struct buf text = {0};
    buf_addz(&text, "{\"type\":");
    json_add_string(&text, type);
    buf_addz(&text, ",\"message\":");
    json_add_string(&text, message);
    buf_addz(&text, ",\"traceback\":");
    json_add_string(&text, traceback);
    buf_addz(&text, "}");
    p->state = fatal ? STATE_BROKEN : STATE_IDLE;
    stream_reset(p);
    channel_send(&p->channel, FRAME_FAILED, fatal ? FRAME_FATAL : 0, buf_str(&text));
}

static void fail_call(struct provided *p, const char *type, const char *message)
{
    api_fail(p, false, str_of(type), str_of(message), STR(""));
}

static void fail_too_large(struct provided *p)
{
    char text[96];
    snprintf(text, sizeof text, "the result is larger than the limit of %zu bytes",
             p->result_limit);
    fail_call(p, "ResultTooLarge", text);
}

/* An entry of "stackTrace": text, or a frame as some runtimes send it. */
static void add_trace_line(struct buf *out, const json_t *line)
{
    if (json_is_string(line)) {
        buf_add(out, json_string_value(line), json_string_length(line));
    } else {
        char *text = json_dumps(line, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_addz(out, text ? text : "");
        free(text);
    }
    if (out->len && out->data[out->len - 1] != '\n')
        buf_addz(out, "\n");
}

static struct str text_of(const json_t *object, const char *name, struct str otherwise)
{
    const json_t *text = json_object_get(object, name);
    if (!json_is_string(text) || !json_string_length(text))
        return otherwise;
    return (struct str){json_string_value(text), json_string_length(text)};
}

void api_fail_posted(struct provided *p, bool fatal, struct str type, struct str body)
{
    json_t *said = json_loadb(body.p ? body.p : "", body.n, 0, NULL);
    auto_buf struct buf trace = {0};
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(said, "stackTrace"), i, line)
    {
        add_trace_line(&trace, line);
    }
    type = text_of(said, "errorType", type.n ? type : STR("Error"));
    struct str message = text_of(said, "errorMessage", said ? STR("") : body);
    api_fail(p, fatal, type, message, buf_str(&trace));
    json_decref(said);
}

/* Answers */

static const struct str accepted = {"{\"status\":\"OK\"}\n", 16};

static void refuse(struct conn *c, int status, const char *type, const char *message)
{
    auto_buf struct buf text = {0};
    buf_addf(&text, "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}\n", message, type);
    conn_answer(c, status, "", buf_str(&text));
}

/* Invocations */

static uint64_t wall_ms(uint64_t mono_us)
{
    int64_t left_us = (int64_t)(mono_us - clock_mono_us());
    return (uint64_t)((clock_wall_us() + left_us) / 1000);
}

static void hand_over(struct provided *p, struct conn *c)
{
    auto_buf struct buf headers = {0};
    buf_addf(&headers,
             "Lambda-Runtime-Aws-Request-Id: %s\r\nLambda-Runtime-Deadline-Ms: %" PRIu64
             "\r\nLambda-Runtime-Invoked-Function-Arn: %s\r\n",
             p->call.id, wall_ms(p->call.deadline_us), p->arn);
    p->call.taken = true;
    conn_answer(c, 200, headers.data, p->call.event);
}

static struct conn *longest_waiting(struct provided *p)
{
    struct conn *found = NULL;
    for (struct conn *c = p->conns; c < p->conns + CONNS_MAX; c++)
        if (c->fd >= 0 && c->waiting && (!found || c->turn < found->turn))
            found = c;
    return found;
}

static void offer_call(struct provided *p)
{
    struct conn *c = p->state == STATE_BUSY && !p->call.taken ? longest_waiting(p) : NULL;
    if (!c)
        return;
    hand_over(p, c);
    if (c->fd >= 0)
        api_serve(p, c); /* a request may have been sent behind the one just answered */
}

/* An id becomes part of a header and a path: it must not be able to end either. */
static bool id_is_plain(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if ((unsigned char)id.p[i] <= ' ' || (unsigned char)id.p[i] > '~' || id.p[i] == '/')
            return false;
    return id.n > 0 && id.n <= CALL_ID_MAX;
}

void api_call(struct provided *p, struct str payload)
{
    struct call *call = &p->call;
    uint8_t id_length;
    struct str id;
    *call = (struct call){0};
    if (!frames_u64(&payload, &call->deadline_us) || !frames_u8(&payload, &id_length) ||
        !frames_bytes(&payload, id_length, &id) || !id_is_plain(id)) {
        fail_call(p, "CallError", "the CALL frame is malformed");
        return;
    }
    memcpy(call->id, id.p, id.n);
    call->event = payload;
    p->state = STATE_BUSY;
    offer_call(p);
}

static void next(struct provided *p, struct conn *c, const struct request *r)
{
    (void)r;
    c->waiting = true;
    c->turn = ++p->turns;
    if (p->state == STATE_LOADING) {
        p->state = STATE_IDLE;
        channel_send(&p->channel, FRAME_LOADED, 0, STR(""));
    }
}

static void respond_in_pieces(struct provided *p, struct conn *c, const struct request *r)
{
    if (stream_finish(p, r))
        conn_answer(c, 202, "", accepted);
    else
        refuse(c, 400, "InvalidResponse", "the streamed response is malformed");
}

static void respond(struct provided *p, struct conn *c, const struct request *r)
{
    struct err e = {0};
    if (p->stream.conn == c) {
        respond_in_pieces(p, c, r);
        return;
    }
    if (r->streams) {
        fail_call(p, "InvalidResponse", "a streamed response needs Transfer-Encoding: chunked");
        refuse(c, 400, "InvalidResponse", "a streamed response needs Transfer-Encoding: chunked");
        return;
    }
    struct str result = str_trim(r->body);
    if (!result.n)
        result = STR("null");
    if (result.n > p->result_limit) {
        fail_too_large(p);
        refuse(c, 413, "RequestEntityTooLarge", "the response is larger than the limit");
        return;
    }
    if (json_check(result, &e) < 0) {
        auto_buf struct buf text = {0};
        buf_addf(&text, "the response is not JSON: %s", e.text);
        fail_call(p, "InvalidResponse", text.data);
        refuse(c, 400, "InvalidResponse", "the response is not JSON");
        return;
    }
    p->state = STATE_IDLE;
    channel_send(&p->channel, FRAME_RESULT, 0, result);
    conn_answer(c, 202, "", accepted);
}

static void report(struct provided *p, struct conn *c, const struct request *r)
{
    api_fail_posted(p, false, r->error_type, r->body);
    conn_answer(c, 202, "", accepted);
}

static void report_init(struct provided *p, struct conn *c, const struct request *r)
{
    if (p->state != STATE_LOADING) {
        refuse(c, 403, "InvalidStateTransition", "the bootstrap has been initialised before");
        return;
    }
    api_fail_posted(p, true, r->error_type, r->body);
    conn_answer(c, 202, "", accepted);
}

/* Routes */

static const struct route {
    const char *method, *path; /* "*" stands for the id of the current call */
    void (*serve)(struct provided *p, struct conn *c, const struct request *r);
} routes[] = {
    {"GET", "invocation/next", next},
    {"POST", "invocation/*/response", respond},
    {"POST", "invocation/*/error", report},
    {"POST", "init/error", report_init},
};

/* Whether `path` is `pattern`; what stands for its "*" goes into `ret_id`. */
static bool matches(struct str path, const char *pattern, struct str *ret_id)
{
    struct str want = str_of(pattern);
    while (want.p && path.p) {
        struct str word = str_cut(&want, '/'), part = str_cut(&path, '/');
        if (str_is(word, "*"))
            *ret_id = part;
        else if (!str_eq(word, part))
            return false;
    }
    return !want.p && !path.p;
}

static const struct route *find_route(struct str path, struct str *ret_id)
{
    *ret_id = (struct str){NULL, 0};
    if (!str_starts(path, STR(PREFIX)))
        return NULL;
    path = (struct str){path.p + strlen(PREFIX), path.n - strlen(PREFIX)};
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (matches(path, routes[i].path, ret_id))
            return &routes[i];
    return NULL;
}

/* Nobody else may answer while one connection is at it. */
static bool is_current(const struct provided *p, const struct conn *c, struct str id)
{
    return p->state == STATE_BUSY && p->call.taken && str_is(id, p->call.id) &&
           (!p->stream.conn || p->stream.conn == c);
}

static void dispatch(struct provided *p, struct conn *c, const struct request *r)
{
    struct str id;
    const struct route *route = find_route(r->path, &id);
    if (!route)
        refuse(c, 404, "NotFound", "no such path in the runtime API 2018-06-01");
    else if (!str_is(r->method, route->method))
        refuse(c, 405, "MethodNotAllowed", "another method serves this path");
    else if (id.p && !is_current(p, c, id))
        refuse(c, 400, "InvalidRequestID", "the id is not that of the current invocation");
    else
        route->serve(p, c, r);
}

/* What an oversized body or a malformed request means for the call depends on where it was sent. */
static void reject(struct provided *p, struct conn *c, int status)
{
    struct str id;
    const struct route *route = find_route(c->reader.head.path, &id);
    bool answers_call = route && route->serve == respond && is_current(p, c, id);
    if (p->stream.conn == c)
        stream_break(p);
    else if (status == 413 && answers_call)
        fail_too_large(p);
    c->keep_alive = false; /* where the next request starts is unknown */
    refuse(c, status, status == 413 ? "RequestEntityTooLarge" : "InvalidRequest",
           status == 413 ? "the body is too large" : "the request is malformed");
}

/* A response in pieces is passed on as it comes, so it must be known by its head. */
static void look_for_stream(struct provided *p, struct conn *c)
{
    struct str id;
    const struct request *head = &c->reader.head;
    if (c->reader.head_len || request_head(&c->reader) != 1)
        return;
    const struct route *route = find_route(head->path, &id);
    if (!head->streams || !c->reader.chunked || !route || route->serve != respond ||
        !str_is(head->method, route->method) || !is_current(p, c, id))
        return;
    c->reader.by_pieces = true;
    stream_begin(p, c);
}

/* More of a request is to come. Of one that is taken by pieces nothing is kept: what belongs to a
 * call that has failed meanwhile is dropped. */
static void take_pieces(struct provided *p, struct conn *c)
{
    if (p->stream.conn == c)
        stream_pass(p);
    if (c->reader.by_pieces)
        buf_clear(&c->reader.body);
}

void api_serve(struct provided *p, struct conn *c)
{
    size_t max = p->result_limit > ERROR_BODY_MAX ? p->result_limit : ERROR_BODY_MAX;
    while (c->fd >= 0 && !c->waiting && !c->out.len && p->state != STATE_BROKEN) {
        struct request r;
        look_for_stream(p, c);
        int got = conn_take(c, max, &r);
        if (got == 0) {
            take_pieces(p, c);
            break;
        }
        c->turn = ++p->turns;
        if (got == 1)
            dispatch(p, c, &r);
        else
            reject(p, c, got);
        offer_call(p);
    }
    if (p->stream.conn == c && (c->fd < 0 || c->ended)) {
        stream_break(p);
        offer_call(p);
    }
    if (c->fd >= 0 && c->ended && !c->out.len)
        conn_close(c);
}

/* Ends */

void api_exited(struct provided *p, int status)
{
    char text[160];
    /* It may have been the memory limit, which ends bootstrap alone under cgroup v1. Whoever
     * watches the slot's cgroup can tell when the slot ends; from in here it cannot be seen. */
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        _exit(128 + SIGKILL);
    int at =
        WIFSIGNALED(status)
            ? snprintf(text, sizeof text, "bootstrap was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)))
            : snprintf(text, sizeof text, "bootstrap exited with status %d", WEXITSTATUS(status));
    if (p->state == STATE_LOADING)
        snprintf(text + at, sizeof text - (size_t)at, " before it asked for an invocation");
    if (p->state == STATE_LOADING || p->state == STATE_BUSY)
        api_fail(p, true, STR("BootstrapExit"), str_of(text), STR(""));
    else if (p->state == STATE_IDLE)
        _exit(1); /* the next call deserves a new slot */
}
