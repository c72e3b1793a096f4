/* sqlite — what sqlite.c shares with sqlite_backup.c. Nobody else includes it. */
#pragma once

#include "store/backend.h"

#include <pthread.h>
#include <sqlite3.h>

/* Turns: a writer draws a number and waits until it is served. A plain mutex would let the record
 * writer, which locks again at once, starve everybody else. */
struct sqlite_store {
    struct store base;
    pthread_mutex_t mutex;
    pthread_cond_t turn_over;
    uint64_t next_turn, serving;
    char *path;
    int lock; /* the file, locked; or -1 */
};

struct sqlite_db {
    struct db base;
    sqlite3 *handle;
};

/* A prepared statement. `index` maps $1, $2, ... to SQLite's own numbers: to SQLite "$2" is only a
 * name, numbered by first appearance. */
struct sqlite_query {
    struct query base;
    sqlite3_stmt *stmt;
    bool took_turn; /* a write outside a transaction */
    uint8_t parameters;
    uint8_t index[PARAMETERS_MAX + 1];
};

static inline struct sqlite_db *sqlite_db(struct db *db)
{
    return (struct sqlite_db *)db;
}

/* Fills the error from a result code of this connection. */
int sqlite_fail(struct db *db, int rc, const char *what, struct err *e);
int sqlite_backup(struct store *s, const char *path, struct err *e);
int sqlite_restore(struct store *from, const char *path, struct err *e);
