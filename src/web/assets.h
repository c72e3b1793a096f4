/* assets — the files inside the program: a table that the build makes. Private to web/. */
#pragma once

#include "base/str.h"

struct asset {
    const char *path; /* "/docs/index.html" */
    const char *type;
    const char *etag; /* weak: the same file, compressed or not */
    struct str gzip;
};

/* In the order of strcmp on their paths. */
extern const struct asset assets_table[];
extern const size_t assets_count;

/* NULL: there is no such file. */
const struct asset *assets_find(const char *path);
