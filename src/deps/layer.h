/* layer — the layers on this machine's disk: which are there, how large, when last used. Private to
 * deps/.
 *
 * A layer's directory appears under its name by one rename, after all of it is on disk, and goes by
 * another: half of one is never seen. What a crash leaves (.new-*, .old-*) goes at the next start.
 * Its modification time says when somebody last asked for it; that outlives us. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "deps/requirements.h"

#include <stdbool.h>
#include <stdint.h>

struct layers;

/* Makes the directory (mode 0711: names must be known), removes what was left half-done. */
int layer_open(const char *dir, struct layers **ret, struct err *e);
void layer_close(struct layers *l); /* NULL is fine */

/* The digest of what was asked for (`set`), and of what it was built for. */
void layer_id(char ret[DIGEST_TEXT], const char *set, const char *runtime_version,
              const char *platform);
bool layer_here(struct layers *l, const char *id);
/* Gives the complete directory `from` (a name below the layers' directory, or a path there) its
 * name; a layer of that name stays, and `from` goes. Survives a power cut when it returns. */
int layer_take_in(struct layers *l, const char *from, const char *id, uint64_t bytes,
                  struct err *e);
/* From now on it is not there; layer_sweep removes the files. */
int layer_drop(struct layers *l, const char *id, struct err *e);
void layer_sweep(struct layers *l);                     /* may take a while */
void layer_discard(struct layers *l, const char *from); /* the result of a build nobody wants */
void layer_touch(struct layers *l, const char *id);     /* somebody asks for it */
void layer_weigh(struct layers *l, const char *id, uint64_t bytes); /* what the store says of it */

struct layer_info {
    char id[DIGEST_TEXT];
    uint64_t bytes;
    int64_t used_us;
};
size_t layer_list(struct layers *l, struct arena *a, struct layer_info **ret);
