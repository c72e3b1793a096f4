/* sqlite — what the files of this folder share about SQLite. Nobody else includes it. */
#pragma once

#include "base/err.h"
#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>

enum { QUERIES_MAX = 64, PARAMETERS_MAX = 48 };

/* Turns: a writer draws a number and waits until it is served. A plain mutex would let the record
 * writer, which locks again at once, starve everybody else. */
struct store {
    char *path;
    void (*noted)(void *arg, struct db *db, const char *topic, const char *id);
    void *arg;
    pthread_mutex_t mutex;
    pthread_cond_t turn_over;
    uint64_t next_turn, serving;
};

/* A prepared statement. `index` maps $1, $2, ... to SQLite's own numbers: to SQLite "$2" is only a
 * name, numbered by first appearance. */
struct query {
    struct db *db;
    sqlite3_stmt *stmt;
    uint64_t last_use;
    bool busy;      /* between db_query and query_done */
    bool kept;      /* sits in the connection's cache */
    bool took_turn; /* a write outside a transaction */
    uint8_t parameters;
    uint8_t index[PARAMETERS_MAX];
};

struct db {
    struct store *store;
    sqlite3 *handle;
    bool in_tx;
    struct note {
        char topic[32], id[64];
    } notes[64];
    size_t note_count;
    uint64_t uses;
    size_t query_count;
    struct query *queries[QUERIES_MAX];
};

void store_turn_take(struct store *s);
void store_turn_end(struct store *s);

/* Fills the error from a result code of this connection. */
int sqlite_fail(struct db *db, int rc, const char *what, struct err *e);
/* Runs SQL text of this folder's own or of a migration, one or more statements, without rows. */
int sqlite_run(struct db *db, const char *sql, const char *what, struct err *e);
/* Brings the schema up to date; see store_open. */
int migrate(struct db *db, const struct migration *const *tables, struct err *e);
