/* pool — slots kept ready, so that a call need not pay for a start. Private to engine/.
 *
 * A slot belongs to one version of one function from its first LOAD until its end. Before that it
 * is blank (a runner without user code, kept per runtime) or starting. Each slot sits on the list
 * of its state, and on one list of its owner; slot_move is the only one who moves it. */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "engine/engine.h"
#include "engine/fn.h"
#include "engine/frame.h"

struct call;
struct engine_lease;
struct timer;
struct variant;
struct watch;

enum slot_state {
    SLOT_STARTING, /* asked of the spawner */
    SLOT_BLANK,    /* copied, no user code */
    SLOT_LIMITING, /* its limits are being changed for the function it was taken for */
    SLOT_BUSY,     /* a call is under way */
    SLOT_IDLE,     /* loaded, waiting for the next call of its function */
    SLOT_LEASED,   /* a lease's, see lease.c: its holder has the socket and the pipes */
    SLOT_DYING,    /* killed, or its socket is closed; waits for the spawner's word */
    SLOT_STATES
};

struct slot {
    struct list state_node; /* engine->slots[state]; idle ones with the most recently used first */
    struct list owner_node; /* fn->idle, or nursery->blanks */
    enum slot_state state;
    struct engine *engine;
    struct nursery *nursery;
    unsigned template_index;    /* nursery->index when it was asked for */
    struct fn *fn;              /* whom it works for or was started for; NULL while blank */
    struct engine_lease *lease; /* or this one */
    uint32_t version;           /* of the code it carries; 0 before LOAD */
    bool counted;               /* it is part of fn->live */
    bool ready, loaded;         /* frames seen */
    uint64_t ticket;            /* of its start */
    struct sandbox_limits limits;
    struct sandbox_slot box;
    struct watch *socket, *out_pipe, *err_pipe;
    struct timer *deadline;
    struct buf in;       /* from the runner, not yet a whole frame */
    struct buf unsent;   /* to the runner, when its socket was full */
    size_t sent;         /* of `unsent` */
    struct buf out, err; /* printed since the last call ended */
    struct call *call;
    uint16_t number; /* of the last call, in its frames; 0 before the first */
    bool stale;      /* it has answered a call that was over: serves no other */
    bool ended;      /* the spawner has said so */
    uint64_t asked_us, sent_us, loaded_us, idle_since_us;
    uint64_t cpu_seen_us; /* CPU time already accounted to earlier calls */
};

/* What the engine keeps per template. */
struct nursery {
    struct list node;              /* engine->nursing */
    const struct runtime *runtime; /* NULL: for leases alone */
    const char *name;
    struct variant *variant; /* NULL: the runtime's own template */
    unsigned index;
    unsigned slots;                      /* in any state */
    bool up;                             /* its template is ready */
    struct err failed;                   /* why not, when failed.code is set */
    char version[FRAME_VERSION_MAX + 1]; /* as its last slot has said */
    struct list blanks;
    unsigned blank_count, starting; /* starting: for no function in particular */
    struct list hungry; /* functions whose calls (or leases, in theirs) wait for a new slot that
                           could not be asked for yet */
};

struct pool {
    struct list slots[SLOT_STATES];
    unsigned count[SLOT_STATES];
    unsigned total;
    struct slot **by_id; /* spawner's index -> slot */
    uint64_t last_ticket;
    struct timer *refill, *sweep;
    bool refill_set;
};

void pool_init(struct engine *e);
void pool_done(struct engine *e);

/* --- place.c: who gets which slot --- */

/* Sees to it that a waiting call of `fn` gets a slot: a blank one at once, else a copy on demand,
 * else (all places taken) the least recently used idle slot makes room. Failing that the function
 * waits on nursery->hungry. */
void pool_place(struct engine *e, struct fn *fn);
/* A place has become free: places the calls of hungry functions. */
void pool_feed(struct engine *e);
/* A slot has become idle: when functions are hungry it makes room for them. */
void pool_share(struct engine *e);
/* True when others have waited so long for a place that a busy function owes them one of its slots.
 */
