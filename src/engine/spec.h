/* spec — what the engine is told about a function. Included by engine.h. */
#pragma once

#include "base/id.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct runtime;

enum reuse { REUSE_ALWAYS, REUSE_NEVER };

enum { LAYER_ID = 32 }; /* bytes of a layer's name: SHA-256, see deps/layer.h */

/* What a function is, as far as calling it goes. */
struct function_spec {
    char id[ID_TEXT];
    const char *name;
    uint32_t version;
    const struct runtime *runtime;
    const char *handler;
    const char *environment; /* JSON object text, in clear; never logged */
    struct sandbox_limits limits;
    uint32_t timeout_ms;
    uint32_t output_bytes; /* log bytes of one call */
    uint32_t result_bytes;
    uint32_t concurrency; /* slots at the same time */
    uint32_t queue;       /* calls waiting beyond that */
    enum reuse reuse;
    bool active;
    /* What its slots see beyond the runtime. Functions of one `scope` with the same layer and
     * database share a template, which has imported what they import; nobody else's slots come from
     * it. */
    const char *scope;          /* id of the project; "" without one */
    bool layer;                 /* there are packages ... */
    uint8_t layer_id[LAYER_ID]; /* ... in this layer */
    const char *layer_problem;  /* NULL, or why its packages are not there: calls fail with it */
    bool database;              /* sees the sockets of the database pooler */
    bool snapstart;             /* its module is loaded once, in a template of its own */
};
