/* What only PostgreSQL can suffer or do: going away, coming back, telling other servers. */
#include "store/testdata/place.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/test_clock.h"
#include "store/pq.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

/* Topics and ids in the order they were heard, as "topic id;". */
struct ear {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    char text[1024];
};

enum { DEADLINE_S = 60 }; /* for what comes, sooner or later */

#define EAR                                                                                        \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, ""                                    \
    }

static void hear(void *arg, struct db *db, const char *topic, const char *id)
{
    (void)db;
    struct ear *ear = arg;
    pthread_mutex_lock(&ear->mutex);
    size_t n = strlen(ear->text);
    snprintf(ear->text + n, sizeof ear->text - n, "%s %s;", topic, id);
    pthread_cond_broadcast(&ear->more);
    pthread_mutex_unlock(&ear->mutex);
}

static void wait_to_hear(struct ear *ear, const char *text)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_S;
    pthread_mutex_lock(&ear->mutex);
    int rc = 0;
    while (strcmp(ear->text, text) != 0 && rc == 0)
        rc = pthread_cond_timedwait(&ear->more, &ear->mutex, &until);
    if (rc)
        print_message("heard '%s', not '%s'\n", ear->text, text);
    ear->text[0] = '\0';
    pthread_mutex_unlock(&ear->mutex);
    CHECK(rc == 0);
}

static void control(const char *verb)
{
    const char *dir = strstr(place_server(), "host=");
    assert_non_null(dir);
    char command[256];
    snprintf(command, sizeof command, "tests/postgres.sh %s '%s' >/dev/null", verb, dir + 5);
    if (system(command) != 0)
        fail_msg("%s failed: run from the root of the tree", command);
}

static struct store *open_listening(const struct place *p, struct ear *ear)
{
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, more, NULL};
    if (store_open(
            &(struct store_config){
                .path = p->path, .migrations = tables, .noted = hear, .arg = ear},
            &s, &e) < 0 ||
        store_listen(s, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static int add_noted(struct db *db, const char *word, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(db, &tx, e) < 0 || add(db, word, e) < 0)
        return -1;
    db_note(&tx, "word", word);
    return db_commit(&tx, e);
}

static struct err refused_url(const char *url)
{
    struct err e = {0};
    struct store *s = NULL;
    const struct migration *const tables[] = {words, NULL};
    CHECK(store_open(&(struct store_config){.path = url, .migrations = tables}, &s, &e) < 0);
    return e;
}

TEST(a_password_is_never_shown)
{
    static const char *const urls[] = {
        "postgres://u:hush@127.0.0.1:1/db",      "postgres://u:hu@hush@127.0.0.1:1/db",
        "postgres://u:hu/hush@127.0.0.1:1/db",   "postgres://u:1/hush@127.0.0.1:1/db",
        "postgres://u:hush?x@127.0.0.1:1/db",    "postgres://u:1?hush@127.0.0.1:1/db",
        "postgres://u:hush#x@127.0.0.1:1/db",    "postgres://u:%zzhush@127.0.0.1:1/db",
        "postgres://u:hush:x@127.0.0.1:1/db",    "postgres://127.0.0.1:1/db?password=hush&no=1",
        "postgres://127.0.0.1:1/?password=hush", "postgres://u:@hush:1/db?x",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct err e = refused_url(urls[i]);
        if (strstr(e.text, "hush"))
            fail_msg("%s: %s", urls[i], e.text);
        CHECK(strstr(e.text, "PostgreSQL"));
    }
}

TEST(a_server_that_is_away_is_named_at_the_start)
{
    struct err e = refused_url("postgres://u:p@127.0.0.1:1/db");
    CHECK(e.code == ERR_UNAVAILABLE);
    CHECK(strstr(e.text, "cannot reach PostgreSQL at 127.0.0.1:1/db: "));
    e = refused_url("postgres://u@/db?host=/nowhere/at/all");
    CHECK(strstr(e.text, "cannot reach PostgreSQL at /nowhere/at/all"));
}

TEST(a_server_that_is_silent_is_given_up_within_5_s)
{
    auto_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    CHECK(bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 5) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    char url[64];
    snprintf(url, sizeof url, "postgres://u:p@127.0.0.1:%d/db", ntohs(at.sin_port));
    uint64_t began = test_clock_us();
    struct err e = refused_url(url);
    CHECK(e.code == ERR_UNAVAILABLE && strstr(e.text, "no answer"));
    CHECK(test_clock_us() - began < 5000000);
}

TEST(a_database_that_cannot_hold_all_text_is_refused)
{
    struct place p;
    place_make(&p, POSTGRES);
    place_admin("DROP", p.name, "");
    place_admin("CREATE", p.name,
                " ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0");
    struct err e = refused_url(p.path);
    CHECK(strstr(e.text, "SQL_ASCII, not UTF8"));
    place_done(&p);
}

TEST(statements_fail_while_postgres_is_away_and_work_again_without_help)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    struct query *q = NULL;
    CHECK(add(db, "a", &e) == 1);
    control("stop");
    uint64_t began = test_clock_us();
    CHECK(add(db, "b", &e) < 0 && e.code == ERR_UNAVAILABLE);
    CHECK(db_query(db, "SELECT 1", DB_NO_ARGS, &q, &e) < 0 && e.code == ERR_UNAVAILABLE);
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) < 0 && e.code == ERR_UNAVAILABLE);
    CHECK(test_clock_us() - began < 5000000);
    control("start");
    CHECK(number(db, "SELECT count(*) FROM words") == 1);
    CHECK(add(db, "b", &e) == 1);
    db_close(db);
    store_close(s);
}

