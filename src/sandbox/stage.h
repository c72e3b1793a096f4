/* stage — what the spawner's private mount namespace holds ready for templates, all below one
 * directory: `root`, the file system that every template and slot sees (root.h), and beside it
 * `layers` and `sockets`, the host's directories of which a variant is shown its part. */
#pragma once

#include "base/err.h"
#include "sandbox/sandbox.h"

/* Builds it at `dir`, while the spawner has all its rights: what a template inherits through a new
 * user namespace is locked there, so not even a template could make it writable. */
int stage_build(const struct sandbox_config *config, const char *dir, struct err *e);

/* In a template's fresh user and mount namespace: makes the root at `dir` the root, with a complete
 * /proc and what `v` names, and lets go of everything else. ERR_NOT_FOUND: no such layer. */
int stage_enter(const char *dir, const struct sandbox_variant *v, struct err *e);
