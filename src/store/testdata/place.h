/* place — where a test's store lives: a directory with a file, or a database of its own in the
 * PostgreSQL that $VIRGA_TEST_POSTGRES names (scripts/unit starts one, see tests/postgres.sh). */
#pragma once

#include "base/test.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

enum kind { SQLITE, POSTGRES };

struct place {
    enum kind kind;
    char dir[64];   /* SQLite */
    char name[64];  /* PostgreSQL */
    char path[256]; /* of the store: file or URL */
};

#define auto_place __attribute__((cleanup(place_done)))

static const struct migration words[] = {
    {1, "words",
     "CREATE TABLE words (seq bigserial primary key, word text NOT NULL UNIQUE, data bytea,"
     " parent bigint REFERENCES words (seq) ON DELETE CASCADE)"},
    {3, "weights", "ALTER TABLE words ADD COLUMN weight bigint NOT NULL DEFAULT 7"},
    {0},
};
static const struct migration more[] = {
    {2, "others",
     "CREATE TABLE others (id text PRIMARY KEY, word bigint REFERENCES words (seq),"
     " texts text NOT NULL DEFAULT (CAST('a text' AS text)))"},
    {0},
};

static enum kind kind __attribute__((unused)); /* that PLACE_MAIN runs on at the moment */

/* Runs every test on SQLite, then on PostgreSQL. */
#define PLACE_MAIN(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {TEST_EACH_(TEST_ROW_, __VA_ARGS__)};                    \
        kind = SQLITE;                                                                             \
        int bad = cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);                        \
        kind = POSTGRES;                                                                           \
        if (place_server())                                                                        \
            return bad + cmocka_run_group_tests_name("PostgreSQL", tests, NULL, NULL);             \
        print_message("skipped: the half on PostgreSQL: VIRGA_TEST_POSTGRES is not set\n");        \
        return bad;                                                                                \
    }

static inline const char *place_server(void)
{
    return getenv("VIRGA_TEST_POSTGRES");
}

static inline void place_admin(const char *verb, const char *name, const char *behind)
{
    PGconn *conn = PQconnectdb(place_server());
    char sql[160];
    snprintf(sql, sizeof sql, "%s DATABASE %s%s", verb, name, behind);
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

static inline void place_make(struct place *p, enum kind which)
{
    static int count;
    *p = (struct place){.kind = which};
    if (which == SQLITE) {
        snprintf(p->dir, sizeof p->dir, "/tmp/virga-store-XXXXXX");
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->path, sizeof p->path, "%s/virga.db", p->dir);
        return;
    }
    snprintf(p->name, sizeof p->name, "t%d_%d", (int)getpid(), ++count);
    place_admin("CREATE", p->name, "");
    const char *options = strchr(place_server(), '?');
    assert_non_null(options);
    snprintf(p->path, sizeof p->path, "postgres://virga@/%s%s", p->name, options);
}

static inline void place_done(struct place *p)
{
    if (p->kind == POSTGRES) {
        place_admin("DROP", p->name, " WITH (FORCE)");
        return;
    }
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char file[320];
        snprintf(file, sizeof file, "%s%s", p->path, suffixes[i]);
        unlink(file);
    }
    rmdir(p->dir);
}

/* Of a process that was killed: what PostgreSQL had begun to commit for it may be done, or not, a
 * moment later. */
static inline void place_await_nobody(const struct place *p)
{
    if (p->kind != POSTGRES)
        return;
    PGconn *conn = PQconnectdb(p->path);
    for (bool alone = false; !alone;) {
        PGresult *others = PQexec(conn, "SELECT 1 FROM pg_stat_activity WHERE datname ="
                                        " current_database() AND backend_type = 'client backend'"
                                        " AND pid <> pg_backend_pid()");
        if (PQresultStatus(others) != PGRES_TUPLES_OK)
            fail_msg("%s", PQerrorMessage(conn));
        alone = PQntuples(others) == 0;
        PQclear(others);
    }
    PQfinish(conn);
}

static inline struct store *open_at(const struct place *p)
{
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, more, NULL};
    if (store_open(&(struct store_config){.path = p->path, .migrations = tables}, &s, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static inline struct db *connect_to(struct store *s)
{
    struct err e = {0};
    struct db *db = NULL;
    if (db_open(s, DB_DURABLE, &db, &e) < 0)
        fail_msg("%s", e.text);
    return db;
}

static inline int add(struct db *db, const char *word, struct err *e)
{
    return db_exec(db, "INSERT INTO words (word) VALUES ($1)", DB_ARGS(db_textz(word)), e);
}

static inline int64_t number(struct db *db, const char *sql)
{
    struct err e = {0};
    auto_query struct query *q = NULL;
    if (db_query(db, sql, DB_NO_ARGS, &q, &e) < 0 || query_next(q, &e) != 1)
        fail_msg("%s", e.text);
    return query_int(q, 0);
}
