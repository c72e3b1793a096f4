/* fake — a world for tests of the engine: a spawner and runners that do what the test says, on the
 * engine's own loop.
 *
 * The test holds the spawner's end of the socket. By default starts, limits and kills are answered
 * at once, and a runner answers READY, LOADED, and each call with its own event. The `hold_` flags
 * leave an answer to the test. world_step takes one turn of the loop and checks after it that the
 * engine's counts agree with its lists; UNTIL takes turns until something is true, with a deadline.
 */
#pragma once

#include "engine/testdata/templates.h"

FAKE void world_check(struct world *w)
{
    check_engine(w->engine);
    for (unsigned i = 0; i < w->answer_count; i++)
        CHECK(w->answers[i].times <= 1);
}

/* --- turns of the loop --- */

static void on_deadline_passed(void *arg)
{
    (void)arg;
    fail_msg("what the test waits for has not happened");
}

FAKE void world_step(struct world *w)
{
    CHECK(event_base_loop(loop_base(w->loop), EVLOOP_ONCE) >= 0);
    world_check(w);
}

/* As if the call in this slot had run for as long as it may. A short timeout instead could end it
 * before it is where the test wants it, on a machine with other work. */
FAKE void world_overdue(struct world *w, unsigned slot)
{
    timer_set_us(w->engine->pool.by_id[slot]->deadline, 0);
}

#define UNTIL(w, what)                                                                             \
    do {                                                                                           \
        timer_set_us((w)->deadline, FAKE_DEADLINE_US);                                             \
        while (!(what))                                                                            \
            world_step(w);                                                                         \
        timer_cancel((w)->deadline);                                                               \
    } while (0)

/* Takes in everything that is under way; nothing is in another process, so nothing comes later. */
FAKE void world_settle(struct world *w)
{
    for (int i = 0; i < 16; i++) {
        CHECK(event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK) >= 0);
        world_check(w);
    }
}

/* --- the spawner --- */

static void runner_forget(struct fake_slot *f)
{
    watch_free(take_ptr(f->watch));
    fd_close(&f->socket);
    fd_close(&f->out);
    fd_close(&f->err);
    buf_done(&f->in);
    buf_done(&f->loaded);
}

/* The slot ends: as killed, or with the status and reason that the test gives. */
FAKE void spawner_end(struct fake_slot *f, int status, bool oom)
{
    struct wire m;
    CHECK(f->live);
    runner_forget(f);
    f->live = false;
    wire_init(&m, WIRE_ENDED);
    m.slot = f->index;
    m.generation = f->generation;
    m.exit.status = status;
    m.exit.oom = oom;
    spawner_say(f->world, &m, NULL, 0);
}

static struct ticket take_ticket(struct world *w)
{
    CHECK(w->ticket_count > 0);
    struct ticket t = w->tickets[0];
    memmove(w->tickets, w->tickets + 1, --w->ticket_count * sizeof *w->tickets);
    return t;
}

FAKE void spawner_refuse(struct world *w, const char *why)
{
    struct wire m;
    struct ticket t = take_ticket(w);
    wire_init(&m, WIRE_FAILED);
    m.ticket = t.number;
    err_set(&m.err, ERR_SYSTEM, "%s", why);
    spawner_say(w, &m, NULL, 0);
}

static void on_engine(void *arg, unsigned ready);
FAKE void runner_send(struct fake_slot *f, int type, unsigned flags, struct str payload);

/* Answers the oldest start. */
FAKE struct fake_slot *spawner_start_one(struct world *w)
{
    int sockets[2], out[2], err[2];
    struct wire m;
    struct ticket t = take_ticket(w);
    uint32_t index = 0;
    while (w->slots[index].live)
        index++;
    struct fake_slot *f = &w->slots[index];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) == 0);
    CHECK(pipe2(out, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(err, O_CLOEXEC | O_NONBLOCK) == 0);
    *f = (struct fake_slot){.world = w,
                            .index = index,
                            .generation = f->generation + 1,
                            .template_index = t.template_index,
                            .live = true,
                            .socket = sockets[0],
                            .out = out[1],
                            .err = err[1]};
    wire_unpack_limits(&t.limits, &f->limits);
    f->watch = watch_new(w->loop, f->socket, on_engine, f);
    watch_want(f->watch, WATCH_READ);
    wire_init(&m, WIRE_STARTED);
    m.ticket = t.number;
    m.slot = index;
    m.generation = f->generation;
    m.us = 1234;
    spawner_say(w, &m, (int[]){sockets[1], out[0], err[0]}, WIRE_STARTED_FDS);
    close(sockets[1]);
    close(out[0]);
    close(err[0]);
    if (!w->hold_ready)
        runner_send(f, FRAME_READY, 0, STR(""));
    return f;
}

