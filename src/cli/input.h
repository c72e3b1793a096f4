/* input — what a function is called with: JSON from the command line, a file, standard input or the
 * ones that are saved with the function. It passes through as the bytes it is. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct cli;

/* {"input": ...} of "JSON", "@FILE", "-" (standard input) or NULL ({}). */
int input_body(const char *arg, struct buf *ret, struct err *e);
/* The same of the input that is saved under this name. `path` is the function's. */
int input_saved(struct cli *c, const char *path, const char *name, struct buf *ret, struct err *e);
