/* pattern — the path of a route as its owner writes it (gateway.h says what it means). Only for
 * gateway/. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* The form that is stored: one slash in front, none at the end. ERR_INVALID says what is wrong with
 * a pattern. */
int pattern_normalise(struct arena *a, const char *given, const char **ret, struct err *e);
/* The same for all patterns that match the same paths: names of parameters and empty segments are
 * left out. */
const char *pattern_shape(struct arena *a, const char *path);

/* Cuts the next segment that is not empty off `*rest`; p == NULL at the end. */
struct str pattern_segment(struct str *rest);
