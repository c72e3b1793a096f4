#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum log_level lowest = LOG_INFO;
static const char *const level_names[] = {"debug", "info ", "warn ", "error"};

void log_set_level(enum log_level level)
{
    lowest = level;
}

void log_line(enum log_level level, const char *area, const char *fmt, ...)
{
    if (level < lowest)
        return;
    char line[1024], when[CLOCK_TEXT];
    clock_rfc3339(clock_wall_us(), when);
    int len = snprintf(line, sizeof line, "%s %s %s: ", when, level_names[level], area);
    va_list args;
    va_start(args, fmt);
    len += vsnprintf(line + len, sizeof line - (size_t)len, fmt, args);
    va_end(args);
    if ((size_t)len > sizeof line - 1)
        len = sizeof line - 1;
    line[len++] = '\n';
    /* Nobody is left to tell when standard error is gone. */
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)len);
    (void)ignored;
}

const char *log_quote(struct str s, char *out, size_t out_size)
{
    size_t at = 0;
    for (size_t i = 0; i < s.n && at + 5 <= out_size; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '\\')
            out[at++] = (char)c;
        else
            at += (size_t)snprintf(out + at, 5, "\\x%02x", c);
    }
    out[at] = 0;
    return out;
}
