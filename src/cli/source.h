/* source — collects what is deployed: one file or a directory tree, in memory.
 *
 * Only regular files are read. A symbolic link is never followed: one that leads outside the
 * directory is refused, another is left out and named. FIFOs, sockets and devices are refused
 * unread. Left out besides: .git, .venv, __pycache__, *.pyc, .virgaignore itself and what it lists,
 * one fnmatch pattern per line. A pattern with a "/" is matched against the path from the top, one
 * without against every name; "/" at its end is for directories only; "#" starts a comment. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

enum { SOURCE_MAX = 6 << 20 /* bytes of archive, as the server takes */, SOURCE_FILES_MAX = 2000 };

struct source_file {
    char *path;  /* relative */
    mode_t mode; /* 0644 or 0755 */
    size_t size; /* as found; the bytes are read later */
    struct buf bytes;
};

struct source {
    struct source_file *files; /* sorted by path */
    size_t count;
    char **skipped; /* symbolic links left out */
    size_t skipped_count;
    char *name; /* what the function is called by default: the file's or directory's name */
};

#define auto_source __attribute__((cleanup(source_done)))

int source_collect(const char *path, struct source *ret, struct err *e);
void source_done(struct source *s);
struct source_file *source_find(const struct source *s, const char *path); /* or NULL */
/* Adds or replaces a file. */
void source_put(struct source *s, const char *path, struct str bytes);
/* ERR_TOO_LARGE beyond SOURCE_MAX names the size and the biggest files. */
int source_tar(const struct source *s, struct buf *ret, struct err *e);
