/* server — all state of the daemon, and the steps that bring it up. Private to serve/. */
#pragma once

#include "app.h"
#include "auth/auth.h"
#include "base/err.h"
#include "http/http.h"
#include "loop/loop.h"
#include "serve/handoff.h"
#include "serve/settings.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>

struct seal;

struct server {
    struct app app;
    struct settings settings;
    struct seal *seal;
    struct loop *loop;
    struct workers *workers, *slow_workers, *long_workers;
    struct timer *drain;
    struct handoff handoff;
    int data_fd;
    int lock_fd; /* of the data directory too: held while we live */
    int spawner_fd;
    char layers_path[PATH_MAX +
                     16]; /* of the layers; another one once the rights are gone, as data_path */
    int keeper_fd;
    char data_path[256]; /* of the data directory once the rights are gone */
    bool stopping;
    bool loading; /* the start: refresh runs on the loop thread itself */
    pthread_mutex_t refreshing;
    struct auth_quota quota;
    struct quotas *quotas;
    struct catchup *catchup;
    struct checks *checks; /* serve/checks.h */
    struct index *index;   /* where packages come from: deps/index.h */
    unsigned build_template;
    char no_egress[256]; /* what app.no_egress points to */
};

/* The steps, in this order. What a failed start leaves half-made, server_done takes down. */
int server_open_data(struct server *s, struct err *e);
int server_probe(struct server *s, struct err *e);
int server_settle_egress(struct server *s, struct err *e);
int server_start_keeper(struct server *s, struct err *e);
int server_start_spawner(struct server *s, struct err *e);
int server_lock_data(struct server *s, struct err *e);
int server_load_keys(struct server *s, struct err *e);
int server_drop_rights(struct server *s, struct err *e);
int server_open_cluster(struct server *s, struct err *e);
int server_open_store(struct server *s, struct err *e);
int server_open_loop(struct server *s, struct err *e);
int server_open_calls(struct server *s, struct err *e);
int server_open_functions(struct server *s, struct err *e);
int server_open_databases(struct server *s, struct err *e);
int server_open_gateway(struct server *s, struct err *e);
int server_open_engine(struct server *s, struct err *e);
int server_open_workers(struct server *s, struct err *e);
int server_open_deps(struct server *s, struct err *e);
int server_load_functions(struct server *s, struct err *e);
int server_open_quotas(struct server *s, struct err *e);
int server_start_databases(struct server *s, struct err *e);
int server_listen(struct server *s, struct err *e);

/* Once it listens: "http://ADDRESS:PORT". */
void server_url(const struct server *s, char *out, size_t size);
/* Shows the link that gives the owner a password, while there is none. */
int server_log_setup(struct server *s, struct err *e);
void server_done(struct server *s);
