/* lease — slots for what is no function. */
#pragma once

#include "base/err.h"
#include "sandbox/sandbox.h"

struct engine;

/* A slot that serves no function: for a build, later for programs and workspaces. It counts among
 * slots_max and is asked for like any other; whoever holds it speaks with its program alone. */
struct engine_lease;
struct engine_lease_events {
    /* Once, unless `failed`. The slot's socket, out and err belong to the holder from here on. */
    void (*started)(void *arg, const struct sandbox_slot *slot);
    void (*failed)(void *arg, const struct err *e);           /* never started; the lease is gone */
    void (*ended)(void *arg, const struct sandbox_exit *how); /* the lease is gone */
    void *arg;
};
/* `template_index` is one of engine_config.leased. Waits for a free place up to a minute
 * (ERR_LIMIT). `events` lives as long as the lease. */
int engine_lease(struct engine *e, unsigned template_index, const struct sandbox_limits *limits,
                 const struct engine_lease_events *events, struct engine_lease **ret,
                 struct err *err);
/* Kills the slot, or gives up waiting for it. `ended` (or `failed`, ERR_UNAVAILABLE) follows. */
void engine_lease_end(struct engine_lease *l);
