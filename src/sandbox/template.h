/* template — the process that slots are copied from.
 *
 * Runs inside a sandbox of its own (own user namespace with a range of ids, private root, no user
 * code) and waits for orders from the spawner on TEMPLATE_CONTROL. For each it clones itself with
 * CLONE_PARENT into fresh namespaces; the copy passes through the steps of slot.c (cgroup,
 * descriptors, mounts, limits, ids, capabilities, filter) and only then becomes a runner.
 *
 * Must be called from a process with a single thread. Linked into runners that embed an
 * interpreter. */
#pragma once

#include "base/err.h"

enum {
    TEMPLATE_CONTROL = 3, /* descriptor a template program finds its orders on */
    TEMPLATE_SETUP = 4,   /* open in variants that were given a set-up file (engine/setup.h says
                             what is in it); the program reads it from its beginning and closes it */
};

struct template_hooks {
    void (*before_copy)(void); /* in the template, right before the clone; may be NULL */
    void (*after_copy)(void);  /* in the template, after it; may be NULL */
    void (*become)(
        void *arg); /* in the copy, all protections on, RUNNER_SOCKET open; never returns */
    void *arg;
};

/* Before template_serve, for programs that run code of others ahead. That code has what a template
 * has: rights in its user namespace, and the ids of its slots. */

/* Of its rights only those that copies need, no way to more, no user namespaces within, and the
 * long part of the syscall filter (filter.h): for good. */
int template_confine(struct err *e);

/* An empty tmpfs on `path`, which must exist. Copies have their own above it. */
int template_scratch(const char *path, struct err *e);

/* Instead of template_serve: tells the spawner why there will be no copies, and exits. */
_Noreturn void template_fail(const struct err *e);

/* Announces the template as ready and serves orders until the spawner is gone, then exits the
 * process. */
_Noreturn void template_serve(const struct template_hooks *hooks);
