#include "serve.h"

#include "base/mem.h"
#include "base/must.h"
#include "../common/frames.h"
#include "codec.h"
#include "engine/frame.h"
#include "load.h"
#include "output.h"
#include "channel.h"
#include "sandbox/runner_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { NEED_SHOWS_MS = 2 };

struct serve {
    struct codec codec;
    struct output output;
    /* from runner.py */
    PyObject *awaken, *wait, *stream, *failure, *context;
    struct loader *loader;
    struct function function; /* once loaded */
    /* the process */
    struct channel channel;
    uint16_t number; /* of the current call, in its frames; 0 before the first */
};

struct call {
    uint64_t deadline_us;
    struct str id, event;
};

/* Set in children that user code forks: they must never answer for their parent. */
static volatile bool forked;

static void leave_family(void)
{
    forked = true;
    close(RUNNER_SOCKET);
}

_Noreturn static void give_up(void)
{
    PyErr_Print();
    _exit(1);
}

struct serve *serve_new(PyObject *runner, struct loader *loader)
{
    struct serve *s = mem_alloc(sizeof *s);
    channel_init(&s->channel, -1); /* here, since it takes a large piece of memory */
    s->loader = loader;
    codec_init(&s->codec, runner);
    s->awaken = PyObject_GetAttrString(runner, "awaken");
    s->wait = PyObject_GetAttrString(runner, "wait");
    s->stream = PyObject_GetAttrString(runner, "stream");
    s->failure = PyObject_GetAttrString(runner, "failure");
    s->context = PyObject_GetAttrString(runner, "Context");
    if (output_init(&s->output, runner) < 0 || PyErr_Occurred())
        give_up();
    return s;
}

_Noreturn static void leave(struct serve *s, int status)
{
    output_end(&s->output);
    _exit(status);
}

/* ---- answers ---- */

static void answer(struct serve *s, uint8_t type, uint8_t flags, struct str payload)
{
    if (forked)
        leave(s, 0);
    if (frames_send(s->channel.fd, type, flags, s->number, payload) < 0)
        leave(s, 0);
}

/* FAILED's payload for the pending exception, which it takes; NULL when that cannot be told. */
static PyObject *describe_failure(struct serve *s, const char *phase)
{
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback && error)
        PyException_SetTraceback(error, traceback);
    PyObject *payload = PyObject_CallFunction(s->failure, "Os", error, phase);
    if (!payload || !PyBytes_Check(payload)) {
        PyErr_Clear();
        Py_CLEAR(payload);
    }
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return payload;
}

/* Flushes after the description: making it runs the exception's own __str__. */
static void answer_failure(struct serve *s, const char *phase, uint8_t flags)
{
    struct str text = STR("{\"type\":\"MemoryError\",\"message\":\"too little memory or stack left "
                          "to describe the failure\",\"traceback\":\"\"}");
    PyObject *payload = describe_failure(s, phase);
    if (payload)
        text = (struct str){PyBytes_AS_STRING(payload), (size_t)PyBytes_GET_SIZE(payload)};
    output_end(&s->output);
    answer(s, FRAME_FAILED, flags, text);
    Py_XDECREF(payload);
}

/* ---- LOAD ---- */

/* The names are for the next templates: a load is not failed for want of them. */
static void answer_loaded(struct serve *s)
{
    PyObject *names = load_learned(s->loader);
    if (!names && PyErr_Occurred())
        PyErr_WriteUnraisable(NULL);
    output_end(&s->output); /* of a load that no call follows, or else of the first call */
    answer(s, FRAME_LOADED, 0,
           names ? (struct str){PyBytes_AS_STRING(names), (size_t)PyBytes_GET_SIZE(names)}
                 : STR(""));
    Py_XDECREF(names);
}

static void serve_load(struct serve *s, const struct channel_frame *frame)
{
    output_begin(&s->output);
    if (load_run(s->loader, frame->payload, &s->function) == 0)
        answer_loaded(s);
    else
        answer_failure(s, "load", FRAME_FATAL);
}

/* ---- CALL ---- */

static int parse_call(struct str payload, struct call *ret)
{
    struct str id_length;
    if (!frames_u64(&payload, &ret->deadline_us) || !frames_bytes(&payload, 1, &id_length) ||
        !frames_bytes(&payload, (unsigned char)id_length.p[0], &ret->id))
        return -1;
    ret->event = payload;
    return 0;
}

