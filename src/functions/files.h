/* files — the files of one version, as the store keeps them and a LOAD frame carries them
 * (engine/frame.h): for each u16 path length, u16 mode, u32 size, path, bytes; little-endian.
 *
 * Paths are relative, without "", "." and ".." segments; no file's path is another one's directory.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* What an upload says of the function's settings; never a file of a version, since its environment
 * belongs sealed. */
#define FILES_SETTINGS "virga.json"

enum { FILES_MAX = 2000, FILE_PATH_MAX = 1024, FILE_NAME_MAX = 255 };

struct file {
    struct str path;
    uint16_t mode; /* 0644 or 0755 */
    struct str bytes;
};

void files_add(struct buf *out, const struct file *f);
/* Walks a section: takes the next file off `rest`. False at its end, and at a damaged rest. */
bool files_next(struct str *rest, struct file *ret);

/* The mode of a new file of which nothing is said: the one entry file that is executed itself can
 * be. */
uint16_t files_new_mode(struct str path);
/* What the API shows as text: UTF-8 without NUL. */
bool files_is_text(struct str bytes);
/* The file a version starts with: the runtime's own entry file, else the one that the handler
 * "dir.name.function" names (dir/name.*). p == NULL when there is none. */
struct file files_entry(struct str section, const char *entry_file, const char *handler);
