/* fn — the functions that can be called, by id. Private to engine/. */
#pragma once

#include "base/list.h"
#include "engine/engine.h"

struct fn {
    struct fn *next;           /* in its bucket */
    struct function_spec spec; /* strings owned */
    struct code *code;         /* of the active version, or NULL: fetched when needed */
    struct list code_node;     /* engine->codes, most recently used first; empty without code */
    bool fetching;
    bool snapless;       /* snapstart has failed for what it is now */
    struct list idle;    /* slots, most recently used first */
    unsigned live;       /* slots of the active version, starting and busy ones included */
    unsigned starting;   /* of these, those that cannot take a call yet */
    struct list waiting; /* calls, oldest first */
    unsigned waiting_count;
    struct list queued_node; /* engine->queued, while calls wait */
    struct list hungry_node; /* nursery->hungry, only while calls wait */
    bool removed;            /* out of the table; freed with its last slot and call */
    unsigned users;          /* slots and calls that point here */
};

struct fn_table {
    struct fn **buckets;
    size_t size; /* a power of two */
    size_t count;
};

struct fn *fn_find(const struct fn_table *t, const char *id);
struct fn *fn_add(struct fn_table *t, const struct function_spec *spec);
void fn_respec(struct fn *fn, const struct function_spec *spec);
/* Takes it out of the table; it is freed when nobody uses it any more. */
void fn_remove(struct fn_table *t, struct fn *fn);
void fn_use(struct fn *fn);
void fn_unuse(struct fn *fn);
void fn_table_done(struct fn_table *t);
