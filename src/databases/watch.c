#include "databases/watch.h"
#include "databases/claim.h"

#include "base/log.h"
#include "base/mem.h"
#include "databases/databases_store.h"
#include "databases/pg.h"
#include "databases/pool.h"
#include "databases/provider.h"

#include <stdlib.h>
#include <string.h>

enum { OVERRUN_S = 5, IDLE_S = 60, FULL_ROUND = 60 };

/* How much had happened in a database when its size was last taken. */
struct sizes {
    struct seen {
        char name[NAME_TEXT + 8];
        int64_t transactions;
    } * all;
    size_t count;
    unsigned round;
};

void watch_sizes_free(struct sizes *s)
{
    if (s)
        free(s->all);
    free(s);
}

enum database_fence watch_fence(int64_t bytes, int64_t bytes_max)
{
    if (bytes <= bytes_max)
        return FENCE_OPEN;
    return bytes <= bytes_max + bytes_max / 5 ? FENCE_READ_ONLY : FENCE_CLOSED;
}

static int64_t *seen_of(struct sizes *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->all[i].name, name) == 0)
            return &s->all[i].transactions;
    s->all = mem_realloc(s->all, (s->count + 1) * sizeof *s->all);
    struct seen *new = &s->all[s->count++];
    *new = (struct seen){.transactions = -1};
    snprintf(new->name, sizeof new->name, "%s", name);
    return &new->transactions;
}

/* Also again and again while it is full: its owner may have switched the default back. */
static int set_fence(const struct work *w, struct database *row, enum database_fence to,
                     struct err *e)
{
    bool same = row->fence == to;
    if (provider_of(row)->fence(w, row, to, e) < 0)
        return -1;
    row->fence = to;
    if (databases_store_size(w, row, e) < 0)
        return -1;
    if (same)
        return 0;
    log_info("databases", "database %s project=%s bytes=%lld",
             to == FENCE_OPEN        ? "is open again"
             : to == FENCE_READ_ONLY ? "is full: read-only"
                                     : "is far over its size: closed",
             row->project, (long long)row->bytes);
    return pool_tell(w, e);
}

static int look_at(const struct work *w, struct pg *pg, struct database *row, struct err *e)
{
    auto_buf struct buf sql = {0};
    buf_addf(&sql, "SELECT pg_catalog.pg_database_size('%s')", row->name);
    if (pg_number(pg, sql.data, &row->bytes, e) < 0)
        return -1;
    enum database_fence to = watch_fence(row->bytes, (int64_t)w->d->config.size_max);
    return to == row->fence && to != FENCE_READ_ONLY ? databases_store_size(w, row, e)
                                                     : set_fence(w, row, to, e);
}

static int drop_leftovers(struct pg *pg, const struct database *row, struct err *e)
{
    return pg_runf(pg, e, "DROP DATABASE IF EXISTS \"%s_new\" WITH (FORCE)", row->name) < 0
               ? -1
               : pg_runf(pg, e, "DROP DATABASE IF EXISTS \"%s_old\" WITH (FORCE)", row->name);
}

static struct database *find(struct database *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(rows[i].name, name, NAME_TEXT - 1) == 0)
            return &rows[i];
    return NULL;
}

static bool is_watched(const struct work *w, const struct database *row)
{
    return row->state == STATE_READY && !row->orphan && strcmp(row->instance, w->d->instance) == 0;
}

/* The row is read again: it may be another by now. */
static int watch_claimed(const struct work *w, struct pg *pg, const char *project, const char *name,
                         struct err *e)
{
    struct database row;
    int found = databases_store_find(w, project, &row, e);
    if (found <= 0 || !is_watched(w, &row) || strncmp(row.name, name, NAME_TEXT - 1) != 0)
        return found < 0 ? -1 : 0;
    if (strlen(name) > NAME_TEXT - 1) /* a restore that was killed */
        return drop_leftovers(pg, &row, e);
    return look_at(w, pg, &row, e);
}

static int watch_one(const struct work *w, struct pg *pg, const struct database *row,
                     const char *name, int64_t transactions, struct err *e)
{
    struct sizes *s = w->d->sizes;
    int64_t *seen = seen_of(s, name);
    if ((*seen == transactions && s->round % FULL_ROUND) || !claim_try(w->d, row->project))
        return 0;
    int rc = watch_claimed(w, pg, row->project, name, e);
    claim_drop(w->d, row->project);
    *seen = transactions;
    return rc;
}

/* --- statements --- */

/* The statement's own limit is a default that its owner may lift. Dumps and restores hold the
 * claim and take their time. */
static int end_overruns(const struct work *w, struct pg *pg, struct database *rows, size_t count,
                        struct err *e)
{
    auto_result PGresult *late = NULL;
    auto_buf struct buf sql = {0};
    unsigned s = w->d->config.statement_timeout_ms / 1000 + OVERRUN_S;
    buf_addf(&sql,
             "SELECT usename, pid FROM pg_catalog.pg_stat_activity WHERE usename ~"
             " '^p_[0-9a-f]{24}$' AND ((state = 'active' AND query_start < now() - interval '%u s')"
             " OR (state LIKE 'idle in transaction%%' AND state_change < now() - interval '%u s'))",
             s, s + IDLE_S);
    if (pg_run(pg, sql.data, &late, e) < 0)
        return -1;
    for (int i = 0; i < PQntuples(late); i++) {
        const struct database *row = find(rows, count, PQgetvalue(late, i, 0));
        if (row && is_watched(w, row) && !claim_is_taken(w->d, row->project) &&
            pg_runf(pg, e, "SELECT pg_catalog.pg_terminate_backend(%s)", PQgetvalue(late, i, 1)) <
                0)
            return -1;
    }
    return 0;
}

static int watch_server(const struct work *w, enum database_provider_kind kind,
                        struct database *rows, size_t count, struct err *e)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *all = NULL;
    if (sql_admin(w->d, kind, &pg, e) < 0 ||
        pg_run(&pg,
               "SELECT d.datname, s.xact_commit + s.xact_rollback FROM pg_catalog.pg_database d"
               " JOIN pg_catalog.pg_stat_database s ON s.datid = d.oid WHERE d.datname ~"
               " '^p_[0-9a-f]{24}(_new|_old)?$'",
               &all, e) < 0)
        return -1;
    if (end_overruns(w, &pg, rows, count, e) < 0)
        return -1;
    for (int i = 0; i < PQntuples(all); i++) {
        const char *name = PQgetvalue(all, i, 0);
        const struct database *row = find(rows, count, name);
        if (row && row->provider == kind && is_watched(w, row) &&
            watch_one(w, &pg, row, name, strtoll(PQgetvalue(all, i, 1), NULL, 10), e) < 0)
            return -1;
    }
    return 0;
}

int watch_pass(const struct work *w, struct err *e)
{
    struct database *rows;
    size_t count;
    bool any[3] = {false};
    if (!w->d->sizes)
        w->d->sizes = mem_alloc(sizeof *w->d->sizes);
    w->d->sizes->round++;
    if (databases_store_list(w, &rows, &count, e) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (is_watched(w, &rows[i]))
            any[rows[i].provider] = true;
    if (any[DATABASE_LOCAL] && watch_server(w, DATABASE_LOCAL, rows, count, e) < 0)
        return -1;
    return any[DATABASE_SERVER] ? watch_server(w, DATABASE_SERVER, rows, count, e) : 0;
}
