/* postgres — the store in PostgreSQL: transactions, turns, what the schema needs. */
#include "store/postgres.h"

#include "base/clock.h"
#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A read that failed later than this is not repeated: both tries must end within 5 s. */
enum { REPEAT_US = 1000000 };

/* The writers' turn, which ends with the transaction. It is taken before the first statement takes
 * its snapshot, so that the transaction sees all that writers before it have committed. */
#define TAKE_TURN "SELECT pg_advisory_xact_lock(hashtextextended('virga:' || current_schema(), 0))"

static int open_store(const struct store_config *config, struct store **ret, struct err *e)
{
    struct pg_store *s = mem_alloc(sizeof *s);
    s->url = mem_strdup(config->path);
    id_new(s->id);
    if (postgres_url_read(s, e) < 0) {
        free(s->url);
        free(s);
        return -1;
    }
    *ret = &s->base;
    return 0;
}

static void close_store(struct store *base)
{
    struct pg_store *s = pg_store(base);
    postgres_listen_free(s);
    free(s->base.name);
    free(s->url);
    free(s);
}

/* The answer to COMMIT counts: PostgreSQL says ROLLBACK to a transaction that had failed. */
static int end_transaction(struct pg_db *db, struct err *e)
{
    PGresult *result =
        postgres_run(db->base.store, db->conn, "COMMIT", postgres_patience_us(db), "commit", e);
    bool done = result && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    bool refused = result || PQtransactionStatus(db->conn) == PQTRANS_IDLE;
    PQclear(result);
    if (done)
        return 0;
    if (refused)
        return result ? err_set(e, ERR_SYSTEM, "commit: the transaction had failed") : -1;
    postgres_drop(db);
    postgres_listen_doubt(pg_store(db->base.store));
    err_set(e, ERR_UNAVAILABLE,
            "commit: lost PostgreSQL at %s before its answer: it may have happened",
            db->base.store->name);
    return postgres_away(
        db->base.store,
        "the database went away before its answer to a change: it may have happened", e);
}

