/* manifest — virga.json: a function's settings beside its code. Options of `deploy` win over it and
 * are written into the copy that is uploaded. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "cli/options.h"

#include <jansson.h>

extern const struct option_spec manifest_options[];

/* Parses virga.json; empty text gives an empty object. The caller owns the result. */
int manifest_parse(struct str text, json_t **ret, struct err *e);
/* Puts the given options into `manifest`. Returns how many there were, or -1 with ERR_INVALID
 * naming the option. */
int manifest_merge(json_t *manifest, const struct options *o, struct err *e);

/* "30s", "500ms", "2m" or plain seconds. */
int manifest_duration_ms(const char *text, json_int_t *ret, struct err *e);
/* "256", "256m", "1g": megabytes. */
int manifest_megabytes(const char *text, json_int_t *ret, struct err *e);
