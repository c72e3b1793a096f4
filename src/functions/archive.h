/* archive — reads an uploaded tar: ustar, GNU long names, pax paths. Every byte is the client's.
 *
 * Taken are regular files and directories. Refused, with the entry's name: absolute paths, "..",
 * ".", empty segments, control characters, bytes that are not UTF-8, names that stand there twice
 * or are file and directory at once, links, devices, FIFOs, sparse files; more than FILES_MAX
 * files; compressed archives; an archive that is cut off. Nothing is ever written to a disk here.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "functions/files.h"

struct archive {
    struct file *files; /* sorted by path; the bytes point into the upload */
    size_t count;
};

/* ERR_INVALID says what is wrong with which entry. */
int archive_read(struct arena *a, struct str tar, struct archive *ret, struct err *e);
