/* The real thing: PostgreSQL and PgBouncer where they are installed. */
#include "cluster/cluster.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/test.h"
#include "cluster/find.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char dir[64];
    int data_fd;
    pid_t keeper;
    struct cluster *cluster;
};

static void start(struct fixture *f)
{
    struct err e = {0};
    int fd = -1;
    struct cluster_config config = {
        .data_fd = f->data_fd, .data_dir = f->dir, .server = geteuid(), .connections_max = 20};
    if (cluster_spawn(&config, &fd, &f->keeper, &e) < 0 ||
        cluster_new(fd, f->dir, &f->cluster, &e) < 0)
        fail_msg("%s", e.text);
}

static void stop(struct fixture *f)
{
    cluster_free(f->cluster);
    f->cluster = NULL;
    (void)waitpid(f->keeper, NULL, __WALL);
}

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.dir = "/tmp/virga-cluster-XXXXXX"};
    CHECK(mkdtemp(f->dir) != NULL);
    f->data_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    start(f);
}

static void close_fixture(struct fixture *f)
{
    char command[96];
    stop(f);
    close(f->data_fd);
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    CHECK(system(command) == 0);
}

#define UP(f)                                                                                      \
    do {                                                                                           \
        struct err e_ = {0};                                                                       \
        if (cluster_up((f)->cluster, &e_) < 0)                                                     \
            fail_msg("%s", e_.text);                                                               \
    } while (0)

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

static void sql(PGconn *conn, const char *text)
{
    PGresult *r = PQexec(conn, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(conn));
    PQclear(r);
}

static void value(PGconn *conn, const char *text, char out[256])
{
    PGresult *r = PQexec(conn, text);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(conn));
    snprintf(out, 256, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
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

TEST_MAIN(the_cluster_is_made_once_and_found_again,
          a_role_reaches_its_own_database_only_through_the_pooler,
          closing_one_database_cuts_its_connections_and_no_others)
