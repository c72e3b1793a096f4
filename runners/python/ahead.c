#include "ahead.h"

#include "base/buf.h"
#include "base/fd.h"
#include "../common/frames.h"
#include "engine/setup.h"
#include "load.h"
#include "sandbox/template.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct setup {
    struct buf bytes; /* the two point into it; kept for good, since copies compare with `load` */
    struct str modules, load;
};

static bool is_given(void)
{
    struct stat about;
    return fstat(TEMPLATE_SETUP, &about) == 0 && S_ISREG(about.st_mode);
}

static bool take_part(struct str *from, struct str *ret)
{
    uint32_t length;
    return frames_u32(from, &length) && length <= SETUP_MAX && frames_bytes(from, length, ret);
}

static int read_setup(struct setup *ret, struct err *e)
{
    auto_fd int fd = TEMPLATE_SETUP;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, "rewind the set-up file");
    if (fd_read_all(fd, 2 * ((size_t)SETUP_MAX + sizeof(uint32_t)), &ret->bytes, e) < 0)
        return err_in(e, "set-up file");
    struct str rest = buf_str(&ret->bytes);
    if (!take_part(&rest, &ret->modules) || !take_part(&rest, &ret->load) || rest.n)
        return err_set(e, ERR_INVALID, "the set-up file is malformed");
    return 0;
}

/* The pending exception as an error. */
static int take_exception(struct err *e, const char *what)
{
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    PyObject *text = error ? PyObject_Str(error) : NULL;
    const char *said = text ? PyUnicode_AsUTF8(text) : NULL;
    err_set(e, ERR_INVALID, "%s: %s: %s", what, error ? Py_TYPE(error)->tp_name : "an exception",
            said ? said : "");
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return -1;
}

static int import_modules(PyObject *runner, struct str names, struct err *e)
{
    PyObject *done = PyObject_CallMethod(runner, "preload", "y#", names.p, (Py_ssize_t)names.n);
    if (!done)
        return take_exception(e, "packages");
    Py_DECREF(done);
    return 0;
}

static int refuse_threads(PyObject *runner, struct err *e)
{
    PyObject *count = PyObject_CallMethod(runner, "threads", NULL);
    if (!count)
        return take_exception(e, "threads");
    long n = PyLong_AsLong(count);
    Py_DECREF(count);
    if (n != 1)
        return err_set(e, ERR_INVALID, "%ld threads are running after what was loaded ahead", n);
    return 0;
}

static int run(PyObject *runner, struct loader *loader, const struct setup *setup, struct err *e)
{
    if (template_confine(e) < 0 || template_scratch("/tmp", e) < 0)
        return -1;
    if (setup->load.n && template_scratch(loader->code_dir, e) < 0)
        return -1;
    if (import_modules(runner, setup->modules, e) < 0)
        return -1;
    if (setup->load.n && load_ahead(loader, setup->load) < 0)
        return take_exception(e, "the code");
    return refuse_threads(runner, e);
}

/* The template's log is its standard error; the runner's streams, which code may keep, write to
 * both. */
static int join_outputs(void)
{
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, TEMPLATE_SETUP);
    if (saved < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(1);
    return saved;
}

static void part_outputs(int saved)
{
    if (dup2(saved, STDOUT_FILENO) < 0)
        _exit(1);
    close(saved);
}

void ahead_run(PyObject *runner, struct loader *loader)
{
    struct setup setup = {0};
    struct err e = {0};
    if (!is_given())
        return;
    int saved = join_outputs();
    if (read_setup(&setup, &e) < 0 || run(runner, loader, &setup, &e) < 0)
        template_fail(&e);
    part_outputs(saved);
}
