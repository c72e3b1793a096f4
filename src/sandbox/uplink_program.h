/* uplink_program — the processes behind slots' networks; how they belong together is told in
 * uplink_program.c. `virga-uplink` is this and nothing else, since it links a TCP/IP stack that the
 * server and the spawner shall not carry. */
#pragma once

#include "base/err.h"
#include "sandbox/uplink_order.h"

#include <linux/filter.h>
#include <stddef.h>

struct uplink_rules;

/* The whole program: `dir` is a directory to mount over, orders come on UPLINK_CONTROL. */
_Noreturn void uplink_program(const char *dir);

/* What one slot's process is made of; all of it is in memory before the fork. */
struct uplink_birth {
    const struct uplink_rules *rules;
    const struct sock_fprog *filter;
    const struct uplink_order *order;
    const int *fds; /* enum uplink_fd */
    int tap;
};
_Noreturn void uplink_child(struct uplink_birth *b);

/* Makes `eth0` in the network namespace of the process behind `slot_pidfd` and returns its other
 * end. The caller stays where it is. */
int uplink_plug(int slot_pidfd, struct err *e);

int uplink_filter(struct sock_fprog *ret, struct err *e);
