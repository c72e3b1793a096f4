/* db — one SQLite connection: opening, prepared statements kept by their text, transactions. */
#include "base/mem.h"
#include "base/must.h"
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int sqlite_fail(struct db *db, int rc, const char *what, struct err *e)
{
    const char *path = db->store->path;
    int extended = db->handle ? sqlite3_extended_errcode(db->handle) : rc;
    int sys = db->handle ? sqlite3_system_errno(db->handle) : 0;
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
            return err_set(e, ERR_CONFLICT, "%s: it exists already", what);
        return err_set(e, ERR_INVALID, "%s: the store's rules refuse it (%s)", what,
                       sqlite3_errmsg(db->handle));
    case SQLITE_FULL:
        err_set(e, ERR_UNAVAILABLE, "%s: the disk is full under the store '%s'", what, path);
        e->sys = ENOSPC;
        return -1;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(e, ERR_SYSTEM, "%s: the store '%s' is damaged (%s)", what, path,
                       sqlite3_errstr(extended));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_UNAVAILABLE, "%s: another process holds the store '%s'", what, path);
    case SQLITE_TOOBIG:
        return err_set(e, ERR_TOO_LARGE, "%s: too large for the store", what);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
        err_set(e, sys == ENOSPC ? ERR_UNAVAILABLE : ERR_SYSTEM, "%s: the store '%s': %s%s%s", what,
                path, sqlite3_errstr(extended), sys ? ": " : "", sys ? strerror(sys) : "");
        e->sys = sys;
        return -1;
    default:
        return err_set(e, ERR_SYSTEM, "%s: the store: %s", what,
                       db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc));
    }
}

int sqlite_run(struct db *db, const char *sql, const char *what, struct err *e)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_fail(db, rc, what, e);
}

/* page_size only takes effect on a file without content. A checkpoint moves the write-ahead log
 * into the file and syncs both: every 16 MB, so that bulk writes are not held up by it. */
static const char settings[] = "PRAGMA page_size = 8192;"
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -2048;"
                               "PRAGMA wal_autocheckpoint = 2048;"
                               "PRAGMA journal_size_limit = 33554432;";

static int configure(struct db *db, enum db_durability durability, struct err *e)
{
    /* Only another process can make us wait here: the writers of this one take turns. */
    sqlite3_busy_timeout(db->handle, 5000);
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite_run(db, settings, "open", e) < 0)
        return -1;
    const char *sync =
        durability == DB_DURABLE ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    return sqlite_run(db, sync, "open", e);
}

/* A file system without shared memory falls back to another journal silently; our durability does
 * not hold there. */
static int check_wal(struct db *db, struct err *e)
{
    auto_arena struct arena *a = arena_new();
    auto_query struct query *q = NULL;
    if (db_query(db, "PRAGMA journal_mode", DB_NO_ARGS, &q, e) < 0 || query_next(q, e) < 0)
        return -1;
    if (!str_is(str_of(query_text(q, a, 0)), "wal"))
        return err_set(e, ERR_SYSTEM, "the store '%s': its file system cannot hold a shared log",
                       db->store->path);
    return 0;
}

int db_open(struct store *s, enum db_durability durability, struct db **ret, struct err *e)
{
    struct db *db = mem_alloc(sizeof *db);
    db->store = s;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(s->path, &db->handle, flags, NULL);
    if (rc != SQLITE_OK)
        sqlite_fail(db, rc, "open", e);
    if (rc != SQLITE_OK || configure(db, durability, e) < 0 || check_wal(db, e) < 0) {
        db_close(db);
        return -1;
    }
    *ret = db;
    return 0;
}

static void query_free(struct query *q)
{
    sqlite3_finalize(q->stmt);
    free(q);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    struct tx tx = {db->in_tx ? db : NULL};
    db_rollback(&tx);
    for (size_t i = 0; i < db->query_count; i++) {
        must(!db->queries[i]->busy);
        query_free(db->queries[i]);
    }
    sqlite3_close(db->handle);
    free(db);
}

