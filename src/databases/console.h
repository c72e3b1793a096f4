/* console — SQL as the project's own role: what it may do is what its role may, nothing is checked
 * here. Bounded in time, rows and bytes. Only for databases/. Worker threads. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CONSOLE_BYTES_MAX = 1024 * 1024, /* of an answer's values */
    CONSOLE_VALUE_MAX = 10 * 1024,
};

struct console_query {
    const char *conninfo;
    const char *sql; /* one statement or several: the answer is the last one's */
    int64_t limit, timeout_ms;
    bool read_only;
    bool lift; /* the role's default is read-only, for it is full: not here */
};

/* What PostgreSQL refused. */
struct console_refusal {
    struct buf text; /* as psql shows it: "" when it was not PostgreSQL */
    char sqlstate[6];
    int64_t position; /* in characters, from 1; 0: none */
};

/* Appends the JSON of a DatabaseResult. -1 with `refusal` filled in, or with ERR_UNAVAILABLE. */
int console_run(const struct console_query *q, struct buf *ret, struct console_refusal *refusal,
                struct err *e);
void console_refusal_done(struct console_refusal *r);
