/* What the pooler is told, and what travels to the keeper. */
#include "cluster/pooler.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/test.h"
#include "cluster/cluster.h"
#include "cluster/find.h"
#include "cluster/target.h"
#include "cluster/wire.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct pooler_config config = {.admin_dir = "/a/admin",
                                            .slots_dir = "/a/slots",
                                            .conf_dir = "/conf",
                                            .admin = "virga",
                                            .connections_max = 7};

static struct pooler_record record(const char *name, const char *role, const char *secret)
{
    struct pooler_record r;
    struct err e = {0};
    CHECK(pooler_pack(
              &(struct pool_entry){.name = name, .role = role, .secret = secret, .dbname = "d"}, &r,
              &e) == 0);
    return r;
}

TEST(each_role_may_connect_to_its_own_database_only)
{
    auto_buf struct buf hba = {0};
    auto_buf struct buf strict = {0};
    struct pooler_record r[] = {record("one", "r1", "s1"), record("two", "r2", "s2")};
    r[1].closed = 1;
    pooler_hba(&config, r, 2, &hba);
    CHECK_STR(hba.data, "local \"pgbouncer\" \"virga\" peer\n"
                        "local \"one\" \"r1\" scram-sha-256\n"
                        "local \"two\" \"r2\" scram-sha-256\n"
                        "local all all reject\n");
    pooler_hba_strict(&config, r, 2, &strict);
    CHECK_STR(strict.data, "local \"pgbouncer\" \"virga\" peer\n"
                           "local \"one\" \"r1\" scram-sha-256\n"
                           "local all all reject\n");
}

TEST(a_role_of_two_databases_stands_once_among_the_users)
{
    auto_buf struct buf users = {0};
    struct pooler_record r[] = {record("one", "r", "s"), record("two", "r", "s")};
    pooler_users(&config, r, 2, &users);
    CHECK_STR(users.data, "\"virga\" \"\"\n\"r\" \"s\"\n");
}

TEST(all_servers_are_spoken_to_as_strictly_as_one_asks_for)
{
    auto_buf struct buf own = {0};
    auto_buf struct buf all = {0};
    struct pooler_record r[] = {record("one", "r", "s"), record("two", "r", "s")};
    strcpy(r[0].sslmode, "verify-full"); /* our own socket: does not count */
    pooler_ini(&config, r, 1, &own);
    CHECK(strstr(own.data, "one = host=/a/admin port=5432 dbname='d'\n") != NULL);
    CHECK(strstr(own.data, "server_tls_sslmode = prefer\n") != NULL);
    strcpy(r[0].host, "db.example");
    pooler_ini(&config, r, 2, &all);
    CHECK(strstr(all.data, "one = host=db.example port=5432 dbname='d'\n") != NULL);
    CHECK(strstr(all.data, "server_tls_sslmode = verify-full\nserver_tls_ca_file = ") != NULL);
}

TEST(records_that_could_write_other_lines_are_refused)
{
    static const struct {
        const char *name, *role, *secret, *host, *dbname, *sslmode;
    } bad[] = {
        {"", "r", "s", NULL, "d", NULL},
        {"a b", "r", "s", NULL, "d", NULL},
        {"*", "r", "s", NULL, "d", NULL},
        {"pgbouncer", "r", "s", NULL, "d", NULL},
        {"a\n%include /etc/passwd", "r", "s", NULL, "d", NULL},
        {"a", "", "s", NULL, "d", NULL},
        {"a", "virga", "s", NULL, "d", NULL},
        {"a", "r\"", "s", NULL, "d", NULL},
        {"a", "r", "s\"", NULL, "d", NULL},
        {"a", "r", "s\n", NULL, "d", NULL},
        {"a", "r", "", NULL, "d", NULL},
        {"a", "r", "s", "/run/other", "d", NULL},
        {"a", "r", "s", "h port=1", "d", NULL},
        {"a", "r", "s", NULL, "d' user='x", NULL},
        {"a", "r", "s", NULL, "d", "sometimes"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct pooler_record r;
        struct err e = {0};
        const struct pool_entry entry = {.name = bad[i].name,
                                         .role = bad[i].role,
                                         .secret = bad[i].secret,
                                         .host = bad[i].host,
                                         .dbname = bad[i].dbname,
                                         .sslmode = bad[i].sslmode};
        CHECK(pooler_pack(&entry, &r, &e) == 0);
        CHECK(pooler_check(&r, 1, &e) < 0 && e.code == ERR_INVALID);
        CHECK(!strstr(e.text, "s\""));
    }
}

TEST(what_is_too_long_or_named_twice_is_refused)
{
    struct err e = {0};
    char name[65];
    struct pooler_record r[] = {record("one", "r", "s"), record("one", "r", "s")};
    memset(name, 'a', 64);
    name[64] = 0;
    CHECK(pooler_pack(&(struct pool_entry){.name = name}, &r[0], &e) < 0);
    CHECK(e.code == ERR_INVALID);
    r[0] = r[1];
    CHECK(pooler_check(r, 2, &e) < 0 && e.code == ERR_CONFLICT);
    r[1] = record("two", "r", "another");
    CHECK(pooler_check(r, 2, &e) < 0 && e.code == ERR_CONFLICT);
    CHECK(!strstr(e.text, "another"));
    r[1] = record("two", "r", "s");
    CHECK(pooler_check(r, 2, &e) == 0);
}

/* --- target --- */

TEST(connection_parameters_arrive_as_they_were_sent)
{
    struct err e = {0};
    struct target_record r;
    auto_buf struct buf own = {0};
    auto_buf struct buf other = {0};
    CHECK(target_pack("host='/my dir/admin' user=u dbname=d password='p w\\'q'", "/my dir/admin",
                      &r, &e) == 0);
    CHECK(target_service(&r, "s", "/k/admin", &own, &e) == 0);
    CHECK(strstr(own.data, "[s]\nhost=/k/admin\n") == own.data);
    CHECK(strstr(own.data, "password=p w'q\n") != NULL);
    CHECK(target_pack("postgres://u:p@h:1/d?sslmode=verify-full", "/x", &r, &e) == 0);
    CHECK(target_service(&r, "s", "/k/admin", &other, &e) == 0);
    CHECK(strstr(other.data, "host=h\n") && strstr(other.data, "port=1\n"));
    CHECK(strstr(other.data, "sslrootcert=/etc/ssl/") != NULL);
}

TEST(connection_parameters_that_name_files_are_refused)
{
    static const char *const bad[] = {"host=/run/other user=u",
                                      "host=h passfile=/etc/passwd",
                                      "host=h sslkey=/etc/key",
                                      "host=@abstract user=u",
                                      "host=h password='a\nb'",
                                      "host=h password='a '",
                                      "service=x",
                                      "what is this"};
    struct target_record r;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {0};
        CHECK(target_pack(bad[i], "/a/admin", &r, &e) < 0 && e.code == ERR_INVALID);
    }
}