struct db_value db_null(void)
{
    return (struct db_value){.type = DB_NULL_VALUE};
}

struct db_value db_int(int64_t value)
{
    return (struct db_value){.type = DB_INT_VALUE, .number = value};
}

struct db_value db_text(struct str value)
{
    return (struct db_value){.type = value.p ? DB_TEXT_VALUE : DB_NULL_VALUE, .bytes = value};
}

struct db_value db_textz(const char *value)
{
    return db_text(str_of(value));
}

struct db_value db_blob(struct str value)
{
    return (struct db_value){.type = value.p ? DB_BLOB_VALUE : DB_NULL_VALUE, .bytes = value};
}

static void number_parameters(struct query *q)
{
    int count = sqlite3_bind_parameter_count(q->stmt);
    must(count < PARAMETERS_MAX);
    q->parameters = (uint8_t)count;
    for (int i = 1; i <= count; i++) {
        char name[8];
        snprintf(name, sizeof name, "$%d", i);
        q->index[i] = (uint8_t)sqlite3_bind_parameter_index(q->stmt, name);
        must(q->index[i] != 0); /* a statement uses $1 to $n without a gap */
    }
}

static int prepare(struct db *db, const char *sql, struct query **ret, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc != SQLITE_OK)
        return sqlite_fail(db, rc, "prepare", e);
    struct query *q = mem_alloc(sizeof *q);
    q->db = db;
    q->stmt = stmt;
    number_parameters(q);
    *ret = q;
    return 0;
}

/* Makes room in a full cache: the idle statement that was not used for longest goes. */
static bool cache_has_room(struct db *db)
{
    if (db->query_count < QUERIES_MAX)
        return true;
    size_t oldest = QUERIES_MAX;
    for (size_t i = 0; i < db->query_count; i++)
        if (!db->queries[i]->busy &&
            (oldest == QUERIES_MAX || db->queries[i]->last_use < db->queries[oldest]->last_use))
            oldest = i;
    if (oldest == QUERIES_MAX)
        return false;
    query_free(db->queries[oldest]);
    db->queries[oldest] = db->queries[--db->query_count];
    return true;
}

/* Compared by text, not by pointer: a caller may have built its SQL in a buffer. */
static struct query *cached(struct db *db, const char *sql)
{
    for (size_t i = 0; i < db->query_count; i++)
        if (!db->queries[i]->busy && strcmp(sqlite3_sql(db->queries[i]->stmt), sql) == 0)
            return db->queries[i];
    return NULL;
}

static int query_find(struct db *db, const char *sql, struct query **ret, struct err *e)
{
    struct query *q = cached(db, sql);
    if (!q) {
        if (prepare(db, sql, &q, e) < 0)
            return -1;
        if ((q->kept = cache_has_room(db)))
            db->queries[db->query_count++] = q;
    }
    q->last_use = ++db->uses;
    *ret = q;
    return 0;
}

