/* postgres_query — statements: prepared, sent, their rows received one by one.
 *
 * One statement at a time uses a connection. Rows of a SELECT stay on their way until they are
 * asked for; when another statement wants the connection they are read into memory first. */
#include "base/mem.h"
#include "store/postgres.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct pg_query *query_of(struct query *q)
{
    return (struct pg_query *)q;
}

/* Only a SELECT may stream and be repeated; our SQL calls nothing in one that changes anything. */
int postgres_query_prepare(struct db *db, const char *sql, struct query **ret, struct err *e)
{
    (void)db, (void)e;
    struct pg_query *q = mem_alloc(sizeof *q);
    q->is_read = strncasecmp(sql + strspn(sql, " \n"), "SELECT", 6) == 0;
    *ret = &q->base;
    return 0;
}

/* The server keeps a statement until it is told, or until the connection ends. */
static void forget(struct pg_query *q)
{
    struct pg_db *db = pg_db(q->base.db);
    struct err ignored = {0};
    char sql[48];
    snprintf(sql, sizeof sql, "DEALLOCATE %s", q->name);
    if (q->generation == db->generation && postgres_ready(db, &ignored) == 0 &&
        q->generation == db->generation)
        (void)postgres_command(db, sql, "forget", &ignored);
    q->generation = 0;
}

void postgres_query_discard(struct query *base)
{
    struct pg_query *q = query_of(base);
    if (!base->db->closing)
        forget(q);
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
    forget(q);
    for (size_t i = 0; i < count; i++)
        if (args[i].type != DB_NULL_VALUE)
            q->types[i] = type_of(&args[i]);
    q->parameters = count;
    snprintf(q->name, sizeof q->name, "v%llu", (unsigned long long)++db->names);
    PGresult *result = NULL, *end;
    if (PQsendPrepare(db->conn, q->name, q->base.sql, (int)count, q->types) &&
        postgres_wait(db->base.store, db->conn, postgres_patience_us(db)) == 0)
        result = PQgetResult(db->conn);
    int rc =
        PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : postgres_give_up(db, result, "prepare", e);
    PQclear(result);
    while (db->conn && postgres_wait(db->base.store, db->conn, postgres_patience_us(db)) == 0 &&
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
        if (postgres_wait(db->base.store, db->conn, postgres_patience_us(db)) < 0)
            return postgres_give_up(db, NULL, what, &q->failure);
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
            postgres_give_up(db, result, what, &q->failure);
        PQclear(result);
        if (!db->conn)
            return -1;
    }
}

int postgres_read_ahead(struct pg_query *q)
{
    int rc;
    while ((rc = receive(q)) > 0)
        ;
    return rc;
}

int postgres_query_run(struct pg_query *q, const struct db_value *args, size_t count, struct err *e)
{
    struct pg_db *db = pg_db(q->base.db);
    if (postgres_ready(db, e) < 0 ||
        (!is_prepared_for(q, args, count) && prepare_for(q, args, count, e) < 0))
        return -1;
    if (!send_query(q, args, count))
        return postgres_give_up(db, NULL, "send", e);
    db->streaming = q;
    if ((q->is_read ? receive(q) : postgres_read_ahead(q)) < 0) {
        *e = q->failure;
        return -1;
    }
    return 0;
}

int postgres_query_next(struct query *base, struct err *e)
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

int postgres_query_changes(struct query *q)
{
    return query_of(q)->changes;
}

struct db_value postgres_query_column(struct query *q, int column)
{
    return postgres_value(query_of(q)->row, column);
}

static void forget_rows(struct pg_query *q)
{
    while (q->at < q->row_count)
        PQclear(q->rows[q->at++]);
    q->at = q->row_count = 0;
}

/* Rows nobody wants any more are read all the same: to cancel would end the transaction too. */
void postgres_query_stop(struct query *base)
{
    struct pg_query *q = query_of(base);
    PQclear(q->row);
    q->row = NULL;
    do
        forget_rows(q);
    while (pg_db(base->db)->streaming == q && receive(q) > 0);
    q->failure.code = ERR_NONE;
}
