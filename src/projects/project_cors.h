/* project_cors — what browsers of other origins may do with a project's gateway: read from a
 * request, kept as JSON text, shown to clients. Only for projects/. */
#pragma once

#include "http/form.h"
#include "projects/projects.h"

enum {
    CORS_LIST_MAX = 50,     /* items of a list */
    CORS_ITEM_MAX = 255,    /* bytes of an item */
    CORS_AGE_MAX_S = 86400, /* browsers do not remember for longer */
};

/* Closed, with what an owner most likely wants once it is open. */
void project_cors_standard(struct project_cors *ret);

/* The member `cors` of a body, when it is there: what it leaves out stays as it is in `cors`.
 * Returns 1 when it was there, 0 when not, -1 with a 422. */
int project_cors_change(const struct form *body, struct project_cors *cors, struct err *e);

/* As stored. NULL and text that cannot be read are the standard: closed. */
void project_cors_parse(struct arena *a, const char *text, struct project_cors *ret);
const char *project_cors_text(struct arena *a, const struct project_cors *cors);

/* As clients see it: lists are arrays, or "*". */
json_t *project_cors_json(const struct project_cors *cors);
