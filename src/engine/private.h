/* private — the engine itself, for the files of this folder. */
#pragma once

#include "engine/call.h"
#include "engine/engine.h"
#include "engine/fn.h"
#include "engine/metrics.h"
#include "engine/pool.h"
#include "runtimes/runtimes.h"
#include "sandbox/sandbox.h"

enum { ENGINE_RUNTIMES_MAX = SANDBOX_TEMPLATES_MAX };

struct engine {
    struct engine_config config;
    struct loop *loop;
    struct sandbox *sandbox;
    struct fn_table functions;
    struct pool pool;
    struct nursery nurseries[ENGINE_RUNTIMES_MAX];
    unsigned nursery_count;
    struct list codes; /* fn->code_node */
    size_t code_bytes;
    struct metrics metrics;
    struct list takers;   /* call->taker_node of calls whose caller takes pieces */
    struct list queued;   /* fn->queued_node of functions with waiting calls */
    unsigned waiting;     /* calls, all functions */
    size_t waiting_bytes; /* of their events */
    struct buf scratch;   /* for frames on their way out */
    bool closing;
};

/* code.c: makes sure fn->code is there. True when it is; else a fetch is under way and engine_code
 * goes on. */
bool code_want(struct engine *e, struct fn *fn);
void code_set(struct engine *e, struct fn *fn, struct code *code);
