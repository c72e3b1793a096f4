/* clone — clone3 as a fork that leaves the C library of the child in order. */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Forks with `flags`; the child starts with its own copy of memory, as after fork(). `cgroup_fd`
 * (v2 directory the child is born in) may be -1. Returns the child's pid, 0 in the child, -1 on
 * error. Handlers of pthread_atfork do not run. With CLONE_PARENT the exit signal is the caller's
 * own. */
pid_t clone_fork(uint64_t flags, int cgroup_fd, struct err *e);
