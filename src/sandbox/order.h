/* order — what the spawner tells a template, and what template and copies answer.
 *
 * A template may have run code of others: nothing that comes from there is taken as proof. Who a
 * copy is comes from the kernel (SCM_CREDENTIALS on the start socket), errors are cleaned
 * (spawner_heard), and each kind of report is taken once. */
#pragma once

#include "base/err.h"
#include "sandbox/sandbox.h"

#include <stdint.h>
#include <sys/types.h>

enum { ORDER_MAGIC = 0x6f726472 };

/* Descriptors that travel with an order, in this sequence; then the open files by which the copy
 * enters its cgroup (cgroup.h, `tasks`). Together at most FD_PASS_MAX. */
enum order_fd { ORDER_FD_SOCKET, ORDER_FD_OUT, ORDER_FD_ERR, ORDER_FD_START, ORDER_FD_CGROUP };

struct order {
    uint32_t magic;
    uint32_t cgroup_count; /* descriptors from ORDER_FD_CGROUP on */
    uint32_t shared_uid;   /* 1: started without root, the copy keeps id 0 without capabilities */
    uid_t uid;             /* inside the template's user namespace */
    uint32_t reserved;
    struct sandbox_limits limits;
#ifdef VIRGA_TESTING
    uint64_t skip; /* bit per row of slot.c's table: steps that an attack test leaves out */
#endif
};

/* Template to spawner, on its control socket; copy to spawner, on its start socket. */
enum report_kind {
    REPORT_HELLO = 1, /* copy: alive; carries the pid in its credentials */
    REPORT_READY,     /* template: takes orders; copy: all protections are on */
    REPORT_FAILED,    /* err says which step */
};

struct report {
    uint32_t magic;
    uint32_t kind;
    struct err err;
};

/* Sends a report; nobody is left to tell when it fails. */
void order_report(int sock, enum report_kind kind, const struct err *e);