FAKE void spawner_limited(struct fake_slot *f, const struct err *failed)
{
    struct wire m;
    CHECK(f->limit_asked);
    f->limit_asked = false;
    wire_init(&m, WIRE_LIMITED);
    m.slot = f->index;
    m.generation = f->generation;
    if (failed)
        m.err = *failed;
    spawner_say(f->world, &m, NULL, 0);
}

static void obey_start(struct world *w, const struct wire *m)
{
    CHECK(w->ticket_count < FAKE_TICKETS);
    w->starts++;
    w->tickets[w->ticket_count++] = (struct ticket){m->ticket, m->template_index, m->limits};
    if (w->hold_start)
        return;
    if (w->fail_start.code)
        spawner_refuse(w, w->fail_start.text);
    else
        spawner_start_one(w);
}

static void obey_about(struct world *w, const struct wire *m)
{
    struct fake_slot *f = &w->slots[m->slot];
    if (!f->live || f->generation != m->generation)
        return;
    if (m->type == WIRE_KILL) {
        f->killed = true;
        if (!w->hold_kill)
            spawner_end(f, SIGKILL, false);
        return;
    }
    CHECK(m->type == WIRE_LIMIT);
    w->limits++;
    f->limit_asked = true;
    wire_unpack_limits(&m->limits, &f->limits);
    if (!w->hold_limit)
        spawner_limited(f, w->fail_limit.code ? &w->fail_limit : NULL);
}

static void on_request(void *arg, unsigned ready)
{
    struct world *w = arg;
    struct wire m;
    struct fd_message got;
    struct err e = {0};
    (void)ready;
    if (fd_receive(w->spawner, &m, sizeof m, &got, &e) < 0 || got.len == 0)
        return;
    CHECK(wire_decode(&m, got.len, WIRE_FROM_SERVER, &m, &e) == 0);
    if (m.type == WIRE_START)
        obey_start(w, &m);
    else if (m.type == WIRE_TEMPLATE_START)
        obey_template_start(w, &m, &got);
    else if (m.type == WIRE_TEMPLATE_STOP)
        obey_template_stop(w, &m);
    else
        obey_about(w, &m);
}

/* --- the runners --- */

FAKE void runner_raw(struct fake_slot *f, const void *p, size_t len)
{
    CHECK(write(f->socket, p, len) == (ssize_t)len);
}

FAKE void runner_send(struct fake_slot *f, int type, unsigned flags, struct str payload)
{
    auto_buf struct buf out = {0};
    bool answers = type != FRAME_READY && type != FRAME_LOADED;
    frame_begin(&out, (enum frame_type)type, flags, answers ? f->number : 0, (uint32_t)payload.n);
    buf_add_str(&out, payload);
    runner_raw(f, out.data, out.len);
}

FAKE void runner_answer(struct fake_slot *f, const char *result)
{
    CHECK(f->asked);
    f->asked = false;
    runner_send(f, FRAME_RESULT, 0, str_of(result));
}

FAKE void runner_fail(struct fake_slot *f, unsigned flags, const char *json)
{
    CHECK(f->asked);
    f->asked = false;
    runner_send(f, FRAME_FAILED, flags, str_of(json));
}

FAKE void runner_print(int pipe, const char *text)
{
    CHECK(write(pipe, text, strlen(text)) == (ssize_t)strlen(text));
}

