/* problem — where the user's code failed, taken from what a runner says. Private to engine/. */
#pragma once

#include "engine/engine.h"

#include <jansson.h>

/* From the object of a FAILED frame; problem_free. NULL when it names no place, or one that cannot
 * be: a guest may have written it. */
struct call_problem *problem_read(const json_t *failed);
void problem_free(struct call_problem *p);
