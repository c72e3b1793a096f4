/* ahead — what a template does before it is copied, as its set-up file says (engine/setup.h). */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct loader;

/* Reads TEMPLATE_SETUP, if it is open: imports the modules, loads the code for all copies. What
 * that prints goes to standard error. When the template cannot be copied after that, the spawner is
 * told why and the process ends. */
void ahead_run(PyObject *runner, struct loader *loader);
