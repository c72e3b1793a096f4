/* root — the read-only file system that every template and slot of an instance sees. */
#pragma once

#include "base/err.h"
#include "sandbox/sandbox.h"

/* Builds the tree on top of the directory `at`, in the calling process's private mount namespace
 * with a proc of its own. Done once, by the spawner, while it has its rights: what a template
 * inherits through a new user namespace is locked there, so not even a template could make it
 * writable. */
int root_build(const struct sandbox_config *config, const char *at, struct err *e);
