/* postgres — the store in PostgreSQL: statements and transactions over libpq. */
#include "store/postgres.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <ctype.h>
#include <endian.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A read that failed later than this is not repeated: both tries must end within 5 s. */
enum { REPEAT_US = 1000000 };

/* The writers' turn, which ends with the transaction. It is taken before the first statement takes
 * its snapshot, so that the transaction sees all that writers before it have committed. */
#define TAKE_TURN "SELECT pg_advisory_xact_lock(hashtextextended('virga:' || current_schema(), 0))"

static struct pg_query *query_of(struct query *q)
{
    return (struct pg_query *)q;
}

/* ---- connections ---- */

/* What is left of a statement ends with its connection. */
static void drop(struct pg_db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->streaming = NULL;
}

static int fail(struct pg_db *db, const PGresult *result, const char *what, struct err *e)
{
    postgres_fail(db->base.store, db->conn, result, what, e);
    /* Without a result the deadline has passed, or the connection broke. */
    if (!result || postgres_is_lost(db->conn, result))
        drop(db);
    return -1;
}

static int command(struct pg_db *db, const char *sql, const char *what, struct err *e)
{
    PGresult *result =
        postgres_run(db->base.store, db->conn, sql, db->patient ? 0 : PG_STATEMENT_US, what, e);
    if (!result) {
        if (PQstatus(db->conn) == CONNECTION_BAD || PQtransactionStatus(db->conn) == PQTRANS_ACTIVE)
            drop(db);
        return -1;
    }
    PQclear(result);
    return 0;
}

/* A server of ours that hangs in a transaction must not hold up the others: idle there, it is
 * thrown out. Waiting for a lock is bounded, so that a request fails instead of queueing. */
static int set_up(struct pg_db *db, struct err *e)
{
    const char *deadlines = db->patient ? "SET statement_timeout = 0; SET lock_timeout = 0;"
                                          " SET idle_in_transaction_session_timeout = 0;"
                                        : "SET statement_timeout = '30s'; SET lock_timeout = '4s';"
                                          " SET idle_in_transaction_session_timeout = '30s';";
    char sql[320];
    snprintf(sql, sizeof sql, "%s SET synchronous_commit = %s; SET client_min_messages = warning",
             deadlines, db->base.durability == DB_BULK ? "off" : "on");
    return command(db, sql, "connect", e);
}

static int reconnect(struct pg_db *db, struct err *e)
{
    db->conn = postgres_connect(pg_store(db->base.store), PG_NO_WAKE, e);
    if (!db->conn)
        return -1;
    db->generation++;
    if (set_up(db, e) == 0)
        return 0;
    if (db->conn)
        drop(db);
    return -1;
}

/* An idle connection has nothing to say but that it ends: seen before a statement is sent, this
 * costs nobody an error. */
static bool is_dead(struct pg_db *db)
{
    struct pollfd fd = {.fd = PQsocket(db->conn), .events = POLLIN};
    while (poll(&fd, 1, 0) > 0)
        if (!PQconsumeInput(db->conn))
            return true;
    return PQstatus(db->conn) == CONNECTION_BAD;
}

static int read_ahead(struct pg_query *q);

/* Makes the connection free for the next statement, and makes it anew where that is allowed. */
static int make_ready(struct pg_db *db, struct err *e)
{
    if (db->conn && db->streaming) {
        struct pg_query *open = db->streaming;
        if (read_ahead(open) < 0) {
            *e = open->failure;
            return -1;
        }
    }
    if (db->conn && !db->base.in_tx && is_dead(db))
        drop(db);
    if (db->conn)
        return 0;
    if (db->base.in_tx)
        return err_set(e, ERR_UNAVAILABLE, "the connection to PostgreSQL at %s was lost",
                       db->base.store->name);
    return reconnect(db, e);
}

static int open_store(const char *path, struct store **ret, struct err *e)
{
    struct pg_store *s = mem_alloc(sizeof *s);
    s->url = mem_strdup(path);
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
    postgres_listen_end(s);
    free(s->base.name);
    free(s->url);
    free(s);
}

static int connect_db(struct store *s, enum db_durability durability, struct db **ret,
                      struct err *e)
{
    struct pg_db *db = mem_alloc(sizeof *db);
    db->base.store = s;
    db->base.durability = durability;
    if (reconnect(db, e) < 0) {
        free(db);
        return -1;
    }
    *ret = &db->base;
    return 0;
}

static void disconnect_db(struct db *base)
{
    drop(pg_db(base));
    free(base);
}

