/* target — where pg_dump and pg_restore connect to: libpq's keywords and values, on their way from
 * the server to a service file that only the keeper reads. Private to cluster/. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* "keyword=value" per line. Values are what libpq takes from a service file: rest of the line. */
struct target_record {
    uint32_t local; /* the cluster's own socket; then there is no host */
    char lines[2044];
};

/* The server's half. A host that is `admin_dir` means the cluster's own, wherever the keeper sees
 * it. ERR_INVALID: no conninfo, or a keyword or byte that is not passed on. */
int target_pack(const char *conninfo, const char *admin_dir, struct target_record *ret,
                struct err *e);
/* The keeper's: checks the record, whatever its bytes are, and writes the service `name`. */
int target_service(struct target_record *record, const char *name, const char *admin_dir,
                   struct buf *ret, struct err *e);
