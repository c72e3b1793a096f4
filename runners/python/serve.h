/* serve — the runner's loop: one LOAD, then calls, until the server closes the socket.
 *
 * The life of a call here: wire_next takes the frame, the event becomes Python objects, the user's
 * handler is called, its result becomes text, what it printed is flushed, wire_send answers. All of
 * it is C calling into the interpreter; runner.py is entered only to load, for coroutines and for
 * failures. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct serve;

/* Looks up what it needs in the module made of runner.py. Ends the process when that fails. */
struct serve *serve_new(PyObject *runner);

/* Passes made-up calls, good and failing ones, through everything but the socket, so that the
 * copies find caches filled and bytecode specialised. */
void serve_warm_up(struct serve *s);

/* Answers frames on `fd` until its peer closes it, then ends the process. Code is written to and
 * loaded from `code_dir`. */
_Noreturn void serve_run(struct serve *s, int fd, const char *code_dir);
