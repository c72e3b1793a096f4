/* node — JavaScript on the host's Node.js, 18 or later. Copies of a plain template execute the
 * runner; it loads and calls trivial code before it says that it is ready, so a blank slot is warm.
 */
#include "runtimes/packages.h"
#include "runtimes/table.h"

#include <stddef.h>

static const char *const aliases[] = {
    "node",   "javascript", "js",         "node18",     "node20",
    "node22", "nodejs18.x", "nodejs20.x", "nodejs22.x", NULL,
};

/* V8 cannot see the slot's memory limit and sizes its heap after the host: with 15 MB alive it grew
 * to 100 MB before it collected. A smaller nursery and a heap that grows by half keep the same code
 * below 50 MB, for some CPU time in code that allocates much. One pool thread instead of four: a
 * slot has half a core, and each thread counts against its processes. */
static const char *const template_argv[] = {
    RUNTIME_PLAIN,
    "/usr/bin/node",
    "--max-semi-space-size=4",
    "--heap-growing-percent=50",
    "--v8-pool-size=1",
    "/opt/virga/node/runner.cjs",
    NULL,
};

const struct runtime runtime_node = {
    .name = "nodejs",
    .aliases = aliases,
    .entry_file = "index.js",
    .handler = "index.handler",
    .template_argv = template_argv,
    .requires_path = "/usr/bin/node",
    .package = "nodejs",
    .package_of = packages_node,
};
