/* packages — which package of a language's registry provides a module, for runtimes.h. The names
 * are what a guest says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* `ret` has room for RUNTIMES_PACKAGE_MAX bytes and a NUL. False: no package can have this name, or
 * it comes with the language. */
bool packages_python(const char *module, char *ret);
bool packages_node(const char *module, char *ret);
