/* fixture — a cluster of its own for a test: the real thing, where PostgreSQL and PgBouncer are
 * installed. For the tests of cluster/ only. */
#pragma once

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

#define UNUSED __attribute__((unused))

struct fixture {
    char dir[64];
    int data_fd;
    pid_t keeper;
    struct cluster *cluster;
};

UNUSED static void start(struct fixture *f)
{
    struct err e = {0};
    int fd = -1;
    struct cluster_config config = {
        .data_fd = f->data_fd, .data_dir = f->dir, .server = geteuid(), .connections_max = 20};
    if (cluster_spawn(&config, &fd, &f->keeper, &e) < 0 ||
        cluster_new(fd, f->dir, &f->cluster, &e) < 0)
        fail_msg("%s", e.text);
}

UNUSED static void stop(struct fixture *f)
{
    cluster_free(f->cluster);
    f->cluster = NULL;
    (void)waitpid(f->keeper, NULL, __WALL);
}

UNUSED static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.dir = "/tmp/virga-cluster-XXXXXX"};
    CHECK(mkdtemp(f->dir) != NULL);
    f->data_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    start(f);
}

UNUSED static void close_fixture(struct fixture *f)
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

UNUSED static void sql(PGconn *conn, const char *text)
{
    PGresult *r = PQexec(conn, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(conn));
    PQclear(r);
}

UNUSED static void value(PGconn *conn, const char *text, char out[256])
{
    PGresult *r = PQexec(conn, text);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(conn));
    snprintf(out, 256, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
}

UNUSED static void *up(void *arg)
{
    struct err e = {0};
    const struct fixture *f = arg;
    return cluster_up(f->cluster, &e) < 0 ? mem_strdup(e.text) : NULL;
}

UNUSED static int setup(void **state)
{
    char path[FIND_PATH_MAX];
    struct err e = {0};
    (void)state;
    if (find_postgres(FIND_POSTGRES_TOP, NULL, NULL, path, &e) == 0 &&
        find_pgbouncer(path, &e) == 0)
        return 0;
    print_message("skipped: %s\n", e.text);
    exit(0);
}
