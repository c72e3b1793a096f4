/* index_use — what a build needs to know of where packages come from. Private to deps/.
 * An index does not change once it was read; what is learned later has a lock of its own. All of
 * this from any thread. */
#pragma once

#include "base/buf.h"
#include "deps/build.h"
#include "deps/index.h"

enum { INDEX_HOSTS_MAX = 64, INDEX_PLACE = 256 + 8 };

/* "host:port", sorted by nothing, each once. */
struct index_hosts {
    unsigned count;
    char places[INDEX_HOSTS_MAX][INDEX_PLACE];
};
void index_hosts_add(struct index_hosts *h, const char *place); /* the ones beyond the bound: not */

const char *index_url(const struct index *x, enum build_language l); /* NULL: by default */
const char *index_proxy(const struct index *x);                      /* or NULL */
struct str index_ca(const struct index *x);                          /* PEM, or empty */

/* Variables for pip and npm. `url` is index_url's, or the default. */
void index_each_env(const struct index *x, enum build_language l, const char *url,
                    void (*each)(void *arg, const char *name, const char *value), void *arg);
/* The user's .npmrc for a build; empty for Python. Holds credentials. */
void index_npmrc(const struct index *x, enum build_language l, const char *url, struct buf *out);

/* All hosts that a build may reach. Asks the index's pages for the places of its files, once per
 * index: `package` is a name to ask for, or NULL. Blocks for some seconds at most. */
void index_hosts(const struct index *x, enum build_language l, const char *url, const char *package,
                 struct index_hosts *ret);

/* Replaces what must not be seen: passwords in URLs, and those that were read. */
void index_mask(const struct index *x, struct buf *text);

/* "host:port" of an http or https URL, lower case. False for anything else. */
bool index_place(const char *url, char ret[INDEX_PLACE]);
