/* instance — several daemons on one host must not share user ids or cgroups. Each holds one of 64
 * numbers by a lock on a file, for as long as its spawner lives; whoever has the number owns its
 * uid range and may sweep what a killed predecessor left in its cgroup. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
    INSTANCE_COUNT = 64,
    INSTANCE_UID_FIRST = 1900000000,
    INSTANCE_UID_COUNT = 65536,
    INSTANCE_SLOT_UID = 1000, /* of slot 0, inside and, added to the range's first, outside */
};

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
