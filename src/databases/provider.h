/* provider — who makes databases: a cluster of our own (local), a server by its administrator's
 * URL (server), or a service (neon). Only for databases/.
 *
 * Every step may be repeated: after a crash nobody knows how far it had come. Worker threads, with
 * the claim of the row's project. */
#pragma once

#include "databases/private.h"

struct pool_entry;

struct provider_usage {
    int64_t bytes;
    const char *version; /* "15.8" */
};

struct provider {
    /* Chooses name and password of a new row. Refuses what cannot work, before there is a row. */
    int (*prepare)(const struct work *w, struct database *row, struct err *e);
    /* Makes role and database as the row says. May complete the row, and stores what it must not
     * forget. `label` is for people: the project's slug. */
    int (*provision)(const struct work *w, struct database *row, const char *label, struct err *e);
    /* Chooses row->next and its verifier; nothing is changed yet. */
    int (*renew)(const struct work *w, struct database *row, struct err *e);
    int (*rotate)(const struct work *w, struct database *row, struct err *e);
    int (*drop)(const struct work *w, const struct database *row, struct err *e);
    int (*usage)(const struct work *w, const struct database *row, struct provider_usage *ret,
                 struct err *e);
    /* NULL: it bounds sizes itself. */
    int (*fence)(const struct work *w, const struct database *row, enum database_fence fence,
                 struct err *e);
    /* Puts what `file` holds in the database's place, all or nothing. NULL: it has its own way. */
    int (*restore)(const struct work *w, const struct database *row, int file, struct err *e);
    /* For console and dumps, as the project's role. */
    int (*conninfo)(const struct work *w, const struct database *row, struct buf *ret,
                    struct err *e);
    /* Where the pooler finds it; name, role and `closed` are set. */
    int (*entry)(const struct work *w, const struct database *row, struct pool_entry *ret,
                 struct err *e);
};
extern const struct provider sql_provider, neon_provider;
const struct provider *provider_of(const struct database *row);
/* Whether this server can make such databases: ERR_UNAVAILABLE says how to. */
int provider_check(const struct databases *d, enum database_provider_kind kind, struct err *e);

/* A connection of the administrator of the row's server. For the other files: watch.c. */
struct pg;
int sql_admin(const struct databases *d, enum database_provider_kind kind, struct pg *ret,
              struct err *e);
