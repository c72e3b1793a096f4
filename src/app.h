/* app — what the capabilities share: http_config.app, reached by handlers as req->app. Owned by serve/. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct auth;
struct calls;
struct engine;
struct functions_listener;
struct http_server;
struct seal;
struct store;

struct app {
    struct engine *engine; /* loop thread only */
    struct http_server *http;
    struct auth *auth;
    struct seal *seal;
    struct store *store;
    struct calls *calls;
    const struct functions_listener *listener;
    int64_t started_us;
    pid_t spawner;
};
