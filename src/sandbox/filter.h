/* filter — the syscall allow-list of a slot, built once with libseccomp and loaded many times.
 *
 * seccomp_load() generates the program anew at each call (0.3 ms measured); so the list is exported
 * to BPF once per template and each copy loads the ready program. What is not listed answers ENOSYS
 * or EPERM as documented in the table of filter.c; foreign architectures (32-bit and x32 calls)
 * kill the process. */
#pragma once

#include "base/err.h"

#include <linux/filter.h>

struct filter {
    struct sock_fprog program; /* owned */
};

int filter_build(struct filter *ret, struct err *e);
void filter_done(struct filter *f);

/* Needs no_new_privs or CAP_SYS_ADMIN in the user namespace. Allocates nothing. Irreversible. */
int filter_load(const struct filter *f, struct err *e);
