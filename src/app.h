/* app — what the capabilities share: http_config.app, reached by handlers as req->app. Owned by
 * serve/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct auth;
struct auth_quota;
struct calls;
struct deps;
struct cluster;
struct databases;
struct engine;
struct functions;
struct gateway;
struct http_server;
struct loop;
struct probe_result;
struct seal;
struct store;
struct workers;

struct app {
    struct engine *engine; /* loop thread only */
    struct http_server *http;
    struct loop *loop;
    struct workers *workers; /* of the control plane; their context is a struct db */
    struct auth *auth;
    const struct seal *seal;
    struct store *store;
    struct functions *functions;
    struct calls *calls;
    struct deps *deps;
    struct cluster *cluster;        /* blocks: worker threads only */
    struct databases *databases;    /* worker threads */
    struct gateway *gateway;        /* loop thread only */
    const struct auth_quota *quota; /* of an account that has none of its own */
    const char *public_url;         /* "https://virga.example", or NULL */
    int64_t started_us;
    pid_t spawner, keeper;
    const char *no_egress;             /* why functions may not have network; NULL: they may */
    const struct probe_result *checks; /* what `virga doctor` would have said at the start */
    const _Atomic size_t *check_count; /* 0 until they are known, a moment after the start */
};

/* What db_note says has changed: serve/ then brings memory up to date, here and on other servers.
 */
#define NOTE_FUNCTION   "function"   /* created, saved, moved, rolled back, deleted */
#define NOTE_PROJECT    "project"    /* its settings, members, domains or routes */
#define NOTE_VARIABLES  "variables"  /* of a project: its functions get a new environment */
#define NOTE_DATABASE   "database"   /* of a project: likewise, and the pooler is told */
#define NOTE_ACCOUNT    "account"    /* its rights, password or quota; or it is gone */
#define NOTE_CREDENTIAL "credential" /* a key or session is revoked or changed */
