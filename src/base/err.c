#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    e->code = code;
    e->sys = 0;
    vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, fmt);
    e->code = ERR_SYSTEM;
    e->sys = saved;
    int len = vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof e->text)
        snprintf(e->text + len, sizeof e->text - (size_t)len, ": %s", strerror(saved));
    return -1;
}

int err_in(struct err *e, const char *fmt, ...)
{
    char inner[sizeof e->text];
    memcpy(inner, e->text, sizeof inner);
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof e->text)
        snprintf(e->text + len, sizeof e->text - (size_t)len, ": %s", inner);
    return -1;
}

int err_http_status(enum err_code code)
{
    switch (code) {
#define X(name, status)                                                                            \
    case ERR_##name:                                                                               \
        return status;
        ERR_MAP(X)
#undef X
    case ERR_NONE:
        break;
    }
    return 500;
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
#define X(name, status)                                                                            \
    case ERR_##name:                                                                               \
        return #name;
        ERR_MAP(X)
#undef X
    case ERR_NONE:
        break;
    }
    return "NONE";
}
