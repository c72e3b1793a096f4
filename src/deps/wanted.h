/* wanted — what a save asks for: the fields of a request on top of what the project has. Worker
 * thread. Only for deps/. */
#pragma once

#include "deps/jobs.h"

struct request;

struct wanted {
    struct packages packages; /* as they will be */
    struct job_order order[LANGUAGES];
    bool changed; /* in any way */
};
/* A field that is left out stays as it is. 422 names the field, the line and what to do. */
int wanted_read(struct request *req, const struct packages *old, struct wanted *ret, struct err *e);
