/* log — one line per event on standard error: time, level, area, what happened, then key=value.
 *
 *   2026-01-31T12:00:00.123456Z info  engine: slot started slot=17 fn=hello version=3
 *
 * The area is the folder's word. Identities come as call=, fn=, slot=. Never a secret, never a
 * guest's bytes without log_quote. Mechanism returns errors; the edge logs. Safe from any thread:
 * one write per line. */
#pragma once

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level); /* LOG_INFO unless told; call before threads exist */

void log_line(enum log_level level, const char *area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(area, ...) log_line(LOG_DEBUG, area, __VA_ARGS__)
#define log_info(area, ...)  log_line(LOG_INFO, area, __VA_ARGS__)
#define log_warn(area, ...)  log_line(LOG_WARN, area, __VA_ARGS__)
#define log_error(area, ...) log_line(LOG_ERROR, area, __VA_ARGS__)

/* Untrusted bytes made fit for one log line: control and non-ASCII bytes as \xNN, cut at the
 * buffer's size. Returns `out`. */
const char *log_quote(struct str s, char *out, size_t out_size);
