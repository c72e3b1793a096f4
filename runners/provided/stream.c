/* stream — a response that the bootstrap sends in pieces (Lambda-Runtime-Function-Response-Mode:
 * streaming). Its body goes on as it comes; an error may follow in the trailer. With the content
 * type below the body begins with a prelude: status and headers as JSON, then eight zero bytes. */
#include "provided.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define WITH_PRELUDE "application/vnd.awslambda.http-integration-response"

static const struct str prelude_end = {"\0\0\0\0\0\0\0\0", 8};

void stream_reset(struct provided *p)
{
    buf_done(&p->stream.opening);
    p->stream = (struct stream){0};
}

static void fail(struct provided *p, const char *message)
{
    api_fail(p, false, STR("InvalidResponse"), str_of(message), STR(""));
}

void stream_break(struct provided *p)
{
    fail(p, "the streamed response broke off before its end");
}

void stream_begin(struct provided *p, struct conn *c)
{
    struct buf *opening = &p->stream.opening;
    struct str type = c->reader.head.content_type;
    p->stream.conn = c;
    p->stream.prelude = str_is(type, WITH_PRELUDE);
    if (p->stream.prelude)
        return;
    buf_addz(opening, "{");
    if (type.n) {
        buf_addz(opening, "\"headers\":{\"content-type\":");
        json_add_string(opening, type);
        buf_addz(opening, "}");
    }
    buf_addz(opening, "}");
}

static void open_with(struct provided *p, struct str opening)
{
    p->stream.opened = true;
    channel_send(&p->channel, FRAME_STREAM, 0, opening);
}

static void send_chunks(struct provided *p, struct str bytes)
{
    while (bytes.n) {
        size_t n = bytes.n < FRAME_CHUNK_MAX ? bytes.n : FRAME_CHUNK_MAX;
        channel_send(&p->channel, FRAME_CHUNK, 0, (struct str){bytes.p, n});
        bytes = (struct str){bytes.p + n, bytes.n - n};
    }
}

static bool is_object(struct str text)
{
    struct err e = {0};
    text = str_trim(text);
    return text.n && text.p[0] == '{' && json_check(text, &e) == 0;
}

/* Collects the prelude, and opens when its end has come. */
static void take_prelude(struct provided *p, struct str bytes)
{
    struct buf *so_far = &p->stream.opening;
    buf_add_str(so_far, bytes);
    const char *end = memmem(so_far->data, so_far->len, prelude_end.p, prelude_end.n);
    size_t len = end ? (size_t)(end - so_far->data) : so_far->len;
    if (len > FRAME_OPENING_MAX) {
        fail(p, "the prelude of the streamed response is too long");
        return;
    }
    if (!end)
        return;
    struct str prelude = {so_far->data, len}, rest = {end + prelude_end.n, 0};
    rest.n = so_far->len - len - prelude_end.n;
    if (!is_object(prelude)) {
        fail(p, "the prelude of the streamed response is no JSON object");
        return;
    }
    open_with(p, prelude);
    send_chunks(p, rest);
}

void stream_pass(struct provided *p)
{
    struct stream *s = &p->stream;
    struct str bytes = buf_str(&s->conn->reader.body);
    if (!bytes.n)
        return;
    if (s->prelude && !s->opened) {
        take_prelude(p, bytes);
        return;
    }
    if (!s->opened)
        open_with(p, buf_str(&s->opening));
    send_chunks(p, bytes);
}

static int sextet(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

/* Up to the first character that is none of base64's, such as its padding. */
static void add_decoded(struct buf *out, struct str base64)
{
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < base64.n && sextet(base64.p[i]) >= 0; i++) {
        bits = bits << 6 | (unsigned)sextet(base64.p[i]);
        count += 6;
        if (count >= 8) {
            count -= 8;
            char byte = (char)(bits >> count);
            buf_add(out, &byte, 1);
        }
    }
}

bool stream_finish(struct provided *p, const struct request *r)
{
    auto_buf struct buf error = {0};
    stream_pass(p);
    if (!p->stream.conn)
        return false;
    if (r->error_type.n || r->error_body.n) {
        add_decoded(&error, r->error_body);
        api_fail_posted(p, false, r->error_type, buf_str(&error));
        return true; /* said as the API wants it said */
    }
    if (p->stream.prelude && !p->stream.opened) {
        fail(p, "the streamed response ended within its prelude");
        return false;
    }
    if (!p->stream.opened)
        open_with(p, buf_str(&p->stream.opening));
    p->state = STATE_IDLE;
    stream_reset(p);
    channel_send(&p->channel, FRAME_RESULT, 0, STR(""));
    return true;
}
