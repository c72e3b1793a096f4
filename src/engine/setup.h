/* setup — what a template is told when it starts, in the file that it finds as TEMPLATE_SETUP.
 *
 *   u32 length, the names of modules to import before any copy is made, one a line, in that order
 *   u32 length, a LOAD frame's payload (frame.h) to load as well, for snapstart; 0 for none
 *
 * Numbers are little-endian. A module that cannot be imported is left out, with a line on standard
 * error. A template that has more than one thread after that cannot be copied: it says so and ends,
 * and so does one whose code does not load. The engine then does without: it starts one without
 * the load, and, if that fails too, one without modules. */
#pragma once

#include "base/str.h"

#include <stddef.h>

enum { SETUP_MAX = 16 * 1024 * 1024 };

/* A sealed memory file, to be closed by the caller. -1: ERR_SYSTEM, or ERR_TOO_LARGE: both together
 * are more than SETUP_MAX. */
struct err;
int setup_file(struct str modules, struct str load, struct err *e);