/* As a process that gets no processor until its deadline has passed. */
TEST(an_answer_that_is_there_is_taken_however_late_one_looks)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    PGconn *conn = PQconnectdb(p.path);
    CHECK(PQsendQuery(conn, "SELECT 1") == 1 && PQflush(conn) == 0);
    struct pollfd answer = {.fd = PQsocket(conn), .events = POLLIN};
    CHECK(poll(&answer, 1, DEADLINE_S * 1000) == 1);
    CHECK_INT(pq_wait(conn, clock_mono_us() - 1), 1);
    PGresult *result = PQgetResult(conn);
    CHECK_INT(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    PQfinish(conn);
}

/* Connected, but silent: as a machine that hangs, or a proxy that swallows what is sent. */
TEST(statements_fail_within_5_s_while_postgres_is_silent_and_work_again_without_help)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s), *other = connect_to(s);
    struct query *q = NULL;
    struct tx tx = {0};
    CHECK(add(db, "a", &e) == 1);
    control("pause");
    uint64_t began = test_clock_us();
    int first = add(db, "b", &e);
    uint64_t took = test_clock_us() - began;
    began += took;
    /* Who comes later has no connection, or one that is known to be of no use. */
    int query = db_query(other, "SELECT 1", DB_NO_ARGS, &q, &e);
    uint64_t later = test_clock_us() - began;
    control("continue");
    CHECK(first < 0 && query < 0 && e.code == ERR_UNAVAILABLE);
    CHECK(took < 5000000 && later < 1500000);
    CHECK(number(other, "SELECT count(*) FROM words") == 1);
    CHECK(db_begin(db, &tx, &e) == 0 && add(db, "b", &e) == 1 && db_commit(&tx, &e) == 0);
    db_close(db);
    db_close(other);
    store_close(s);
}

