/* rights — capabilities and identity: what the spawner keeps, what a slot loses.
 * Plain system calls only, since a copy of an interpreter runs this before its runner. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RIGHTS_BIT(cap) (1ull << (cap))

/* Reduces permitted and effective set to `keep` (what of it the process has); empties the
 * inheritable, ambient and bounding sets. */
int rights_keep(uint64_t keep, struct err *e);

/* Empties the bounding set and locks the securebits, so that neither a set-uid program, file
 * capabilities nor uid 0 can ever bring a capability back. Needs CAP_SETPCAP. */
int rights_bound(struct err *e);

/* All three ids of user and group; supplementary groups are cleared unless `keep_groups`. */
int rights_become(uid_t uid, gid_t gid, bool keep_groups, struct err *e);

/* Empties all sets of the calling thread. */
int rights_drop(struct err *e);
