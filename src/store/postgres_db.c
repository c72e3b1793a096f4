/* postgres_db — one connection to PostgreSQL: made, used for commands of our own, given up, made
 * anew. */
#include "base/mem.h"
#include "store/postgres.h"
#include "store/pq.h"

#include <poll.h>
#include <stdio.h>

void postgres_drop(struct pg_db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->streaming = NULL;
}

int postgres_give_up(struct pg_db *db, const PGresult *result, const char *what, struct err *e)
{
    postgres_fail(db->base.store, db->conn, result, what, e);
    /* Without a result the deadline has passed, or the connection broke. */
    if (!result || postgres_is_lost(db->conn, result))
        postgres_drop(db);
    return -1;
}

uint64_t postgres_patience_us(const struct pg_db *db)
{
    return db->patient ? 0 : PG_STATEMENT_US;
}

int postgres_command(struct pg_db *db, const char *sql, const char *what, struct err *e)
{
    PGresult *result =
        postgres_run(db->base.store, db->conn, sql, postgres_patience_us(db), what, e);
    if (!result) {
        if (PQstatus(db->conn) == CONNECTION_BAD || PQtransactionStatus(db->conn) == PQTRANS_ACTIVE)
            postgres_drop(db);
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
    return postgres_command(db, sql, "connect", e);
}

static int reconnect(struct pg_db *db, struct err *e)
{
    db->conn = postgres_connect(pg_store(db->base.store), PQ_NO_WAKE, e);
    if (!db->conn)
        return -1;
    db->generation++;
    if (set_up(db, e) == 0)
        return 0;
    if (db->conn)
        postgres_drop(db);
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

int postgres_ready(struct pg_db *db, struct err *e)
{
    if (db->conn && db->streaming) {
        struct pg_query *open = db->streaming;
        if (postgres_read_ahead(open) < 0) {
            *e = open->failure;
            return -1;
        }
    }
    if (db->conn && !db->base.in_tx && is_dead(db))
        postgres_drop(db);
    if (db->conn)
        return 0;
    if (db->base.in_tx)
        return err_set(e, ERR_UNAVAILABLE, POSTGRES_AWAY);
    return reconnect(db, e);
}

int postgres_db_open(struct store *s, enum db_durability durability, struct db **ret, struct err *e)
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

void postgres_db_close(struct db *base)
{
    postgres_drop(pg_db(base));
    free(base);
}

int postgres_db_patient(struct db *base, struct err *e)
{
    struct pg_db *db = pg_db(base);
    db->patient = true;
    return postgres_ready(db, e) < 0 ? -1 : set_up(db, e);
}