TEST(a_restart_between_statements_goes_unnoticed)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *reader = connect_to(s), *writer = connect_to(s), *bulk = NULL;
    CHECK(db_open(s, DB_BULK, &bulk, &e) == 0);
    CHECK(add(writer, "a", &e) == 1 && number(reader, "SELECT count(*) FROM words") == 1);
    control("restart");
    CHECK(number(reader, "SELECT count(*) FROM words") == 1);
    CHECK(add(writer, "b", &e) == 1 && add(bulk, "c", &e) == 1);
    control("restart");
    struct tx tx = {0};
    CHECK(db_begin(writer, &tx, &e) == 0 && add(writer, "d", &e) == 1 && db_commit(&tx, &e) == 0);
    CHECK(number(reader, "SELECT count(*) FROM words") == 4);
    db_close(reader);
    db_close(writer);
    db_close(bulk);
    store_close(s);
}

TEST(a_transaction_whose_connection_broke_fails_to_its_end)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p);
    struct db *db = connect_to(s);
    for (int with_statement = 0; with_statement < 2; with_statement++) {
        struct tx tx = {0};
        CHECK(db_begin(db, &tx, &e) == 0 && add(db, "lost", &e) == 1);
        control("restart");
        for (int i = 0; i < 2 * with_statement; i++)
            CHECK(add(db, "lost too", &e) < 0 && e.code == ERR_UNAVAILABLE);
        CHECK(db_commit(&tx, &e) < 0 && e.code == ERR_UNAVAILABLE && !tx.db);
        CHECK(number(db, "SELECT count(*) FROM words") == 0);
    }
    struct query *q = NULL;
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    CHECK(db_query(db, "SELECT generate_series(1, 1000000)", DB_NO_ARGS, &q, &e) == 0);
    CHECK(query_next(q, &e) == 1);
    control("restart");
    int rc;
    while ((rc = query_next(q, &e)) > 0)
        ;
    CHECK(rc < 0 && e.code == ERR_UNAVAILABLE);
    query_done(q);
    db_rollback(&tx);
    CHECK(add(db, "kept", &e) == 1);
    db_close(db);
    store_close(s);
}

struct writer {
    struct store *store;
    _Atomic bool stop;
    _Atomic int acknowledged, failed;
};

static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct db *db = connect_to(w->store);
    for (int i = 0; !w->stop; i++) {
        struct err e = {0};
        char word[16];
        snprintf(word, sizeof word, "%d", i);
        int rc = add_noted(db, word, &e);
        if (rc < 0 && e.code != ERR_UNAVAILABLE)
            fail_msg("%s", e.text);
        *(rc < 0 ? &w->failed : &w->acknowledged) += 1;
    }
    db_close(db);
    return NULL;
}

static void wait_for(_Atomic int *count, int steps)
{
    uint64_t until = clock_mono_us() + DEADLINE_S * 1000000ull;
    for (int target = *count + steps; *count < target;)
        CHECK(clock_mono_us() < until && sched_yield() == 0);
}

TEST(a_killed_postgres_loses_nothing_it_acknowledged)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct writer w = {.store = open_at(&p)};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, write_on, &w) == 0);
    for (int round = 0; round < 3; round++) {
        wait_for(&w.acknowledged, 20 + round);
        control("kill");
        wait_for(&w.failed, 1);
        control("start");
        wait_for(&w.acknowledged, 1);
    }
    w.stop = true;
    pthread_join(thread, NULL);
    struct db *db = connect_to(w.store);
    int64_t count = number(db, "SELECT count(*) FROM words");
    CHECK(count >= w.acknowledged && count <= w.acknowledged + 3);
    db_close(db);
    store_close(w.store);
}

TEST(other_servers_hear_what_is_noted_and_nobody_hears_it_twice)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct ear here = EAR, there = EAR;
    struct store *one = open_listening(&p, &here), *two = open_listening(&p, &there);
    struct db *db = connect_to(one), *other = connect_to(two);
    CHECK(add_noted(db, "a:b c", &e) == 0);
    wait_to_hear(&there, "word a:b c;");
    CHECK(add_noted(other, "d", &e) == 0);
    wait_to_hear(&here, "word a:b c;word d;"); /* what came back of its own was skipped */
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    for (int i = 0; i < 65; i++)
        db_note(&tx, "word", (char[]){(char)('0' + i), 0});
    CHECK(db_commit(&tx, &e) == 0);
    wait_to_hear(&there, "word d;" STORE_ALL " ;");
    db_close(db);
    db_close(other);
    store_close(one);
    store_close(two);
}

