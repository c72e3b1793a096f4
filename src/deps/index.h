/* index — where packages come from. Private to deps/ and serve/.
 *
 * Options of `virga serve` win, then the environment (PIP_INDEX_URL, npm_config_registry, ...),
 * then the configuration files of the host's pip and npm (of the machine and of whoever starts us:
 * read while we still are that user), then what pip and npm take by themselves, which they are
 * asked once, inside a sandbox. Which hosts may be reached follows from that: those of the URLs,
 * those that are named in `hosts`, and those that the index's own pages name as the places of its
 * files.
 */
#pragma once

#include "base/err.h"

struct index;

/* NULL: not said. Several are separated by blanks. */
struct index_options {
    const char *pip_index_url, *pip_extra_index_url, *npm_registry;
    const char *hosts;   /* further mirrors, "host" (443) or "host:port" */
    const char *proxy;   /* to the outside, "http://user:password@host:port" */
    const char *ca_file; /* certificates to trust, PEM */
};
/* Reads files: before the rights are dropped. ERR_INVALID names the option or file and line. */
int index_read(const struct index_options *options, struct index **ret, struct err *e);
void index_free(struct index *x);
