#include "deps/collect.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* A slot may still run with what its project asked for a moment ago: a call's longest time. */
enum { REST_S = 900 };

static int touch(void *arg, const char *id)
{
    layer_touch(((struct deps *)arg)->layers, id);
    return 0;
}

static int by_use(const void *a, const void *b)
{
    const struct layer_info *x = a, *y = b;
    return x->used_us < y->used_us ? -1 : x->used_us > y->used_us;
}

static int drop(struct deps *d, struct db *db, const struct layer_info *info, struct err *e)
{
    log_info("deps", "layer removed layer=%s bytes=%llu", info->id,
             (unsigned long long)info->bytes);
    return layer_drop(d->layers, info->id, e) < 0 ? -1 : deps_store_drop_layer(db, info->id, e);
}

/* Those that are in use have just been touched, so the grace covers them; the list begins with what
 * was asked for longest ago. */
static int drop_unused(struct deps *d, struct db *db, int64_t began_us, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct layer_info *all;
    size_t count = layer_list(d->layers, a, &all);
    uint64_t total = 0;
    int64_t grace_us = d->config.grace_s * 1000000LL, rest_us = REST_S * 1000000LL;
    rest_us = rest_us < grace_us ? rest_us : grace_us;
    for (size_t i = 0; i < count; i++)
        total += all[i].bytes;
    qsort(all, count, sizeof *all, by_use);
    for (size_t i = 0; i < count && all[i].used_us < began_us; i++) {
        int64_t unused_us = began_us - all[i].used_us;
        if (unused_us < rest_us || (unused_us < grace_us && total <= d->config.disk_bytes))
            continue;
        if (drop(d, db, &all[i], e) < 0)
            return -1;
        total -= all[i].bytes;
    }
    if (total > d->config.disk_bytes)
        log_warn("deps", "layers in use take more than --layers-mb: %llu bytes",
                 (unsigned long long)total);
    return 0;
}

/* In a transaction: whoever saves a project that asks for a layer finds it here or builds it. */
static int collect(struct deps *d, struct db *db, struct err *e)
{
    auto_tx struct tx tx = {0};
    char versions[LANGUAGES][VERSION_TEXT];
    int64_t began_us = clock_wall_us();
    pthread_mutex_lock(&d->lock);
    memcpy(versions, d->versions, sizeof versions);
    pthread_mutex_unlock(&d->lock);
    if (db_begin(db, &tx, e) < 0)
        return -1;
    for (int i = 0; i < LANGUAGES; i++)
        if (deps_store_each_used(db, (enum build_language)i, versions[i], touch, d, e) < 0)
            return -1;
    if (drop_unused(d, db, began_us, e) < 0)
        return -1;
    return db_commit(&tx, e);
}

void collect_run(struct deps *d, struct db *db)
{
    struct err e = {0};
    if (collect(d, db, &e) < 0)
        log_warn("deps", "unused layers stay: %s", e.text);
    layer_sweep(d->layers); /* outside: other writers wait for a transaction */
}

/* --- the start --- */

struct known {
    struct deps *d;
    struct layer_info *all;
    size_t count;
};

static int mark_known(void *arg, const char *id, int64_t bytes)
{
    struct known *k = arg;
    layer_weigh(k->d->layers, id, (uint64_t)bytes);
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->all[i].id, id) == 0)
            k->all[i].id[0] = 0;
    return 0;
}

int collect_start(struct deps *d, struct db *db, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct known k = {.d = d};
    k.count = layer_list(d->layers, a, &k.all);
    if (deps_store_each_layer(db, mark_known, &k, e) < 0)
        return -1;
    for (size_t i = 0; i < k.count; i++)
        if (k.all[i].id[0] && layer_drop(d->layers, k.all[i].id, e) < 0)
            return -1;
    return 0; /* their files go with the first collection */
}