TEST(a_record_that_no_server_of_ours_made_is_refused)
{
    static const char *const bad[] = {"passfile=/etc/passwd\n", "host=/run\n", "[other]\n", "=\n",
                                      "sslkey=x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        auto_buf struct buf out = {0};
        struct err e = {0};
        struct target_record r = {0};
        snprintf(r.lines, sizeof r.lines, "%s", bad[i]);
        CHECK(target_service(&r, "s", "/k", &out, &e) < 0 && e.code == ERR_INVALID);
    }
    auto_buf struct buf out = {0};
    struct err e = {0};
    struct target_record r = {.local = 1, .lines = "hostaddr=10.0.0.1\n"};
    CHECK(target_service(&r, "s", "/k", &out, &e) < 0);
}

/* --- wire --- */

TEST(messages_of_the_wrong_kind_are_refused)
{
    struct cluster_wire w, got;
    struct err e = {0};
    cluster_wire_init(&w, CLUSTER_WIRE_UP);
    CHECK(cluster_wire_decode(&w, sizeof w, 1, CLUSTER_WIRE_FROM_SERVER, &got, &e) == 0);
    CHECK(cluster_wire_decode(&w, sizeof w, 2, CLUSTER_WIRE_FROM_SERVER, &got, &e) < 0);
    CHECK(cluster_wire_decode(&w, sizeof w, 1, CLUSTER_WIRE_FROM_KEEPER, &got, &e) < 0);
    CHECK(cluster_wire_decode(&w, sizeof w - 1, 1, CLUSTER_WIRE_FROM_SERVER, &got, &e) < 0);
    cluster_wire_init(&w, CLUSTER_WIRE_POOL);
    w.count = POOL_ENTRIES_MAX + 1;
    CHECK(cluster_wire_decode(&w, sizeof w, 2, CLUSTER_WIRE_FROM_SERVER, &got, &e) < 0);
}

/* --- find --- */

static void make_tools(const char *top, const char *version)
{
    static const char *const names[] = {"postgres", "initdb", "pg_dump", "pg_restore"};
    char path[160];
    snprintf(path, sizeof path, "%s/%s", top, version);
    CHECK(mkdir(path, 0755) == 0);
    snprintf(path, sizeof path, "%s/%s/bin", top, version);
    CHECK(mkdir(path, 0755) == 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s/bin/%s", top, version, names[i]);
        CHECK(symlink("/bin/true", path) == 0);
    }
}

TEST(the_version_that_made_the_data_is_found_else_the_newest)
{
    char top[] = "/tmp/virga-find-XXXXXX", path[FIND_PATH_MAX], expected[FIND_PATH_MAX];
    char command[64];
    struct err e = {0};
    CHECK(mkdtemp(top) != NULL);
    CHECK(find_postgres(top, NULL, NULL, path, &e) < 0 && e.code == ERR_UNAVAILABLE);
    CHECK(strstr(e.text, "apt-get install postgresql") != NULL);
    make_tools(top, "9");
    make_tools(top, "15");
    CHECK(find_postgres(top, NULL, NULL, path, &e) == 0);
    snprintf(expected, sizeof expected, "%s/15/bin", top);
    CHECK_STR(path, expected);
    CHECK(find_postgres(top, NULL, "9", path, &e) == 0);
    snprintf(expected, sizeof expected, "%s/9/bin", top);
    CHECK_STR(path, expected);
    CHECK(find_postgres(top, NULL, "14", path, &e) < 0);
    CHECK(strstr(e.text, "install postgresql-14") != NULL);
    CHECK(find_postgres(top, "/nowhere", NULL, path, &e) < 0 && e.code == ERR_UNAVAILABLE);
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    CHECK(system(command) == 0);
}

TEST_MAIN(each_role_may_connect_to_its_own_database_only,
          a_role_of_two_databases_stands_once_among_the_users,
          all_servers_are_spoken_to_as_strictly_as_one_asks_for,
          records_that_could_write_other_lines_are_refused,
          what_is_too_long_or_named_twice_is_refused,
          connection_parameters_arrive_as_they_were_sent,
          connection_parameters_that_name_files_are_refused,
          a_record_that_no_server_of_ours_made_is_refused, messages_of_the_wrong_kind_are_refused,
          the_version_that_made_the_data_is_found_else_the_newest)
