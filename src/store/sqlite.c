/* sqlite — the store in a file: connections, statements and transactions of SQLite. */
#include "store/sqlite.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

enum { BUSY_MS = 5000 }; /* for so long another process may hold the store */

static struct sqlite_query *query_of(struct query *q)
{
    return (struct sqlite_query *)q;
}

static void turn_take(struct db *db)
{
    struct sqlite_store *s = (struct sqlite_store *)db->store;
    pthread_mutex_lock(&s->mutex);
    uint64_t mine = s->next_turn++;
    while (s->serving != mine)
        pthread_cond_wait(&s->turn_over, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

static void turn_end(struct db *db)
{
    struct sqlite_store *s = (struct sqlite_store *)db->store;
    pthread_mutex_lock(&s->mutex);
    s->serving++;
    pthread_cond_broadcast(&s->turn_over);
    pthread_mutex_unlock(&s->mutex);
}

int sqlite_fail(struct db *db, int rc, const char *what, struct err *e)
{
    const char *path = db->store->name;
    sqlite3 *handle = sqlite_db(db)->handle;
    int extended = handle ? sqlite3_extended_errcode(handle) : rc;
    int sys = handle ? sqlite3_system_errno(handle) : 0;
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
            return err_set(e, ERR_CONFLICT, "%s: it exists already", what);
        if (extended == SQLITE_CONSTRAINT_FOREIGNKEY)
            return err_set(e, ERR_CONFLICT, "%s: it refers to what is missing, or is referred to",
                           what);
        return err_set(e, ERR_INVALID, "%s: the store's rules refuse it (%s)", what,
                       sqlite3_errmsg(handle));
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
                       handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
    }
}

static int run(struct db *db, const char *sql, const char *what, struct err *e)
{
    int rc = sqlite3_exec(sqlite_db(db)->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_fail(db, rc, what, e);
}

/* SQLite would create the file readable by all; its journals take over the mode of the file. */
static int open_private(const char *path, const char *shown, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? err_sys(e, "open the store '%s'", shown) : fd;
}

/* A lock of another kind than SQLite's own, which do not see it. Those go when a descriptor of the
 * file is closed: so this one is closed before the first connection or behind the last. */
static int lock_alone(const char *path, int fd, struct err *e)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return err_sys(e, "lock the store '%s'", path);
    return err_set(e, ERR_CONFLICT, "the store '%s' is in use by another virga server", path);
}

static int open_store(const struct store_config *config, struct store **ret, struct err *e)
{
    const char *shown = config->shown ? config->shown : config->path;
    auto_fd int fd = open_private(config->path, shown, e);
    if (fd < 0 || (config->alone && lock_alone(shown, fd, e) < 0))
        return -1;
    struct sqlite_store *s = mem_alloc(sizeof *s);
    s->base.name = mem_strdup(shown);
    s->path = mem_strdup(config->path);
    s->lock = config->alone ? take_fd(&fd) : -1;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->turn_over, NULL);
    *ret = &s->base;
    return 0;
}

static void close_store(struct store *base)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    pthread_cond_destroy(&s->turn_over);
    pthread_mutex_destroy(&s->mutex);
    fd_close(&s->lock);
    free(s->base.name);
    free(s->path);
    free(s);
}

/* page_size only takes effect on a file without content. A checkpoint moves the write-ahead log
 * into the file and syncs both: every 16 MB, so that bulk writes are not held up by it. */
static const char wal[] = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;";
static const char settings[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -2048;"
                               "PRAGMA wal_autocheckpoint = 2048;"
                               "PRAGMA journal_size_limit = 33554432;";

/* SQLite's own timeout does not hold for a file that gets its log: who reads it already and asks
 * to be alone with it is refused at once, so that two of them do not wait for each other. */
static int make_wal(struct db *db, struct err *e)
{
    sqlite3 *handle = sqlite_db(db)->handle;
    uint64_t until = clock_mono_us() + BUSY_MS * 1000;
    int rc;
    while (((rc = sqlite3_exec(handle, wal, NULL, NULL, NULL)) & 0xff) == SQLITE_BUSY &&
           clock_mono_us() < until)
        sqlite3_sleep(1);
    return rc == SQLITE_OK ? 0 : sqlite_fail(db, rc, "open", e);
}

static int configure(struct db *db, struct err *e)
{
    sqlite3 *handle = sqlite_db(db)->handle;
    /* Only another process can make us wait here: the writers of this one take turns. */
    sqlite3_busy_timeout(handle, BUSY_MS);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (make_wal(db, e) < 0 || run(db, settings, "open", e) < 0)
        return -1;
    const char *sync =
        db->durability == DB_DURABLE ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    return run(db, sync, "open", e);
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
                       db->store->name);
    return 0;
}

static int connect_db(struct store *s, enum db_durability durability, struct db **ret,
                      struct err *e)
{
    struct sqlite_db *db = mem_alloc(sizeof *db);
    db->base.store = s;
    db->base.durability = durability;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(((struct sqlite_store *)s)->path, &db->handle, flags, NULL);
    if (rc != SQLITE_OK)
        sqlite_fail(&db->base, rc, "open", e);
    if (rc != SQLITE_OK || configure(&db->base, e) < 0 || check_wal(&db->base, e) < 0) {
        db_close(&db->base);
        return -1;
    }
    *ret = &db->base;
    return 0;
}

static void disconnect_db(struct db *db)
{
    sqlite3_close(sqlite_db(db)->handle);
    free(db);
}

