#include "interpreter.h"

#include "base/must.h"

#include <assert.h>
#include <stdio.h>

/* Where the standard library of the linked interpreter is installed. */
#define PYTHON_LIBRARY L"/usr/lib/python3.11"
static_assert(PY_MAJOR_VERSION == 3 && PY_MINOR_VERSION == 11, "PYTHON_LIBRARY is of this version");

extern const char runner_source[]; /* runner_source.S */

static void must_ok(PyStatus status)
{
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
}

static void set_text(PyConfig *config, wchar_t **field, const wchar_t *text)
{
    must_ok(PyConfig_SetString(config, field, text));
}

/* All paths are given, so that nothing is looked up or guessed at the start. */
static void set_paths(PyConfig *config)
{
    static const wchar_t *const search[] = {PYTHON_LIBRARY, PYTHON_LIBRARY L"/lib-dynload"};
    set_text(config, &config->program_name, L"python3");
    set_text(config, &config->executable, L"/usr/bin/python3");
    set_text(config, &config->base_executable, L"/usr/bin/python3");
    set_text(config, &config->prefix, L"/usr");
    set_text(config, &config->base_prefix, L"/usr");
    set_text(config, &config->exec_prefix, L"/usr");
    set_text(config, &config->base_exec_prefix, L"/usr");
    set_text(config, &config->stdlib_dir, PYTHON_LIBRARY);
    for (size_t i = 0; i < ARRAY_LEN(search); i++)
        must_ok(PyWideStringList_Append(&config->module_search_paths, search[i]));
    config->module_search_paths_set = 1;
}

void interpreter_start(void)
{
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    must_ok(Py_PreInitialize(&before));

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.parse_argv = 0;
    config.pathconfig_warnings = 0;
    /* Python's usual dispositions: SIGPIPE and SIGXFSZ become exceptions, SIGINT too. */
    config.install_signal_handlers = 1;
    set_paths(&config);
    must_ok(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

PyObject *interpreter_runner(void)
{
    /* A name that no file can have: the module is neither on disk nor importable. */
    static const char file[] = "<virga runner>";
    PyObject *code = Py_CompileString(runner_source, file, Py_file_input);
    PyObject *module = code ? PyImport_ExecCodeModuleEx("virga_runner", code, file) : NULL;
    Py_XDECREF(code);
    if (module)
        return module;
    PyErr_Print();
    fprintf(stderr, "virga-python: runner.py does not start\n");
    exit(1);
}
