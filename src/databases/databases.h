/* databases — a PostgreSQL database per project.
 *
 * A provider (provider.h) makes a role and a database of its own for a project; slots of the
 * project's functions reach it through the pooler (cluster/cluster.h) by a socket that is mounted
 * into them, so that it works with the network off. What is under way is a row of the store before
 * it begins, so a start after a crash finishes or undoes it (databases_settle).
 *
 * Passwords are sealed in the store (auth/seal.h). Everything here runs on worker threads, but for
 * what says otherwise. */
#pragma once

#include "auth/auth.h"
#include "base/arena.h"
#include "base/err.h"
#include "http/http.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

struct cluster;
struct databases;

enum database_provider_kind { DATABASE_LOCAL, DATABASE_SERVER, DATABASE_NEON };

struct databases_config {
    struct store *store;
    const struct seal *seal;
    struct cluster *cluster;
    int data_fd;                          /* backups are kept below it */
    enum database_provider_kind provider; /* for who names none */
    const char *admin_url;                /* of the provider `server`, or NULL: not offered */
    const char *neon_key, *neon_url;      /* of the provider `neon`; the URL without a slash at its
                                             end */
    uint64_t size_max;                    /* bytes of one database */
    unsigned connections_max;             /* server connections of one database */
    unsigned statement_timeout_ms;
};
int databases_open(const struct databases_config *config, struct databases **ret, struct err *e);
/* A thread of its own finishes or undoes what a crash or an unreachable server left half done,
 * drops what belonged to projects that are gone, tells the pooler, and watches sizes. */
int databases_start(struct databases *d, struct err *e);
void databases_close(struct databases *d);

/* What `virga rotate-key` does with passwords: sealed anew with the other key, inside the caller's
 * transaction. Returns how many, or -1. */
int databases_reseal(struct db *db, const struct seal *from, const struct seal *to, struct err *e);

/* Adds DATABASE_URL, PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE of a project's ready database
 * to `variables`, over what is there. Returns 1 when there is one, 0 when not, -1. */
int databases_environment(struct databases *d, struct db *db, const char *project,
                          json_t *variables, struct err *e);
/* The project is gone (noted, app.h): its database goes too, soon. Any thread, never blocks. */
void databases_project_gone(struct databases *d);
/* NOTE_DATABASE: another server may have made one: the pooler is told, soon. */
void databases_changed(struct databases *d);

extern const struct migration databases_migrations[]; /* 70 to 79 */
extern const struct route databases_routes[], console_routes[], backups_routes[];
