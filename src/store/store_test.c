#include "store/store.h"

#include "base/buf.h"
#include "base/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct place {
    char dir[64];
    char path[96];
};

static void place_make(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/virga-store-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/virga.db", p->dir);
}

static void place_done(struct place *p)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s%s", p->path, suffixes[i]);
        unlink(file);
    }
    rmdir(p->dir);
}

#define auto_place __attribute__((cleanup(place_done)))

static const struct migration words[] = {
    {1, "words",
     "CREATE TABLE words (seq bigserial primary key, word text NOT NULL UNIQUE, data bytea,"
     " parent bigint REFERENCES words (seq) ON DELETE CASCADE)"},
    {3, "weights", "ALTER TABLE words ADD COLUMN weight bigint NOT NULL DEFAULT 7"},
    {0},
};
static const struct migration more[] = {{2, "others", "CREATE TABLE others (id text)"}, {0}};
static const struct migration broken[] = {
    {4, "broken", "CREATE TABLE half (id text); CREATE NONSENSE"}, {0}};

static struct store *open_at(const struct place *p)
{
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, more, NULL};
    if (store_open(&(struct store_config){p->path, tables}, &s, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static struct db *connect_to(struct store *s)
{
    struct err e = {0};
    struct db *db = NULL;
    if (db_open(s, DB_DURABLE, &db, &e) < 0)
        fail_msg("%s", e.text);
    return db;
}

static int add(struct db *db, const char *word, struct err *e)
{
    return db_exec(db, "INSERT INTO words (word) VALUES ($1)", DB_ARGS(db_textz(word)), e);
}

static int64_t number(struct db *db, const char *sql)
{
    struct err e = {0};
    auto_query struct query *q = NULL;
    if (db_query(db, sql, DB_NO_ARGS, &q, &e) < 0 || query_next(q, &e) != 1)
        fail_msg("%s", e.text);
    return query_int(q, 0);
}

TEST(values_come_back_as_they_went_in)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(db_exec(db, "INSERT INTO words (data, word, weight) VALUES ($2, $1, $3)",
                  DB_ARGS(db_textz("w\xc3\xb6rd"), db_blob(STR("a\0b")), db_int(INT64_MIN)),
                  &e) == 1);
    auto_arena struct arena *a = arena_new();
    struct query *q = NULL;
    CHECK(db_query(db, "SELECT word, data, weight, parent FROM words WHERE word = $1",
                   DB_ARGS(db_textz("w\xc3\xb6rd")), &q, &e) == 0);
    CHECK(query_next(q, &e) == 1);
    CHECK_STR(query_text(q, a, 0), "w\xc3\xb6rd");
    CHECK(str_eq(query_blob(q, a, 1), STR("a\0b")));
    CHECK(query_int(q, 2) == INT64_MIN);
    CHECK(query_text(q, a, 3) == NULL && query_blob(q, a, 3).p == NULL);
    CHECK(query_next(q, &e) == 0);
    query_done(q);
    db_close(db);
    store_close(s);
}

TEST(a_second_open_finds_everything_and_migrates_nothing_twice)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    for (int i = 0; i < 2; i++) {
        struct store *s = open_at(&p);
        struct db *db = connect_to(s);
        CHECK(number(db, "SELECT count(*) FROM schema_version") == 3);
        CHECK(number(db, "SELECT count(*) FROM words") == i);
        CHECK(add(db, i ? "b" : "a", &e) == 1);
        db_close(db);
        store_close(s);
    }
    struct stat st;
    CHECK(stat(p.path, &st) == 0 && (st.st_mode & 0777) == 0600);
}

TEST(a_newer_schema_is_refused)
{
    auto_place struct place p;
    place_make(&p);
    store_close(open_at(&p));
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, NULL};
    CHECK(store_open(&(struct store_config){p.path, tables}, &s, &e) < 0);
    CHECK(strstr(e.text, "newer") && strstr(e.text, "'others'"));
}

TEST(a_failing_migration_leaves_nothing_behind)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, more, broken, NULL};
    CHECK(store_open(&(struct store_config){p.path, tables}, &s, &e) < 0);
    CHECK(strstr(e.text, "migration 4 'broken'"));
    s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(number(db, "SELECT count(*) FROM sqlite_master WHERE name = 'half'") == 0);
    db_close(db);
    store_close(s);
}

TEST(a_unique_key_taken_is_a_conflict)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    CHECK(add(db, "a", &e) == 1);
    CHECK(add(db, "a", &e) < 0 && e.code == ERR_CONFLICT);
    CHECK(db_exec(db, "INSERT INTO words (word, parent) VALUES ($1, $2)",
                  DB_ARGS(db_textz("c"), db_int(99)), &e) < 0);
    CHECK(e.code == ERR_INVALID);
    db_close(db);
    store_close(s);
}

TEST(an_abandoned_transaction_rolls_back_and_lets_others_write)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *one = connect_to(s), *two = connect_to(s);
    {
        auto_tx struct tx tx = {0};
        CHECK(db_begin(one, &tx, &e) == 0);
        CHECK(add(one, "lost", &e) == 1);
    }
    CHECK(add(two, "kept", &e) == 1);
    CHECK(number(one, "SELECT count(*) FROM words") == 1);
    db_close(one);
    db_close(two);
    store_close(s);
}

