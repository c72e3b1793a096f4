/* find — the programs of PostgreSQL and PgBouncer on this host. Private to cluster/. */
#pragma once

#include "base/err.h"

#include <stddef.h>

enum { FIND_PATH_MAX = 256 };

/* The directory of PostgreSQL's programs: `bin` when it is not NULL, else that of `version` ("15";
 * NULL: the newest) below `top`, FIND_POSTGRES_TOP. Writes FIND_PATH_MAX bytes at most.
 * ERR_UNAVAILABLE with what to install. */
int find_postgres(const char *top, const char *bin, const char *version, char *ret, struct err *e);
#define FIND_POSTGRES_TOP "/usr/lib/postgresql"

/* The pooler's program. ERR_UNAVAILABLE with what to install. */
int find_pgbouncer(char *ret, struct err *e);
