/* spawner — the process that makes slots: what its files share. Nobody outside includes this.
 *
 *   spawner_setup.c      from spawner_start to the loop
 *   spawner.c            main loop and end
 *   spawner_launch.c     what a slot needs before and while it runs
 *   spawner_templates.c  starting templates, and again when they die
 *   spawner_birth.c      a template's way to its program
 *   spawner_variants.c   templates that come and go on request
 *   spawner_ranges.c     what a variant has for itself on the host: ids, a cgroup
 *   spawner_uplink.c     slots' networks: the program and the processes behind them
 *   spawner_slots.c      a slot's way through its states
 *   spawner_out.c        messages to the server */
#pragma once

#include "base/list.h"
#include "sandbox/cgroup.h"
#include "sandbox/instance.h"
#include "sandbox/sandbox.h"
#include "sandbox/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SPAWNER_PID_BUCKETS = 1024,
    SPAWNER_TEMPLATES = SANDBOX_TEMPLATES_MAX + SANDBOX_VARIANTS_MAX,
};

/* Every slot sits on the list of its state. */
enum slot_state {
    SLOT_FREE,     /* nothing left of the former tenant: no process, id and cgroup unused */
    SLOT_QUEUED,   /* waits until its template takes orders */
    SLOT_STARTING, /* ordered; its start socket is watched, `deadline_us` counts */
    SLOT_RUNNING,  /* handed over to the server */
    SLOT_ENDING,   /* killed, not reaped */
    SLOT_STATES,
};

/* A slot's network: none; waits to be asked for; asked for; its process is known; there. */
enum uplink_state { UPLINK_NONE, UPLINK_WAITING, UPLINK_ASKED, UPLINK_BORN, UPLINK_UP };

struct spawner_uplink {
    enum uplink_state state;
    bool unwanted;      /* the slot is ending */
    struct list node;   /* of uplink.waiting or uplink.asked */
    struct list by_pid; /* of uplink.pids, once `pid` is known */
    pid_t pid;
    int report;
    uint64_t deadline_us, cpu_us;
};

struct spawner_slot {
    struct list node;   /* of by_state */
    struct list by_pid; /* of pids, once `pid` is known */
    enum slot_state state;
    uint32_t index, generation;
    unsigned template_index;
    uint64_t ticket;
    struct sandbox_limits limits;
    uint64_t asked_us, deadline_us;
    pid_t pid;            /* 0 until the kernel has named it */
    bool counted;         /* as one of the template's `orders` */
    bool handed_over;     /* STARTED was sent: its end is ENDED, not FAILED */
    int start;            /* start socket, or -1 */
    int socket, out, err; /* the server's ends, until handed over */
    bool has_cgroup;
    struct cgroup_slot cgroup;
    unsigned range; /* of ids; kept while FREE when its cgroup could not be removed yet */
    struct err why; /* of a failing start or network */
    struct spawner_uplink uplink;
    bool limiting;   /* LIMITED is due when the network is there */
    int exit_status; /* once reaped, while its network is not */
    uint64_t exit_cpu_us;
};

enum template_state {
    TEMPLATE_FREE, /* nothing has this index; zero, as memory is born */
    TEMPLATE_DOWN, /* waits for its next try; never a variant */
    TEMPLATE_STARTING,
    TEMPLATE_UP,
    TEMPLATE_STOPPING, /* variant: killed on request, not reaped */
};

struct spawner_template {
    const struct sandbox_template *config; /* of a variant: its base's */
    struct sandbox_variant variant;        /* all zero for the others: nothing more to see */
    enum template_state state;
    unsigned index;
    pid_t pid;
    int control;
    int setup;         /* a variant's set-up file until the clone, or -1 */
    unsigned orders;   /* sent, no HELLO yet */
    unsigned failures; /* in a row; the pause before the next try grows with it */
    uint64_t started_us, retry_us;
    unsigned range;  /* of ids */
    bool has_cgroup; /* a variant's own */
    struct cgroup_slot cgroup;
    struct err why;
};

struct spawner {
    const struct sandbox_config *config;
    struct instance instance;
    struct cgroup *cgroups;
    int server, epoll, signals;
    bool server_lost;
    struct list out; /* messages the server's socket had no room for */
    size_t out_count;
    struct spawner_slot *slots; /* config->slots_max */
    struct list by_state[SLOT_STATES];
    struct list pids[SPAWNER_PID_BUCKETS];
    struct spawner_template templates[SPAWNER_TEMPLATES];
    unsigned templates_end;                            /* all from here on are free */
    unsigned range_users[1 + INSTANCE_VARIANT_RANGES]; /* variants: template and slots */
    struct {
        pid_t pid;
        int control;
        struct err why; /* no slot can have a network */
        struct list waiting, asked;
        unsigned asked_count; /* in state UPLINK_ASKED */
        struct list pids[SPAWNER_PID_BUCKETS];
    } uplink;
    bool ahead_failed; /* preparing a slot ahead did; tried again after the next start */
    uint64_t skip;     /* VIRGA_TESTING: steps of slot.c left out */
};

