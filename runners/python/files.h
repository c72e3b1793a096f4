/* files — the code of a LOAD frame, written beneath the code directory. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct files_entry {
    struct str path; /* relative, without "." or ".." segments */
    struct str bytes;
    unsigned mode;
};

/* Takes the next file off `rest`. 1: a file, 0: there are no more, -1: malformed or a path that
 * would leave the directory. The views point into `rest`. */
int files_next(struct str *rest, struct files_entry *ret, struct err *e);

/* Creates the file and its parents beneath `dir_fd`. */
int files_write(int dir_fd, const struct files_entry *file, struct err *e);
