#include "output.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* One timer for all calls. It is set by a call that finds it unset and sets itself again only while
 * a call runs, so that short calls in a row cost no system call for it. */
enum { TICK_FIRST_MS = 20, TICK_MS = 100 };

static int tick_signal(void)
{
    return SIGRTMAX;
}

int output_init(struct output *o, PyObject *runner)
{
    o->open_streams = PyObject_GetAttrString(runner, "open_streams");
    o->flush = PyUnicode_InternFromString("flush");
    return o->open_streams && o->flush ? 0 : -1;
}

static void flush_stream(struct output *o, PyObject *stream)
{
    PyObject *done = stream ? PyObject_CallMethodNoArgs(stream, o->flush) : NULL;
    if (!done)
        PyErr_Clear(); /* closed or broken by user code: its own loss */
    Py_XDECREF(done);
}

/* Runs where the interpreter sees to signals: in the main thread, between two instructions. Only
 * the runner's own streams: one of the user's may hold a lock at this moment. */
static PyObject *tick(PyObject *self, PyObject *arguments)
{
    (void)arguments;
    struct output *o = PyCapsule_GetPointer(self, NULL);
    const struct itimerspec again = {.it_value.tv_nsec = TICK_MS * 1000000};
    o->ticking = false;
    if (o->busy) {
        flush_stream(o, o->out);
        flush_stream(o, o->err);
        o->ticking = timer_settime(o->timer, 0, &again, NULL) == 0;
    }
    return Py_NewRef(Py_None);
}

static PyMethodDef tick_method = {"tick", tick, METH_VARARGS, NULL};

/* The signal goes to the main thread, the one that runs handlers: elsewhere it would wait there. */
static bool make_timer(struct output *o)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = tick_signal()};
    event._sigev_un._tid = gettid();
    return timer_create(CLOCK_MONOTONIC, &event, &o->timer) == 0;
}

int output_open(struct output *o)
{
    PyObject *capsule = PyCapsule_New(o, NULL, NULL);
    PyObject *on_tick = capsule ? PyCFunction_New(&tick_method, capsule) : NULL;
    PyObject *pair =
        on_tick ? PyObject_CallFunction(o->open_streams, "iO", tick_signal(), on_tick) : NULL;
    Py_XDECREF(on_tick);
    Py_XDECREF(capsule);
    if (!pair || !PyArg_ParseTuple(pair, "OO", &o->out, &o->err))
        return -1;
    Py_INCREF(o->out);
    Py_INCREF(o->err);
    Py_DECREF(pair);
    return 0;
}

void output_start(struct output *o)
{
    o->can_tick = make_timer(o);
}

void output_begin(struct output *o)
{
    const struct itimerspec first = {.it_value.tv_nsec = TICK_FIRST_MS * 1000000};
    o->busy = true;
    if (o->can_tick && !o->ticking)
        o->ticking = timer_settime(o->timer, 0, &first, NULL) == 0;
}

/* User code may have put a stream of its own in our stream's place. That one comes first: it may
 * write into ours. */
static void flush_both(struct output *o, const char *name, PyObject *ours)
{
    PyObject *now = PySys_GetObject(name);
    if (now && now != ours && now != Py_None) {
        Py_INCREF(now);
        flush_stream(o, now);
        Py_DECREF(now);
    }
    flush_stream(o, ours);
}

void output_flush(struct output *o)
{
    flush_both(o, "stdout", o->out);
    flush_both(o, "stderr", o->err);
    fflush(stdout); /* what C code has printed */
}

void output_end(struct output *o)
{
    output_flush(o);
    o->busy = false;
}
