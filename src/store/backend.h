/* backend — what a database does for the front, and the objects both share. Private to this folder.
 *
 * The front (store.c, db.c, notes.c, migrate.c, copy.c) knows transactions, the cache of prepared
 * statements, parameters, notes and migrations; a backend knows one database. Its own structs begin
 * with the ones below. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

enum { QUERIES_MAX = 64, PARAMETERS_MAX = 64, NOTES_MAX = 64, TOPIC_MAX = 32, NOTE_ID_MAX = 64 };

struct store {
    const struct store_backend *backend;
    char *name; /* for people: the file, or host:port/database; never a password */
    void (*noted)(void *arg, struct db *db, const char *topic, const char *id);
    void *noted_arg;
    bool opened;       /* what fails from now on is told to clients, who need not know `name` */
    _Atomic bool deaf; /* what other servers note does not get here */
};

/* What a transaction has noted. With `all` the list says nothing. */
struct notes {
    bool all;
    size_t count;
    struct note {
        char topic[TOPIC_MAX + 1];
        char id[NOTE_ID_MAX + 1];
    } list[NOTES_MAX];
};

struct db {
    struct store *store;
    enum db_durability durability;
    bool in_tx;
    bool closing;         /* in db_close: the connection goes with all its statements */
    enum err_code failed; /* what a statement of this transaction failed with, or ERR_NONE */
    uint64_t uses;
    size_t query_count;
    struct query *queries[QUERIES_MAX];
    struct notes notes;
};

struct query {
    struct db *db;
    char *sql;
    uint64_t last_use;
    bool busy; /* between db_query and query_done */
    bool kept; /* sits in the connection's cache */
};

/* The statements with which store_copy reads the schema of the source, and what a target needs
 * before and after. */
struct store_copying {
    const char *tables;                         /* names of all but schema_version, in any order */
    const char *columns;                        /* of the table $1, in their order */
    int (*begin)(struct db *db, struct err *e); /* references may dangle until `end` */
    int (*end)(struct db *db, struct err *e);   /* they are checked; growing keys go on behind */
};

/* Functions that may fail return 0 or -1. One thread at a time uses a connection; the front has
 * checked arguments and states. */
struct store_backend {
    int (*open)(const struct store_config *config, struct store **ret,
                struct err *e); /* fills `name` */
    void (*close)(struct store *s);
    int (*connect)(struct store *s, enum db_durability durability, struct db **ret, struct err *e);
    void (*disconnect)(struct db *db);

    int (*prepare)(struct db *db, const char *sql, struct query **ret, struct err *e);
    void (*discard)(struct query *q);
    int (*start)(struct query *q, const struct db_value *args, size_t count, struct err *e);
    int (*next)(struct query *q, struct err *e);            /* 1: a row; 0: no more; -1 */
    int (*changes)(struct query *q);                        /* once next has returned 0 */
    struct db_value (*column)(struct query *q, int column); /* lives until the next `next` */
    void (*stop)(struct query *q);                          /* may be started again */

    int (*begin)(struct db *db, struct err *e);
    int (*commit)(struct db *db, struct err *e); /* tells other servers the notes; -1: not ended */
    void (*rollback)(struct db *db);

    int (*script)(struct db *db, const char *sql, struct err *e); /* of a migration */
    int (*patient)(struct db *db, struct err *e); /* no deadlines on this connection any more */
    int (*listen)(struct store *s, struct err *e);
    void (*listen_end)(struct store *s); /* harmless without `listen`, and twice */
    int (*backup)(struct store *s, const char *path, struct err *e);
    int (*restore)(struct store *from, const char *path, struct err *e);
    struct store_copying copying;
};

extern const struct store_backend store_sqlite, store_postgres;

void notes_add(struct notes *notes, const char *topic, const char *id);
/* Tells `noted`; the list is empty before it is called, so that it may begin a transaction. */
void notes_tell(struct db *db);
void notes_tell_all(struct db *db);

/* Brings the schema up to date; see store_open. */
int migrate(struct db *db, const struct migration *const *tables, struct err *e);
