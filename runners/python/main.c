/* virga-python — the template of Python slots, and with --direct a single runner.
 *
 * It starts the interpreter, imports what functions use most, warms up and then waits as a template
 * (sandbox/template.h); every copy of it is a runner that needs only the user's code.
 *
 *   virga-python            a template: orders on TEMPLATE_CONTROL
 *   virga-python --direct   a runner at once, frames on RUNNER_SOCKET: for tests and for backends
 *                           without templates
 *   --code-dir DIR          instead of /code; with --direct also from VIRGA_CODE_DIR
 *   --layer DIR             packages are in its python/, instead of /opt/layer */
#include "ahead.h"
#include "base/mem.h"
#include "engine/frame.h"
#include "interpreter.h"
#include "load.h"
#include "sandbox/runner_fds.h"
#include "sandbox/template.h"
#include "serve.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char CODE_DIR[] = "/code", LAYER_DIR[] = "/opt/layer";
enum { WARM_UP_ROUNDS = 20 }; /* bytecode specialises after 8 */

/* Python's streams look at their descriptor when they are made, above all whether it can seek. The
 * template's are a log file or a terminal, the copies' are pipes: so pipes they are meanwhile. */
static void make_streams(struct serve *serve)
{
    int p[2], saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    if (pipe(p) < 0 || dup2(p[1], STDOUT_FILENO) < 0 || dup2(p[1], STDERR_FILENO) < 0)
        _exit(1);
    serve_open_streams(serve);
    if (dup2(saved[0], STDOUT_FILENO) < 0 || dup2(saved[1], STDERR_FILENO) < 0)
        _exit(1);
    close(saved[0]), close(saved[1]), close(p[0]), close(p[1]);
}

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

_Noreturn static void give_up(void)
{
    PyErr_Print();
    _exit(1);
}

static void warm_up(struct serve *serve, PyObject *runner)
{
    serve_rehearse(serve, WARM_UP_ROUNDS);
    PyObject *done = PyObject_CallMethod(runner, "rehearse_coroutines", NULL);
    if (!done)
        PyErr_Print();
    Py_XDECREF(done);
}

struct options {
    bool direct;
    const char *code_dir, *layer_dir;
};

static void become_runner(void *arg)
{
    PyOS_AfterFork_Child();
    serve_run(arg, RUNNER_SOCKET);
}

static struct options parse_options(int argc, char **argv)
{
    struct options o = {.code_dir = CODE_DIR, .layer_dir = LAYER_DIR};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--direct") == 0)
            o.direct = true;
        else if (strcmp(argv[i], "--code-dir") == 0 && i + 1 < argc)
            o.code_dir = argv[++i];
        else if (strcmp(argv[i], "--layer") == 0 && i + 1 < argc)
            o.layer_dir = argv[++i];
    const char *told = getenv("VIRGA_CODE_DIR");
    if (o.direct && told)
        o.code_dir = mem_strdup(told); /* user code replaces what getenv points into */
    return o;
}

int main(int argc, char **argv)
{
    struct options options = parse_options(argc, argv);
    interpreter_start();
    PyObject *module = interpreter_runner();
    struct loader loader;
    if (load_init(&loader, module, options.code_dir, options.layer_dir) < 0)
        give_up();
    struct serve *serve = serve_new(module, &loader);
    warm_up(serve, module);
    if (options.direct) {
        serve_open_streams(serve);
    } else {
        make_streams(serve);
        ahead_run(module, &loader);
    }
    settle();
    if (options.direct)
        serve_run(serve, RUNNER_SOCKET);
    template_serve(&(struct template_hooks){
        .before_copy = PyOS_BeforeFork,
        .after_copy = PyOS_AfterFork_Parent,
        .become = become_runner,
        .arg = serve,
    });
}
