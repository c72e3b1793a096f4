/* watch — bounds that PostgreSQL itself does not hold a tenant to: the size of a database, and how
 * long a statement runs whatever its owner has set. Only for databases/, on its thread. */
#pragma once

#include "databases/private.h"

struct sizes;

/* Over its size: read-only; a fifth over: closed; below again: open. Looks only at databases that
 * something happened in since. */
int watch_pass(const struct work *w, struct err *e);
enum database_fence watch_fence(int64_t bytes, int64_t bytes_max);
void watch_sizes_free(struct sizes *s);
