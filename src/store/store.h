/* store — what must survive: one SQL database behind an interface without dialects. SQLite in a
 * file of ours, or PostgreSQL (12 or newer) by URL, which several servers may share. What is said
 * here holds for both unless it names one.
 *
 * SQL is written once, in words that both share, with parameters $1, $2, ...; what differs is known
 * in this folder only. Column types are text, bigint, bytea (bytes of any kind) and, for a growing
 * number as key, "bigserial primary key". Booleans are bigint 0 and 1, times are microseconds since
 * 1970 in UTC. Beyond that, writers of SQL keep to this:
 *  - a parameter has one type wherever it stands: text, bigint or bytea as it was bound, and text
 *    is never given to a bytea column or the other way round. One that may be db_null() and stands
 *    where no column gives it a type needs CAST($1 AS bigint); a null of db_text() has its type.
 *  - functions that want a small number get CAST($1 AS integer); sum() is CAST(sum(x) AS bigint).
 *  - text compares and sorts by its bytes. No column is called "text". No LIKE without ESCAPE and
 *    lower(): upper and lower case are the same to one of the two.
 *  - INSERT .. ON CONFLICT and RETURNING exist; rowid, AUTOINCREMENT, json and FOR UPDATE do not.
 *  - migrations make tables, not rows, but for what store_copy is told of.
 * Text is UTF-8 without NUL bytes: anything else as a parameter fails with ERR_INVALID.
 *
 * Threads. A `struct store` is shared; a `struct db` is one connection and belongs to one thread at
 * a time. Many may read while one writes. Writers take turns in order of arrival: in SQLite all of
 * this process, in PostgreSQL the DB_DURABLE ones of all servers (an advisory lock per schema, from
 * db_begin to the end). So a transaction may read, decide and write: nobody else changes what it
 * has read. DB_BULK connections are for rows that only they write; there they do not wait.
 *
 * Durability. A change is committed when db_commit (or db_exec outside a transaction) returns 0.
 * With DB_DURABLE it then survives a power cut; with DB_BULK it survives the end of this process
 * in any form, kill -9 included, but a power cut may take the last moments. Neither ever leaves a
 * half-done transaction. (PostgreSQL: DB_BULK sets synchronous_commit off, and a crash of its
 * server is like a power cut.)
 *
 * PostgreSQL's connection that breaks is made anew at the next statement outside a transaction; a
 * read outside a transaction, and db_begin, are repeated once by themselves. A commit whose answer
 * is lost fails with ERR_UNAVAILABLE: it may have happened. No statement takes longer than 30 s, no
 * transaction rests for longer. One that waits for a server of which nothing at all is heard any
 * more, not even by a new connection, is given up. A pooler in between must keep sessions whole.
 *
 * Changes. What is kept in memory must follow what is committed, on this server and on others:
 * db_note names what a transaction changes; after its commit the store's `noted` hears of it, here
 * before db_commit returns, elsewhere within a second (LISTEN and NOTIFY).
 *
 * Errors. ERR_CONFLICT: a unique key exists already, or a reference would dangle. ERR_UNAVAILABLE:
 * the disk is full, another holds the store, PostgreSQL is away (it comes within 5 s) or has chosen
 * this transaction to end a deadlock: all may be tried again. ERR_SYSTEM: the file is damaged or
 * unreadable. Texts never carry SQL or a password. After a failed statement the transaction only
 * fails, with the same code, until it is rolled back. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct db;
struct query;

/* One step of the schema. Numbers are unique over all tables of migrations and never change once
 * released; `sql` may hold several statements. */
struct migration {
    int number;
    const char *name;
    const char *sql;
};

struct store_config {
    const char *path;                          /* "/var/lib/virga/virga.db", or
                                                  "postgres://user:password@host/name?sslmode=.." */
    const char *shown;                         /* for people, in place of `path`; or NULL */
    const struct migration *const *migrations; /* arrays, each ended by a row of zeros; the list
                                                  ended by NULL. Without a list the store is left
                                                  as it is */
    bool alone;                                /* SQLite: refuses, with ERR_CONFLICT, a file that
                                                  another has opened so: what servers keep in
                                                  memory they cannot tell each other */
    /* What a committed transaction noted, on the thread that committed, with its connection, not in
     * a transaction. What another server noted, on a thread of the store with a connection of its
     * own; `topic` STORE_ALL: notes may have been missed, look at everything. May be NULL. */
    void (*noted)(void *arg, struct db *db, const char *topic, const char *id);
    void *arg;
};
#define STORE_ALL "*"

/* Opens or creates the file (mode 0600), or connects to the database of the URL, and applies what
 * is missing of the migrations, in order of their numbers, in one transaction: several servers may
 * start at once. Refuses a store that a newer program has migrated. */
