/* slot_io — frames and printed output of one slot. Everything that arrives here was written by a
 * guest. */
#include "engine/frame.h"
#include "engine/private.h"
#include "engine/problem.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/must.h"
#include "loop/loop.h"

#include <endian.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 65536,
    KEPT_BYTES = 1024 * 1024, /* a buffer larger than this is not kept for the next use */
    FAILED_MAX = 256 * 1024,  /* an error with its traceback */
    ERROR_MAX = 4095,         /* its line for anybody */
};

void slot_broken(struct slot *s, const char *what)
{
    struct call *c = s->call;
    slot_kill(s);
    if (c)
        call_fail(c, CALL_CRASHED, "the function broke the runner's protocol: %s", what);
}

/* What was sent stays in front until all of it is: moving the rest of a large program forward after
 * each write would cost its square. */
static void send_rest(struct slot *s)
{
    bool full = false;
    while (s->sent < s->unsent.len) {
        ssize_t n =
            send(s->box.socket, s->unsent.data + s->sent, s->unsent.len - s->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        full = n < 0 && errno == EAGAIN;
        if (n < 0)
            break; /* full: go on when writable; broken: the reader sees the end of the socket */
        s->sent += (size_t)n;
    }
    if (s->sent == s->unsent.len) {
        s->sent = 0;
        buf_done(&s->unsent);
    }
    watch_want(s->socket, WATCH_READ | (full ? WATCH_WRITE : 0));
}

static bool peer_gone(ssize_t sent)
{
    return sent < 0 && (errno == EPIPE || errno == ECONNRESET);
}

/* False when the peer has closed and so has seen none of it. */
static bool send_bytes(struct slot *s, struct str bytes)
{
    bool gone = false;
    if (!s->unsent.len) {
        ssize_t n = send(s->box.socket, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n == (ssize_t)bytes.n)
            return true;
        gone = peer_gone(n);
        if (n > 0)
            bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
    }
    buf_add_str(&s->unsent, bytes);
    send_rest(s);
    return !gone;
}

static void add_le32(struct buf *out, uint32_t v)
{
    v = htole32(v);
    buf_add(out, &v, sizeof v);
}

static void add_le64(struct buf *out, uint64_t v)
{
    v = htole64(v);
    buf_add(out, &v, sizeof v);
}

static void settings(struct buf *out, const struct function_spec *spec)
{
    buf_addz(out, "{\"function\":");
    json_add_string(out, str_of(spec->name));
    buf_addf(out, ",\"version\":%u,\"handler\":", spec->version);
    json_add_string(out, str_of(spec->handler));
    buf_addf(out, ",\"environment\":%s,\"memory_bytes\":%llu,\"result_limit\":%u}",
             spec->environment && *spec->environment ? spec->environment : "{}",
             (unsigned long long)spec->limits.memory_bytes, spec->result_bytes);
}

static void add_payload(struct buf *out, const struct fn *fn, const struct buf *set)
{
    add_le32(out, (uint32_t)set->len);
    buf_add_str(out, buf_str(set));
    buf_add(out, fn->code->bytes, fn->code->len);
}

void slot_add_load(struct buf *out, const struct fn *fn)
{
    auto_buf struct buf set = {0};
    settings(&set, &fn->spec);
    add_payload(out, fn, &set);
}

static void add_load(struct buf *out, const struct fn *fn)
{
    auto_buf struct buf set = {0};
    settings(&set, &fn->spec);
    frame_begin(out, FRAME_LOAD, 0, 0, (uint32_t)(4 + set.len + fn->code->len));
    add_payload(out, fn, &set);
}

static void add_call(struct buf *out, struct slot *s, const struct call *c, uint64_t deadline_us)
{
    if (++s->number == 0)
        s->number = 1;
    size_t id_len = strlen(c->record->id);
    uint8_t id_length = (uint8_t)id_len;
    frame_begin(out, FRAME_CALL, c->taker ? FRAME_STREAM_OK : 0, s->number,
                (uint32_t)(8 + 1 + id_len + c->event.n));
    add_le64(out, deadline_us);
    buf_add(out, &id_length, 1);
    buf_add(out, c->record->id, id_len);
    buf_add_str(out, c->event);
}

bool slot_send_call(struct slot *s, struct call *c)
{
    struct buf *out = &s->engine->scratch;
    uint64_t timeout_us = (uint64_t)s->fn->spec.timeout_ms * 1000;
    buf_clear(out);
    s->call = c;
    c->slot = s;
    if (!s->version) {
        s->version = s->fn->spec.version;
        add_load(out, s->fn);
    }
    s->sent_us = clock_mono_us();
    if (!c->load_only)
        add_call(out, s, c, s->sent_us + timeout_us);
    timer_set_us(s->deadline, timeout_us);
    bool sent = send_bytes(s, buf_str(out));
    if (out->cap > KEPT_BYTES) /* one large program must not stay in memory for ever */
        buf_done(out);
    return sent;
}

bool slot_is_quiet(const struct slot *s)
{
    char byte;
    return recv(s->box.socket, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* "ModuleNotFoundError: No module named 'cv2' (the package ... provides it)": what its name does
 * not say, or what a function cannot know about its sandbox. Behind the first line; Node's goes on
 * with who has asked for the module. */
static void add_error(struct buf *line, json_t *failed, const struct problem_missing *missing,
                      bool network)
{
    const char *message = text_of(failed, "message");
    size_t first = strcspn(message, "\n");
    buf_addf(line, "%s: %.*s", text_of(failed, "type"), (int)first, message);
    if (missing && strcmp(missing->module, missing->package) != 0)
        buf_addf(line, " (the package %s provides it)", missing->package);
    if (!network && json_is_true(json_object_get(failed, "offline")))
        buf_addz(line, " (this function has no network; its settings can give it one)");
    buf_addz(line, message + first);
    if (line->len > ERROR_MAX) {
        line->len = ERROR_MAX;
        line->data[ERROR_MAX] = 0;
    }
}

static void on_failed(struct slot *s, const struct frame *f)
{
    struct call *c = s->call;
    json_t *failed = json_loadb(f->payload.p, f->payload.n, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(failed)) {
        json_decref(failed);
        slot_broken(s, "an error that is no JSON object");
        return;
    }
    struct problem_missing found;
    const struct problem_missing *missing =
        problem_missing(failed, s->nursery->runtime, &found) ? &found : NULL;
    auto_buf struct buf line = {0};
    add_error(&line, failed, missing, s->fn->spec.limits.network);
    if (f->flags & FRAME_FATAL)
        slot_kill(s);
    call_finish(c, &(struct call_outcome){.status = CALL_ERROR,
                                          .error = line.data,
                                          .traceback = text_of(failed, "traceback"),
                                          .problem = problem_read(failed, missing)});
    json_decref(failed);
}

void slot_too_large(struct slot *s, size_t bytes)
{
    struct call *c = s->call;
    slot_kill(s);
    call_fail(c, CALL_OUTPUT_LIMIT, "the result is too large: %zu bytes, limit %u", bytes,
              s->fn->spec.result_bytes);
}

static void on_result(struct slot *s, const struct frame *f)
{
    struct err e = {0};
    if (f->payload.n > s->fn->spec.result_bytes) { /* the frame's limit leaves room for errors */
        slot_too_large(s, f->payload.n);
        return;
    }
    if (json_check(f->payload, &e) < 0) {
        slot_broken(s, "a result that is not JSON");
        return;
    }
    call_finish(s->call, &(struct call_outcome){.status = CALL_SUCCESS, .output = f->payload});
}

/* True when the state of the slot allows this frame. */
static bool expected(const struct slot *s, enum frame_type type)
{
    switch (type) {
    case FRAME_READY:
        return !s->ready && !s->loaded;
    case FRAME_LOADED:
        return s->version && !s->loaded && s->call;
    case FRAME_RESULT:
        return s->call && s->loaded;
    case FRAME_FAILED:
        return s->call;
    case FRAME_STREAM: /* not before the event was read: nothing is sent while a stream is held */
        return s->call && s->loaded && !s->call->stream && !s->unsent.len;
    case FRAME_CHUNK:
        return s->call && s->call->stream;
    default:
        return false;
    }
}

/* Comes before any user code. */
static void on_ready(struct slot *s, struct str version)
{
    for (size_t i = 0; i < version.n; i++)
        if (version.p[i] <= ' ' || version.p[i] > '~') {
            slot_broken(s, "a version that is no word");
            return;
        }
    s->ready = true;
    snprintf(s->nursery->version, sizeof s->nursery->version, STR_FMT, STR_ARG(version));
}

/* A thread that an earlier call has left behind may speak for that call: this one must not get its
 * answer. What is said out of turn is dropped, and the slot serves no further call. */
static bool out_of_turn(struct slot *s, const struct frame *f)
{
    if (!s->call || !s->loaded || f->call == s->number || f->type == FRAME_READY ||
        f->type == FRAME_LOADED)
        return false;
    if (!s->stale)
        log_warn("engine", "ignored a frame of another call slot=%u fn=%s call=%s", s->box.id,
                 s->fn->spec.id, s->call->record->id);
    s->stale = true;
    return true;
}

/* What its call printed is taken in. An answer with something behind it counts, but its slot is at
 * its end: what it said before it was asked must not answer the next call. False when the call is
 * over already. */
static bool settle(struct slot *s, bool last)
{
    if (slot_drain(s) < 0)
        return false;
    if (!last || s->unsent.len)
        slot_kill(s);
    return true;
}

static void on_loaded(struct slot *s, struct str modules, bool last)
{
    s->loaded = true;
    s->loaded_us = clock_mono_us();
    variant_heard(s, modules);
    if (s->call->load_only && settle(s, last))
        call_finish(s->call, &(struct call_outcome){.status = CALL_SUCCESS});
}

static void on_answer(struct slot *s, const struct frame *f, bool last)
{
    if (!settle(s, last))
        return;
    if (f->type == FRAME_FAILED)
        on_failed(s, f);
    else if (s->call->stream)
        stream_end(s, f);
    else
        on_result(s, f);
}

/* `last`: nothing stands behind it in the buffer. */
static void on_frame(struct slot *s, const struct frame *f, bool last)
{
    if (out_of_turn(s, f))
        return;
    if (!expected(s, f->type)) {
        slot_broken(s, "a frame that nobody asked for");
    } else if (f->type == FRAME_READY) {
        on_ready(s, f->payload);
    } else if (f->type == FRAME_LOADED) {
        on_loaded(s, f->payload, last);
    } else if (f->type == FRAME_STREAM) {
        stream_open(s, f);
    } else if (f->type == FRAME_CHUNK) {
        stream_chunk(s, f);
    } else {
        on_answer(s, f, last);
    }
}

static size_t frame_limit(const struct slot *s)
{
    size_t result = s->fn && s->call ? s->fn->spec.result_bytes : 0;
    return result > FAILED_MAX ? result : FAILED_MAX;
}

static void refuse_frame(struct slot *s, const struct err *why)
{
    struct call *c = s->call;
    if (why->code != ERR_TOO_LARGE || !c) {
        slot_broken(s, why->text);
        return;
    }
    slot_kill(s);
    call_fail(c, CALL_OUTPUT_LIMIT, "the result is too large: %s", why->text);
}

static bool held(const struct slot *s)
{
    return s->call && !s->ended && stream_held(s->call->stream);
}

static void take_frames(struct slot *s)
{
    struct frame f;
    struct err e = {0};
    size_t at = 0;
    int got = 0;
    while (!held(s) && (got = frame_next(&s->in, &at, frame_limit(s), &f, &e)) > 0) {
        on_frame(s, &f, at == s->in.len);
        if (s->state == SLOT_DYING)
            return;
    }
    if (got < 0) {
        refuse_frame(s, &e);
        return;
    }
    if (at == s->in.len && s->in.cap > READ_BYTES * 2)
        buf_done(&s->in); /* give a large result's memory back */
    else
        buf_consume(&s->in, at);
}

/* The runner has gone: kill what is left. Why it ended is known when the spawner has reaped it. */
static void on_end(struct slot *s)
{
    (void)slot_drain(s);
    slot_kill(s);
}

/* One read. False when there was nothing, or the slot is dying now. */
static bool receive(struct slot *s)
{
    size_t room = s->in.cap - s->in.len > 4096 ? s->in.cap - s->in.len - 1 : 4096;
    buf_reserve(&s->in, room);
    ssize_t n = recv(s->box.socket, s->in.data + s->in.len, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    if (n <= 0) {
        on_end(s);
        return false;
    }
    s->in.len += (size_t)n;
    s->in.data[s->in.len] = 0;
    take_frames(s);
    return s->state != SLOT_DYING;
}

void slot_hold(struct slot *s)
{
    watch_want(s->socket, 0);
}

void slot_go_on(struct slot *s)
{
    if (s->state != SLOT_BUSY)
        return;
    watch_want(s->socket, WATCH_READ);
    take_frames(s);
}

void slot_on_socket(void *slot, unsigned ready)
{
    struct slot *s = slot;
    if (ready & WATCH_WRITE)
        send_rest(s);
    if (ready & WATCH_READ)
        receive(s);
}

void slot_last_words(struct slot *s)
{
    slot_uncount(s);
    s->ended = true;
    take_frames(s); /* a held stream may have left some */
    while (s->state == SLOT_BUSY && receive(s))
        ;
}

/* One read of one pipe. 1: there may be more; 0: nothing now; -1: over the limit. */
static int read_pipe(struct slot *s, int fd, struct watch *watch, struct buf *into)
{
    char bytes[READ_BYTES];
    size_t limit = s->fn ? s->fn->spec.output_bytes : READ_BYTES;
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n < 0)
        return errno == EINTR;
    if (n == 0) { /* the guest has closed its end; without this the loop would spin */
        watch_want(watch, 0);
        return 0;
    }
    size_t used = s->out.len + s->err.len;
    size_t room = used < limit ? limit - used : 0;
    buf_add(into, bytes, (size_t)n < room ? (size_t)n : room);
    return (size_t)n <= room ? 1 : -1;
}

static void over_limit(struct slot *s)
{
    struct call *c = s->call;
    uint32_t limit = s->fn ? s->fn->spec.output_bytes : READ_BYTES;
    slot_kill(s);
    if (c)
        call_fail(c, CALL_OUTPUT_LIMIT,
                  "printed more than %u bytes to standard output and error (limit output_kb = %u)",
                  limit, limit / 1024);
}

static int drain(struct slot *s, int fd, struct watch *watch, struct buf *into)
{
    int got;
    while ((got = read_pipe(s, fd, watch, into)) > 0)
        ;
    if (got < 0)
        over_limit(s);
    return got;
}

int slot_drain(struct slot *s)
{
    if (drain(s, s->box.out, s->out_pipe, &s->out) < 0)
        return -1;
    return drain(s, s->box.err, s->err_pipe, &s->err);
}

void slot_on_out(void *slot, unsigned ready)
{
    struct slot *s = slot;
    (void)ready;
    if (read_pipe(s, s->box.out, s->out_pipe, &s->out) < 0)
        over_limit(s);
}

void slot_on_err(void *slot, unsigned ready)
{
    struct slot *s = slot;
    (void)ready;
    if (read_pipe(s, s->box.err, s->err_pipe, &s->err) < 0)
        over_limit(s);
}
