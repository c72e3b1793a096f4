#include "base/fd.h"
#include "base/test.h"
#include "functions/functions.h"
#include "projects/projects.h"

#include <stdlib.h>
#include <unistd.h>

struct place {
    char dir[64];
    struct store *store;
    struct db *db;
    struct err e;
};

static void run(struct place *p, const char *sql, const char *arg)
{
    const struct db_value args[] = {db_textz(arg)};
    CHECK(db_exec(p->db, sql, args, arg != NULL, &p->e) >= 0);
}

static void place_make(struct place *p)
{
    static const struct migration *const migrations[] = {auth_migrations, projects_migrations,
                                                         functions_migrations, NULL};
    static const char *const accounts[] = {"ann", "bob", "eve"};
    char path[96];
    *p = (struct place){0};
    snprintf(p->dir, sizeof p->dir, "/tmp/virga-leave-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(path, sizeof path, "%s/virga.db", p->dir);
    CHECK(store_open(&(struct store_config){.path = path, .migrations = migrations}, &p->store,
                     &p->e) == 0);
    CHECK(db_open(p->store, DB_DURABLE, &p->db, &p->e) == 0);
    for (int i = 0; i < 3; i++)
        run(p,
            "INSERT INTO accounts (id, name, name_key, admin, status, created_us, updated_us)"
            " VALUES ($1, $1, $1, 0, 'active', 0, 0)",
            accounts[i]);
    run(p,
        "INSERT INTO projects (id, slug, name, description, status, requirements_txt, created_us,"
        " updated_us) VALUES ('p1', 'p1', 'Shop', '', 'active', '', 0, 0)",
        NULL);
    run(p,
        "INSERT INTO project_members VALUES ('p1', 'ann', 3, 0), ('p1', 'bob', 3, 1),"
        " ('p1', 'eve', 2, 2)",
        NULL);
}

static void place_done(struct place *p)
{
    char command[96];
    db_close(p->db);
    store_close(p->store);
    snprintf(command, sizeof command, "rm -r %s", p->dir);
    CHECK(system(command) == 0);
}

#define auto_place __attribute__((cleanup(place_done)))

static void add_function(struct place *p, const char *account, const char *project)
{
    CHECK(
        db_exec(p->db,
                "INSERT INTO functions (id, name, description, runtime, handler, active_version,"
                " status, network_enabled, public_logs, memory_mb, cpu_millis, timeout_ms, pids,"
                " tmp_mb, output_kb, result_kb, file_mb, open_files, concurrency, queue, reuse,"
                " created_us, updated_us, account_id, project_id, access, rate_limit,"
                " client_rate_limit) VALUES ('f1', 'f', '', 'python', 'handler', 1, 'active', 0, 0,"
                " 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 'always', 0, 0, $1, $2, 'public', 0, 0)",
                DB_ARGS(db_textz(account), db_textz(project)), &p->e) == 1);
}

static int leave(struct place *p, const char *account)
{
    auto_tx struct tx tx = {0};
    p->e = (struct err){0};
    CHECK(db_begin(p->db, &tx, &p->e) == 0);
    if (functions_leave(&tx, account, &p->e) < 0)
        return -1;
    return db_commit(&tx, &p->e);
}

static const char *account_of(struct place *p, struct arena *a)
{
    auto_query struct query *q = NULL;
    CHECK(db_query(p->db, "SELECT account_id FROM functions", DB_NO_ARGS, &q, &p->e) == 0);
    CHECK(query_next(q, &p->e) == 1);
    return query_text(q, a, 0);
}

TEST(what_somebody_made_in_a_project_becomes_its_owners)
{
    auto_place struct place p;
    auto_arena struct arena *a = arena_new();
    place_make(&p);
    add_function(&p, "eve", "p1");
    CHECK(leave(&p, "eve") == 0);
    CHECK_STR(account_of(&p, a), "ann");
    CHECK(leave(&p, "ann") == 0);
    CHECK_STR(account_of(&p, a), "bob");
    run(&p, "DELETE FROM accounts WHERE id = $1", "eve");
    CHECK_STR(account_of(&p, a), "bob");
}

TEST(functions_outside_of_projects_keep_their_account)
{
    auto_place struct place p;
    place_make(&p);
    add_function(&p, "eve", NULL);
    CHECK(leave(&p, "eve") < 0 && p.e.code == ERR_CONFLICT);
    CHECK_STR(p.e.text, "The account has 1 function outside of projects: delete them first");
    CHECK(leave(&p, "bob") == 0);
}

TEST_MAIN(what_somebody_made_in_a_project_becomes_its_owners,
          functions_outside_of_projects_keep_their_account)