TEST(who_was_away_hears_that_everything_may_have_changed)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct ear ear = EAR, there = EAR;
    struct store *s = open_listening(&p, &ear), *other = open_listening(&p, &there);
    struct db *db = connect_to(other);
    control("restart");
    wait_to_hear(&ear, STORE_ALL " ;");
    wait_to_hear(&there, STORE_ALL " ;");
    CHECK(add_noted(db, "a", &e) == 0);
    wait_to_hear(&ear, "word a;");
    db_close(db);
    store_close(s);
    store_close(other);
}

/* The one backend of this database that listens: what it was asked last is to do so, or, when
 * nothing came for a while, whether it is there. */
static pid_t listening_backend(const struct place *p)
{
    PGconn *admin = PQconnectdb(p->path);
    PGresult *pids =
        PQexec(admin, "SELECT pid FROM pg_stat_activity WHERE datname ="
                      " current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')");
    CHECK(PQntuples(pids) == 1);
    pid_t pid = (pid_t)atoi(PQgetvalue(pids, 0, 0));
    PQclear(pids);
    PQfinish(admin);
    return pid;
}

/* Its connection stands, but nothing comes over it any more. */
TEST(a_listener_that_is_cut_off_without_a_word_notices)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct ear ear = EAR;
    struct store *s = open_listening(&p, &ear), *other = open_at(&p);
    struct db *db = connect_to(other);
    CHECK(store_is_heard(s));
    pid_t backend = listening_backend(&p);
    CHECK(kill(backend, SIGSTOP) == 0);
    CHECK(add_noted(db, "a", &e) == 0);
    wait_to_hear(&ear, STORE_ALL " ;");
    CHECK(kill(backend, SIGCONT) == 0);
    CHECK(add_noted(db, "b", &e) == 0);
    wait_to_hear(&ear, "word b;");
    CHECK(store_is_heard(s));
    db_close(db);
    store_close(s);
    store_close(other);
}

TEST(a_store_closes_at_once_while_postgres_is_away)
{
    struct place p;
    place_make(&p, POSTGRES);
    struct ear ear = EAR;
    struct store *s = open_listening(&p, &ear);
    control("stop");
    uint64_t began = test_clock_us();
    store_close(s);
    CHECK(test_clock_us() - began < 500000);
    control("start");
    place_done(&p);
}

/* The trigger ends the connection while it commits. */
TEST(a_commit_whose_answer_is_lost_fails_and_makes_everything_be_looked_at)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct ear ear = EAR;
    struct store *s = open_listening(&p, &ear);
    struct db *db = connect_to(s);
    PGconn *admin = PQconnectdb(p.path);
    PQclear(PQexec(admin, "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                          " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
                          "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON words DEFERRABLE"
                          " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"));
    CHECK(add_noted(db, "a", &e) < 0 && e.code == ERR_UNAVAILABLE);
    CHECK(strstr(e.text, "it may have happened"));
    wait_to_hear(&ear, STORE_ALL " ;");
    CHECK(add(db, "a", &e) < 0 && strstr(e.text, "it may have happened"));
    PQclear(PQexec(admin, "DROP TRIGGER die ON words"));
    PQfinish(admin);
    CHECK(add(db, "a", &e) == 1);
    db_close(db);
    store_close(s);
}

