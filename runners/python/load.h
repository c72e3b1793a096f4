/* load — a LOAD frame's payload (src/engine/frame.h) becomes a function that can be called. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/str.h"

#include <stdbool.h>

struct function {
    PyObject *handler; /* NULL: none */
    int arguments;     /* how many it takes: 0, 1, 2 */
    size_t result_limit;
};

struct loader {
    PyObject *load, *load_ahead, *resume, *rehearse, *learned; /* from runner.py */
    const char *code_dir;
    bool layer;            /* there are packages */
    struct str payload;    /* what the template has loaded for its copies; empty: nothing ... */
    struct function ready; /* ... and what came of it */
};

/* Looks up what it needs in the module made of runner.py. Code is written to and loaded from
 * `code_dir`, packages are found in `layer_dir`. 0, or -1 with a Python exception. */
int load_init(struct loader *l, PyObject *runner, const char *code_dir, const char *layer_dir);

/* In the template: loads `payload`, which must stay, for all copies. 0, or -1 with an exception
 * that standard error has seen already. */
int load_ahead(struct loader *l, struct str payload);

/* Writes the files and runs the module, or has the one that the template ran take up its work. 0,
 * or -1 with a Python exception. */
int load_run(struct loader *l, struct str payload, struct function *ret);

/* Made-up code. 0, or -1 with a Python exception. */
int load_rehearse(struct loader *l, struct function *ret);

/* LOADED's payload: a new bytes object; NULL when there is nothing to say, with an exception only
 * when that failed. */
PyObject *load_learned(const struct loader *l);

void load_drop(struct function *f);
