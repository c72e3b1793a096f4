/* filter — the syscall allow-list of a slot, built once with libseccomp and loaded many times.
 *
 * Loading takes time with the length of a program (0.3 ms for the whole list, measured), so there
 * are two. The template loads `base`: all that a slot may do and the few calls that the way into a
 * slot takes; copies inherit it for nothing. As its last step each copy loads `seal`, which takes
 * these few away (0.08 ms). The kernel obeys the stricter of both. Only both together are a slot's
 * filter.
 *
 * What is not listed answers ENOSYS or EPERM as documented in filter_table.c; foreign architectures
 * (32-bit and x32 calls) kill the process. */
#pragma once

#include "base/err.h"

#include <linux/filter.h>

struct filter {
    struct sock_fprog base, seal; /* owned */
};

int filter_build(struct filter *ret, struct err *e);
void filter_done(struct filter *f);

/* Both need no_new_privs or CAP_SYS_ADMIN in the user namespace, allocate nothing and cannot be
 * undone. */
int filter_load_base(const struct filter *f, struct err *e);
int filter_load_seal(const struct filter *f, struct err *e);

/* For processes of ours that do only so much: whatever the list (filter_table.h) does not name
 * kills the process. The program's memory is the caller's. */
struct filter_list;
int filter_build_deadly(const struct filter_list *list, struct sock_fprog *ret, struct err *e);
int filter_load(const struct sock_fprog *program, struct err *e); /* as above */