static int be_patient(struct db *base, struct err *e)
{
    struct pg_db *db = pg_db(base);
    db->patient = true;
    return make_ready(db, e) < 0 ? -1 : set_up(db, e);
}

/* ---- statements ---- */

/* Only a SELECT may stream and be repeated; our SQL calls nothing in one that changes anything. */
static int prepare(struct db *db, const char *sql, struct query **ret, struct err *e)
{
    (void)db, (void)e;
    struct pg_query *q = mem_alloc(sizeof *q);
    q->is_read = strncasecmp(sql + strspn(sql, " \n"), "SELECT", 6) == 0;
    *ret = &q->base;
    return 0;
}

static void discard(struct query *base)
{
    struct pg_query *q = query_of(base);
    struct pg_db *db = pg_db(base->db);
    struct err ignored = {0};
    if (q->generation == db->generation && make_ready(db, &ignored) == 0 &&
        q->generation == db->generation) {
        char sql[48];
        snprintf(sql, sizeof sql, "DEALLOCATE %s", q->name);
        (void)command(db, sql, "forget", &ignored);
    }
    free(q->rows);
    free(q);
}

static Oid type_of(const struct db_value *v)
{
    static const Oid types[] = {
        [DB_INT_VALUE] = PG_INT8, [DB_TEXT_VALUE] = PG_TEXT, [DB_BLOB_VALUE] = PG_BYTEA};
    return types[v->type]; /* of db_null(): 0, the server chooses */
}

static bool is_prepared_for(const struct pg_query *q, const struct db_value *args, size_t count)
{
    if (q->generation != pg_db(q->base.db)->generation || q->parameters != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (args[i].type != DB_NULL_VALUE && q->types[i] != type_of(&args[i]))
            return false;
    return true;
}

/* Types come from the values: the server's own choice would be integer for `$1 + 1`. What a
 * db_null() leaves open is filled in when a value comes, by preparing again. */
static int prepare_for(struct pg_query *q, const struct db_value *args, size_t count, struct err *e)
{
    struct pg_db *db = pg_db(q->base.db);
    for (size_t i = 0; i < count; i++)
        if (args[i].type != DB_NULL_VALUE)
            q->types[i] = type_of(&args[i]);
    q->parameters = count;
    q->generation = 0;
    snprintf(q->name, sizeof q->name, "v%llu", (unsigned long long)++db->names);
    PGresult *result = NULL, *end;
    if (PQsendPrepare(db->conn, q->name, q->base.sql, (int)count, q->types) &&
        postgres_wait(db->conn, PG_STATEMENT_US) == 0)
        result = PQgetResult(db->conn);
    int rc = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : fail(db, result, "prepare", e);
    PQclear(result);
    while (db->conn && postgres_wait(db->conn, PG_STATEMENT_US) == 0 &&
           (end = PQgetResult(db->conn)))
        PQclear(end);
    if (rc == 0)
        q->generation = db->generation;
    return rc;
}

static bool send_query(struct pg_query *q, const struct db_value *args, size_t count)
{
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
    uint64_t numbers[PARAMETERS_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct db_value *v = &args[i];
        numbers[i] = htobe64((uint64_t)v->number);
        bool number = v->type == DB_INT_VALUE;
        values[i] = number ? (const char *)&numbers[i] : v->bytes.p;
        lengths[i] = number ? (int)sizeof numbers[i] : (int)v->bytes.n;
        formats[i] = 1;
    }
    PGconn *conn = pg_db(q->base.db)->conn;
    return PQsendQueryPrepared(conn, q->name, (int)count, values, lengths, formats, 1) &&
           PQsetSingleRowMode(conn);
}

static void keep_row(struct pg_query *q, PGresult *row)
{
    if (q->at == q->row_count)
        q->at = q->row_count = 0;
    if (q->row_count == q->row_cap) {
        q->row_cap = q->row_cap ? 2 * q->row_cap : 4;
        q->rows = mem_realloc(q->rows, q->row_cap * sizeof *q->rows);
    }
    q->rows[q->row_count++] = row;
}

/* Takes the next answer of the server: 1, a row was kept; 0, the statement is at its end; -1. */
static int receive(struct pg_query *q)
{
    struct pg_db *db = pg_db(q->base.db);
    const char *what = q->is_read ? "read" : "write";
    for (;;) {
        if (postgres_wait(db->conn, db->patient ? 0 : PG_STATEMENT_US) < 0)
            return fail(db, NULL, what, &q->failure);
        PGresult *result = PQgetResult(db->conn);
        if (!result) {
            db->streaming = NULL;
            return q->failure.code ? -1 : 0;
        }
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_SINGLE_TUPLE) {
            keep_row(q, result);
            return 1;
        }
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
            q->changes = atoi(PQcmdTuples(result));
        else
            fail(db, result, what, &q->failure);
        PQclear(result);
        if (!db->conn)
            return -1;
    }
}

