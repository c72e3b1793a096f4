/* codec — events and results between JSON text and Python objects. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/str.h"

struct codec {
    PyObject *scan, *encode, *convert, *explain, *too_long; /* from runner.py */
    PyObject *zero, *nothing;                               /* 0 and "" */
};

/* 0, or -1 with a Python exception. */
int codec_init(struct codec *c, PyObject *runner);

/* The event as a new object, or NULL with a Python exception. */
PyObject *codec_event(const struct codec *c, struct str event);

/* `result` as JSON of at most `limit` bytes, in `ret_json`. Returns the object that owns the bytes,
 * or NULL with an exception that says what in the result is no JSON. When it is to be sent in
 * pieces it returns NULL without one, and `ret_stream` is runner.py's (source, opening), a new
 * object. */
PyObject *codec_result(const struct codec *c, PyObject *result, size_t limit, struct str *ret_json,
                       PyObject **ret_stream);
