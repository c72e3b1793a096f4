/* private — what the files of databases/ share.
 *
 * databases.c        open and close, environment, the thread
 * claim.c            who works on a project's database
 * databases_store.c  rows: one per project, there before anything is made and until all is gone
 * provider.h         what differs: sql_provider.c (local, server), neon_provider.c
 * lifecycle.c        provision, deprovision, rotate; and what a crash left of them
 * watch.c            sizes, and statements that run too long
 * pool.c             what the pooler is told
 * pg.c               libpq with deadlines
 * console.c          SQL as the project's own role
 * backups.c          dumps below the data directory
 *
 * A row's state, its password and the provider's side move in an order that a crash cannot break:
 * first the row says what will be, then the provider does it, in steps that may be repeated, then
 * the row says that it is. Whoever works on a project's database holds its claim, so that no two
 * threads do; a row of another server is left to it for LEASE_US. */
#pragma once

#include "base/buf.h"
#include "base/id.h"
#include "databases/databases.h"

#include <pthread.h>
#include <string.h>

enum database_state { STATE_PROVISIONING, STATE_READY, STATE_DELETING };
enum database_fence { FENCE_OPEN, FENCE_READ_ONLY, FENCE_CLOSED };
/* Of a new password: announced in the row, then set at the provider, then told to everybody. */
enum database_rotation { ROTATION_NONE, ROTATION_ANNOUNCED, ROTATION_SET };

enum {
    NAME_TEXT = ID_TEXT + 2,
    LEASE_US = 600000000,
    CLAIMS_MAX = 64,
    QUERIES_PER_PROJECT = 2,
};

struct database {
    const char *project;
    enum database_provider_kind provider;
    enum database_state state;
    enum database_fence fence;
    enum database_rotation rotation;
    const char *name;                 /* of the role and the database: p_ and 24 hex digits */
    const char *instance;             /* of the server that works on it */
    const char *password;             /* NULL: it does not open, its key is lost */
    const char *verifier;             /* as in pg_authid; "" where the provider's is not ours */
    const char *next, *next_verifier; /* announced; NULL: none */
    const char *remote_id;            /* the provider's own, or "" */
    const char *remote;               /* conninfo of its server without a password, or "" */
    const char *problem;              /* of the last attempt, or "" */
    int64_t bytes;                    /* when it was last looked at */
    int64_t created_us, updated_us;
    bool orphan; /* its project is gone */
};

/* A thread's own means. */
struct work {
    struct databases *d;
    struct db *db;
    struct arena *a;
};

struct databases {
    struct databases_config config;
    char instance[ID_TEXT];      /* of this data directory */
    pthread_mutex_t lock;        /* of what follows */
    pthread_cond_t woken, freed; /* the thread; a claim */
    pthread_t thread;
    bool running, stopping;
    bool settle, tell; /* asked for */
    char claims[CLAIMS_MAX][64];
    struct {
        char project[64];
        unsigned count;
    } queries[CLAIMS_MAX];
    pthread_mutex_t telling; /* one tells the pooler at a time, what the store says then */
    bool told;               /* the pooler has ever been told of any */
    uint64_t settle_at_us, settle_wait_us; /* thread only: after a failure */
    struct sizes *sizes;                   /* thread only: watch.c */
};

extern const char *const database_provider_words[]; /* "local", ... */

/* Whether its cluster is another server's: ERR_UNAVAILABLE. */
int databases_check_here(const struct databases *d, const struct database *row, struct err *e);

void databases_wake(struct databases *d, bool settle, bool tell);

/* Wipes and frees: what held a password. */
static inline void secret_guard(struct buf *b)
{
    if (b->data)
        explicit_bzero(b->data, b->len);
    buf_done(b);
}
/* Where slots see the pooler. All clients take this form: the host as a parameter. */
#define SOCKET_DIR          "/run/postgresql"
#define DATABASE_URL_FORMAT "postgresql://%s:%s@/%s?host=" SOCKET_DIR

#define auto_secret __attribute__((cleanup(secret_guard)))
