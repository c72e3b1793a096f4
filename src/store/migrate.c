/* migrate — applies what the store lacks, in order, all or nothing. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "store/sqlite.h"

#include <string.h>

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
                           "the store '%s' was written by a newer version of this program: it has "
                           "migration %lld '%s'",
                           db->store->path, (long long)query_int(q, 0), query_text(q, a, 1));
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

/* The one word of a schema that SQLite spells differently: only "integer primary key" is an alias
 * of its row number. */
static void translate(const char *sql, struct buf *out)
{
    static const char theirs[] = "bigserial primary key";
    for (const char *at; (at = strstr(sql, theirs)); sql = at + sizeof theirs - 1) {
        buf_add(out, sql, (size_t)(at - sql));
        buf_addz(out, "integer primary key");
    }
    buf_addz(out, sql);
}

static int apply(struct db *db, const struct migration *m, struct err *e)
{
    auto_buf struct buf sql = {0};
    translate(m->sql, &sql);
    if (sqlite_run(db, sql.data, "migrate", e) < 0)
        return -1;
    return db_exec(db, "INSERT INTO schema_version (number, name, applied_us) VALUES ($1, $2, $3)",
                   DB_ARGS(db_int(m->number), db_textz(m->name), db_int(clock_wall_us())), e);
}

int migrate(struct db *db, const struct migration *const *tables, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0)
        return -1;
    if (sqlite_run(db,
                   "CREATE TABLE IF NOT EXISTS schema_version (number bigint PRIMARY KEY,"
                   " name text NOT NULL, applied_us bigint NOT NULL)",
                   "migrate", e) < 0 ||
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
