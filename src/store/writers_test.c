/* Many writers at once, and writers that are killed: on SQLite, then on PostgreSQL. */
#include "store/testdata/place.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

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
    place_make(&p, kind);
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

/* Reads, decides, writes: another writer in between would make two of the same number. */
static void *count_up(void *arg)
{
    struct err e = {0};
    struct db *db = connect_to(arg);
    for (int i = 0; i < 50; i++) {
        char word[24];
        auto_tx struct tx tx = {0};
        if (db_begin(db, &tx, &e) < 0)
            fail_msg("%s", e.text);
        int64_t next = number(db, "SELECT coalesce(max(weight), 0) FROM words") + 1;
        snprintf(word, sizeof word, "%d", (int)next);
        if (db_exec(db, "INSERT INTO words (word, weight) VALUES ($1, $2)",
                    DB_ARGS(db_textz(word), db_int(next)), &e) < 0 ||
            db_commit(&tx, &e) < 0)
            fail_msg("%s", e.text);
    }
    db_close(db);
    return NULL;
}

TEST(what_a_transaction_has_read_stays_until_it_writes)
{
    auto_place struct place p;
    place_make(&p, kind);
    struct store *stores[2] = {open_at(&p), open_at(&p)};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, count_up, stores[kind == SQLITE ? 0 : i % 2]) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct db *db = connect_to(stores[0]);
    CHECK(number(db, "SELECT max(weight) FROM words") == 200);
    db_close(db);
    store_close(stores[0]);
    store_close(stores[1]);
}

/* So near to each other that many are between any two steps of opening: it is not enough to start
 * them one after the other. */
static void open_at_once(const struct place *p, int processes)
{
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    pid_t children[16];
    for (int i = 0; i < processes; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char opened;
            close(gate[1]);
            (void)!read(gate[0], &opened, 1);
            store_close(open_at(p));
            _exit(0);
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < processes; i++) {
        int status = 1;
        CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
    }
}

TEST(processes_that_start_at_once_migrate_once)
{
    for (int round = 0; round < (kind == SQLITE ? 12 : 2); round++) {
        auto_place struct place p;
        place_make(&p, kind);
        open_at_once(&p, kind == SQLITE ? 16 : 4);
        struct store *s = open_at(&p);
        struct db *db = connect_to(s);
        CHECK(number(db, "SELECT count(*) FROM schema_version") == 3);
        db_close(db);
        store_close(s);
    }
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
    place_make(&p, kind);
    store_close(open_at(&p));
    for (int round = 0; round < 12; round++) {
        int32_t last = kill_a_writer(&p, round);
        place_await_nobody(&p);
        struct store *s = open_at(&p);
        struct db *db = connect_to(s);
        int64_t top = number(db, "SELECT max(weight) FROM words");
        CHECK(top == last || top == last + 1); /* committed, but killed before the report */
        CHECK(number(db, "SELECT count(*) FROM words") == 2 * top);
        db_close(db);
        store_close(s);
    }
}

PLACE_MAIN(writers_on_many_threads_take_turns, what_a_transaction_has_read_stays_until_it_writes,
           processes_that_start_at_once_migrate_once, a_killed_writer_loses_nothing_it_acknowledged)
