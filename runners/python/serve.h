/* serve — the runner's loop: one LOAD, then calls, until the server closes the socket.
 *
 * The life of a call here: channel_next takes the frame, the event becomes Python objects, the
 * user's handler is called, its result becomes text, what it printed is flushed, channel_send
 * answers. All of it is C calling into the interpreter; runner.py is entered only to load, for
 * coroutines and for failures. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct loader;
struct serve;

/* Looks up what it needs in the module made of runner.py. Ends the process when that fails. The
 * loader must live as long. */
struct serve *serve_new(PyObject *runner, struct loader *loader);

/* Loads and calls made-up functions, without the socket. In the template it fills caches and lets
 * the bytecode specialise. serve_run does one more round in a copy that nobody waits for before it
 * says READY: the page faults of the first load and call (some 300, each a few microseconds) are
 * then taken ahead. A function that arrives within 2 ms, or between two calls of it, ends the
 * round. */
void serve_rehearse(struct serve *s, int rounds);

/* Replaces Python's standard streams by those of a runner, which write to descriptors 1 and 2 when
 * a call ends. Once, at the end of what may print; copies inherit them. */
void serve_open_streams(struct serve *s);

/* Answers frames on `fd` until its peer closes it, then ends the process. */
_Noreturn void serve_run(struct serve *s, int fd);
