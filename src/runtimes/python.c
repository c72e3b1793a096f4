#include "runtimes/packages.h"
#include "runtimes/runtimes.h"

#include <stddef.h>

extern const struct runtime runtime_python; /* its row is in table.c */

static const char *const aliases[] = {"python3", "python3.11", "py", NULL};
static const char *const template_argv[] = {"/opt/virga/python/virga-python", NULL};

const struct runtime runtime_python = {
    .name = "python",
    .aliases = aliases,
    .entry_file = "main.py",
    .handler = "main.handler",
    .template_argv = template_argv,
    .learns = true,
    .requires_path = "/usr/lib/python3.11/json/__init__.py",
    .package = "libpython3.11-stdlib",
    .package_of = packages_python,
};
