/* instance — several daemons on one host must not share user ids or cgroups. Each holds one of 64
 * numbers by a lock on a file, for as long as its spawner lives; whoever has the number owns its
 * uid range and may sweep what a killed predecessor left in its cgroup. */
#pragma once

#include "base/err.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    INSTANCE_COUNT = 64,
    INSTANCE_UID_FIRST = 1900000000,
    INSTANCE_UID_COUNT = 65536,
    INSTANCE_SLOT_UID = 1000, /* of slot 0, inside and, added to the range's first, outside */

    /* Templates that run code of others, and their slots, share no id with anybody: each such
     * template takes one of these ranges, for itself and every slot there can be. All end at
     * 2,146,818,560, below the 2^31 that some programs end at. There are more than templates at a
     * time: a range stays taken while slots live on. */
    INSTANCE_VARIANT_FIRST = 2000000000,
    INSTANCE_VARIANT_RANGES = 280,
    INSTANCE_VARIANT_UIDS = 8193,
};
static_assert(INSTANCE_UID_FIRST + INSTANCE_COUNT * INSTANCE_UID_COUNT <= INSTANCE_VARIANT_FIRST &&
                  INSTANCE_VARIANT_FIRST +
                          1ll * INSTANCE_COUNT * INSTANCE_VARIANT_RANGES * INSTANCE_VARIANT_UIDS <=
                      INT32_MAX,
              "ranges of ids do not overlap and fit");

struct instance {
    unsigned number;
    int lock;       /* held open; close-on-exec */
    char dir[256];  /* /run/virga or the user's; exists */
    uid_t uid_base; /* first of INSTANCE_UID_COUNT; unused without root */
    bool root;      /* has the rights to give each slot an id of its own */
};

/* Takes the lowest free number from `first` on. `owner` is the uid that started the daemon, 0 for
 * root. ERR_LIMIT when all numbers are taken. Closing `lock` gives the number back. */
int instance_open(uid_t owner, unsigned first, struct instance *ret, struct err *e);
