/* root_etc — the synthesised /etc: nothing of the host but its library cache, certificates and a
 * few tables that are the same everywhere. */
#pragma once

#include "base/err.h"

/* Writes below `root`; takes public files from `source` (the host's or an image's root). */
int root_etc_write(int source, int root, unsigned slots_max, struct err *e);
