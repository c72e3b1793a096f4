#include "auth/used.h"

#include "auth/keys_store.h"
#include "auth/sessions_store.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { GATHERED_MAX = 256 };

struct use {
    enum used_kind kind;
    char id[ID_TEXT];
    int64_t at_us;
};

struct used {
    pthread_mutex_t lock;
    struct use uses[GATHERED_MAX];
    size_t count;
    bool submitted; /* a worker will come and take them */
};

struct used *used_new(void)
{
    struct used *u = mem_alloc(sizeof *u);
    pthread_mutex_init(&u->lock, NULL);
    return u;
}

void used_free(struct used *u)
{
    if (!u)
        return;
    pthread_mutex_destroy(&u->lock);
    free(u);
}

static size_t take(struct used *u, struct use uses[GATHERED_MAX])
{
    pthread_mutex_lock(&u->lock);
    size_t count = u->count;
    memcpy(uses, u->uses, count * sizeof *uses);
    u->count = 0;
    u->submitted = false;
    pthread_mutex_unlock(&u->lock);
    return count;
}

static int write_all(struct db *db, const struct use *uses, size_t count, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct use *use = &uses[i];
        if ((use->kind == USED_KEY ? keys_touch : sessions_touch)(db, use->id, use->at_us, e) < 0)
            return -1;
    }
    return db_commit(&tx, e);
}

static void write_gathered(void *job, void *db)
{
    struct use uses[GATHERED_MAX];
    struct err e = {0};
    size_t count = take(job, uses);
    if (write_all(db, uses, count, &e) < 0)
        log_warn("auth", "last uses of %zu credentials are not stored: %s", count, e.text);
}

static void done(void *job)
{
    (void)job;
}

void used_note(struct used *u, struct workers *workers, enum used_kind kind, const char *id,
               int64_t now_us)
{
    struct err full;
    pthread_mutex_lock(&u->lock);
    if (u->count < GATHERED_MAX) {
        struct use *use = &u->uses[u->count++];
        *use = (struct use){.kind = kind, .at_us = now_us};
        snprintf(use->id, sizeof use->id, "%s", id);
    }
    if (!u->submitted)
        u->submitted = workers_submit(workers, write_gathered, done, u, &full) == 0;
    pthread_mutex_unlock(&u->lock);
}
