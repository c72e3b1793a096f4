/* keyfile — a small secret in a file of the data directory, made once. Only for auth/. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Reads `name` beneath the directory, or creates it with what `make` appends. It appears complete
 * or not at all, and never replaces one that exists. Refuses a symbolic link, a file that group or
 * others may read, and one longer than 1 KB. */
int keyfile_load(int dir_fd, const char *name, void (*make)(struct buf *out), struct buf *ret,
                 struct err *e);
/* Overwrites before freeing. */
void keyfile_forget(struct buf *b);

#define auto_secret __attribute__((cleanup(keyfile_forget)))