static PyObject *make_context(struct serve *s, const struct call *call)
{
    PyObject *id = PyUnicode_DecodeUTF8(call->id.p, (Py_ssize_t)call->id.n, "replace");
    PyObject *deadline = PyLong_FromUnsignedLongLong(call->deadline_us);
    PyObject *context = NULL;
    if (id && deadline)
        context = PyObject_Vectorcall(s->context, (PyObject *[]){id, deadline}, 2, NULL);
    Py_XDECREF(id);
    Py_XDECREF(deadline);
    return context;
}

static bool is_awaitable(PyObject *value)
{
    const PyAsyncMethods *methods = Py_TYPE(value)->tp_as_async;
    return methods && methods->am_await;
}

static PyObject *call_handler(struct serve *s, const struct call *call)
{
    PyObject *event = codec_event(&s->codec, call->event);
    PyObject *context = event && s->function.arguments == 2 ? make_context(s, call) : NULL;
    PyObject *result = NULL;
    if (event && (context || s->function.arguments < 2)) {
        PyObject *arguments[] = {NULL, event, context};
        result = PyObject_Vectorcall(s->function.handler, arguments + 1,
                                     (size_t)s->function.arguments | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                     NULL);
    }
    Py_XDECREF(event);
    Py_XDECREF(context);
    if (result && is_awaitable(result)) {
        PyObject *awaitable = result;
        result = PyObject_CallOneArg(s->wait, awaitable);
        Py_DECREF(awaitable);
    }
    return result;
}

/* ---- streams ---- */

static bool would_wait(int fd)
{
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    return poll(&out, 1, 0) == 0;
}

/* Other threads of the user's run while the server takes no more. What was printed goes out before
 * such a wait, which may last until the deadline. */
static void send_piece(struct serve *s, uint8_t type, struct str bytes)
{
    if (forked)
        leave(s, 0);
    if (would_wait(s->channel.fd))
        output_flush(&s->output);
    PyThreadState *thread = PyEval_SaveThread();
    int sent = frames_send(s->channel.fd, type, 0, s->number, bytes);
    PyEval_RestoreThread(thread);
    if (sent < 0)
        leave(s, 0);
}

/* send(type, bytes), for runner.py's stream. */
static PyObject *send_method(PyObject *self, PyObject *arguments)
{
    struct serve *s = PyCapsule_GetPointer(self, NULL);
    int type;
    Py_buffer bytes;
    if (!PyArg_ParseTuple(arguments, "iy*", &type, &bytes))
        return NULL;
    for (size_t at = 0, all = (size_t)bytes.len, n; at < all; at += n) {
        n = all - at < FRAME_CHUNK_MAX ? all - at : FRAME_CHUNK_MAX;
        send_piece(s, (uint8_t)type, (struct str){(const char *)bytes.buf + at, n});
    }
    PyBuffer_Release(&bytes);
    return Py_NewRef(Py_None);
}

static PyMethodDef send_definition = {"send", send_method, METH_VARARGS, NULL};

/* Sends all pieces of codec_result's (source, opening), which it takes. */
static PyObject *run_stream(struct serve *s, PyObject *stream)
{
    PyObject *capsule = PyCapsule_New(s, NULL, NULL);
    PyObject *send = capsule ? PyCFunction_New(&send_definition, capsule) : NULL;
    PyObject *done = send ? PyObject_CallFunction(s->stream, "OO", stream, send) : NULL;
    Py_XDECREF(send);
    Py_XDECREF(capsule);
    Py_DECREF(stream);
    return done;
}

/* The result as JSON: `ret_json`, in the object that is returned. Empty when it went out in pieces.
 */
static PyObject *run_call(struct serve *s, const struct call *call, struct str *ret_json)
{
    PyObject *stream = NULL;
    PyObject *result = call_handler(s, call);
    if (!result)
        return NULL;
    PyObject *owner = codec_result(&s->codec, result, s->function.result_limit, ret_json, &stream);
    Py_DECREF(result);
    if (!stream)
        return owner;
    *ret_json = STR("");
    return run_stream(s, stream);
}

