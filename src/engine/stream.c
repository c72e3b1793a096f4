/* stream — STREAM, CHUNKs and the empty RESULT of one call. All of it was written by a guest: what
 * a handler may have got wrong (a status, a header) fails its call with a reason, what no runner
 * sends is a broken protocol. */
#include "engine/stream.h"

#include "engine/frame.h"
#include "engine/private.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/mem.h"
#include "loop/loop.h"

#include <jansson.h>
#include <string.h>

enum {
    HEADERS_MAX = 100,
    KEPT_MAX = 64 * 1024, /* for the record, of what was passed on */
    STATUS_MIN = 200,
    STATUS_MAX = 599, /* 1xx are no answers: a proxy would wait for another one */
};

struct stream {
    struct call *call;
    struct timer *later;
    bool held;
    bool plain; /* the handler gave neither status nor headers */
    unsigned status;
    char *headers; /* JSON text, all of them in one object */
    uint64_t bytes;
    struct buf kept; /* all pieces when they are joined, else their first KEPT_MAX bytes */
};

bool stream_held(const struct stream *st)
{
    return st && st->held;
}

void stream_free(struct stream *st)
{
    if (!st)
        return;
    timer_free(st->later);
    free(st->headers);
    buf_done(&st->kept);
    free(st);
}

static void go_away(struct call *c)
{
    slot_kill(c->slot);
    call_fail(c, CALL_ERROR, "the caller went away");
}

static void on_later(void *arg)
{
    struct stream *st = arg;
    if (st->call->abandoned) {
        go_away(st->call);
        return;
    }
    st->held = false;
    slot_go_on(st->call->slot);
}

/* --- opening --- */

static int check_value(const char *name, const json_t *value, struct err *e)
{
    if (!json_is_string(value) && !json_is_number(value))
        return err_set(e, ERR_INVALID, "header '%.64s' is not a text, a number or a list of them",
                       name);
    if (json_is_string(value) && !str_is_line(str_of(json_string_value(value))))
        return err_set(e, ERR_INVALID, "header '%.64s' has control characters", name);
    return 0;
}

static void append(json_t *list, json_t *value)
{
    if (json_is_array(value))
        json_array_extend(list, value);
    else
        json_array_append(list, value);
}

/* Behind the values that the name has already. */
static void merge(json_t *headers, const char *name, json_t *value)
{
    json_t *before = json_object_get(headers, name);
    if (!before) {
        json_object_set(headers, name, value);
        return;
    }
    json_t *all = json_array();
    append(all, before);
    append(all, value);
    json_object_set_new(headers, name, all);
}

static int take_header(json_t *headers, const char *name, json_t *value, struct err *e)
{
    if (!str_is_token(str_of(name)))
        return err_set(e, ERR_INVALID, "a header's name has characters that are not allowed");
    if (json_is_null(value))
        return 0;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (check_value(name, json_array_get(value, i), e) < 0)
            return -1;
    if (!json_is_array(value) && check_value(name, value, e) < 0)
        return -1;
    merge(headers, name, value);
    return 0;
}

static int take_headers(json_t *headers, const json_t *given, struct err *e)
{
    const char *name;
    json_t *value;
    if (json_is_null(given))
        return 0;
    if (!json_is_object(given))
        return err_set(e, ERR_INVALID, "headers is not an object");
    json_object_foreach((json_t *)given, name, value)
    {
        if (take_header(headers, name, value, e) < 0)
            return -1;
    }
    return 0;
}

static int take_cookies(json_t *headers, json_t *given, struct err *e)
{
    if (json_is_null(given))
        return 0;
    if (!json_is_array(given))
        return err_set(e, ERR_INVALID, "cookies is not a list");
    return json_array_size(given) ? take_header(headers, "Set-Cookie", given, e) : 0;
}

static int check_count(json_t *headers, struct err *e)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach(headers, name, value) count +=
        json_is_array(value) ? json_array_size(value) : 1;
    return count <= HEADERS_MAX ? 0 : err_set(e, ERR_INVALID, "more than %d headers", HEADERS_MAX);
}

static int check_status(const json_t *status, unsigned *ret, struct err *e)
{
    json_int_t number = json_integer_value(status);
    if (!json_is_integer(status) || number < STATUS_MIN || number > STATUS_MAX)
        return err_set(e, ERR_INVALID, "statusCode is not a number from %d to %d", STATUS_MIN,
                       STATUS_MAX);
    *ret = (unsigned)number;
    return 0;
}

static int read_member(const char *name, json_t *value, json_t *headers, struct stream *st,
                       struct err *e)
{
    st->plain = false;
    if (strcmp(name, "statusCode") == 0)
        return check_status(value, &st->status, e);
    if (strcmp(name, "headers") == 0 || strcmp(name, "multiValueHeaders") == 0)
        return take_headers(headers, value, e);
    if (strcmp(name, "cookies") == 0)
        return take_cookies(headers, value, e);
    return err_set(e, ERR_INVALID,
                   "it has '%.40s' beside statusCode, headers, multiValueHeaders and cookies",
                   name);
}

static int read_opening(const json_t *opening, struct stream *st, struct err *e)
{
    const char *name;
    json_t *value, *headers = json_object();
    int rc = 0;
    json_object_foreach((json_t *)opening, name, value)
    {
        rc = rc < 0 ? rc : read_member(name, value, headers, st, e);
    }
    rc = rc < 0 ? rc : check_count(headers, e);
    free(st->headers);
    st->headers = json_dumps(headers, JSON_COMPACT);
    json_decref(headers);
    return rc;
}

