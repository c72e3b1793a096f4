/* collect — removes layers that nobody has asked for in a while, earlier when they take too much
 * room. Worker thread. Only for deps/. */
#pragma once

#include "deps/private.h"

void collect_run(struct deps *d, struct db *db);
/* At the start: directories that the store does not know go; sizes come from the store. */
int collect_start(struct deps *d, struct db *db, struct err *e);
