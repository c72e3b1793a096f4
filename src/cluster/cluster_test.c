/* The real thing: PostgreSQL and PgBouncer where they are installed. */
#include "cluster/fixture.h"

TEST(the_cluster_is_made_once_and_found_again)
{
    struct fixture f;
    open_fixture(&f);
    CHECK(!cluster_made(f.cluster));
    CHECK_STR(cluster_version(f.cluster), "");
    uint64_t t0 = clock_mono_us();
    UP(&f);
    uint64_t t1 = clock_mono_us();
    UP(&f);
    uint64_t t2 = clock_mono_us();
    print_message("first %llu us, again %llu us, version %s\n", (unsigned long long)(t1 - t0),
                  (unsigned long long)(t2 - t1), cluster_version(f.cluster));
    CHECK(cluster_made(f.cluster));
    stop(&f);
    start(&f);
    t0 = clock_mono_us();
    UP(&f);
    print_message("second start %llu us\n", (unsigned long long)(clock_mono_us() - t0));
    close_fixture(&f);
}

/* --- the pooler --- */

static PGconn *slots(const struct fixture *f, const char *dbname, const char *role,
                     const char *password)
{
    char info[256];
    snprintf(info, sizeof info,
             "host=%s/postgres/slots port=5432 dbname=%s user=%s password=%s connect_timeout=10",
             f->dir, dbname, role, password);
    return PQconnectdb(info);
}

/* A role and a database "NAME" of its own; `secret` as it stands in pg_authid. */
static void make_database(const struct fixture *f, const char *name, char secret[256])
{
    char text[256];
    PGconn *conn = PQconnectdb(cluster_admin(f->cluster));
    snprintf(text, sizeof text, "CREATE ROLE %s LOGIN PASSWORD 'pw-%s'", name, name);
    sql(conn, text);
    snprintf(text, sizeof text, "CREATE DATABASE %s OWNER %s", name, name);
    sql(conn, text);
    snprintf(text, sizeof text, "SELECT rolpassword FROM pg_authid WHERE rolname = '%s'", name);
    value(conn, text, secret);
    PQfinish(conn);
}

static void pool(const struct fixture *f, const struct pool_entry *entries, size_t count)
{
    struct err e = {0};
    if (cluster_pool(f->cluster, entries, count, &e) < 0)
        fail_msg("%s", e.text);
}

static void refused(const struct fixture *f, const char *dbname, const char *role,
                    const char *password, const char *why)
{
    PGconn *conn = slots(f, dbname, role, password);
    CHECK(PQstatus(conn) != CONNECTION_OK);
    if (!strstr(PQerrorMessage(conn), why))
        fail_msg("'%s' instead of '%s'", PQerrorMessage(conn), why);
    PQfinish(conn);
}

TEST(a_role_reaches_its_own_database_only_through_the_pooler)
{
    struct fixture f;
    char one[256], two[256], out[256];
    open_fixture(&f);
    UP(&f);
    make_database(&f, "one", one);
    make_database(&f, "two", two);
    const struct pool_entry entries[] = {
        {.name = "db-1", .role = "one", .secret = one, .dbname = "one"},
        {.name = "db-2", .role = "two", .secret = two, .dbname = "two"},
    };
    pool(&f, entries, 2);
    PGconn *conn = slots(&f, "db-1", "one", "pw-one");
    value(conn, "SELECT current_user || ' ' || current_database()", out);
    CHECK_STR(out, "one one");
    PQfinish(conn);
    refused(&f, "db-1", "one", "pw-two", "authentication failed");
    refused(&f, "db-2", "one", "pw-one", "rejected");
    refused(&f, "pgbouncer", "one", "pw-one", "not allowed");
    refused(&f, "db-3", "one", "pw-one", "rejected");
    close_fixture(&f);
}

TEST(closing_one_database_cuts_its_connections_and_no_others)
{
    struct fixture f;
    char one[256], two[256], out[256];
    struct pool_usage usage;
    struct err e = {0};
    open_fixture(&f);
    UP(&f);
    make_database(&f, "one", one);
    make_database(&f, "two", two);
    struct pool_entry entries[] = {
        {.name = "db-1", .role = "one", .secret = one, .dbname = "one"},
        {.name = "db-2", .role = "two", .secret = two, .dbname = "two"},
    };
    pool(&f, entries, 2);
    PGconn *first = slots(&f, "db-1", "one", "pw-one");
    PGconn *second = slots(&f, "db-2", "two", "pw-two");
    sql(first, "SELECT 1");
    sql(second, "BEGIN");
    CHECK(cluster_pool_usage(f.cluster, "db-2", &usage, &e) == 0);
    CHECK_INT(usage.clients, 1);
    CHECK_INT(usage.servers, 1);
    entries[0].closed = true;
    pool(&f, entries, 2);
    PQclear(PQexec(first, "SELECT 1"));
    CHECK(PQstatus(first) != CONNECTION_OK);
    refused(&f, "db-1", "one", "pw-one", "database \"db-1\" is disabled");
    value(second, "SELECT 2", out);
    CHECK_STR(out, "2");
    entries[0].closed = false;
    pool(&f, entries, 2);
    PGconn *again = slots(&f, "db-1", "one", "pw-one");
    sql(again, "SELECT 1");
    pool(&f, entries + 1, 1); /* gone altogether */
    refused(&f, "db-1", "one", "pw-one", "rejected");
    sql(second, "COMMIT");
    pool(&f, NULL, 0);
    PQfinish(first);
    PQfinish(second);
    PQfinish(again);
    close_fixture(&f);
}

