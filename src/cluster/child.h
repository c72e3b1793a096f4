/* child — one program that the keeper runs, and what it says on its standard error.
 * Private to cluster/; the keeper has one thread. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum child_kind {
    CHILD_NONE, /* a free place */
    CHILD_LOCK, /* waits until nobody else works on our files */
    CHILD_CLEAN,
    CHILD_INITDB,
    CHILD_POSTGRES,
    CHILD_POOLER,
    CHILD_COPY, /* pg_dump, pg_restore */
};

enum { CHILD_TEXT = 200, CHILD_LINE = 1024 };

struct child {
    enum child_kind kind;
    const char *name; /* in log lines */
    pid_t pid;
    int err;                          /* read end of its standard error, or -1 after its end */
    int answer;                       /* CHILD_COPY: who waits for it, or -1 */
    uint64_t started_us, deadline_us; /* killed at the deadline; 0: none */
    bool late;                        /* the deadline has passed */
    bool ready;                       /* it has said so */
    char why[CHILD_TEXT];             /* its last line that names an error, else its last line */
    bool why_is_error;
    char line[CHILD_LINE];
    size_t line_len;
    uint64_t second_us; /* lines are logged so many per second */
    unsigned in_second;
};

struct child_program {
    const char *const *argv; /* argv[0] is the path. NULL: the child waits for `lock` */
    const char *const *envp;
    int in, out;       /* -1: nothing */
    int lock;          /* stays open in it, and in all that it starts */
    const char *ready; /* it is ready when a line holds this; NULL: from the start */
};

/* Forks and executes. The descriptors of `p` stay the caller's. */
int child_start(struct child *c, enum child_kind kind, const char *name,
                const struct child_program *p, struct err *e);
/* Reads what it said; logs it, or only keeps `why` when `quiet`. */
void child_read(struct child *c, const char *ready, bool quiet);
/* It has ended and was waited for: frees the place. */
void child_done(struct child *c);
