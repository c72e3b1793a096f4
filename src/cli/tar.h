/* tar — writes archives of regular files: POSIX ustar, with a pax header in front of a path that
 * ustar has no room for. Owner and time are left out, so that the same files give the same bytes.
 */
#pragma once

#include "base/buf.h"

#include <sys/types.h>

/* `path` is relative; of `mode` the permission bits are kept. */
void tar_add_file(struct buf *out, const char *path, mode_t mode, struct str bytes);
void tar_finish(struct buf *out);
/* Bytes that tar_add_file adds for a file of `size` bytes. */
size_t tar_entry_size(const char *path, size_t size);