static int try_begin(struct pg_db *db, struct err *e)
{
    static const char plain[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    static const char in_turn[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " TAKE_TURN;
    if (postgres_ready(db, e) < 0)
        return -1;
    if (postgres_command(db, db->base.durability == DB_BULK ? plain : in_turn, "begin", e) == 0)
        return 0;
    struct err ignored = {0};
    if (db->conn)
        (void)postgres_command(db, "ROLLBACK", "roll back", &ignored);
    return -1;
}

/* The connection broke: a new one may do. */
static bool is_worth_repeating(const struct pg_db *db, uint64_t began_us)
{
    return !db->conn && !pg_store(db->base.store)->silent && clock_mono_us() - began_us < REPEAT_US;
}

static int begin(struct db *base, struct err *e)
{
    struct pg_db *db = pg_db(base);
    struct err first = {0};
    uint64_t began = clock_mono_us();
    if (try_begin(db, &first) == 0)
        return 0;
    if (is_worth_repeating(db, began))
        return try_begin(db, e);
    *e = first;
    return -1;
}

/* They are sent with the commit, or not at all. */
static int tell_others(struct db *base, struct err *e)
{
    const struct notes *notes = &base->notes;
    const char *server = pg_store(base->store)->id;
    auto_buf struct buf lines = {0};
    if (notes->all)
        buf_addf(&lines, "%s:" STORE_ALL ":", server);
    for (size_t i = 0; !notes->all && i < notes->count; i++)
        buf_addf(&lines, "%s%s:%s:%s", i ? "\n" : "", server, notes->list[i].topic,
                 notes->list[i].id);
    auto_query struct query *q = NULL;
    if (db_query(base,
                 "SELECT pg_notify('" POSTGRES_CHANNEL "', line)"
                 " FROM unnest(string_to_array($1, chr(10))) AS line",
                 DB_ARGS(db_text(buf_str(&lines))), &q, e) < 0)
        return -1;
    int more;
    while ((more = query_next(q, e)) > 0)
        ;
    return more;
}

static int commit(struct db *base, struct err *e)
{
    struct pg_db *db = pg_db(base);
    bool noted = base->notes.all || base->notes.count;
    if ((noted && tell_others(base, e) < 0) || postgres_ready(db, e) < 0)
        return -1;
    return end_transaction(db, e);
}

static void rollback(struct db *base)
{
    struct pg_db *db = pg_db(base);
    struct err ignored = {0};
    if (db->conn && postgres_ready(db, &ignored) < 0 && db->conn)
        postgres_drop(db);
    if (db->conn && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
        (void)postgres_command(db, "ROLLBACK", "roll back", &ignored);
}

/* One statement of a durable writer is a transaction of its own, with a turn of its own. */
static int run_in_turn(struct pg_query *q, const struct db_value *args, size_t count, struct err *e)
{
    struct db *base = q->base.db;
    if (begin(base, e) < 0)
        return -1;
    base->in_tx = true; /* no new connection half-way */
    int rc = postgres_query_run(q, args, count, e);
    if (rc == 0)
        rc = end_transaction(pg_db(base), e);
    if (rc < 0)
        rollback(base);
    base->in_tx = false;
    return rc;
}

static int start(struct query *base, const struct db_value *args, size_t count, struct err *e)
{
    struct pg_query *q = (struct pg_query *)base;
    struct pg_db *db = pg_db(base->db);
    struct err first = {0};
    uint64_t began = clock_mono_us();
    if (!q->is_read && !base->db->in_tx && base->db->durability == DB_DURABLE)
        return run_in_turn(q, args, count, e);
    if (postgres_query_run(q, args, count, &first) == 0)
        return 0;
    q->failure.code = ERR_NONE;
    if (q->is_read && !base->db->in_tx && is_worth_repeating(db, began))
        return postgres_query_run(q, args, count, e);
    *e = first;
    return -1;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether " text" at `at` is the type of a column: "word text,", not "AS text" or "word texts". */
static bool is_column_type(const char *sql, const char *at, size_t len)
{
    size_t before = (size_t)(at - sql);
    bool cast = before >= 3 && !is_word(at[-3]) && strncasecmp(at - 2, "as", 2) == 0;
    return before > 0 && is_word(at[-1]) && !cast && !is_word(at[len]);
}

/* Text gets the order of its bytes, whatever the database's own: as in SQLite, and no change of the
 * system's locales can damage an index. */
static int script(struct db *base, const char *sql, struct err *e)
{
    static const char type[] = " text";
    enum { LEN = sizeof type - 1 };
    auto_buf struct buf out = {0};
    const char *from = sql;
    for (const char *at = sql; (at = strstr(at, type)); at += LEN) {
        if (!is_column_type(sql, at, LEN))
            continue;
        buf_add(&out, from, (size_t)(at + LEN - from));
        buf_addz(&out, " COLLATE \"C\"");
        from = at + LEN;
    }
    buf_addz(&out, from);
    struct pg_db *db = pg_db(base);
    return postgres_ready(db, e) < 0 ? -1 : postgres_command(db, out.data, "migrate", e);
}

static int no_backup(struct store *s, const char *path, struct err *e)
{
    (void)s, (void)path;
    return err_set(e, ERR_INVALID, "PostgreSQL is backed up with pg_dump");
}

/* In a loop over k: foreign keys, or columns and the sequences they draw from. */
#define EACH_KEY(change)                                                                           \
    "DO $$ DECLARE k record; BEGIN FOR k IN SELECT conrelid::regclass AS relation, conname"        \
    " FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"    \
    " LOOP EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I " change "',"                        \
    " k.relation, k.conname); END LOOP; END $$"
#define EACH_SEQUENCE(select)                                                                      \
    "DO $$ DECLARE k record; BEGIN FOR k IN SELECT table_name AS t, column_name AS c,"             \
    " pg_get_serial_sequence(quote_ident(table_schema) || '.' || quote_ident(table_name),"         \
    " column_name) AS s FROM information_schema.columns WHERE table_schema = current_schema()"     \
    " LOOP IF k.s IS NOT NULL THEN EXECUTE format('" select "', k.s, k.c, k.t); END IF;"           \
    " END LOOP; END $$"

static int copying_begin(struct db *base, struct err *e)
{
    static const char sql[] = EACH_KEY("DEFERRABLE INITIALLY DEFERRED");
    struct pg_db *db = pg_db(base);
    return postgres_ready(db, e) < 0 ? -1 : postgres_command(db, sql, "copy", e);
}

/* A growing key goes on behind the largest that was copied. */
static int copying_end(struct db *base, struct err *e)
{
    static const char sql[] =
        "SET CONSTRAINTS ALL IMMEDIATE; " EACH_KEY("NOT DEFERRABLE") ";" EACH_SEQUENCE(
            "SELECT setval(%1$L, greatest(max(%2$I), 1), max(%2$I) IS NOT NULL) FROM %3$I");
    struct pg_db *db = pg_db(base);
    return postgres_ready(db, e) < 0 ? -1 : postgres_command(db, sql, "copy", e);
}

static void stop_listening(struct store *s)
{
    postgres_listen_end(pg_store(s));
}

const struct store_backend store_postgres = {
    .open = open_store,
    .close = close_store,
    .connect = postgres_db_open,
    .disconnect = postgres_db_close,
    .prepare = postgres_query_prepare,
    .discard = postgres_query_discard,
    .start = start,
    .next = postgres_query_next,
    .changes = postgres_query_changes,
    .column = postgres_query_column,
    .stop = postgres_query_stop,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .patient = postgres_db_patient,
    .listen = postgres_listen,
    .listen_end = stop_listening,
    .backup = no_backup,
    .restore = no_backup,
    .copying =
        {
            .tables = "SELECT CAST(tablename AS text) FROM pg_tables"
                      " WHERE schemaname = current_schema() AND tablename <> 'schema_version'",
            .columns = "SELECT CAST(column_name AS text) FROM information_schema.columns"
                       " WHERE table_schema = current_schema() AND table_name = $1"
                       " ORDER BY ordinal_position",
            .begin = copying_begin,
            .end = copying_end,
        },
};