static uint32_t le32_at(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static void on_load(struct fake_slot *f, struct str payload)
{
    CHECK(payload.n > 4 && 4 + le32_at(payload.p) <= payload.n);
    CHECK(!f->limit_asked); /* no code before the limits are in force */
    CHECK_INT(f->loads++, 0);
    buf_add_str(&f->loaded, payload);
    const char *version = strstr(f->loaded.data + 4, "\"version\":");
    CHECK(version);
    f->version = (uint32_t)strtoul(version + strlen("\"version\":"), NULL, 10);
    if (!f->world->hold_load)
        runner_send(f, FRAME_LOADED, 0, str_of(f->world->modules));
}

static void on_call(struct fake_slot *f, struct str payload)
{
    CHECK(payload.n > 9 && !f->asked && f->loads == 1);
    size_t head = 9 + (unsigned char)payload.p[8];
    CHECK(head <= payload.n);
    snprintf(f->event, sizeof f->event, STR_FMT, (int)(payload.n - head), payload.p + head);
    f->calls++;
    f->asked = true;
    if (!f->world->hold_call)
        runner_answer(f, f->event);
}

static void on_engine(void *arg, unsigned ready)
{
    struct fake_slot *f = arg;
    char bytes[65536];
    (void)ready;
    ssize_t n = read(f->socket, bytes, sizeof bytes);
    if (n <= 0) {
        watch_want(f->watch, 0);
        return;
    }
    buf_add(&f->in, bytes, (size_t)n);
    while (f->in.len >= FRAME_HEADER && f->in.len >= FRAME_HEADER + le32_at(f->in.data)) {
        struct str payload = {f->in.data + FRAME_HEADER, le32_at(f->in.data)};
        uint16_t number;
        memcpy(&number, f->in.data + 6, sizeof number);
        f->number = le16toh(number);
        f->flags = (unsigned char)f->in.data[5];
        CHECK(f->in.data[4] == FRAME_LOAD || f->in.data[4] == FRAME_CALL);
        if (f->in.data[4] == FRAME_LOAD)
            on_load(f, payload);
        else
            on_call(f, payload);
        buf_consume(&f->in, FRAME_HEADER + payload.n);
    }
}

/* The slot whose unanswered call has this event. */
FAKE struct fake_slot *runner_with(struct world *w, const char *event)
{
    for (int i = 0; i < FAKE_SLOTS; i++)
        if (w->slots[i].live && w->slots[i].asked && strcmp(w->slots[i].event, event) == 0)
            return &w->slots[i];
    return NULL;
}

FAKE unsigned world_live(const struct world *w)
{
    unsigned n = 0;
    for (int i = 0; i < FAKE_SLOTS; i++)
        n += w->slots[i].live;
    return n;
}

/* --- the engine's own surroundings --- */

static void on_fetch(void *arg, const char *id, uint32_t version)
{
    struct world *w = arg;
    w->fetches++;
    w->fetched_version = version;
    if (w->hold_fetch)
        return;
    struct code *code = w->fail_fetch.code ? NULL : code_new(w->code, strlen(w->code));
    engine_code(w->engine, id, version, code, &w->fail_fetch);
    code_unref(code);
}

static void on_record(void *arg, struct call_record *r)
{
    struct world *w = arg;
    w->records++;
    call_record_free(r);
}

static bool has_room(void *arg)
{
    const struct world *w = arg;
    return !w->no_room;
}

static void on_learned(void *arg, const char *scope, const struct runtime *runtime,
                       const uint8_t layer_id[LAYER_ID], struct str modules)
{
    struct world *w = arg;
    w->learned_times++;
    snprintf(w->learned, sizeof w->learned, "%s %s %02x " STR_FMT, scope, runtime->name,
             layer_id[0], STR_ARG(modules));
}

static void copy_text(char *to, size_t size, const char *from, size_t len)
{
    snprintf(to, size, STR_FMT, (int)(from ? len : 0), from ? from : "");
}

static void copy_problem(struct answer *a, const struct call_problem *p)
{
    if (p)
        snprintf(a->problem, sizeof a->problem, "%s:%u:%u: %s: %s", p->file, p->line, p->column,
                 p->type, p->message);
}

static void on_done(void *arg, const struct call_record *r, const struct err *refused)
{
    struct answer *a = *(struct answer **)arg;
    struct world *w = ((struct world **)arg)[1];
    free(arg);
    a->arg = NULL;
    a->times++;
    a->refused = refused;
    if (refused)
        a->why = *refused;
    if (r) {
        a->status = r->status;
        a->cold = r->cold;
        a->version = r->version;
        a->duration_us = r->duration_us;
        a->phases_us = (uint64_t)r->phases.queue_us + r->phases.place_us + r->phases.load_us +
                       r->phases.handler_us;
        CHECK(a->phases_us == a->duration_us);
        a->handler_us = r->phases.handler_us;
        copy_problem(a, r->problem);
        copy_text(a->error, sizeof a->error, r->error, r->error ? strlen(r->error) : 0);
        copy_text(a->output, sizeof a->output, r->output, r->output_len);
        a->streamed = r->streamed;
        a->output_len = r->output_len;
        snprintf(a->request, sizeof a->request, "%s %s", r->http_method ? r->http_method : "-",
                 r->http_path ? r->http_path : "-");
        copy_text(a->out, sizeof a->out, r->out, r->out_len);
        copy_text(a->err, sizeof a->err, r->err, r->err_len);
    }
    if (w->when_done)
        w->when_done(w, a);
}

static void on_opened(void *arg, unsigned status, struct str headers)
{
    struct answer *a = *(struct answer **)arg;
    CHECK(!a->pieces && !a->times);
    a->opened++;
    a->opened_status = status;
    copy_text(a->headers, sizeof a->headers, headers.p, headers.n);
}

static bool on_piece(void *arg, struct str bytes)
{
    struct answer *a = *(struct answer **)arg;
    CHECK(a->opened == 1 && !a->times && bytes.n > 0);
    a->pieces++;
    a->bytes += bytes.n;
    copy_text(a->last, sizeof a->last, bytes.p, bytes.n < 60 ? bytes.n : 60);
    return !a->hold;
}

static const struct call_stream fake_taker = {on_opened, on_piece};

static void call_into(struct world *w, struct answer *a, const char *id, const char *event,
                      const struct call_stream *taker)
{
    a->status = CALL_STATUSES; /* a refusal leaves none */
    void **arg = mem_alloc(2 * sizeof *arg);
    arg[0] = a;
    arg[1] = w;
    a->arg = arg;
    engine_call(w->engine, &(struct call_request){.function_id = id,
                                                  .event = str_of(event),
                                                  .source = "direct",
                                                  .http_method = taker ? "GET" : NULL,
                                                  .http_path = taker ? "/x" : NULL,
                                                  .stream = taker,
                                                  .load_only = a->load,
                                                  .done = on_done,
                                                  .arg = arg});
}

FAKE struct answer *world_call(struct world *w, const char *id, const char *event)
{
    CHECK(w->answer_count < FAKE_ANSWERS);
    struct answer *a = &w->answers[w->answer_count++];
    call_into(w, a, id, event, NULL);
    world_check(w);
    return a;
}

/* Has the code loaded, and no more. */
FAKE struct answer *world_load(struct world *w, const char *id)
{
    CHECK(w->answer_count < FAKE_ANSWERS);
    struct answer *a = &w->answers[w->answer_count++];
    a->load = true;
    call_into(w, a, id, "", NULL);
    world_check(w);
    return a;
}

/* The same by a caller that takes results in pieces. */
FAKE struct answer *world_stream(struct world *w, const char *id, const char *event)
{
    CHECK(w->answer_count < FAKE_ANSWERS);
    struct answer *a = &w->answers[w->answer_count++];
    call_into(w, a, id, event, &fake_taker);
    world_check(w);
    return a;
}

/* A call from inside another's callback; the answer goes into the same place. */
FAKE void world_again(struct world *w, const char *id, struct answer *a)
{
    w->repeated++;
    a->times = 0;
    call_into(w, a, id, "0", NULL);
}

/* Calls and waits for the answer. */
FAKE struct answer *world_ask(struct world *w, const char *id, const char *event)
{
    struct answer *a = world_call(w, id, event);
    UNTIL(w, a->times);
    return a;
}

FAKE struct function_spec fake_spec(const char *id, uint32_t version)
{
    struct function_spec spec = {.name = "test \"fn\"",
                                 .version = version,
                                 .runtime = &fake_alpha,
                                 .handler = "main.handler",
                                 .environment = "{}",
                                 .limits = sandbox_default_limits,
                                 .timeout_ms = 60000,
                                 .output_bytes = 4096,
                                 .result_bytes = 1000,
                                 .concurrency = 4,
                                 .queue = 8,
                                 .active = true};
    snprintf(spec.id, sizeof spec.id, "%s", id);
    return spec;
}

FAKE void world_set(struct world *w, const struct function_spec *spec)
{
    struct code *code = code_new("code", 4);
    engine_set(w->engine, spec, code);
    code_unref(code);
    world_check(w);
}

FAKE void world_function(struct world *w, const char *id)
{
    struct function_spec spec = fake_spec(id, 1);
    world_set(w, &spec);
}

struct setup {
    unsigned slots_max, blanks, idle_ms, leased;
    size_t cache, template_memory;
    bool templates_down;
};

FAKE struct world *world_new(struct setup with)
{
    int ends[2];
    struct err e = {0};
    struct world *w = mem_alloc(sizeof *w);
    for (int i = 0; i < FAKE_SLOTS; i++)
        w->slots[i].socket = w->slots[i].out = w->slots[i].err = -1;
    strcpy(w->code, "fetched");
    w->modules = "";
    w->template_bytes = 1 << 20;
    CHECK(loop_new(&w->loop, &e) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    w->spawner = ends[1];
    w->watch = watch_new(w->loop, w->spawner, on_request, w);
    watch_want(w->watch, WATCH_READ);
    w->deadline = timer_new(w->loop, on_deadline_passed, w);
    const struct engine_config config = {
        .runtimes = fake_runtimes,
        .leased = with.leased,
        .slots_max = with.slots_max ? with.slots_max : 4,
        .blanks = with.blanks,
        .idle_ms = with.idle_ms ? with.idle_ms : 60000,
        .variant_idle_ms = 60000,
        .variant_memory_max = with.template_memory ? with.template_memory : 1 << 30,
        .code_cache_max = with.cache ? with.cache : 1024,
        .stream_max = 4 << 20,
        .fetch_code = on_fetch,
        .learned = on_learned,
        .record = on_record,
        .record_room = has_room,
        .arg = w,
    };
    CHECK(engine_new(w->loop, ends[0], &config, &w->engine, &e) == 0);
    if (!with.templates_down) {
        spawner_template(w, 0, NULL);
        spawner_template(w, 1, NULL);
        for (unsigned i = 0; i < with.leased; i++)
            spawner_template(w, 2 + i, NULL);
        UNTIL(w, w->engine->nurseries[1 + with.leased].up);
    }
    return w;
}

/* One in which templates are looked after when the test says so, and never because it took long. */
FAKE struct world *quiet_world(struct setup with)
{
    struct world *w = world_new(with);
    timer_cancel(w->engine->pool.sweep);
    return w;
}

/* Whatever is left is answered: no call is without an answer when the engine has gone. */
FAKE void world_free(struct world **world)
{
    struct world *w = *world;
    world_check(w);
    engine_free(w->engine);
    unsigned finished = 0;
    for (unsigned i = 0; i < w->answer_count; i++) {
        CHECK_INT(w->answers[i].times, 1);
        finished += !w->answers[i].refused && !w->answers[i].load;
    }
    CHECK_INT(w->records, finished + w->repeated);
    for (int i = 0; i < FAKE_SLOTS; i++)
        runner_forget(&w->slots[i]);
    for (int i = 0; i < SANDBOX_VARIANTS_MAX; i++) {
        buf_done(&w->templates[i].modules);
        buf_done(&w->templates[i].load);
    }
    watch_free(w->watch);
    timer_free(w->deadline);
    close(w->spawner);
    loop_free(w->loop);
    free(w);
}

#define auto_world __attribute__((cleanup(world_free)))