static void number_parameters(struct sqlite_query *q)
{
    int count = sqlite3_bind_parameter_count(q->stmt);
    must(count <= PARAMETERS_MAX);
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
    int rc =
        sqlite3_prepare_v3(sqlite_db(db)->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc != SQLITE_OK)
        return sqlite_fail(db, rc, "prepare", e);
    struct sqlite_query *q = mem_alloc(sizeof *q);
    q->stmt = stmt;
    number_parameters(q);
    *ret = &q->base;
    return 0;
}

static void discard(struct query *q)
{
    sqlite3_finalize(query_of(q)->stmt);
    free(q);
}

static int bind(sqlite3_stmt *stmt, int index, const struct db_value *v)
{
    switch (v->type) {
    case DB_INT_VALUE:
        return sqlite3_bind_int64(stmt, index, v->number);
    case DB_TEXT_VALUE:
        return sqlite3_bind_text64(stmt, index, v->bytes.p, v->bytes.n, SQLITE_STATIC, SQLITE_UTF8);
    case DB_BLOB_VALUE:
        return sqlite3_bind_blob64(stmt, index, v->bytes.p, v->bytes.n, SQLITE_STATIC);
    case DB_NULL_VALUE:
        break;
    }
    return sqlite3_bind_null(stmt, index);
}

static int start(struct query *base, const struct db_value *args, size_t count, struct err *e)
{
    struct sqlite_query *q = query_of(base);
    must(count == q->parameters);
    for (size_t i = 0; i < count; i++) {
        int rc = bind(q->stmt, q->index[i + 1], &args[i]);
        if (rc != SQLITE_OK)
            return sqlite_fail(base->db, rc, "bind", e);
    }
    if (!base->db->in_tx && !sqlite3_stmt_readonly(q->stmt)) {
        turn_take(base->db);
        q->took_turn = true;
    }
    return 0;
}

static int next(struct query *base, struct err *e)
{
    sqlite3_stmt *stmt = query_of(base)->stmt;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return sqlite_fail(base->db, rc, sqlite3_stmt_readonly(stmt) ? "read" : "write", e);
}

static int changes(struct query *q)
{
    return sqlite3_changes(sqlite_db(q->db)->handle);
}

static void stop(struct query *base)
{
    struct sqlite_query *q = query_of(base);
    sqlite3_reset(q->stmt);
    if (q->took_turn)
        turn_end(base->db);
    q->took_turn = false;
}

static struct db_value column(struct query *q, int column)
{
    sqlite3_stmt *stmt = query_of(q)->stmt;
    int type = sqlite3_column_type(stmt, column);
    if (type == SQLITE_NULL)
        return db_null();
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
        return db_int(sqlite3_column_int64(stmt, column));
    const char *bytes = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(stmt, column)
                                            : sqlite3_column_blob(stmt, column);
    /* SQLite has no address for what is empty. */
    struct str s = {bytes ? bytes : "", (size_t)sqlite3_column_bytes(stmt, column)};
    return type == SQLITE_TEXT ? db_text(s) : db_blob(s);
}

/* The lock is taken at the start, not at the first write: a transaction that has read before it
 * writes could otherwise fail half-way because another one was faster. */
static int begin(struct db *db, struct err *e)
{
    turn_take(db);
    if (run(db, "BEGIN IMMEDIATE", "begin", e) == 0)
        return 0;
    turn_end(db);
    return -1;
}

static int commit(struct db *db, struct err *e)
{
    if (run(db, "COMMIT", "commit", e) < 0)
        return -1;
    turn_end(db);
    return 0;
}

static void rollback(struct db *db)
{
    struct err ignored = {0};
    /* SQLite has rolled back by itself after some errors. */
    if (!sqlite3_get_autocommit(sqlite_db(db)->handle))
        (void)run(db, "ROLLBACK", "roll back", &ignored);
    turn_end(db);
}

/* The one word of a schema that SQLite spells differently: only "integer primary key" is an alias
 * of its row number. */
static int script(struct db *db, const char *sql, struct err *e)
{
    static const char theirs[] = "bigserial primary key";
    auto_buf struct buf out = {0};
    for (const char *at; (at = strstr(sql, theirs)); sql = at + sizeof theirs - 1) {
        buf_add(&out, sql, (size_t)(at - sql));
        buf_addz(&out, "integer primary key");
    }
    buf_addz(&out, sql);
    return run(db, out.data, "migrate", e);
}

/* Nothing here waits but for other processes. */
static int be_patient(struct db *db, struct err *e)
{
    (void)db, (void)e;
    return 0;
}

/* Nobody else writes to the file while a server runs. */
static int listen_to_nobody(struct store *s, struct err *e)
{
    (void)s, (void)e;
    return 0;
}

static void stop_listening(struct store *s)
{
    (void)s;
}

static int copying_begin(struct db *db, struct err *e)
{
    return run(db, "PRAGMA defer_foreign_keys = ON", "copy", e); /* until the commit */
}

static int copying_end(struct db *db, struct err *e)
{
    (void)db, (void)e;
    return 0;
}

const struct store_backend store_sqlite = {
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
    .listen = listen_to_nobody,
    .listen_end = stop_listening,
    .backup = sqlite_backup,
    .restore = sqlite_restore,
    .copying =
        {
            .tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
                      " AND substr(name, 1, 7) <> 'sqlite_' AND name <> 'schema_version'",
            .columns = "SELECT name FROM pragma_table_info($1) ORDER BY cid",
            .begin = copying_begin,
            .end = copying_end,
        },
};