TEST(the_same_statement_runs_inside_itself)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    add(db, "a", &e), add(db, "b", &e);
    static const char all[] = "SELECT word FROM words ORDER BY seq";
    auto_arena struct arena *a = arena_new();
    struct query *outer = NULL, *inner = NULL;
    CHECK(db_query(db, all, DB_NO_ARGS, &outer, &e) == 0 && query_next(outer, &e) == 1);
    CHECK(db_query(db, all, DB_NO_ARGS, &inner, &e) == 0 && query_next(inner, &e) == 1);
    CHECK(query_next(outer, &e) == 1);
    CHECK_STR(query_text(outer, a, 0), "b");
    CHECK_STR(query_text(inner, a, 0), "a");
    query_done(inner);
    query_done(outer);
    db_close(db);
    store_close(s);
}

TEST(more_statements_than_the_cache_holds_still_run)
{
    auto_place struct place p;
    place_make(&p);
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 200; i++) {
            char sql[64];
            snprintf(sql, sizeof sql, "SELECT %d", i);
            CHECK(number(db, sql) == i);
        }
    }
    db_close(db);
    store_close(s);
}

TEST(a_file_that_is_no_store_is_named)
{
    auto_place struct place p;
    place_make(&p);
    FILE *f = fopen(p.path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database ", f);
    fclose(f);
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, NULL};
    CHECK(store_open(&(struct store_config){p.path, tables}, &s, &e) < 0);
    CHECK(strstr(e.text, "damaged") && strstr(e.text, p.path));
}

TEST(a_full_store_says_so)
{
    auto_place struct place p;
    place_make(&p);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    (void)number(db, "PRAGMA max_page_count = 16");
    static char big[200000];
    CHECK(db_exec(db, "INSERT INTO words (word, data) VALUES ($1, $2)",
                  DB_ARGS(db_textz("big"), db_blob((struct str){big, sizeof big})), &e) < 0);
    CHECK(e.code == ERR_UNAVAILABLE && strstr(e.text, "disk is full"));
    CHECK(add(db, "small", &e) == 1);
    db_close(db);
    store_close(s);
}

struct adder {
    struct store *store;
    int from;
};

static void *add_many(void *arg)
{
    struct adder *adder = arg;
    struct err e = {0};
    struct db *db = connect_to(adder->store);
    for (int i = 0; i < 50; i++) {
        char word[16];
        snprintf(word, sizeof word, "%d", adder->from + i);
        auto_tx struct tx tx = {0};
        if (db_begin(db, &tx, &e) < 0 || add(db, word, &e) < 0 || db_commit(&tx, &e) < 0)
            fail_msg("%s", e.text);
    }
    db_close(db);
    return NULL;
}

TEST(writers_on_many_threads_take_turns)
{
    auto_place struct place p;
    place_make(&p);
    struct store *s = open_at(&p);
    pthread_t threads[4];
    struct adder adders[4];
    for (int i = 0; i < 4; i++) {
        adders[i] = (struct adder){s, i * 1000};
        CHECK(pthread_create(&threads[i], NULL, add_many, &adders[i]) == 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct db *db = connect_to(s);
    CHECK(number(db, "SELECT count(*) FROM words") == 200);
    db_close(db);
    store_close(s);
}

/* Writes two rows per transaction for ever and reports each number once it is committed. */
static void write_until_killed(const struct place *p, int report, enum db_durability durability)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct err e = {0};
    struct store *s = open_at(p);
    struct db *db = NULL;
    if (db_open(s, durability, &db, &e) < 0)
        _exit(1);
    for (int32_t i = (int32_t)number(db, "SELECT coalesce(max(weight), 0) FROM words") + 1;; i++) {
        char word[24];
        struct tx tx = {0};
        if (db_begin(db, &tx, &e) < 0)
            _exit(1);
        for (int half = 0; half < 2; half++) {
            snprintf(word, sizeof word, "%d.%d", i, half);
            if (db_exec(db, "INSERT INTO words (word, weight) VALUES ($1, $2)",
                        DB_ARGS(db_textz(word), db_int(i)), &e) < 0)
                _exit(1);
        }
        if (db_commit(&tx, &e) < 0 || write(report, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

/* Kills the writer after `acknowledged` reports and a moment that differs each time. */
static int32_t kill_a_writer(const struct place *p, int round)
{
    int report[2];
    assert_int_equal(pipe(report), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(p, report[1], round % 2 ? DB_BULK : DB_DURABLE);
    close(report[1]);
    int32_t last = 0;
    for (int i = 0; i < 1 + round * 3; i++)
        assert_int_equal(read(report[0], &last, sizeof last), sizeof last);
    nanosleep(&(struct timespec){.tv_nsec = 37000 * round}, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(report[0], &last, sizeof last) == sizeof last)
        ;
    close(report[0]);
    return last;
}

TEST(a_killed_writer_loses_nothing_it_acknowledged)
{
    auto_place struct place p;
    place_make(&p);
    store_close(open_at(&p));
    for (int round = 0; round < 12; round++) {
        int32_t last = kill_a_writer(&p, round);
        struct store *s = open_at(&p);
        struct db *db = connect_to(s);
        int64_t top = number(db, "SELECT max(weight) FROM words");
        CHECK(top == last || top == last + 1); /* committed, but killed before the report */
        CHECK(number(db, "SELECT count(*) FROM words") == 2 * top);
        db_close(db);
        store_close(s);
    }
}

TEST_MAIN(values_come_back_as_they_went_in,
          a_second_open_finds_everything_and_migrates_nothing_twice, a_newer_schema_is_refused,
          a_failing_migration_leaves_nothing_behind, a_unique_key_taken_is_a_conflict,
          an_abandoned_transaction_rolls_back_and_lets_others_write,
          the_same_statement_runs_inside_itself, more_statements_than_the_cache_holds_still_run,
          a_file_that_is_no_store_is_named, a_full_store_says_so,
          writers_on_many_threads_take_turns, a_killed_writer_loses_nothing_it_acknowledged)
