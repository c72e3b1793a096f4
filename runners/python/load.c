#include "load.h"

#include "base/err.h"
#include "base/fd.h"
#include "../common/frames.h"
#include "files.h"

#include <fcntl.h>
#include <string.h>

int load_init(struct loader *l, PyObject *runner, const char *code_dir, const char *layer_dir)
{
    *l = (struct loader){.code_dir = code_dir};
    l->load = PyObject_GetAttrString(runner, "load");
    l->load_ahead = PyObject_GetAttrString(runner, "load_ahead");
    l->resume = PyObject_GetAttrString(runner, "resume");
    l->rehearse = PyObject_GetAttrString(runner, "rehearse");
    l->learned = PyObject_GetAttrString(runner, "learned");
    PyObject *layer = PyObject_CallMethod(runner, "open_layer", "s", layer_dir);
    l->layer = layer == Py_True;
    Py_XDECREF(layer);
    return PyErr_Occurred() ? -1 : 0;
}

static int raise_err(const struct err *e)
{
    PyErr_SetString(PyExc_OSError, e->text);
    return -1;
}

/* The loader compiles files at the top from memory instead of reading them back; of packages there
 * it is told the names. */
static int offer_source(PyObject *sources, const struct files_entry *file)
{
    const char *slash = memchr(file->path.p, '/', file->path.n);
    if (!str_ends(file->path, STR(".py")))
        return 0;
    if (slash &&
        !str_is((struct str){slash, file->path.n - (size_t)(slash - file->path.p)}, "/__init__.py"))
        return 0;
    PyObject *name = PyUnicode_DecodeUTF8(file->path.p, (Py_ssize_t)file->path.n, NULL);
    PyObject *bytes = slash ? Py_NewRef(Py_None)
                            : PyBytes_FromStringAndSize(file->bytes.p, (Py_ssize_t)file->bytes.n);
    int done = name && bytes ? PyDict_SetItem(sources, name, bytes) : -1;
    Py_XDECREF(name);
    Py_XDECREF(bytes);
    return done;
}

static int write_files(const char *code_dir, struct str files, PyObject *sources)
{
    struct err e = {0};
    auto_fd int dir = open(code_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        err_sys(&e, "open code directory '%s'", code_dir);
        return raise_err(&e);
    }
    struct files_entry file;
    int got;
    while ((got = files_next(&files, &file, &e)) > 0)
        if (files_write(dir, &file, &e) < 0)
            return raise_err(&e);
        else if (sources && offer_source(sources, &file) < 0)
            return -1;
    return got < 0 ? raise_err(&e) : 0;
}

/* What runner.py's functions return: (handler, arguments, result limit). */
static int take_function(PyObject *loaded, struct function *ret)
{
    Py_ssize_t limit = 0;
    if (!loaded || !PyArg_ParseTuple(loaded, "Oin", &ret->handler, &ret->arguments, &limit)) {
        Py_XDECREF(loaded);
        return -1;
    }
    Py_INCREF(ret->handler);
    Py_DECREF(loaded);
    ret->result_limit = limit > 0 ? (size_t)limit : 0;
    return 0;
}

static int split(struct str *payload, struct str *ret_settings)
{
    uint32_t length;
    if (frames_u32(payload, &length) && frames_bytes(payload, length, ret_settings))
        return 0;
    PyErr_SetString(PyExc_ValueError, "the settings of the function are cut short");
    return -1;
}

static int load_by(const struct loader *l, PyObject *load, struct str payload, struct function *ret)
{
    struct str settings;
    PyObject *sources = PyDict_New();
    int done = -1;
    if (sources && split(&payload, &settings) == 0 &&
        write_files(l->code_dir, payload, sources) == 0)
        done = take_function(PyObject_CallFunction(load, "y#Os", settings.p, (Py_ssize_t)settings.n,
                                                   sources, l->code_dir),
                             ret);
    Py_XDECREF(sources);
    return done;
}

int load_ahead(struct loader *l, struct str payload)
{
    if (load_by(l, l->load_ahead, payload, &l->ready) < 0)
        return -1;
    l->payload = payload;
    return 0;
}

/* The module cannot be run anew, since it is there already with all that it has imported. */
static int resume(struct loader *l, struct str payload, struct function *ret)
{
    struct str settings;
    if (!str_eq(payload, l->payload)) {
        PyErr_SetString(PyExc_RuntimeError, "this slot's template has loaded other code");
        return -1;
    }
    if (split(&payload, &settings) < 0 || write_files(l->code_dir, payload, NULL) < 0)
        return -1;
    PyObject *resumed = PyObject_CallFunction(l->resume, "s", l->code_dir);
    if (!resumed)
        return -1;
    Py_DECREF(resumed);
    *ret = l->ready;
    Py_INCREF(ret->handler);
    return 0;
}

int load_run(struct loader *l, struct str payload, struct function *ret)
{
    return l->payload.n ? resume(l, payload, ret) : load_by(l, l->load, payload, ret);
}

int load_rehearse(struct loader *l, struct function *ret)
{
    return take_function(PyObject_CallNoArgs(l->rehearse), ret);
}

PyObject *load_learned(const struct loader *l)
{
    return l->layer ? PyObject_CallNoArgs(l->learned) : NULL;
}

void load_drop(struct function *f)
{
    Py_CLEAR(f->handler);
}
