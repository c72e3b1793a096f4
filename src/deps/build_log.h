/* build_log — the end of what a package manager prints: bounded, UTF-8 without NUL. Only for deps/.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

struct build_log {
    struct buf text;
    uint64_t dropped; /* bytes before `text` */
};

void build_log_add(struct build_log *l, struct str text);
struct str build_log_end(const struct build_log *l); /* the last BUILD_LOG_MAX bytes */
/* What stands from position `at` on (bytes since the beginning), at most `max` bytes, whole
 * characters; `ret_next` is the position behind it. Where it was dropped, from what is left. */
struct str build_log_from(const struct build_log *l, uint64_t at, size_t max, uint64_t *ret_next);
struct str build_log_lines(const struct build_log *l, unsigned count); /* the last ones */
void build_log_done(struct build_log *l);