static int read_ahead(struct pg_query *q)
{
    int rc;
    while ((rc = receive(q)) > 0)
        ;
    return rc;
}

/* Sends the statement and takes the first row; of one that writes, all. */
static int run(struct pg_query *q, const struct db_value *args, size_t count, struct err *e)
{
    struct pg_db *db = pg_db(q->base.db);
    if (make_ready(db, e) < 0 ||
        (!is_prepared_for(q, args, count) && prepare_for(q, args, count, e) < 0))
        return -1;
    if (!send_query(q, args, count))
        return fail(db, NULL, "send", e);
    db->streaming = q;
    if ((q->is_read ? receive(q) : read_ahead(q)) < 0) {
        *e = q->failure;
        return -1;
    }
    return 0;
}

/* The answer to COMMIT counts: PostgreSQL says ROLLBACK to a transaction that had failed. */
static int end_transaction(struct pg_db *db, struct err *e)
{
    PGresult *result = postgres_run(db->base.store, db->conn, "COMMIT",
                                    db->patient ? 0 : PG_STATEMENT_US, "commit", e);
    bool done = result && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    bool refused = result || PQtransactionStatus(db->conn) == PQTRANS_IDLE;
    PQclear(result);
    if (done)
        return 0;
    if (refused)
        return result ? err_set(e, ERR_SYSTEM, "commit: the transaction had failed") : -1;
    drop(db);
    postgres_listen_doubt(pg_store(db->base.store));
    return err_set(e, ERR_UNAVAILABLE,
                   "commit: lost PostgreSQL at %s before its answer: it may have happened",
                   db->base.store->name);
}