int store_open(const struct store_config *config, struct store **ret, struct err *e);
void store_close(struct store *s); /* all connections must be closed before; NULL is fine */
/* Starts a thread that listens for what other servers note; before it `noted` hears of own commits
 * only. Whatever is committed after it returned is heard, so load into memory behind it. Does
 * nothing for SQLite. */
int store_listen(struct store *s, struct err *e);
/* Ends that thread, if there is one: `noted` is not called from it any more, and not under way.
 * store_close does it too. NULL is fine. */
void store_listen_end(struct store *s);
/* Whether what is kept in memory for as long as nothing is noted may be shown: not while PostgreSQL
 * is away, since others may have changed it. Any thread. */
bool store_is_heard(const struct store *s);
bool store_is_shared(const struct store *s); /* other servers may write to it: PostgreSQL */
bool store_is_url(const char *path);         /* "postgres://..." or "postgresql://..." */

/* Copies every row of every table into a store that was migrated alike and holds no row yet: with
 * one in it, ERR_CONFLICT. In the table `seeded` (or NULL) one row does not count and is replaced:
 * its migration made it. One transaction on each side, so that writers of both wait. */
int store_copy(struct store *from, struct store *to, const char *seeded, struct err *e);
/* SQLite: writes a copy of the store as of now to `path` (mode 0600, replaced at once or not at
 * all) while it is in use. PostgreSQL has pg_dump: ERR_INVALID. */
int store_backup(struct store *s, const char *path, struct err *e);
/* SQLite: puts the rows of `from` in place of all that the file `path` holds, in one transaction,
 * also while a server works on it: it goes on with what is there now, and must read it anew. Makes
 * the file (mode 0600) when there is none. */
int store_restore(struct store *from, const char *path, struct err *e);

/* Connections */
enum db_durability { DB_DURABLE, DB_BULK };
int db_open(struct store *s, enum db_durability durability, struct db **ret, struct err *e);
void db_close(struct db *db); /* rolls back what is open; NULL is fine */

/* Parameters. Text and bytes are not copied: they must live until the statement is done. */
struct db_value {
    enum { DB_NULL_VALUE, DB_INT_VALUE, DB_TEXT_VALUE, DB_BLOB_VALUE } type;
    int64_t number;
    struct str bytes;
};
struct db_value db_null(void);
struct db_value db_int(int64_t value);
struct db_value db_text(struct str value);   /* a view with p == NULL is null */
struct db_value db_textz(const char *value); /* NULL is null */
struct db_value db_blob(struct str value);   /* a view with p == NULL is null */

/* The arguments `args, count` of the calls below: DB_ARGS(db_int(1), db_textz("x")). */
#define DB_ARGS(...)                                                                               \
    (const struct db_value[]){__VA_ARGS__},                                                        \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

/* Runs a statement that returns no rows. Returns how many rows it changed, or -1. Outside a
 * transaction it is one of its own. Statements are prepared once per connection and kept. Other
 * statements may run while a query is open: PostgreSQL then first reads what is left of it into
 * memory, so such a query needs a LIMIT; otherwise rows come one by one. */
int db_exec(struct db *db, const char *sql, const struct db_value *args, size_t count,
            struct err *e);

/* Starts a query; walk it with query_next and end it with query_done (or auto_query). */
#define auto_query __attribute__((cleanup(query_guard)))
int db_query(struct db *db, const char *sql, const struct db_value *args, size_t count,
             struct query **ret, struct err *e);
int query_next(struct query *q, struct err *e); /* 1: a row; 0: no more; -1 */
void query_done(struct query *q);               /* NULL is fine */
int64_t query_int(struct query *q, int column);
const char *query_text(struct query *q, struct arena *a, int column); /* NULL for null */
struct str query_blob(struct query *q, struct arena *a, int column);  /* p is NULL for null */

/* Transactions. The guard rolls back what was not committed:
 *
 *   auto_tx struct tx tx = {0};
 *   if (db_begin(db, &tx, e) < 0) return -1;
 *   ...
 *   return db_commit(&tx, e);
 *
 * db_begin waits for the other writers. They do not nest. Queries end before the transaction. */
struct tx {
    struct db *db; /* NULL once it has ended */
};
#define auto_tx __attribute__((cleanup(db_rollback)))
int db_begin(struct db *db, struct tx *ret, struct err *e);
int db_commit(struct tx *tx, struct err *e); /* also ends the transaction when it fails */
/* Notes that this transaction changes the object `id` of kind `topic`: words of at most 32 and 64
 * bytes. The same pair twice is told once; more than 64 become STORE_ALL. */
void db_note(struct tx *tx, const char *topic, const char *id);
void db_rollback(struct tx *tx); /* harmless on one that has ended */

static inline void query_guard(struct query **q)
{
    query_done(*q);
}
