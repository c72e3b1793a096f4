/* requirements — a project's requirements.txt, checked and put into a normal form. Private to
 * deps/.
 *
 * What pip reads beyond packages is refused: options could name another index or a file of the
 * sandbox, paths and repositories have no place there. Allowed is a line of a package: name,
 * extras, versions, markers, hashes, and "name @ https://...": whether that host is reached, egress
 * decides.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    REQUIREMENTS_BYTES_MAX = 64 * 1024,
    REQUIREMENTS_LINES_MAX = 500,
    DIGEST_TEXT = 65, /* SHA-256 in hex, and a NUL */
};

/* Lives in the arena. */
struct requirements {
    const char *text;       /* as it was written, trimmed */
    const char *normal;     /* one requirement a line, sorted; "" when there is none */
    char hash[DIGEST_TEXT]; /* of the sorted lines without blank ones and comments; "" */
};
/* ERR_INVALID names the line and what to do. */
int requirements_read(struct arena *a, struct str text, struct requirements *ret, struct err *e);

/* SHA-256 of texts, each ended by NUL, so that borders count. The list ends with NULL. */
void requirements_digest(char ret[DIGEST_TEXT], const char *const *texts);
