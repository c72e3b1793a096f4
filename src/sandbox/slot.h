/* slot — the way of a fresh copy from template to runner: a table of steps, each a protection.
 *
 * Runs in the copy, which is pid 1 of its new pid namespace, in its own mount namespace, and has
 * inherited network, ipc and uts namespaces that nobody else is in. No allocation, no lock. */
#pragma once

#include "base/err.h"
#include "sandbox/filter.h"
#include "sandbox/order.h"

#include <stdbool.h>
#include <stddef.h>

/* What a runner finds open, and nothing else: the same numbers as in engine/frame.h. */
enum { SLOT_STDIN = 0 /* /dev/null */, SLOT_STDOUT = 1, SLOT_STDERR = 2, SLOT_SOCKET = 3 };
enum { SLOT_START_FD = 4 }; /* the start socket, until READY has been sent */

/* /dev/shm and /code are bounded for all slots alike; their pages count as the slot's memory. */
#define SLOT_SHM_BYTES  (64ull << 20)
#define SLOT_CODE_BYTES (64ull << 20)

struct slot_plan {
    const struct order *order;
    const int *fds; /* enum order_fd, all above SLOT_SOCKET */
    size_t fd_count;
    const struct filter *filter;
    int start; /* where the start socket is at the moment */
};

/* Takes every step; the first that fails is named in the error. After success only descriptors 0
 * to 3 and SLOT_START_FD are open, and the syscall filter is on. */
int slot_enter(struct slot_plan *plan, struct err *e);

#ifdef VIRGA_TESTING
/* Bits of a comma-separated list of step names, for attack tests that switch one defence off. */
int slot_skip_parse(const char *names, uint64_t *ret, struct err *e);
bool slot_skips_filter(const struct order *o);
#endif
