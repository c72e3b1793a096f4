/* virga-python — the template of Python slots, and with --direct a single runner.
 *
 * It starts the interpreter, imports what functions use most, warms up and then waits as a template
 * (sandbox/template.h); every copy of it is a runner that needs only the user's code.
 *
 *   virga-python            a template: orders on TEMPLATE_CONTROL
 *   virga-python --direct   a runner at once, frames on RUNNER_SOCKET: for tests and for backends
 *                           without templates. VIRGA_CODE_DIR replaces /code. */
#include "interpreter.h"
#include "sandbox/runner_fds.h"
#include "sandbox/template.h"
#include "serve.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char CODE_DIR[] = "/code";

/* Objects that all copies share move out of the collector's sight: a collection would touch, and so
 * copy, every page of them. */
static void settle(void)
{
    PyGC_Collect();
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *done = gc ? PyObject_CallMethod(gc, "freeze", NULL) : NULL;
    if (!done)
        PyErr_Print();
    Py_XDECREF(done);
    Py_XDECREF(gc);
}

static void become_runner(void *arg)
{
    PyOS_AfterFork_Child();
    serve_run(arg, RUNNER_SOCKET, CODE_DIR);
}

int main(int argc, char **argv)
{
    bool direct = argc > 1 && strcmp(argv[1], "--direct") == 0;
    interpreter_start();
    struct serve *serve = serve_new(interpreter_runner());
    serve_warm_up(serve);
    settle();
    if (direct) {
        const char *code_dir = getenv("VIRGA_CODE_DIR");
        serve_run(serve, RUNNER_SOCKET, code_dir ? code_dir : CODE_DIR);
    }
    template_serve(&(struct template_hooks){
        .before_copy = PyOS_BeforeFork,
        .after_copy = PyOS_AfterFork_Parent,
        .become = become_runner,
        .arg = serve,
    });
}
