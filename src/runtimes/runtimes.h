/* runtimes — what each language needs: one file and one row in table.c. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct runtime {
    const char *name;                 /* "python" */
    const char *const *aliases;       /* "python3", ...; NULL-terminated */
    const char *entry_file;           /* where single-file code is stored: "main.py" */
    const char *handler;              /* default: "main.handler" */
    const char *const *template_argv; /* see sandbox_template */
    const char *const *slot_argv;
    bool learns; /* its template reads a set-up file: it imports modules and loads code ahead */
    const char *requires_path; /* on the host, e.g. "/usr/bin/node"; NULL when nothing is needed */
    const char *package;       /* the Debian package that brings it */
    bool (*package_of)(const char *module, char *ret); /* see runtimes_package; may be NULL */
};

extern const struct runtime *const runtimes[]; /* NULL-terminated */

/* By name or alias; ERR_INVALID lists the known ones. */
int runtimes_find(const char *name, const struct runtime **ret, struct err *e);

/* The name in the language's registry of the package that provides a module, as far as is known,
 * into `ret` (RUNTIMES_PACKAGE_MAX bytes and a NUL). False: there can be none, or the language
 * itself provides it. `module` may be a guest's. */
enum { RUNTIMES_PACKAGE_MAX = 255 };
bool runtimes_package(const struct runtime *r, const char *module, char *ret);

/* The directory with the languages' runners: beside the program in a build tree, else where `make
 * install` puts it. */
int runtimes_find_runners(char *ret, size_t size, struct err *e);
