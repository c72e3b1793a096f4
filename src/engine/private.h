/* private — the engine itself, for the files of this folder. */
#pragma once

#include "engine/call.h"
#include "engine/engine.h"
#include "engine/fn.h"
#include "engine/lease.h"
#include "engine/metrics.h"
#include "engine/pool.h"
#include "engine/variant.h"
#include "runtimes/runtimes.h"
#include "sandbox/sandbox.h"

enum { ENGINE_RUNTIMES_MAX = SANDBOX_TEMPLATES_MAX };

struct engine {
    struct engine_config config;
    struct loop *loop;
    struct sandbox *sandbox;
    struct fn_table functions;
    struct pool pool;
    struct nursery nurseries[ENGINE_RUNTIMES_MAX]; /* by template index */
    unsigned nursery_count;                        /* of runtimes; config.leased ones follow */
    struct list nursing;                           /* nursery->node of all, in the order in which
                                                      the next place is offered to them */
    struct list variants;                          /* variant->node */
    struct variant_index indices[SANDBOX_VARIANTS_MAX];
    struct list learned; /* learned->node */
    unsigned learned_count;
    struct list leases;      /* engine_lease->node */
    unsigned leases_waiting; /* of these, without a slot */
    struct list codes;       /* fn->code_node */
    size_t code_bytes;
    struct metrics metrics;
    struct list takers;   /* call->taker_node of calls whose caller takes pieces */
    struct list queued;   /* fn->queued_node of functions with waiting calls */
    unsigned waiting;     /* calls, all functions */
    size_t waiting_bytes; /* of their events */
    struct buf scratch;   /* for frames on their way out */
    bool closing;
};

struct engine_lease {
    struct list node;        /* engine->leases */
    struct list hungry_node; /* nursery->hungry, while it waits for a place */
    struct engine *engine;
    struct nursery *nursery;
    struct slot *slot; /* NULL while it waits */
    struct sandbox_limits limits;
    const struct engine_lease_events *events;
    struct timer *patience;
    uint64_t asked_us;
    bool ending; /* its holder has given it up */
};

/* lease.c: what becomes of a lease's slot, as pool.h says it of others. */
void lease_arrived(struct slot *s, const struct sandbox_slot *box);
void lease_not_started(struct slot *s, const struct err *why);
void lease_ended(struct slot *s, const struct sandbox_exit *how);
void lease_feed(struct engine_lease *l); /* a place has become free */
void lease_end_all(struct engine *e);

/* code.c: makes sure fn->code is there. True when it is; else a fetch is under way and engine_code
 * goes on. */
bool code_want(struct engine *e, struct fn *fn);
void code_set(struct engine *e, struct fn *fn, struct code *code);