static void serve_call(struct serve *s, const struct channel_frame *frame)
{
    struct call call;
    struct str json;
    if (!s->function.handler)
        return; /* the load has failed and said so */
    if (parse_call(frame->payload, &call) < 0)
        leave(s, 1);
    s->number = frame->call;
    output_begin(&s->output);
    PyObject *owner = run_call(s, &call, &json);
    if (!owner) {
        answer_failure(s, "call", 0);
        return;
    }
    output_end(&s->output);
    answer(s, FRAME_RESULT, 0, json);
    Py_DECREF(owner);
}

/* ---- rehearsal ---- */

static int rehearse_call(struct serve *s, struct str event)
{
    const struct call call = {.deadline_us = UINT64_MAX, .id = STR("rehearsal"), .event = event};
    struct str json;
    PyObject *owner = run_call(s, &call, &json);
    PyObject *said = owner ? NULL : describe_failure(s, "call");
    int done = owner || said ? 0 : -1;
    Py_XDECREF(owner);
    Py_XDECREF(said);
    return done;
}

static void rehearse(struct serve *s, bool (*go_on)(struct serve *s))
{
    const struct str events[] = {STR("{\"name\":\"\xc3\xa9\",\"n\":[1,2.5,true,null]}"),
                                 STR("{\"fail\":1}")};
    if (load_rehearse(s->loader, &s->function) < 0)
        give_up();
    for (size_t i = 0; i < ARRAY_LEN(events) && go_on(s); i++)
        if (rehearse_call(s, events[i]) < 0)
            give_up();
    load_drop(&s->function);
}

static bool always(struct serve *s)
{
    (void)s;
    return true;
}

void serve_rehearse(struct serve *s, int rounds)
{
    for (int i = 0; i < rounds; i++)
        rehearse(s, always);
}

static bool nothing_within(struct serve *s, int ms)
{
    struct pollfd in = {.fd = s->channel.fd, .events = POLLIN};
    return poll(&in, 1, ms) == 0;
}

static bool nobody_waits(struct serve *s)
{
    return nothing_within(s, 0);
}

/* A copy made ahead of need has the time to touch, and so to make its own, the memory that loading
 * and calling take. For a copy that somebody waits for the same work would be a detour: its
 * function is on its way when it is born. */
static void rehearse_unless_needed(struct serve *s)
{
    if (!nothing_within(s, NEED_SHOWS_MS))
        return;
    rehearse(s, nobody_waits);
    output_end(&s->output); /* nothing was printed, but the way there is walked */
}

/* ---- the loop ---- */

/* Other threads of the user's run while the runner waits. */
static int wait_for_bytes(struct serve *s)
{
    PyThreadState *thread = PyEval_SaveThread();
    int got = channel_fill(&s->channel);
    int cause = errno;
    PyEval_RestoreThread(thread);
    if (got >= 0)
        return got;
    if (cause != EINTR)
        return -1;
    if (PyErr_CheckSignals() < 0)
        PyErr_WriteUnraisable(NULL); /* a handler of the user's, between two calls */
    return 1;
}

static bool next_frame(struct serve *s, struct channel_frame *ret)
{
    for (;;) {
        int got = channel_next(&s->channel, ret);
        if (got)
            return got > 0;
        if (wait_for_bytes(s) <= 0)
            return false;
    }
}

/* "3.11.2" of "3.11.2 (main, ...) [GCC ...]". */
static struct str python_version(void)
{
    struct str rest = str_of(Py_GetVersion());
    struct str version = str_cut(&rest, ' ');
    return (struct str){version.p, version.n < FRAME_VERSION_MAX ? version.n : FRAME_VERSION_MAX};
}

void serve_open_streams(struct serve *s)
{
    if (output_open(&s->output) < 0)
        give_up();
}

_Noreturn void serve_run(struct serve *s, int fd)
{
    struct channel_frame frame;
    s->channel.fd = fd;
    fcntl(fd, F_SETFD, FD_CLOEXEC); /* programs that user code starts must not find it */
    pthread_atfork(NULL, NULL, leave_family);
    PyObject *awake = PyObject_CallNoArgs(s->awaken);
    if (!awake)
        give_up();
    Py_DECREF(awake);
    output_start(&s->output);
    rehearse_unless_needed(s);
    answer(s, FRAME_READY, 0, python_version());
    while (next_frame(s, &frame))
        if (frame.type == FRAME_LOAD && !s->function.handler)
            serve_load(s, &frame);
        else if (frame.type == FRAME_CALL)
            serve_call(s, &frame);
        else
            break;
    leave(s, 0);
}
