/* load — having a function ready for its next call, and where its code does not load. */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct cli;

/* What the server says of loading the active version: `loaded`, `problem`, ... */
int load_ask(struct cli *c, const json_t *function, json_t **ret, struct err *e);
/* Why it was not loaded, on standard error; its place as editors read it. */
void load_show_failure(struct cli *c, const json_t *function, const json_t *result);
