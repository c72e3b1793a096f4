/* uplink_order — what the spawner tells the program that makes uplinks (runners/uplink/): first of
 * all the rules (struct uplink_rules), then one order per slot with network. Both on a SEQPACKET
 * socket that nobody else has.
 *
 * The answers are reports (order.h). The program's own, READY or FAILED, come on that socket; those
 * of a slot's process on the one that travels with its order: HELLO, whose sender the kernel names,
 * READY when the slot's interface is there, or FAILED. That process keeps its end of it open, so
 * that its death is seen, and ends when the spawner closes the other one. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

enum { UPLINK_CONTROL = 3, UPLINK_MAGIC = 0x75706c6b };

/* The slot's first process as a pidfd; then, on v1, the files by which the process enters the
 * slot's cgroups, or on v2 the directory that it is born in. */
enum uplink_fd { UPLINK_FD_REPORT, UPLINK_FD_SLOT, UPLINK_FD_CGROUP };

struct uplink_order {
    uint32_t magic;
    uint32_t cgroup_version; /* 0: none */
    uint32_t cgroup_count;   /* descriptors from UPLINK_FD_CGROUP on */
    uint32_t shared_uid;     /* 1: started without root, there is just one id */
    uid_t uid;               /* on the host: the slot's own */
};
