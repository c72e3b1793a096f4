/* variant — templates of those whose slots see more than their runtime. Private to engine/.
 *
 * A function with a layer of packages or a database gets its slots from a template that shows them,
 * shared by the functions of its scope with the same ones, and by nobody else: such a template
 * imports modules that guests have named. A function with snapstart gets one of its own, which has
 * loaded its code. They are started when a call needs a slot, and stopped when they are not used
 * for a while or memory runs short.
 *
 * What slots report as imported is learned. A template that knows more is then started beside the
 * one in service and takes its place when it is ready; if it fails, what it had on top is given up.
 */
#pragma once

#include "engine/learned.h"
#include "engine/pool.h"

struct variant {
    struct list node;       /* engine->variants */
    struct nursery nursery; /* its `index` is the template in service, when `asked` */
    struct engine *engine;
    char scope[ID_TEXT]; /* of a function without one: the function's id */
    bool layer, database;
    uint8_t layer_id[LAYER_ID];
    char function_id[ID_TEXT]; /* whose code it has loaded (snapstart), or "" */
    bool load;                 /* its template was given that code */
    bool asked;                /* a template was asked for: nursery.up says that it is ready */
    bool retired;              /* takes no more calls */
    struct learned *learned;   /* NULL: nothing to learn */
    size_t known, next_known;  /* bytes of learned->modules that the template was given */
    int next;                  /* index of the template that will take over, or -1 */
    uint64_t teacher;          /* ticket of the slot that has reported last */
    uint64_t tried_us, used_us, placed_us;
};

/* Of an index from SANDBOX_TEMPLATES_MAX on. */
struct variant_index {
    bool taken;            /* from its start until the spawner says that it is free */
    struct variant *owner; /* NULL while it is being stopped */
    size_t bytes;          /* that its process holds, once it is ready */
};

/* False: its slots come from its runtime's own template. */
bool variant_needed(struct fn *fn);
struct variant *variant_find(struct engine *e, const struct fn *fn); /* NULL: there is none yet */
struct variant *variant_new(struct engine *e, const struct fn *fn);
/* A call needs a slot of it: sees to it that its template starts, if nothing speaks against it
 * (nursery.failed). */
void variant_want(struct variant *v, const struct fn *fn);
/* How many blank slots it should keep now. */
unsigned variant_blanks(const struct variant *v);
/* A slot has loaded the user's code and with it these modules. */
void variant_heard(struct slot *s, struct str modules);
/* The function's code, or what is loaded with it, is another one from now on. */
void variant_retire(struct engine *e, const char *function_id);

/* The spawner's words about an index of a variant. */
void variant_ready(struct engine *e, unsigned index, uint64_t start_us, size_t bytes);
void variant_failed(struct engine *e, unsigned index, const struct err *why);
void variant_stopped(struct engine *e, unsigned index);

/* variant_sweep.c: stops what is not used, starts what has learned more. */
void variant_sweep(struct engine *e, uint64_t now);
/* Until their templates hold no more than config.variant_memory_max, or all that is left is used.
 */
void variant_trim(struct engine *e);
/* Stops the one that was not used for the longest time. False: all are in use. */
bool variant_evict(struct engine *e);
void variant_stats(const struct engine *e, unsigned *ret_up, size_t *ret_bytes);
void variant_done(struct engine *e);

/* Between the two files: 1: started at *ret_index; 0: all indices are taken; -1: `why`. */
int variant_start(struct variant *v, struct str load, unsigned *ret_index, struct err *why);
void variant_stop(struct variant *v); /* its templates; slots live on */
void variant_log(const struct variant *v, const char *what, const struct err *why);
