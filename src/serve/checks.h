/* checks — what `virga doctor` would say about this host, found out while the server starts: the
 * checks fork and take a tenth of a second, so a child does them beside the start. Private to
 * serve/. */
#pragma once

#include "sandbox/probe.h"

#include <stdatomic.h>

/* In memory that the child shares. `count` is 0 until all results stand there. */
struct checks {
    _Atomic size_t count;
    struct probe_result results[PROBE_RESULTS_MAX];
};

struct err;

/* Forks: before the spawner is there, behind which the server never does. The child belongs to init
 * and ends by itself. */
int checks_start(const char *runners_dir, struct checks **ret, struct err *e);
void checks_free(struct checks *c); /* NULL is fine */
