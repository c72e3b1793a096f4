#include "codec.h"

int codec_init(struct codec *c, PyObject *runner)
{
    c->scan = PyObject_GetAttrString(runner, "scan");
    c->encode = PyObject_GetAttrString(runner, "encode");
    c->convert = PyObject_GetAttrString(runner, "convert");
    c->explain = PyObject_GetAttrString(runner, "explain");
    c->too_long = PyObject_GetAttrString(runner, "too_long");
    c->zero = PyLong_FromLong(0);
    c->nothing = PyUnicode_FromStringAndSize(NULL, 0);
    return PyErr_Occurred() ? -1 : 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct str trim(struct str s)
{
    while (s.n && is_space(s.p[0]))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

static PyObject *refuse_event(void)
{
    PyErr_SetString(PyExc_ValueError, "the event is not one JSON text");
    return NULL;
}

/* Goes to the scanner directly: json.loads would guess the encoding first. */
PyObject *codec_event(const struct codec *c, struct str event)
{
    event = trim(event);
    PyObject *text = PyUnicode_DecodeUTF8(event.p, (Py_ssize_t)event.n, NULL);
    if (!text)
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    PyObject *pair = PyObject_Vectorcall(c->scan, (PyObject *[]){text, c->zero}, 2, NULL);
    Py_DECREF(text);
    if (!pair) /* the scanner says StopIteration where no value begins */
        return PyErr_ExceptionMatches(PyExc_StopIteration) ? refuse_event() : NULL;
    bool whole = PyLong_AsSsize_t(PyTuple_GET_ITEM(pair, 1)) == length;
    PyObject *value = whole ? Py_NewRef(PyTuple_GET_ITEM(pair, 0)) : refuse_event();
    Py_DECREF(pair);
    return value;
}

/* Replaces the encoder's exception by one that names the place. */
static PyObject *refuse_result(const struct codec *c, PyObject *result)
{
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    PyObject *better = PyObject_CallFunctionObjArgs(c->explain, result, error, NULL);
    if (better)
        PyErr_SetObject((PyObject *)Py_TYPE(better), better);
    Py_XDECREF(better);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return NULL;
}

static PyObject *refuse_length(const struct codec *c, size_t length, size_t limit)
{
    PyObject *error =
        PyObject_CallFunction(c->too_long, "nn", (Py_ssize_t)length, (Py_ssize_t)limit);
    if (error)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
    return NULL;
}

/* The bytes of a text without copying them; lone surrogates, which UTF-8 cannot carry, become
 * JSON's own \uXXXX: they can only stand inside its strings. */
static PyObject *as_utf8(PyObject *text, struct str *ret)
{
    Py_ssize_t length;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &length);
    if (bytes) {
        *ret = (struct str){bytes, (size_t)length};
        return text;
    }
    PyErr_Clear();
    PyObject *escaped = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
    Py_DECREF(text);
    if (escaped)
        *ret = (struct str){PyBytes_AS_STRING(escaped), (size_t)PyBytes_GET_SIZE(escaped)};
    return escaped;
}

static PyObject *encode(const struct codec *c, PyObject *result)
{
    return PyObject_Vectorcall(c->encode, (PyObject *[]){result, c->zero}, 2, NULL);
}

/* What runner.py makes of a result that is no JSON, with the exception that said so taken back;
 * NULL with an exception when it makes nothing of it. */
static PyObject *convert(const struct codec *c, PyObject *result)
{
    PyObject *type, *error, *traceback;
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
        return NULL;
    PyErr_Fetch(&type, &error, &traceback);
    PyObject *other = PyObject_CallOneArg(c->convert, result);
    if (other && other != Py_None) {
        Py_XDECREF(type);
        Py_XDECREF(error);
        Py_XDECREF(traceback);
        return other;
    }
    Py_XDECREF(other);
    PyErr_Restore(type, error, traceback);
    return NULL;
}

/* The pieces of text of a result; NULL with an exception, or with `ret_stream`. */
static PyObject *pieces_of(const struct codec *c, PyObject *result, PyObject **ret_stream)
{
    PyObject *pieces = encode(c, result);
    if (pieces)
        return pieces;
    PyObject *other = convert(c, result);
    if (!other)
        return refuse_result(c, result);
    if (PyTuple_Check(other)) {
        *ret_stream = other;
        return NULL;
    }
    pieces = encode(c, other);
    if (!pieces)
        refuse_result(c, other);
    Py_DECREF(other);
    return pieces;
}

PyObject *codec_result(const struct codec *c, PyObject *result, size_t limit, struct str *ret_json,
                       PyObject **ret_stream)
{
    PyObject *pieces = pieces_of(c, result, ret_stream);
    if (!pieces)
        return NULL;
    PyObject *text = PyUnicode_Join(c->nothing, pieces);
    Py_DECREF(pieces);
    PyObject *owner = text ? as_utf8(text, ret_json) : NULL;
    if (owner && ret_json->n > limit) {
        Py_DECREF(owner);
        return refuse_length(c, ret_json->n, limit);
    }
    return owner;
}
