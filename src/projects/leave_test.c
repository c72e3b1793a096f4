#include "base/fd.h"
#include "base/test.h"
#include "projects/projects.h"

#include <stdlib.h>
#include <unistd.h>

struct place {
    char dir[64], noted[200];
    struct store *store;
    struct db *db;
    struct err e;
};

static void noted(void *arg, struct db *db, const char *topic, const char *id)
{
    struct place *p = arg;
    size_t n = strlen(p->noted);
    (void)db;
    snprintf(p->noted + n, sizeof p->noted - n, "%s:%s ", topic, id);
}

static void run(struct place *p, const char *sql)
{
    CHECK(db_exec(p->db, sql, DB_NO_ARGS, &p->e) >= 0);
}

static void add_account(struct place *p, const char *id)
{
    CHECK(db_exec(p->db,
                  "INSERT INTO accounts (id, name, name_key, admin, status, created_us, updated_us)"
                  " VALUES ($1, $1, $1, 0, 'active', 0, 0)",
                  DB_ARGS(db_textz(id)), &p->e) == 1);
}

static void add_member(struct place *p, const char *account, enum role role)
{
    CHECK(db_exec(p->db, "INSERT INTO project_members VALUES ('p1', $1, $2, 0)",
                  DB_ARGS(db_textz(account), db_int(role)), &p->e) == 1);
}

static void place_make(struct place *p)
{
    static const struct migration *const migrations[] = {auth_migrations, projects_migrations,
                                                         NULL};
    char path[96];
    *p = (struct place){0};
    snprintf(p->dir, sizeof p->dir, "/tmp/virga-leave-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(path, sizeof path, "%s/virga.db", p->dir);
    CHECK(store_open(
              &(struct store_config){
                  .path = path, .migrations = migrations, .noted = noted, .arg = p},
              &p->store, &p->e) == 0);
    CHECK(db_open(p->store, DB_DURABLE, &p->db, &p->e) == 0);
    add_account(p, "ann");
    add_account(p, "bob");
    run(p,
        "INSERT INTO projects (id, slug, name, description, status, requirements_txt, created_us,"
        " updated_us) VALUES ('p1', 'p1', 'Shop', '', 'active', '', 0, 0)");
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

static int leave(struct place *p, const char *account)
{
    auto_tx struct tx tx = {0};
    p->e = (struct err){0};
    CHECK(db_begin(p->db, &tx, &p->e) == 0);
    if (projects_leave(&tx, account, &p->e) < 0)
        return -1;
    return db_commit(&tx, &p->e);
}

TEST(the_only_owner_of_a_project_cannot_leave)
{
    auto_place struct place p;
    place_make(&p);
    add_member(&p, "ann", ROLE_OWNER);
    add_member(&p, "bob", ROLE_EDITOR);
    CHECK(leave(&p, "ann") < 0 && p.e.code == ERR_CONFLICT && strstr(p.e.text, "'Shop'"));
    CHECK(leave(&p, "bob") == 0);
    run(&p, "UPDATE project_members SET role = 3 WHERE account_id = 'bob'");
    CHECK(leave(&p, "ann") == 0);
}

TEST(projects_hear_that_a_member_leaves)
{
    auto_place struct place p;
    place_make(&p);
    add_member(&p, "bob", ROLE_VIEWER);
    CHECK(leave(&p, "ann") == 0);
    CHECK_STR(p.noted, "");
    CHECK(leave(&p, "bob") == 0);
    CHECK_STR(p.noted, "project:p1 ");
}

TEST_MAIN(the_only_owner_of_a_project_cannot_leave, projects_hear_that_a_member_leaves)
