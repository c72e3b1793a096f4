/* table — the rows behind runtimes.h: one per language, each from a file of its own. */
#pragma once

#include "runtimes/runtimes.h"

/* The small template of programs that cannot be copied themselves; the program's argv follows. */
#define RUNTIME_PLAIN "/opt/virga/plain/virga-plain"

extern const struct runtime runtime_python;   /* python.c */
extern const struct runtime runtime_node;     /* node.c */
extern const struct runtime runtime_provided; /* provided.c */
