/* postgres — what the files of the PostgreSQL backend share. Nobody else includes it.
 *
 * postgres.c         transactions, turns, what the schema needs
 * postgres_query.c   statements and their rows
 * postgres_value.c   columns of a row
 * postgres_db.c      one connection: made, given up, made anew
 * postgres_conn.c    the URL, connecting, waiting for who may be silent
 * pq.c               libpq with a deadline at each wait
 * postgres_error.c   what SQLSTATEs mean
 * postgres_listen.c  the thread that hears of other servers' changes
 *
 * libpq is used without blocking: every wait is a poll with a deadline, since a server that is
 * alive but silent would otherwise hold a thread for ever. */
#pragma once

#include "base/id.h"
#include "store/backend.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

struct pg_store {
    struct store base;
    char *url;
    unsigned hosts;   /* that the URL names */
    char id[ID_TEXT]; /* of this server, in front of what it notes */
    /* A commit's answer was lost: until then own notes are heard like those of others. */
    _Atomic uint64_t doubt_until_us;
    _Atomic(struct pg_listener *) listener;
    _Atomic uint64_t told_us; /* when the log last said why it is away */
    _Atomic bool silent;      /* somebody waited for a connection, and nobody answered */
    _Atomic bool trying;      /* while it is: a thread looks whether it still is */
};

struct pg_db {
    struct db base;
    PGconn *conn;               /* NULL: none, or broken */
    struct pg_query *streaming; /* whose rows are on their way, or NULL */
    uint64_t generation;        /* of the connection: statements were prepared on one */
    uint64_t names;             /* of prepared statements, never used twice */
    bool patient;
};

struct pg_query {
    struct query base;
    uint64_t generation; /* on which it was prepared; 0: never */
    char name[24];
    size_t parameters;
    Oid types[PARAMETERS_MAX]; /* it was prepared with; 0: the server chose */
    bool is_read;
    PGresult *row;   /* that `next` returned last */
    PGresult **rows; /* that have arrived behind it, from `at` to `row_count` */
    size_t at, row_count, row_cap;
    int changes;
    struct err failure; /* that came behind the rows; code ERR_NONE: none */
};

static inline struct pg_store *pg_store(struct store *s)
{
    return (struct pg_store *)s;
}

static inline struct pg_db *pg_db(struct db *db)
{
    return (struct pg_db *)db;
}

#define POSTGRES_CHANNEL "virga_changes"

/* Reads the URL: `name`, `hosts`. No detail of it gets into an error. */
int postgres_url_read(struct pg_store *s, struct err *e);

/* Types as PostgreSQL's catalogue numbers them. */
enum {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_NUMERIC = 1700,
};

enum { PG_CONNECT_US = 4000000, PG_STATEMENT_US = 35000000 };

/* A connection, ready for statements. Gives up when `wake_fd` becomes readable. */
PGconn *postgres_connect(struct pg_store *s, int wake_fd, struct err *e);
/* Sends what is queued and waits until PQgetResult would not block. -1: lost, or no answer in so
 * many microseconds (0: however long), or nothing at all is heard of the server. */
int postgres_wait(struct store *s, PGconn *conn, uint64_t at_most_us);
/* Runs SQL text of our own, one or more statements; the last result, or NULL with the error. */
PGresult *postgres_run(struct store *s, PGconn *conn, const char *sql, uint64_t at_most_us,
                       const char *what, struct err *e);

/* Fills the error from a result, or from the connection when there is none. Returns -1. */
int postgres_fail(struct store *s, PGconn *conn, const PGresult *result, const char *what,
                  struct err *e);
/* Whether the connection can serve no more, or should not: a standby, a server that shuts down. */
/* Once the store is open, clients read the error: the log gets `e` as it is, every few seconds, and
 * they get the other text. Returns -1. */
int postgres_away(struct store *s, const char *for_clients, struct err *e);
#define POSTGRES_AWAY "the database is away for the moment, try again"
bool postgres_is_lost(const PGconn *conn, const PGresult *result);

int postgres_db_open(struct store *s, enum db_durability durability, struct db **ret,
                     struct err *e);
void postgres_db_close(struct db *db);
int postgres_db_patient(struct db *db, struct err *e);
/* Makes the connection free for the next statement, and makes it anew where that is allowed. */
int postgres_ready(struct pg_db *db, struct err *e);
int postgres_command(struct pg_db *db, const char *sql, const char *what, struct err *e);
/* Fills the error; gives the connection up when it is of no use any more. Returns -1. */
int postgres_give_up(struct pg_db *db, const PGresult *result, const char *what, struct err *e);
void postgres_drop(struct pg_db *db); /* what is left of a statement ends with its connection */
uint64_t postgres_patience_us(const struct pg_db *db);

int postgres_query_prepare(struct db *db, const char *sql, struct query **ret, struct err *e);
void postgres_query_discard(struct query *q);
/* Sends the statement and takes the first row; of one that writes, all. */
int postgres_query_run(struct pg_query *q, const struct db_value *args, size_t count,
                       struct err *e);
int postgres_query_next(struct query *q, struct err *e);
int postgres_query_changes(struct query *q);
struct db_value postgres_query_column(struct query *q, int column);
void postgres_query_stop(struct query *q);
/* Takes what is left of the rows into memory. */
int postgres_read_ahead(struct pg_query *q);
/* The value in a row; text and bytes live as long as the row. */
struct db_value postgres_value(const PGresult *row, int column);

int postgres_listen(struct store *s, struct err *e);
void postgres_listen_end(struct pg_store *s);    /* harmless twice, or without listening */
void postgres_listen_free(struct pg_store *s);   /* ends it, too */
bool postgres_listens(const struct pg_store *s); /* its thread is at work */
/* Something may have been committed unheard: `noted` hears STORE_ALL on the listening thread. */
void postgres_listen_doubt(struct pg_store *s);
