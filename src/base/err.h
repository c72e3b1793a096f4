/* err — one error value, passed as the last argument of whatever can fail.
 *
 * A fallible function returns a negative number and fills the error; on success it leaves the error
 * alone. The value owns no memory, so that a freshly cloned child can fill it and hand it to its
 * parent in a single write. The leaf names the object ("open limit 'memory.max'"); callers add
 * context only when they know something the leaf did not. */
#pragma once

#include <assert.h>
#include <limits.h>

/* name, HTTP status that an endpoint answers with */
#define ERR_MAP(X)                                                                                 \
    X(INVALID, 422)                                                                                \
    X(MALFORMED, 400)                                                                              \
    X(UNAUTHORIZED, 401)                                                                           \
    X(DENIED, 403)                                                                                 \
    X(NOT_FOUND, 404)                                                                              \
    X(CONFLICT, 409)                                                                               \
    X(TOO_LARGE, 413)                                                                              \
    X(LIMIT, 429)                                                                                  \
    X(SYSTEM, 500)                                                                                 \
    X(UNAVAILABLE, 503)                                                                            \
    X(TIMEOUT, 504)

enum err_code {
    ERR_NONE,
#define X(name, status) ERR_##name,
    ERR_MAP(X)
#undef X
};

struct err {
    enum err_code code; /* what it means to the caller */
    int sys;            /* errno at the failing call, or 0 */
    char text[256];     /* for people: names the object, never a secret */
};
static_assert(sizeof(struct err) <= PIPE_BUF, "a child reports its error in one write");

/* All three return -1, so that a failing function ends in `return err_set(...)`. Too long a text is
 * cut. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* ERR_SYSTEM with errno remembered and its description appended: "<text>: No such file or
 * directory". */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "<context>: " in front of an error that is already set. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int err_http_status(enum err_code code);
const char *err_code_name(enum err_code code);