static int bind(struct query *q, int index, const struct db_value *v)
{
    switch (v->type) {
    case DB_INT_VALUE:
        return sqlite3_bind_int64(q->stmt, index, v->number);
    case DB_TEXT_VALUE:
        return sqlite3_bind_text64(q->stmt, index, v->bytes.p, v->bytes.n, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case DB_BLOB_VALUE:
        return sqlite3_bind_blob64(q->stmt, index, v->bytes.p, v->bytes.n, SQLITE_STATIC);
    case DB_NULL_VALUE:
        break;
    }
    return sqlite3_bind_null(q->stmt, index);
}

static int bind_all(struct query *q, const struct db_value *args, size_t count, struct err *e)
{
    must(count == q->parameters);
    for (size_t i = 0; i < count; i++) {
        int rc = bind(q, q->index[i + 1], &args[i]);
        if (rc != SQLITE_OK)
            return sqlite_fail(q->db, rc, "bind", e);
    }
    return 0;
}

int db_query(struct db *db, const char *sql, const struct db_value *args, size_t count,
             struct query **ret, struct err *e)
{
    struct query *q = NULL;
    if (query_find(db, sql, &q, e) < 0)
        return -1;
    q->busy = true;
    if (bind_all(q, args, count, e) < 0) {
        query_done(q);
        return -1;
    }
    if (!db->in_tx && !sqlite3_stmt_readonly(q->stmt)) {
        store_turn_take(db->store);
        q->took_turn = true;
    }
    *ret = q;
    return 0;
}

int query_next(struct query *q, struct err *e)
{
    int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return sqlite_fail(q->db, rc, sqlite3_stmt_readonly(q->stmt) ? "read" : "write", e);
}

void query_done(struct query *q)
{
    if (!q)
        return;
    sqlite3_reset(q->stmt);
    if (q->took_turn)
        store_turn_end(q->db->store);
    q->took_turn = q->busy = false;
    if (!q->kept)
        query_free(q);
}

int db_exec(struct db *db, const char *sql, const struct db_value *args, size_t count,
            struct err *e)
{
    auto_query struct query *q = NULL;
    if (db_query(db, sql, args, count, &q, e) < 0)
        return -1;
    int rc = query_next(q, e);
    must(rc <= 0);
    return rc < 0 ? -1 : sqlite3_changes(db->handle);
}

int64_t query_int(struct query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

const char *query_text(struct query *q, struct arena *a, int column)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, column);
    if (!text)
        return NULL;
    return arena_dup(a, text, (size_t)sqlite3_column_bytes(q->stmt, column));
}

struct str query_blob(struct query *q, struct arena *a, int column)
{
    if (sqlite3_column_type(q->stmt, column) == SQLITE_NULL)
        return (struct str){NULL, 0};
    const void *bytes = sqlite3_column_blob(q->stmt, column);
    size_t n = (size_t)sqlite3_column_bytes(q->stmt, column);
    return (struct str){arena_dup(a, bytes, n), n};
}

/* The lock is taken at the start, not at the first write: a transaction that has read before it
 * writes could otherwise fail half-way because another one was faster. */
int db_begin(struct db *db, struct tx *ret, struct err *e)
{
    must(!db->in_tx);
    store_turn_take(db->store);
    db->in_tx = true;
    if (db_exec(db, "BEGIN IMMEDIATE", DB_NO_ARGS, e) < 0) {
        db->in_tx = false;
        store_turn_end(db->store);
        return -1;
    }
    ret->db = db;
    return 0;
}

static void end(struct tx *tx)
{
    tx->db->in_tx = false;
    store_turn_end(tx->db->store);
    tx->db = NULL;
}

int db_commit(struct tx *tx, struct err *e)
{
    must(tx->db && tx->db->in_tx);
    if (db_exec(tx->db, "COMMIT", DB_NO_ARGS, e) < 0) {
        db_rollback(tx);
        return -1;
    }
    struct db *db = tx->db;
    size_t count = db->note_count;
    db->note_count = 0;
    end(tx);
    for (size_t i = 0; i < count && db->store->noted; i++)
        db->store->noted(db->store->arg, db, db->notes[i].topic, db->notes[i].id);
    return 0;
}

void db_note(struct tx *tx, const char *topic, const char *id)
{
    struct db *db = tx->db;
    struct note *n = &db->notes[db->note_count++ % 64];
    snprintf(n->topic, sizeof n->topic, "%s", topic);
    snprintf(n->id, sizeof n->id, "%s", id);
}

void db_rollback(struct tx *tx)
{
    if (!tx->db)
        return;
    struct err ignored = {0};
    tx->db->note_count = 0;
    /* SQLite has rolled back by itself after some errors: then this one fails, harmlessly. */
    if (!sqlite3_get_autocommit(tx->db->handle))
        (void)db_exec(tx->db, "ROLLBACK", DB_NO_ARGS, &ignored);
    end(tx);
}
