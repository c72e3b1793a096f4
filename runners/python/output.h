/* output — what functions print: collected, and in the pipes when a call is answered.
 *
 * A handler that is still running after a while has its output flushed every so often, so that a
 * call which ends at its deadline does not lose the lines that would explain why. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <time.h>

struct output {
    PyObject *open_streams, *flush; /* of runner.py; the name of the method */
    PyObject *out, *err;            /* the streams as the runner has opened them */
    timer_t timer;
    bool can_tick, ticking, busy;
};

int output_init(struct output *o, PyObject *runner); /* 0, or -1 with a Python exception */

/* Opens sys.stdout and sys.stderr, in the process that will serve or the one it is copied from. 0,
 * or -1 with an exception. */
int output_open(struct output *o);

void output_start(struct output *o); /* in the process that will serve: timers are not inherited */

void output_begin(struct output *o); /* user code starts to run */
void output_flush(struct output *o); /* what it has printed so far */
void output_end(struct output *o);   /* it has ended: flushes all it has printed */
