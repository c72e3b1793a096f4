/* keeper — the process that runs PostgreSQL and PgBouncer; its theory is in keeper.c. Private to
 * cluster/. */
#pragma once

#include "base/err.h"
#include "cluster/child.h"
#include "cluster/cluster.h"
#include "cluster/pooler.h"
#include "cluster/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* As the keeper's mount namespace shows it. */
#define KEEPER_TOP       "/tmp/virga"
#define KEEPER_POSTGRES  KEEPER_TOP "/postgres" /* DATA_DIR/postgres */
#define KEEPER_CLUSTER   KEEPER_POSTGRES "/cluster"
#define KEEPER_NEW       KEEPER_POSTGRES "/cluster.new"
#define KEEPER_ADMIN_DIR KEEPER_POSTGRES "/admin"
#define KEEPER_SLOTS_DIR KEEPER_POSTGRES "/slots"
#define KEEPER_CONF      KEEPER_TOP "/conf" /* in memory: secrets */

enum {
    KEEPER_UID = 1899999998, /* when there is no user virga-db; below the server's own */
    KEEPER_CHILDREN = 16,
    KEEPER_COPIES = 8, /* dumps and restores at the same time */
    KEEPER_WAITERS = 64,
};

enum keeper_stage { KEEPER_DOWN, KEEPER_BUSY, KEEPER_UP };

struct keeper {
    const struct cluster_config *config;
    bool root; /* started as root: the ids below are not the starter's */
    uid_t uid; /* of the keeper and all it runs */
    gid_t gid;
    int server, signals;
    int top;          /* KEEPER_POSTGRES, open: the lock is on it */
    int conf;         /* KEEPER_CONF, open */
    bool locked;      /* by us or by what we started */
    bool stopping;    /* the server's end is closed */
    uint64_t stop_us; /* then we end, whatever still runs */
    bool want_postgres, want_pooler;
    enum keeper_stage postgres, pooler;
    bool orphans; /* of a PostgreSQL that died: they end before the next one starts */
    struct child children[KEEPER_CHILDREN];
    struct keeper_waiter {
        int answer;
        enum child_kind what; /* CHILD_POSTGRES or CHILD_POOLER comes up */
    } waiters[KEEPER_WAITERS];
    size_t waiting;
};

/* keeper_setup.c: forks it. Returns in the server only. */
int keeper_start(const struct cluster_config *config, int *ret_fd, pid_t *ret_pid, struct err *e);

/* keeper.c: works until the server's end is closed and what it ran has ended. */
void keeper_run(struct keeper *k);
/* Takes `answer` over. NULL: done. */
void keeper_answer(int *answer, const struct err *why);

/* keeper_up.c: brings what is wanted one step further up. Called whenever something has changed. */
void keeper_advance(struct keeper *k);
/* A child has ended; it still has its place. */
void keeper_ended(struct keeper *k, struct child *c, int status);
/* `answer` (taken over) is told when it is up, or why it is not. */
void keeper_wait_for(struct keeper *k, enum child_kind what, int *answer);
/* What has become ready since. */
void keeper_note_ready(struct keeper *k);
const char *keeper_ready_text(enum child_kind kind);

/* keeper_programs.c: the programs and their arguments. NULL when there is no place left. */
struct child *keeper_place(struct keeper *k);
struct child *keeper_find(struct keeper *k, enum child_kind kind);
int keeper_launch(struct keeper *k, enum child_kind kind, struct err *e);
/* Who may connect to the cluster; written once. */
int keeper_write_access(struct keeper *k, struct err *e);
/* Writes the pooler's files from `count` records in `file`. */
int keeper_configure(struct keeper *k, int file, size_t count, struct err *e);
/* pg_dump or pg_restore for `answer`, which is taken over once this succeeds. */
int keeper_copy(struct keeper *k, bool dump, int target, int file, int *answer, struct err *e);
/* Removes the secrets that were written for it. */
void keeper_forget_service(const struct keeper *k, const struct child *c);
