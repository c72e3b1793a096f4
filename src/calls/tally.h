/* tally — counts by a function's id, so that its records are pruned now and then and not at every
 * insert. Only for calls.c. Forgets everything when it has seen very many functions: then each is
 * new again, which costs one look at the store. */
#pragma once

#include "base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
    struct tally_entry *entries; /* open addressing; the capacity is a power of two */
    size_t capacity, used;
};

void tally_done(struct tally *t);
/* Counts one. True when `id` is new here or has been counted `every` times since it was last true.
 */
bool tally_due(struct tally *t, const char *id, uint32_t every);
