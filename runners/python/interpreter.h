/* interpreter — Python configured for functions: isolated from the host's users and settings. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Starts the interpreter. Ends the process with a message when that is impossible. */
void interpreter_start(void);

/* Runs runner.py and returns its module; ends the process with a traceback when it fails. */
PyObject *interpreter_runner(void);
