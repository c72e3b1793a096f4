#include "databases/private.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "databases/databases_store.h"
#include "databases/lifecycle.h"
#include "databases/pool.h"
#include "databases/provider.h"
#include "databases/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

enum { PASS_S = 5, RETRY_S = 1 }; /* RETRY_S: something is left to be settled */
static const uint64_t settle_first_us = 1000000, settle_most_us = 300000000;

const char *const database_provider_words[] = {"local", "server", "neon", NULL};

const struct provider *provider_of(const struct database *row)
{
    return row->provider == DATABASE_NEON ? &neon_provider : &sql_provider;
}

int provider_check(const struct databases *d, enum database_provider_kind kind, struct err *e)
{
    if (kind == DATABASE_SERVER && !d->config.admin_url)
        return err_set(e, ERR_UNAVAILABLE,
                       "no PostgreSQL server is configured: --database-url names one");
    if (kind == DATABASE_NEON && !d->config.neon_key)
        return err_set(e, ERR_UNAVAILABLE, "NEON_API_KEY is not configured: --neon-api-key");
    return 0;
}

int databases_check_here(const struct databases *d, const struct database *row, struct err *e)
{
    if (row->provider == DATABASE_LOCAL && strcmp(row->instance, d->instance) != 0)
        return err_set(e, ERR_UNAVAILABLE, "The database's cluster is on another server");
    return 0;
}

/* --- what functions see --- */

static void set(json_t *variables, const char *name, const char *value)
{
    must(json_object_set_new(variables, name, json_string(value)) == 0);
}

int databases_environment(struct databases *d, struct db *db, const char *project,
                          json_t *variables, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    struct database row;
    struct err elsewhere = {0};
    char url[256];
    int found = databases_store_find(&(struct work){d, db, a}, project, &row, e);
    if (found <= 0 || row.state != STATE_READY || databases_check_here(d, &row, &elsewhere) < 0)
        return found < 0 ? -1 : 0;
    if (!row.password)
        return err_set(e, ERR_SYSTEM, "the password of database %s does not open", row.name);
    snprintf(url, sizeof url, DATABASE_URL_FORMAT, row.name, row.password, row.name);
    set(variables, "DATABASE_URL", url);
    set(variables, "PGHOST", SOCKET_DIR);
    set(variables, "PGPORT", "5432");
    set(variables, "PGUSER", row.name);
    set(variables, "PGPASSWORD", row.password);
    set(variables, "PGDATABASE", row.name);
    explicit_bzero(url, sizeof url);
    return 1;
}

/* --- the thread --- */

void databases_wake(struct databases *d, bool settle, bool tell)
{
    pthread_mutex_lock(&d->lock);
    d->settle |= settle;
    d->tell |= tell;
    pthread_cond_signal(&d->woken);
    pthread_mutex_unlock(&d->lock);
}

void databases_project_gone(struct databases *d)
{
    databases_wake(d, true, false);
}

void databases_changed(struct databases *d)
{
    databases_wake(d, false, true);
}

/* Whoever cannot be reached is asked less and less often. */
static void settle(const struct work *w, bool asked)
{
    struct databases *d = w->d;
    struct err e = {0};
    uint64_t now = clock_mono_us();
    if (asked)
        d->settle_wait_us = 0;
    else if (!d->settle_at_us || now < d->settle_at_us)
        return;
    if (lifecycle_settle(w, &e) == 0) {
        d->settle_at_us = d->settle_wait_us = 0;
        return;
    }
    d->settle_wait_us = d->settle_wait_us ? d->settle_wait_us * 2 : settle_first_us;
    if (d->settle_wait_us > settle_most_us)
        d->settle_wait_us = settle_most_us;
    d->settle_at_us = now + d->settle_wait_us;
}

/* What another server began and left is seen at the latest after a minute. */
enum { PASSES_PER_SETTLE = 12 };

static void pass(struct databases *d, struct db *db, unsigned number, bool settle_asked,
                 bool tell_asked)
{
    auto_arena struct arena *a = arena_new();
    const struct work w = {d, db, a};
    struct err e = {0};
    settle(&w, settle_asked || number % PASSES_PER_SETTLE == 0);
    if (tell_asked && pool_tell(&w, &e) < 0) {
        log_warn("databases", "the pooler is behind: %s", e.text);
        databases_wake(d, false, true);
    }
    e = (struct err){0};
    if (watch_pass(&w, &e) < 0)
        log_warn("databases", "sizes are not known: %s", e.text);
}

/* False: the end. */
static bool wait(struct databases *d, bool retry, bool *settle_asked, bool *tell_asked)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += d->settle_at_us ? RETRY_S : PASS_S;
    pthread_mutex_lock(&d->lock);
    while (!d->stopping && (retry || (!d->settle && !d->tell)))
        if (pthread_cond_timedwait(&d->woken, &d->lock, &until) == ETIMEDOUT)
            break;
    *settle_asked = d->settle;
    *tell_asked = d->tell;
    d->settle = d->tell = false;
    bool go_on = !d->stopping;
    pthread_mutex_unlock(&d->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct databases *d = arg;
    struct db *db = NULL;
    struct err e = {0};
    bool settle_asked = true, tell_asked = true;
    for (unsigned number = 0;; number++) {
        if (!db && db_open(d->config.store, DB_DURABLE, &db, &e) < 0)
            log_warn("databases", "the store is away: %s", e.text);
        if (db)
            pass(d, db, number, settle_asked, tell_asked);
        if (!wait(d, !db, &settle_asked, &tell_asked))
            break;
    }
    db_close(db);
    return NULL;
}

/* --- open and close --- */

/* Random, once per data directory: says whose cluster a row's database is in. */
static int read_instance(struct databases *d, struct err *e)
{
    auto_fd int fd = openat(d->config.data_fd, "instance", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    auto_buf struct buf text = {0};
    if (fd < 0 && errno == ENOENT) {
        id_new(d->instance);
        return fd_write_file(d->config.data_fd, "instance", d->instance, ID_TEXT - 1, 0600, e);
    }
    if (fd < 0)
        return err_sys(e, "open 'instance' in the data directory");
    if (fd_read_all(fd, ID_TEXT, &text, e) < 0)
        return -1;
    if (text.len != ID_TEXT - 1)
        return err_set(e, ERR_INVALID, "'instance' in the data directory is no id");
    snprintf(d->instance, sizeof d->instance, "%s", text.data);
    return 0;
}

int databases_open(const struct databases_config *config, struct databases **ret, struct err *e)
{
    struct databases *d = mem_alloc(sizeof *d);
    pthread_condattr_t monotonic;
    d->config = *config;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->telling, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->woken, &monotonic);
    pthread_cond_init(&d->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (provider_check(d, config->provider, e) < 0 || read_instance(d, e) < 0) {
        databases_close(d);
        return -1;
    }
    *ret = d;
    return 0;
}

int databases_start(struct databases *d, struct err *e)
{
    int failed = pthread_create(&d->thread, NULL, run, d);
    if (failed) {
        errno = failed;
        return err_sys(e, "start the thread of databases");
    }
    d->running = true;
    return 0;
}

void databases_close(struct databases *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->woken);
    pthread_mutex_unlock(&d->lock);
    if (d->running)
        pthread_join(d->thread, NULL);
    watch_sizes_free(d->sizes);
    pthread_cond_destroy(&d->freed);
    pthread_cond_destroy(&d->woken);
    pthread_mutex_destroy(&d->telling);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
