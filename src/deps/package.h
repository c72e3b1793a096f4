/* package — a project's package.json and package-lock.json, checked and put into a normal form.
 * Private to deps/.
 *
 * Of package.json only what decides which packages are installed is kept: dependencies, what
 * overrides them. Its scripts are dropped, so that none of them runs; workspaces and packages from
 * paths or repositories are refused. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { PACKAGE_JSON_MAX = 64 * 1024, PACKAGE_LOCK_MAX = 2 * 1024 * 1024, PACKAGE_COUNT_MAX = 500 };

/* Canonical JSON (sorted, compact); "" for an empty text or one without dependencies. ERR_INVALID
 * names the member and what to do. Lives in the arena. */
int package_read_json(struct arena *a, struct str text, const char **ret_normal, struct err *e);
/* The same for the lock of that package.json, which `normal` is. */
int package_read_lock(struct arena *a, struct str text, const char *normal, const char **ret_normal,
                      struct err *e);
