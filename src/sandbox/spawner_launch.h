/* spawner_launch — what a slot needs from the spawner before and while it runs: channels, cgroup,
 * the order to its template, and changed limits. */
#pragma once

#include "sandbox/spawner.h"

enum { SPAWNER_START_S = 10 };

/* On failure the slot keeps what it got so far; the caller's `finish` releases it. */
int spawner_launch(struct spawner *s, struct spawner_slot *slot, struct spawner_template *t,
                   struct err *e);
int spawner_limit(struct spawner *s, struct spawner_slot *slot, const struct sandbox_limits *limits,
                  struct err *e);

/* Makes a free slot's cgroups ahead of its start, with the default limits. */
int spawner_prepare(struct spawner *s, struct spawner_slot *slot, struct err *e);