/* --- at the same time --- */

TEST(eight_threads_that_need_it_at_once_get_the_same_cluster)
{
    struct fixture f;
    pthread_t threads[8];
    open_fixture(&f);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, up, &f) == 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *why;
        CHECK(pthread_join(threads[i], &why) == 0);
        if (why)
            fail_msg("%s", (char *)why);
    }
    close_fixture(&f);
}

enum { CLIENTS = 1000 };

TEST(a_thousand_clients_share_twenty_server_connections)
{
    struct fixture f;
    char one[256], info[256], out[256];
    static PGconn *conns[CLIENTS];
    struct pool_usage usage;
    struct err e = {0};
    open_fixture(&f);
    UP(&f);
    make_database(&f, "one", one);
    pool(&f, &(struct pool_entry){.name = "db-1", .role = "one", .secret = one, .dbname = "one"},
         1);
    uint64_t t0 = clock_mono_us();
    for (size_t i = 0; i < CLIENTS; i++) {
        conns[i] = slots(&f, "db-1", "one", "pw-one");
        if (PQstatus(conns[i]) != CONNECTION_OK)
            fail_msg("client %zu: %s", i, PQerrorMessage(conns[i]));
    }
    uint64_t t1 = clock_mono_us();
    for (size_t i = 0; i < CLIENTS; i++)
        CHECK(PQsendQuery(conns[i], "SELECT pg_sleep(0.01)") == 1);
    snprintf(info, sizeof info, "%s", cluster_admin(f.cluster));
    PGconn *admin = PQconnectdb(info);
    value(admin, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'one'", out);
    CHECK(cluster_pool_usage(f.cluster, "db-1", &usage, &e) == 0);
    CHECK_INT(usage.clients, CLIENTS);
    CHECK(usage.servers <= 20 && atoi(out) <= 20);
    for (size_t i = 0; i < CLIENTS; i++) {
        PGresult *r = PQgetResult(conns[i]);
        if (PQresultStatus(r) != PGRES_TUPLES_OK)
            fail_msg("client %zu: %s", i, PQerrorMessage(conns[i]));
        PQclear(r);
    }
    print_message("1000 logins %llu ms, 1000 queries of 10 ms %llu ms, servers=%u waiting=%u\n",
                  (unsigned long long)(t1 - t0) / 1000,
                  (unsigned long long)(clock_mono_us() - t1) / 1000, usage.servers, usage.waiting);
    for (size_t i = 0; i < CLIENTS; i++)
        PQfinish(conns[i]);
    PQfinish(admin);
    close_fixture(&f);
}

/* --- copies --- */

static void target(const struct fixture *f, const char *role, const char *password, char out[256])
{
    snprintf(out, 256, "host=%s/postgres/admin port=5432 dbname=%s user=%s password=%s", f->dir,
             role, role, password);
}

TEST(a_dump_restored_brings_back_what_was_there)
{
    struct fixture f;
    char one[256], info[256], out[256];
    struct err e = {0};
    open_fixture(&f);
    UP(&f);
    make_database(&f, "one", one);
    target(&f, "one", "pw-one", info);
    PGconn *conn = PQconnectdb(info);
    sql(conn, "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 1000)");
    auto_fd int file = memfd_create("dump", MFD_CLOEXEC);
    if (cluster_dump(f.cluster, info, file, &e) < 0)
        fail_msg("%s", e.text);
    sql(conn, "DELETE FROM t; CREATE TABLE later (n int)");
    if (cluster_restore(f.cluster, info, file, &e) < 0)
        fail_msg("%s", e.text);
    value(conn, "SELECT count(*) FROM t", out);
    CHECK_STR(out, "1000");
    PQfinish(conn);
    close_fixture(&f);
}

TEST(a_copy_that_fails_says_why_in_the_programs_words)
{
    struct fixture f;
    char one[256], info[256];
    struct err e = {0};
    open_fixture(&f);
    UP(&f);
    make_database(&f, "one", one);
    auto_fd int file = memfd_create("dump", MFD_CLOEXEC);
    target(&f, "one", "wrong", info);
    CHECK(cluster_dump(f.cluster, info, file, &e) < 0);
    CHECK(e.code == ERR_INVALID && strstr(e.text, "password authentication failed"));
    CHECK(write(file, "no dump", 7) == 7);
    target(&f, "one", "pw-one", info);
    CHECK(cluster_restore(f.cluster, info, file, &e) < 0 && e.code == ERR_INVALID);
    CHECK(strstr(e.text, "pg_restore: error:"));
    CHECK(cluster_dump(f.cluster, "host=/run/other user=x", file, &e) < 0);
    CHECK(cluster_dump(f.cluster, "service=x user=x", file, &e) < 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cluster_is_made_once_and_found_again),
        cmocka_unit_test(a_role_reaches_its_own_database_only_through_the_pooler),
        cmocka_unit_test(closing_one_database_cuts_its_connections_and_no_others),
        cmocka_unit_test(eight_threads_that_need_it_at_once_get_the_same_cluster),
        cmocka_unit_test(a_thousand_clients_share_twenty_server_connections),
        cmocka_unit_test(a_dump_restored_brings_back_what_was_there),
        cmocka_unit_test(a_copy_that_fails_says_why_in_the_programs_words),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
