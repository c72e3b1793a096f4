/* learned — which modules of its layer a scope's functions import, as their runners have said.
 * Private to engine/.
 *
 * One list for each scope, runtime and layer, in the order in which the names were first heard, for
 * templates to import before they are copied. What a guest says is bounded in names and bytes, and
 * each name is taken up once in the engine's life: one that was given up does not come back. */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "engine/engine.h"

struct learned {
    struct list node; /* engine->learned */
    const struct runtime *runtime;
    char scope[ID_TEXT];
    uint8_t layer_id[LAYER_ID];
    struct buf modules; /* one a line */
    uint64_t *heard;    /* hashes of all names ever heard; open addressing, 0: free */
    unsigned heard_count, heard_size;
    unsigned users; /* variants */
};

/* Finds or makes it. Lists that no variant uses go, oldest first, when there are too many. */
struct learned *learned_find(struct engine *e, const char *scope, const struct runtime *runtime,
                             const uint8_t layer_id[LAYER_ID]);
/* True when there was a name among them that was new. */
bool learned_add(struct learned *l, struct str modules);
/* Gives up all names from `from` on: they are not heard again. */
void learned_cut(struct learned *l, size_t from);
void learned_done(struct engine *e);
