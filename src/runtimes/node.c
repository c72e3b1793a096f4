/* node — JavaScript on the host's Node.js, 18 or later. Copies of a plain template execute the
 * runner; it loads and calls trivial code before it says that it is ready, so a blank slot is warm.
 */
#include "runtimes/table.h"

#include <stddef.h>

static const char *const aliases[] = {
    "node",   "javascript", "js",         "node18",     "node20",
    "node22", "nodejs18.x", "nodejs20.x", "nodejs22.x", NULL,
};

/* One pool thread instead of four: a slot has half a core, and each thread counts against its
 * processes. Compiled functions are kept: without that, V8 drops what a blank has not used for a
 * while, and the warm-up with it. */
static const char *const slot_argv[] = {
    "/usr/bin/node", "--v8-pool-size=1", "--no-flush-bytecode", "/opt/virga/node/runner.cjs", NULL,
};

const struct runtime runtime_node = {
    .name = "nodejs",
    .aliases = aliases,
    .entry_file = "index.js",
    .handler = "index.handler",
    .slot_argv = slot_argv,
    .requires_path = "/usr/bin/node",
    .package = "nodejs",
};