bool pool_overdue(struct engine *e, const struct fn *fn);
/* Where the function's slots come from now; NULL: from a variant that does not exist (any more). */
const struct nursery *pool_nursery(struct engine *e, struct fn *fn);
/* Asks the spawner for a slot; the caller says whose it is. NULL: `why`. */
struct slot *pool_ask(struct engine *e, struct nursery *n, const struct sandbox_limits *limits,
                      struct err *why);
bool pool_full(const struct engine *e); /* all places are taken */
/* `node`, of a function (or, with NULL, of a lease), waits on n->hungry; others make room. */
void pool_hungry(struct engine *e, struct nursery *n, struct list *node, const struct fn *fn);
/* Asks the spawner for a slot: for the function, or a blank one when `fn` is NULL. */
int pool_start(struct engine *e, struct nursery *n, struct fn *fn, struct err *why);
/* A blank slot becomes one of the function's: at once, or after its limits were changed. -1: it
 * must be killed. */
int pool_adopt(struct engine *e, struct slot *s, struct fn *fn, struct err *why);
/* The oldest waiting call, if there is one, fails for want of a slot. The caller goes on with the
 * next one, by pool_place. */
void pool_fail_first(struct fn *fn, const struct err *why);
bool pool_limits_equal(const struct sandbox_limits *a, const struct sandbox_limits *b);
/* Whether sandbox_limit can lead from one to the other on a slot that runs. */
bool pool_limits_reachable(const struct sandbox_limits *from, const struct sandbox_limits *to);

/* --- pool.c: arrival, sweeping, refilling --- */

void pool_refill_soon(struct engine *e);

/* The spawner's words about a start and about changed limits. */
void pool_arrived(struct engine *e, struct slot *s, const struct sandbox_slot *box);
void pool_not_started(struct engine *e, struct slot *s, const struct err *why);
void pool_limited(struct engine *e, struct slot *s, const struct err *failed);
/* The spawner's last word about a slot whose call, if it had one, is finished: frees it. */
void pool_ended(struct engine *e, struct slot *s);

struct slot *pool_find(struct engine *e, uint32_t id);
struct slot *pool_find_ticket(struct engine *e, uint64_t ticket);

void slot_move(struct slot *s, enum slot_state to);
/* The spawner has handed the slot over. -1: it could not be taken into service and is being killed.
 */
int slot_open(struct slot *s, const struct sandbox_slot *box, struct err *e);
void slot_kill(struct slot *s); /* harmless on one that is dying */
void slot_free(struct slot *s); /* the spawner has no more to say about it */
/* Takes it off its function's count: its version was replaced or it is about to end. */
void slot_uncount(struct slot *s);

/* slot_io.c: sends what begins a call, LOAD first when the slot is fresh, and nothing else when it
 * is to be loaded only. False: the slot's end of
 * the socket was closed before any of it was taken. */
bool slot_send_call(struct slot *s, struct call *c);
/* The payload of a LOAD frame. */
void slot_add_load(struct buf *out, const struct fn *fn);
/* An idle slot whose process lives, as far as its socket tells, and has said nothing out of turn.
 */
bool slot_is_quiet(const struct slot *s);
/* Takes in what is in the pipes right now, without waiting. -1: over the function's output limit.
 */
int slot_drain(struct slot *s);
void slot_on_socket(void *slot, unsigned ready);
/* It said what its state does not allow: kills it and fails its call. */
void slot_broken(struct slot *s, const char *what);
void slot_too_large(struct slot *s, size_t bytes); /* its result */
void slot_hold(struct slot *s);                    /* nothing more is read from its socket ... */
void slot_go_on(struct slot *s);                   /* ... until here; harmless when it is dying */
/* The slot has ended: takes in the result that may still be in its socket. It gets no other call.
 */
void slot_last_words(struct slot *s);
void slot_on_out(void *slot, unsigned ready);
void slot_on_err(void *slot, unsigned ready);