TEST(a_writer_waits_for_another_server_but_not_for_ever_and_bulk_not_at_all)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p), *other = open_at(&p);
    struct db *db = connect_to(s), *waiting = connect_to(other), *bulk = NULL;
    CHECK(db_open(other, DB_BULK, &bulk, &e) == 0);
    struct tx tx = {0}, tx_bulk = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    CHECK(add(bulk, "a", &e) == 1);
    CHECK(db_begin(bulk, &tx_bulk, &e) == 0 && add(bulk, "b", &e) == 1);
    CHECK(db_commit(&tx_bulk, &e) == 0);
    uint64_t began = test_clock_us();
    CHECK(add(waiting, "c", &e) < 0 && e.code == ERR_UNAVAILABLE);
    /* Nor is a statement that takes long taken for silence. */
    CHECK(test_clock_us() - began < 5000000 && strstr(e.text, "another writer"));
    CHECK(db_commit(&tx, &e) == 0);
    CHECK(add(waiting, "c", &e) == 1);
    db_close(db);
    db_close(waiting);
    db_close(bulk);
    store_close(s);
    store_close(other);
}

TEST(schemas_of_one_database_are_stores_of_their_own)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    PGconn *admin = PQconnectdb(p.path);
    PQclear(PQexec(admin, "CREATE SCHEMA other"));
    PQfinish(admin);
    struct place other = p;
    snprintf(other.path, sizeof other.path, "%s&options=-csearch_path%%3Dother", p.path);
    struct store *s = open_at(&p), *t = open_at(&other);
    struct db *db = connect_to(s), *there = connect_to(t);
    CHECK(add(db, "a", &e) == 1);
    struct tx tx = {0};
    CHECK(db_begin(db, &tx, &e) == 0);
    CHECK(number(there, "SELECT count(*) FROM words") == 0 && add(there, "a", &e) == 1);
    db_rollback(&tx);
    db_close(db);
    db_close(there);
    store_close(s);
    store_close(t);
}

TEST(a_backup_is_left_to_its_own_tools)
{
    auto_place struct place p;
    place_make(&p, POSTGRES);
    struct err e = {0};
    struct store *s = open_at(&p);
    CHECK(store_is_shared(s) && store_is_url(p.path) && !store_is_url("/postgres://"));
    CHECK(store_backup(s, "/tmp/never", &e) < 0 && strstr(e.text, "pg_dump"));
    store_close(s);
}

#define TESTS                                                                                      \
    a_password_is_never_shown, a_server_that_is_away_is_named_at_the_start,                        \
        a_server_that_is_silent_is_given_up_within_5_s,                                            \
        a_database_that_cannot_hold_all_text_is_refused,                                           \
        statements_fail_while_postgres_is_away_and_work_again_without_help,                        \
        an_answer_that_is_there_is_taken_however_late_one_looks,                                   \
        statements_fail_within_5_s_while_postgres_is_silent_and_work_again_without_help,           \
        a_restart_between_statements_goes_unnoticed,                                               \
        a_transaction_whose_connection_broke_fails_to_its_end,                                     \
        a_killed_postgres_loses_nothing_it_acknowledged,                                           \
        other_servers_hear_what_is_noted_and_nobody_hears_it_twice,                                \
        who_was_away_hears_that_everything_may_have_changed,                                       \
        a_listener_that_is_cut_off_without_a_word_notices,                                         \
        a_store_closes_at_once_while_postgres_is_away,                                             \
        a_commit_whose_answer_is_lost_fails_and_makes_everything_be_looked_at,                     \
        a_writer_waits_for_another_server_but_not_for_ever_and_bulk_not_at_all,                    \
        schemas_of_one_database_are_stores_of_their_own, a_backup_is_left_to_its_own_tools

int main(void)
{
    static const struct CMUnitTest tests[] = {TEST_EACH_(TEST_ROW_, TESTS)};
    if (place_server())
        return cmocka_run_group_tests(tests, NULL, NULL);
    print_message("skipped: all of it: VIRGA_TEST_POSTGRES is not set\n");
    return 0;
}
