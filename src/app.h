/* app — what the capabilities share: http_config.app, reached by handlers as req->app. Owned by
 * serve/. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct auth;
struct calls;
struct engine;
struct functions;
struct http_server;
struct store;

struct app {
    struct engine *engine; /* loop thread only */
    struct http_server *http;
    struct auth *auth;
    struct store *store;
    struct functions *functions;
    struct calls *calls;
    int64_t started_us;
    pid_t spawner;
};
