/* db — one connection as its callers see it: parameters, prepared statements kept by their text,
 * transactions. What a database does is behind its backend. */
#include "base/mem.h"
#include "base/must.h"
#include "store/backend.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

int db_open(struct store *s, enum db_durability durability, struct db **ret, struct err *e)
{
    return s->backend->connect(s, durability, ret, e);
}

static void query_free(struct query *q)
{
    char *sql = q->sql;
    q->db->store->backend->discard(q);
    free(sql);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    struct tx tx = {db->in_tx ? db : NULL};
    db_rollback(&tx);
    db->closing = true;
    for (size_t i = 0; i < db->query_count; i++) {
        must(!db->queries[i]->busy);
        query_free(db->queries[i]);
    }
    db->store->backend->disconnect(db);
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
    return (struct db_value){.type = DB_TEXT_VALUE, .bytes = value};
}

struct db_value db_textz(const char *value)
{
    return db_text(str_of(value));
}

struct db_value db_blob(struct str value)
{
    return (struct db_value){.type = DB_BLOB_VALUE, .bytes = value};
}

/* What one database would refuse, all refuse. */
static int check_texts(const struct db_value *args, size_t count, struct err *e)
{
    must(count <= PARAMETERS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct str s = args[i].bytes;
        if (args[i].type == DB_TEXT_VALUE && s.n && (memchr(s.p, 0, s.n) || !str_is_utf8(s)))
            return err_set(e, ERR_INVALID, "text must be well-formed UTF-8 without NUL bytes");
    }
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
        if (!db->queries[i]->busy && strcmp(db->queries[i]->sql, sql) == 0)
            return db->queries[i];
    return NULL;
}

static int prepare(struct db *db, const char *sql, struct query **ret, struct err *e)
{
    struct query *q = NULL;
    if (db->store->backend->prepare(db, sql, &q, e) < 0)
        return -1;
    q->db = db;
    q->sql = mem_strdup(sql);
    if ((q->kept = cache_has_room(db)))
        db->queries[db->query_count++] = q;
    *ret = q;
    return 0;
}

static int find(struct db *db, const char *sql, struct query **ret, struct err *e)
{
    struct query *q = cached(db, sql);
    if (!q && prepare(db, sql, &q, e) < 0)
        return -1;
    q->last_use = ++db->uses;
    *ret = q;
    return 0;
}

static int start(struct db *db, const char *sql, const struct db_value *args, size_t count,
                 struct query **ret, struct err *e)
{
    struct query *q = NULL;
    if (check_texts(args, count, e) < 0 || find(db, sql, &q, e) < 0)
        return -1;
    q->busy = true;
    if (db->store->backend->start(q, args, count, e) < 0) {
        query_done(q);
        return -1;
    }
    *ret = q;
    return 0;
}

/* PostgreSQL refuses everything behind a failure until the transaction ends; so does SQLite here,
 * lest code work with one and not with the other. */
static int failed(struct db *db, const struct err *e)
{
    if (db->in_tx)
        db->failed = e->code;
    return -1;
}

static int refuse_failed(struct db *db, struct err *e)
{
    return err_set(e, db->failed, "an earlier statement of this transaction failed");
}

int db_query(struct db *db, const char *sql, const struct db_value *args, size_t count,
             struct query **ret, struct err *e)
{
    if (db->failed)
        return refuse_failed(db, e);
    return start(db, sql, args, count, ret, e) < 0 ? failed(db, e) : 0;
}

int query_next(struct query *q, struct err *e)
{
    int rc = q->db->store->backend->next(q, e);
    return rc < 0 ? failed(q->db, e) : rc;
}

void query_done(struct query *q)
{
    if (!q)
        return;
    q->db->store->backend->stop(q);
    q->busy = false;
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
    must(rc <= 0); /* rows are for db_query */
    return rc < 0 ? -1 : db->store->backend->changes(q);
}

static struct db_value column_of(struct query *q, int column)
{
    return q->db->store->backend->column(q, column);
}

int64_t query_int(struct query *q, int column)
{
    return column_of(q, column).number;
}

const char *query_text(struct query *q, struct arena *a, int column)
{
    struct db_value v = column_of(q, column);
    if (v.type == DB_INT_VALUE)
        return arena_printf(a, "%lld", (long long)v.number);
    return v.type == DB_NULL_VALUE ? NULL : arena_dup(a, v.bytes.p, v.bytes.n);
}

struct str query_blob(struct query *q, struct arena *a, int column)
{
    struct db_value v = column_of(q, column);
    if (v.type == DB_INT_VALUE)
        return str_of(query_text(q, a, column));
    return v.type == DB_NULL_VALUE ? (struct str){NULL, 0} : arena_str(a, v.bytes);
}

int db_begin(struct db *db, struct tx *ret, struct err *e)
{
    must(!db->in_tx);
    if (db->store->backend->begin(db, e) < 0)
        return -1;
    db->in_tx = true;
    db->failed = ERR_NONE;
    ret->db = db;
    return 0;
}

void db_note(struct tx *tx, const char *topic, const char *id)
{
    must(tx->db && tx->db->in_tx);
    notes_add(&tx->db->notes, topic, id);
}

static void end(struct tx *tx)
{
    tx->db->in_tx = false;
    tx->db->failed = ERR_NONE;
    tx->db = NULL;
}

int db_commit(struct tx *tx, struct err *e)
{
    must(tx->db && tx->db->in_tx);
    struct db *db = tx->db;
    int rc = db->failed ? refuse_failed(db, e) : db->store->backend->commit(db, e);
    if (rc < 0) {
        db_rollback(tx);
        return -1;
    }
    end(tx);
    notes_tell(db);
    return 0;
}

void db_rollback(struct tx *tx)
{
    if (!tx->db)
        return;
    tx->db->notes.all = false;
    tx->db->notes.count = 0;
    tx->db->store->backend->rollback(tx->db);
    end(tx);
}
