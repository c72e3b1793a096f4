/* problem — where the user's code failed, taken from what a runner says. Private to engine/. */
#pragma once

#include "engine/engine.h"
#include "runtimes/runtimes.h"

#include <jansson.h>

/* The module that was not found, and the package that provides it. */
struct problem_missing {
    char module[RUNTIMES_PACKAGE_MAX + 1], package[RUNTIMES_PACKAGE_MAX + 1];
};
/* From the object of a FAILED frame. False: it names none, or one that no package provides. */
bool problem_missing(const json_t *failed, const struct runtime *r, struct problem_missing *ret);
/* From the same; problem_free. NULL when it names no place, or one that cannot be: a guest may have
 * written it. `missing` may be NULL. */
struct call_problem *problem_read(const json_t *failed, const struct problem_missing *missing);
void problem_free(struct call_problem *p);
