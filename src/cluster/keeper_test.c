/* Violent ends, and who may start and use it. */
#include "cluster/fixture.h"

#include <grp.h>
#include <sys/prctl.h>

/* --- violent ends --- */

/* Of PostgreSQL as this host sees it; 0 when there is none. */
static pid_t postmaster(const struct fixture *f)
{
    char path[64], line[32] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", f->keeper, f->keeper);
    FILE *file = fopen(path, "r");
    pid_t pid = file && fgets(line, sizeof line, file) ? (pid_t)atoi(line) : 0;
    if (file)
        fclose(file);
    return pid;
}

TEST(a_killed_postgres_is_there_again_for_whoever_needs_it_next)
{
    struct fixture f;
    char out[256];
    open_fixture(&f);
    UP(&f);
    PGconn *conn = PQconnectdb(cluster_admin(f.cluster));
    sql(conn, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    pid_t pid = postmaster(&f);
    CHECK(pid > 0 && kill(pid, SIGKILL) == 0);
    while (PQstatus(conn) == CONNECTION_OK) /* its backends end, too: nothing else cuts us */
        PQclear(PQexec(conn, "SELECT 1"));
    uint64_t deadline = clock_mono_us() + 30 * 1000000ull;
    do { /* the keeper may hear of the end a moment after us, and call it up until then */
        PQfinish(conn);
        UP(&f);
        conn = PQconnectdb(cluster_admin(f.cluster));
    } while (PQstatus(conn) != CONNECTION_OK && clock_mono_us() < deadline);
    value(conn, "SELECT n FROM kept", out);
    CHECK_STR(out, "7");
    PQfinish(conn);
    close_fixture(&f);
}

static uint64_t busy_until(uint64_t end_us)
{
    uint64_t now;
    while ((now = clock_mono_us()) < end_us)
        ;
    return now;
}

/* The moment is the subject: over all of initdb, the start, and what comes after. */
static void kill_keeper_after(struct fixture *f, uint64_t us)
{
    pthread_t thread;
    void *ignored;
    CHECK(pthread_create(&thread, NULL, up, f) == 0);
    (void)busy_until(clock_mono_us() + us);
    CHECK(kill(f->keeper, SIGKILL) == 0);
    CHECK(pthread_join(thread, &ignored) == 0);
    free(ignored);
    CHECK(waitpid(f->keeper, NULL, __WALL) == f->keeper);
    cluster_free(f->cluster);
    start(f);
}

TEST(a_keeper_killed_at_any_moment_leaves_nothing_that_hinders_the_next)
{
    struct fixture f;
    open_fixture(&f);
    for (unsigned i = 0; i < 20; i++)
        kill_keeper_after(&f, 1000 + (uint64_t)i * (i < 10 ? 70000 : 6000));
    UP(&f);
    close_fixture(&f);
}

/* As a killed server: its end closes, and the next one is there before PostgreSQL has stopped. */
TEST(the_next_server_waits_for_the_postgres_of_a_killed_one)
{
    struct fixture f;
    open_fixture(&f);
    UP(&f);
    pid_t before = f.keeper;
    struct cluster *left = f.cluster;
    start(&f);
    pthread_t thread;
    void *why;
    CHECK(pthread_create(&thread, NULL, up, &f) == 0);
    cluster_free(left);
    CHECK(pthread_join(thread, &why) == 0);
    if (why)
        fail_msg("%s", (char *)why);
    CHECK(waitpid(before, NULL, __WALL) == before);
    close_fixture(&f);
}

/* --- other users --- */

enum { OTHER_UID = 1899999999 };

/* In a child that has become somebody else: how it ended is all that is known of it. */
static void as_other(const struct fixture *f, void (*run)(const struct fixture *f))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (setgroups(0, NULL) < 0 || setresgid(OTHER_UID, OTHER_UID, OTHER_UID) < 0 ||
            setresuid(OTHER_UID, OTHER_UID, OTHER_UID) < 0 ||
            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) /* as a program that it started would be */
            _exit(9);
        run(f);
        _exit(0);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

static void complain(const struct err *e)
{
    fprintf(stderr, "%s\n", e->text);
    _exit(1);
}

static void use_both(const struct fixture *f)
{
    struct err e = {0};
    const struct pool_entry entry = {
        .name = "x", .role = "x", .secret = "secret", .host = "127.0.0.1", .dbname = "x"};
    if (cluster_up(f->cluster, &e) < 0 || cluster_pool(f->cluster, &entry, 1, &e) < 0)
        complain(&e);
}

TEST(a_server_that_gave_up_its_rights_administers_by_its_uid_and_nobody_else_does)
{
    if (geteuid() != 0)
        SKIP("becoming another user needs root");
    struct fixture f = {.dir = "/tmp/virga-cluster-XXXXXX"};
    struct err e = {0};
    int fd;
    CHECK(mkdtemp(f.dir) != NULL && chown(f.dir, OTHER_UID, OTHER_UID) == 0);
    f.data_fd = open(f.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct cluster_config config = {
        .data_fd = f.data_fd, .data_dir = f.dir, .server = OTHER_UID, .connections_max = 20};
    CHECK(cluster_spawn(&config, &fd, &f.keeper, &e) == 0);
    CHECK(cluster_new(fd, f.dir, &f.cluster, &e) == 0);
    as_other(&f, use_both);
    PGconn *conn = PQconnectdb(cluster_admin(f.cluster)); /* root is nobody to it */
    CHECK(PQstatus(conn) != CONNECTION_OK);
    CHECK(strstr(PQerrorMessage(conn), "Peer authentication failed") != NULL);
    PQfinish(conn);
    close_fixture(&f);
}

static void start_and_use(const struct fixture *f)
{
    struct fixture own = *f;
    struct err e = {0};
    int fd;
    const struct cluster_config config = {
        .data_fd = f->data_fd, .data_dir = f->dir, .server = OTHER_UID, .connections_max = 20};
    if (cluster_spawn(&config, &fd, &own.keeper, &e) < 0 ||
        cluster_new(fd, f->dir, &own.cluster, &e) < 0)
        complain(&e);
    use_both(&own);
    cluster_free(own.cluster);
}

TEST(a_start_without_root_has_databases_too)
{
    char command[96];
    if (geteuid() != 0)
        SKIP("becoming another user needs root");
    struct fixture f = {.dir = "/tmp/virga-cluster-XXXXXX"};
    CHECK(mkdtemp(f.dir) != NULL && chown(f.dir, OTHER_UID, OTHER_UID) == 0);
    f.data_fd = open(f.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    as_other(&f, start_and_use);
    close(f.data_fd);
    snprintf(command, sizeof command, "rm -rf '%s'", f.dir);
    CHECK(system(command) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_postgres_is_there_again_for_whoever_needs_it_next),
        cmocka_unit_test(a_keeper_killed_at_any_moment_leaves_nothing_that_hinders_the_next),
        cmocka_unit_test(the_next_server_waits_for_the_postgres_of_a_killed_one),
        cmocka_unit_test(
            a_server_that_gave_up_its_rights_administers_by_its_uid_and_nobody_else_does),
        cmocka_unit_test(a_start_without_root_has_databases_too),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
