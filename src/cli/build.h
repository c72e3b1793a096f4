/* build — builds of packages, as the command line starts and watches them. */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct cli;

/* Starts a build with this body and, unless detached, watches it. Returns an exit status or -1. */
int build_save(struct cli *c, json_t *take_body, bool detach, struct err *e);
/* Shows the log of the build at `path` ("/api/projects/x/builds/ID") to its end, live. The status
 * is CLI_FAILED when the build failed or was cancelled. */
int build_watch(struct cli *c, const char *path, struct err *e);
