/* provided — any program that speaks the AWS Lambda runtime API brings its own language. */
#include "runtimes/table.h"

#include <stddef.h>

static const char *const aliases[] = {"provided.al2", "provided.al2023", "custom", NULL};
static const char *const template_argv[] = {RUNTIME_PLAIN, "/opt/virga/provided/virga-provided",
                                            NULL};

const struct runtime runtime_provided = {
    .name = "provided",
    .aliases = aliases,
    .entry_file = "bootstrap",
    .handler = "bootstrap",
    .template_argv = template_argv,
};