static int try_begin(struct pg_db *db, struct err *e)
{
    static const char plain[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    static const char in_turn[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " TAKE_TURN;
    if (make_ready(db, e) < 0)
        return -1;
    if (command(db, db->base.durability == DB_BULK ? plain : in_turn, "begin", e) == 0)
        return 0;
    struct err ignored = {0};
    if (db->conn)
        (void)command(db, "ROLLBACK", "roll back", &ignored);
    return -1;
}

static int begin(struct db *base, struct err *e)
{
    struct pg_db *db = pg_db(base);
    struct err first = {0};
    uint64_t began = clock_mono_us();
    if (try_begin(db, &first) == 0)
        return 0;
    if (!db->conn && clock_mono_us() - began < REPEAT_US)
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
    if ((noted && tell_others(base, e) < 0) || make_ready(db, e) < 0)
        return -1;
    return end_transaction(db, e);
}

static void rollback(struct db *base)
{
    struct pg_db *db = pg_db(base);
    struct err ignored = {0};
    if (db->conn && make_ready(db, &ignored) < 0 && db->conn)
        drop(db);
    if (db->conn && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
        (void)command(db, "ROLLBACK", "roll back", &ignored);
}

/* One statement of a durable writer is a transaction of its own, with a turn of its own. */
static int run_in_turn(struct pg_query *q, const struct db_value *args, size_t count, struct err *e)
{
    struct db *base = q->base.db;
    if (begin(base, e) < 0)
        return -1;
    base->in_tx = true; /* no new connection half-way */
    int rc = run(q, args, count, e);
    if (rc == 0)
        rc = end_transaction(pg_db(base), e);
    if (rc < 0)
        rollback(base);
    base->in_tx = false;
    return rc;
}

static int start(struct query *base, const struct db_value *args, size_t count, struct err *e)
{
    struct pg_query *q = query_of(base);
    struct pg_db *db = pg_db(base->db);
    struct err first = {0};
    uint64_t began = clock_mono_us();
    if (!q->is_read && !base->db->in_tx && base->db->durability == DB_DURABLE)
        return run_in_turn(q, args, count, e);
    if (run(q, args, count, &first) == 0)
        return 0;
    q->failure.code = ERR_NONE;
    if (q->is_read && !base->db->in_tx && !db->conn && clock_mono_us() - began < REPEAT_US)
        return run(q, args, count, e);
    *e = first;
    return -1;
}

static int next(struct query *base, struct err *e)
{
    struct pg_query *q = query_of(base);
    PQclear(q->row);
    q->row = NULL;
    if (q->at == q->row_count && pg_db(base->db)->streaming == q)
        (void)receive(q); /* what went wrong is kept until the rows before it are taken */
    if (q->at < q->row_count) {
        q->row = q->rows[q->at++];
        return 1;
    }
    if (!q->failure.code)
        return 0;
    *e = q->failure;
    return -1;
}

static int changes(struct query *q)
{
    return query_of(q)->changes;
}

static struct db_value column(struct query *q, int column)
{
    return postgres_column(query_of(q)->row, column);
}

static void forget_rows(struct pg_query *q)
{
    while (q->at < q->row_count)
        PQclear(q->rows[q->at++]);
    q->at = q->row_count = 0;
}

/* Rows nobody wants any more are read all the same: to cancel would end the transaction too. */
static void stop(struct query *base)
{
    struct pg_query *q = query_of(base);
    PQclear(q->row);
    q->row = NULL;
    do
        forget_rows(q);
    while (pg_db(base->db)->streaming == q && receive(q) > 0);
    q->failure.code = ERR_NONE;
}

/* ---- schema ---- */

/* Text gets the order of its bytes, whatever the database's own: as in SQLite, and no change of the
 * system's locales can damage an index. The type stands behind a name: "word text". */
static int script(struct db *base, const char *sql, struct err *e)
{
    static const char type[] = " text";
    auto_buf struct buf out = {0};
    const char *from = sql;
    for (const char *at = sql; (at = strstr(at, type)); at += sizeof type - 1) {
        if (at == sql || !(isalnum(at[-1]) || at[-1] == '_') || isalnum(at[sizeof type - 1]) ||
            at[sizeof type - 1] == '_')
            continue;
        buf_add(&out, from, (size_t)(at + sizeof type - 1 - from));
        buf_addz(&out, " COLLATE \"C\"");
        from = at + sizeof type - 1;
    }
    buf_addz(&out, from);
    struct pg_db *db = pg_db(base);
    return make_ready(db, e) < 0 ? -1 : command(db, out.data, "migrate", e);
}

static int no_backup(struct store *s, const char *path, struct err *e)
{
    (void)s, (void)path;
    return err_set(e, ERR_INVALID, "PostgreSQL is backed up with pg_dump");
}

#define EACH_KEY(change)                                                                           \
    "DO $$ DECLARE k record; BEGIN FOR k IN SELECT conrelid::regclass AS relation, conname"        \
    " FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"    \
    " LOOP EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I " change                             \
    "', k.relation, k.conname);"                                                                   \
    " END LOOP; END $$;"

static int copying_begin(struct db *base, struct err *e)
{
    static const char sql[] = EACH_KEY("DEFERRABLE INITIALLY DEFERRED");
    struct pg_db *db = pg_db(base);
    return make_ready(db, e) < 0 ? -1 : command(db, sql, "copy", e);
}

/* A growing key goes on behind the largest that was copied. */
static int copying_end(struct db *base, struct err *e)
{
    static const char sql[] = "SET CONSTRAINTS ALL IMMEDIATE; " EACH_KEY(
        "NOT DEFERRABLE") "DO $$ DECLARE c record; BEGIN FOR c IN"
                          " SELECT table_name AS t, column_name AS n, pg_get_serial_sequence("
                          "quote_ident(table_schema) || '.' || quote_ident(table_name), "
                          "column_name) AS s"
                          " FROM information_schema.columns WHERE table_schema = current_schema() "
                          "LOOP"
                          " IF c.s IS NOT NULL THEN EXECUTE format("
                          "'SELECT setval(%L, greatest(max(%I), 1), max(%I) IS NOT NULL) FROM %I', "
                          "c.s, c.n, c.n, c.t);"
                          " END IF; END LOOP; END $$;";
    struct pg_db *db = pg_db(base);
    return make_ready(db, e) < 0 ? -1 : command(db, sql, "copy", e);
}

const struct store_backend store_postgres = {
    .open = open_store,
    .close = close_store,
    .connect = connect_db,
    .disconnect = disconnect_db,
    .prepare = prepare,
    .discard = discard,
    .start = start,
    .next = next,
    .changes = changes,
    .column = column,
    .stop = stop,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .patient = be_patient,
    .listen = postgres_listen,
    .backup = no_backup,
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