struct report;

void spawner_run(struct spawner *s); /* until the server is gone */
void spawner_end(struct spawner *s); /* kills and reaps all, removes the cgroups */

/* Who an epoll event is for. */
enum spawner_event {
    EVENT_SERVER,
    EVENT_SIGNALS,
    EVENT_TEMPLATE,
    EVENT_START,
    EVENT_UPLINKS,
    EVENT_UPLINK
};
int spawner_watch(struct spawner *s, int fd, uint32_t events, enum spawner_event kind,
                  unsigned index, struct err *e);

/* Sends, or queues when the socket is full; descriptors are closed in either case once they are on
 * their way. While anything is queued no requests are read, so the queue holds at most what slots
 * and templates have to say on their own; beyond that bound the server is given up. */
void spawner_say(struct spawner *s, const struct wire *w, int *fds, size_t fd_count);
void spawner_flush(struct spawner *s);
void spawner_discard(struct spawner *s);

void spawner_slots_init(struct spawner *s);
void spawner_slot_start(struct spawner *s, const struct wire *w);
void spawner_slot_limit(struct spawner *s, const struct wire *w);
void spawner_slot_kill(struct spawner *s, const struct wire *w);
/* Sends orders for queued slots as far as templates take them. */
void spawner_slots_dispatch(struct spawner *s);
void spawner_slots_fail_queued(struct spawner *s, unsigned template_index, const struct err *why);
/* Their template is gone; what of them was not taken ends by the end of its start socket. */
void spawner_slots_forget_orders(struct spawner *s, unsigned template_index);
void spawner_slot_on_start_socket(struct spawner *s, unsigned index);
/* Reads what starting slots have said: before a dead child is reaped, so that it is known whose it
 * was, and why it ended. */
void spawner_slots_hear(struct spawner *s);
/* False when it was no slot. */
bool spawner_slot_reaped(struct spawner *s, pid_t pid, int status, uint64_t cpu_us);
/* The next slot's cgroups are made while nobody waits, which spares its start 0.2 ms and more. */
bool spawner_slots_prepared(struct spawner *s);
void spawner_slots_prepare(struct spawner *s);
void spawner_slots_expire(struct spawner *s, uint64_t now_us);
uint64_t spawner_slots_deadline_us(struct spawner *s); /* UINT64_MAX: none */
void spawner_refuse(struct spawner *s, uint64_t ticket, const struct err *why);
/* The error of a report, which code of others may have made up: of a known kind, one line of text.
 */
void spawner_heard(const struct report *r, struct err *ret);

void spawner_templates_init(struct spawner *s);
void spawner_templates_start_due(struct spawner *s, uint64_t now_us);
uint64_t spawner_templates_deadline_us(const struct spawner *s);
/* A child that was made but cannot be used ends like one that crashed: by being reaped. */
void spawner_template_start(struct spawner *s, struct spawner_template *t);
_Noreturn void spawner_birth(const struct spawner *s, const struct spawner_template *t);
/* Takes `setup` (-1: none) if it is of use. */
void spawner_variant_start(struct spawner *s, const struct wire *w, int *setup);
void spawner_variant_stop(struct spawner *s, unsigned index);

/* Range 0 is shared by all templates that run no code of others, and their slots. */
int spawner_range_take(struct spawner *s, struct spawner_template *t, struct err *e);
void spawner_range_leave(struct spawner *s, struct spawner_template *t); /* kills what is left */
/* A slot has its template's ids until nothing of it can be left. Fails while something is. */
void spawner_range_join(struct spawner *s, struct spawner_slot *slot,
                        const struct spawner_template *t);
int spawner_range_part(struct spawner *s, struct spawner_slot *slot, struct err *e);
/* Ends a template that hides processes in the cgroup of `slot`, whose own have all been reaped. */
void spawner_range_guard(struct spawner *s, const struct spawner_slot *slot);
uid_t spawner_template_uid(const struct spawner *s, const struct spawner_template *t);
uid_t spawner_slot_uid(const struct spawner *s, unsigned range, unsigned slot_index);
uint64_t spawner_variant_memory(const struct spawner *s);
void spawner_template_on_control(struct spawner *s, unsigned index);
bool spawner_template_reaped(struct spawner *s, pid_t pid, int status);
