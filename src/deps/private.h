/* private — the capability's state. Only for deps/. */
#pragma once

#include "base/id.h"
#include "base/list.h"
#include "deps/build.h"
#include "deps/deps.h"
#include "deps/deps_store.h"
#include "deps/layer.h"

#include <pthread.h>

struct timer;
struct workers;

enum {
    VERSION_TEXT = 32,
    JOBS_MAX = 64,   /* sets being built or waiting for it */
    BUILDS_MAX = 64, /* of projects, under way */
};

struct deps {
    struct deps_config config;
    struct deps_builder builder;
    struct app *app;
    char server[ID_TEXT]; /* this server's name in the store: made once, kept with the layers */
    struct layers *layers;
    struct workers *pool; /* for the work of builds: requests have their own */
    struct list jobs;     /* loop thread: struct job, in the order of their coming */
    unsigned running;     /* of these */
    struct timer *tick;
    unsigned ticks;
    bool stopping;        /* nothing new is begun */
    bool closing;         /* the workers of requests have gone */
    pthread_mutex_t lock; /* of all below; workers look at it */
    struct list live;     /* struct live: builds under way. Changed on the loop thread */
    unsigned live_count;
    char versions[LANGUAGES][VERSION_TEXT]; /* of the runtimes; "" until they are known */
    struct list wishes; /* struct wish: layers that are missed here (restore.h) */
    unsigned restoring; /* of these; loop thread */
};

/* The one layer of a set that serves here. 1 and its id, or 0. */
int deps_find_layer(struct deps *d, struct db *db, enum build_language language, const char *set,
                    char ret_id[DIGEST_TEXT], struct err *e);
struct deps *deps_of(const struct app *app);
