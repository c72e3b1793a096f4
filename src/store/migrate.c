/* migrate — applies what the store lacks, in order, all or nothing. */
#include "base/clock.h"
#include "base/must.h"
#include "store/backend.h"

static const struct migration *find(const struct migration *const *tables, int64_t number)
{
    for (; *tables; tables++)
        for (const struct migration *m = *tables; m->number; m++)
            if (m->number == number)
                return m;
    return NULL;
}

/* The one with the smallest number above `last`. */
static const struct migration *following(const struct migration *const *tables, int last)
{
    const struct migration *best = NULL;
    for (; *tables; tables++) {
        for (const struct migration *m = *tables; m->number; m++) {
            must(m->number > 0 && (m == best || !best || m->number != best->number));
            if (m->number > last && (!best || m->number < best->number))
                best = m;
        }
    }
    return best;
}

static int check_known(struct db *db, const struct migration *const *tables, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT number, name FROM schema_version", DB_NO_ARGS, &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0)
        if (!find(tables, query_int(q, 0)))
            return err_set(e, ERR_INVALID,
                           "the store '%s' was written by a newer version of this program (it has "
                           "migration %lld '%s'): start that one, or restore a backup",
                           db->store->name, (long long)query_int(q, 0), query_text(q, a, 1));
    return more;
}

static int is_applied(struct db *db, const struct migration *m, struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, "SELECT 1 FROM schema_version WHERE number = $1", DB_ARGS(db_int(m->number)),
                 &q, e) < 0)
        return -1;
    return query_next(q, e);
}

static int apply(struct db *db, const struct migration *m, struct err *e)
{
    if (db->store->backend->script(db, m->sql, e) < 0)
        return -1;
    return db_exec(db, "INSERT INTO schema_version (number, name, applied_us) VALUES ($1, $2, $3)",
                   DB_ARGS(db_int(m->number), db_textz(m->name), db_int(clock_wall_us())), e);
}

int migrate(struct db *db, const struct migration *const *tables, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    if (db->store->backend->script(db,
                                   "CREATE TABLE IF NOT EXISTS schema_version"
                                   " (number bigint PRIMARY KEY, name text NOT NULL,"
                                   " applied_us bigint NOT NULL)",
                                   e) < 0 ||
        check_known(db, tables, e) < 0)
        return -1;
    const struct migration *m = following(tables, 0);
    for (; m; m = following(tables, m->number)) {
        int applied = is_applied(db, m, e);
        if (applied < 0 || (!applied && apply(db, m, e) < 0))
            return err_in(e, "migration %d '%s'", m->number, m->name);
    }
    return db_commit(&tx, e);
}
