/* restore — layers that projects ask for and this machine has not: another server has built them,
 * the runtime is of another version by now, or the disk was lost. They are built again, a few at a
 * time; until then the calls of their functions say so. Only for deps/. */
#pragma once

#include "deps/private.h"

/* Any thread: the set is missed. Returns what to tell, in the arena. */
const char *restore_wish(struct deps *d, struct arena *a, const char *project,
                         enum build_language language, const char *set);
void restore_again(struct deps *d); /* loop thread, now and then: tries what has failed */
void restore_done(struct deps *d);