static struct stream *stream_new(struct call *c)
{
    struct stream *st = mem_alloc(sizeof *st);
    st->call = c;
    st->later = timer_new(c->engine->loop, on_later, st);
    st->plain = true;
    st->status = STATUS_MIN;
    st->headers = mem_strdup("{}");
    return st;
}

/* Takes the opening apart. 1: it is a runner's; 0: no runner sends this; -1: its handler is wrong.
 */
static int take_opening(struct stream *st, struct str payload, struct err *e)
{
    if (payload.n > FRAME_OPENING_MAX)
        return err_set(e, ERR_INVALID, "it is longer than %d KB", FRAME_OPENING_MAX >> 10);
    json_t *opening = json_loadb(payload.p, payload.n, JSON_REJECT_DUPLICATES, NULL);
    int took = !json_is_object(opening) ? 0 : read_opening(opening, st, e) < 0 ? -1 : 1;
    json_decref(opening);
    return took;
}

void stream_open(struct slot *s, const struct frame *f)
{
    struct call *c = s->call;
    struct err e = {0};
    if (c->abandoned) {
        go_away(c);
        return;
    }
    c->stream = stream_new(c);
    int took = take_opening(c->stream, f->payload, &e);
    if (took == 0) {
        slot_broken(s, "a stream that opens with no JSON object");
    } else if (took < 0) {
        slot_kill(s);
        call_fail(c, CALL_ERROR, "the opening of the streamed result is wrong: %s", e.text);
    } else if (c->taker) {
        c->taker->opened(c->arg, c->stream->status, str_of(c->stream->headers));
    }
}

/* --- pieces --- */

static void join(struct slot *s, struct stream *st, struct str piece)
{
    if (st->bytes > s->fn->spec.result_bytes) {
        slot_too_large(s, st->bytes);
        return;
    }
    buf_add_str(&st->kept, piece);
}

static void pass_on(struct slot *s, struct stream *st, struct str piece)
{
    struct call *c = s->call;
    size_t most = s->engine->config.stream_max;
    if (st->bytes > most) {
        slot_kill(s);
        call_fail(c, CALL_OUTPUT_LIMIT, "the streamed result is too large: more than %zu MB",
                  most >> 20);
        return;
    }
    size_t room = KEPT_MAX - st->kept.len;
    buf_add(&st->kept, piece.p, piece.n < room ? piece.n : room);
    if (c->abandoned || c->taker->piece(c->arg, piece))
        return;
    st->held = true;
    slot_hold(s);
}

void stream_chunk(struct slot *s, const struct frame *f)
{
    struct stream *st = s->call->stream;
    if (!f->payload.n || f->payload.n > FRAME_CHUNK_MAX) {
        slot_broken(s, "a chunk of a size that is not allowed");
        return;
    }
    st->bytes += f->payload.n;
    if (s->call->taker)
        pass_on(s, st, f->payload);
    else
        join(s, st, f->payload);
}

/* --- the end --- */

static void add_base64(struct buf *out, struct str bytes)
{
    buf_addz(out, "\"");
    base64_add(out, bytes);
    buf_addz(out, "\"");
}

/* As engine.h says. */
static void add_joined(struct buf *out, const struct stream *st)
{
    struct str bytes = buf_str(&st->kept);
    bool text = str_is_utf8(bytes);
    if (st->plain && text) {
        json_add_string(out, bytes);
        return;
    }
    buf_addz(out, "{");
    if (!st->plain)
        buf_addf(out, "\"statusCode\":%u,\"headers\":%s,", st->status, st->headers);
    buf_addz(out, text ? "\"body\":" : "\"isBase64Encoded\":true,\"body\":");
    if (text)
        json_add_string(out, bytes);
    else
        add_base64(out, bytes);
    buf_addz(out, "}");
}

void stream_end(struct slot *s, const struct frame *f)
{
    struct call *c = s->call;
    auto_buf struct buf joined = {0};
    if (f->payload.n) {
        slot_broken(s, "a stream that ends with a result");
        return;
    }
    if (!c->taker)
        add_joined(&joined, c->stream);
    if (joined.len > s->fn->spec.result_bytes)
        slot_too_large(s, joined.len);
    else
        call_finish(c, &(struct call_outcome){.status = CALL_SUCCESS, .output = buf_str(&joined)});
}

void stream_record(struct stream *st, struct call_record *r)
{
    struct buf text = {0};
    if (!st || !st->call->taker)
        return;
    json_add_string(&text, buf_str(&st->kept));
    free(r->output);
    r->streamed = true;
    r->output_len = text.len;
    r->output = buf_take(&text);
}

/* --- whoever takes the pieces --- */

static struct call *find(struct engine *e, const void *arg)
{
    list_each (node, &e->takers) {
        struct call *c = list_of(node, struct call, taker_node);
        if (c->arg == arg)
            return c;
    }
    return NULL;
}

void engine_resume(struct engine *e, const void *arg)
{
    struct call *c = find(e, arg);
    if (c && stream_held(c->stream))
        timer_set_us(c->stream->later, 0);
}

void engine_abandon(struct engine *e, const void *arg)
{
    struct call *c = find(e, arg);
    if (!c)
        return;
    c->abandoned = true;
    if (c->stream)
        timer_set_us(c->stream->later, 0);
}
