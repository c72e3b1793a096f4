/* table — the rows behind runtimes.h: one per language, each from a file of its own. */
#pragma once

#include "runtimes/runtimes.h"

extern const struct runtime runtime_python;   /* python.c */
extern const struct runtime runtime_node;     /* node.c */
extern const struct runtime runtime_provided; /* provided.c */
