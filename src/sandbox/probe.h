/* probe — what this host can enforce, and how to mend what it cannot: the facts behind `virga
 * doctor`. Each check tries the real thing in a forked child where it can; nothing is changed on
 * the host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum probe_state { PROBE_WORKS, PROBE_WEAKER, PROBE_MISSING };

struct probe_result {
    const char *feature;    /* "memory limit", "user namespaces" */
    enum probe_state state; /* MISSING stops a start; WEAKER needs naming in --allow-weaker */
    const char *weaker;     /* the words that name it there; NULL: it protects from nothing */
    char detail[200];       /* how it works here, or what failed */
    char fix[300];          /* the exact command or setting; empty when it works */
};

enum { PROBE_RESULTS_MAX = 64 }; /* no more than these */

/* Fills at most `max` results and returns how many there are. `runners_dir` may be NULL. */
size_t probe_all(const char *runners_dir, struct probe_result *ret, size_t max);
/* Something that protects is not there: a server that runs all the same does without it. */
bool probe_unprotected(const struct probe_result *r);
/* Whether functions can have network here: the row of that name alone. */
bool probe_egress(struct probe_result *ret);
