#include "projects/testdata/world.h"

TEST(members_are_added_by_id_name_or_address_and_listed)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "owner", "P", id);
    noted(w, "", "");
    OK(w, "owner", PUT, at(id, "/members/ANN@x.example"), "{\"role\":\"viewer\"}");
    CHECK_STR(text(w, "account_id"), "a1");
    CHECK_STR(text(w, "name"), "Ann");
    CHECK_STR(text(w, "email"), "Ann@x.example");
    CHECK_STR(text(w, "role"), "viewer");
    CHECK(strchr(text(w, "created_at"), 'Z') != NULL);
    CHECK(noted(w, NOTE_PROJECT, id));
    CHECK_INT(audited(w, "member.set", id, "a1 viewer"), 1);
    OK(w, "owner", PUT, at(id, "/members/BOB"), "{\"role\":\"editor\"}");
    CHECK(json_is_null(member_of(w, "email")));
    OK(w, "owner", PUT, at(id, "/members/a1"), "{\"role\":\"editor\"}");
    OK(w, "a1", GET, at(id, "/members"), NULL);
    CHECK_INT(rows(w), 3);
    CHECK_STR(row_text(w, 0, "account_id"), "owner");
    CHECK_STR(row_text(w, 1, "role"), "editor");
    refuse(w, 404, "Account not found", "owner", PUT, at(id, "/members/dan"),
           "{\"role\":\"editor\"}");
}

TEST(an_address_that_nobody_has_confirmed_names_no_account)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "owner", "P", id);
    static const char *const claims[] = {
        "UPDATE accounts SET email = 'Boss@x.example', email_key = 'boss@x.example' WHERE id = "
        "'b1'",
        "UPDATE accounts SET email = 'new@x.example', email_key = 'new@x.example' WHERE id = 'a1'",
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        CHECK_INT(db_exec(w->db, claims[i], DB_NO_ARGS, &w->e), 1);
    refuse(w, 404, "confirmed", "owner", PUT, at(id, "/members/boss@x.example"),
           "{\"role\":\"owner\"}");
    refuse(w, 404, "confirmed", "owner", PUT, at(id, "/members/new@x.example"),
           "{\"role\":\"owner\"}");
    refuse(w, 404, "confirmed", "owner", PUT, at(id, "/members/ann@x.example"),
           "{\"role\":\"owner\"}");
}

TEST(a_role_is_one_of_three_words)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "owner", "P", id);
    static const char *const bad[] = {
        "{}", "[]", "{\"role\":null}", "{\"role\":3}", "{\"role\":\"none\"}", "{\"role\":\"\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(w, 422, "body", "owner", PUT, at(id, "/members/bob"), bad[i]);
    OK(w, "owner", GET, at(id, "/members"), NULL);
    CHECK_INT(rows(w), 1);
}

TEST(a_project_always_has_an_owner)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    refuse(w, 409, "needs an owner", "a1", DELETE, at(id, "/members/a1"), NULL);
    refuse(w, 409, "needs an owner", "a1", PUT, at(id, "/members/ann"), "{\"role\":\"viewer\"}");
    OK(w, "a1", PUT, at(id, "/members/ann"), "{\"role\":\"owner\"}"); /* as it was */
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"owner\"}");
    OK(w, "a1", DELETE, at(id, "/members/a1"), NULL);
    refuse(w, 404, "Project not found", "a1", GET, at(id, "/members"), NULL);
    refuse(w, 409, "needs an owner", "b1", DELETE, at(id, "/members/bob"), NULL);
}

TEST(only_owners_send_members_away_but_everybody_may_leave)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    OK(w, "a1", PUT, at(id, "/members/cy"), "{\"role\":\"viewer\"}");
    refuse(w, 403, "'owner'", "b1", PUT, at(id, "/members/bob"), "{\"role\":\"owner\"}");
    refuse(w, 403, "'owner'", "b1", DELETE, at(id, "/members/cy"), NULL);
    refuse(w, 403, "'owner'", "c1", DELETE, at(id, "/members/a1"), NULL);
    refuse(w, 404, "Project not found", "owner", DELETE, at(id, "/members/cy"), NULL);
    refuse(w, 404, "Member not found", "c1", DELETE, at(id, "/members/owner"), NULL);
    noted(w, "", "");
    OK(w, "c1", DELETE, at(id, "/members/cy"), NULL);
    CHECK_STR(text(w, "detail"), "Member removed");
    CHECK(noted(w, NOTE_PROJECT, id));
    CHECK_INT(audited(w, "member.remove", id, "c1 none"), 1);
    OK(w, "a1", DELETE, at(id, "/members/b1"), NULL);
    refuse(w, 404, "Member not found", "a1", DELETE, at(id, "/members/b1"), NULL);
    OK(w, "a1", GET, at(id, "/members"), NULL);
    CHECK_INT(rows(w), 1);
}

TEST(a_key_that_may_only_read_removes_nobody_not_even_its_owner)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    w->scopes = SCOPE_PROJECTS_READ;
    refuse(w, 403, "projects:write", "a1", DELETE, at(id, "/members/bob"), NULL);
    refuse(w, 403, "projects:write", "b1", DELETE, at(id, "/members/bob"), NULL);
    OK(w, "b1", GET, at(id, "/members"), NULL);
    CHECK_INT(rows(w), 2);
}

TEST(members_have_a_bound)
{
    auto_world struct world *w = world_new();
    char id[32], name[32];
    create(w, "a1", "P", id);
    for (int i = 0; i < PROJECT_MEMBERS_MAX; i++) {
        snprintf(name, sizeof name, "extra%d", i);
        if (db_exec(w->db,
                    "INSERT INTO accounts (id, name, name_key, admin, status, created_us,"
                    " updated_us) VALUES ($1, $1, $1, 0, 'active', 0, 0)",
                    DB_ARGS(db_textz(name)), &w->e) < 0)
            fail_msg("%s", w->e.text);
        char path[64];
        snprintf(path, sizeof path, "/members/%s", name);
        if (i < PROJECT_MEMBERS_MAX - 1)
            OK(w, "a1", PUT, at(id, path), "{\"role\":\"viewer\"}");
        else
            refuse(w, 409, "at most 100 members", "a1", PUT, at(id, path), "{\"role\":\"viewer\"}");
    }
    OK(w, "a1", PUT, at(id, "/members/extra0"), "{\"role\":\"editor\"}"); /* no new one */
    OK(w, "a1", GET, at(id, "/members"), NULL);
    CHECK_INT(rows(w), PROJECT_MEMBERS_MAX);
}

static int leave(struct world *w, const char *account, struct err *e)
{
    auto_tx struct tx tx = {0};
    if (db_begin(w->db, &tx, e) < 0 || projects_leave(&tx, account, e) < 0 ||
        db_exec(w->db, "DELETE FROM accounts WHERE id = $1", DB_ARGS(db_textz(account)), e) < 0)
        return -1;
    return db_commit(&tx, e);
}

TEST(an_account_that_is_the_only_owner_of_a_project_cannot_go)
{
    auto_world struct world *w = world_new();
    struct err e = {0};
    char id[32];
    create(w, "a1", "Shop", id);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    CHECK(leave(w, "a1", &e) < 0 && e.code == ERR_CONFLICT);
    CHECK(strstr(e.text, "Shop") != NULL);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"owner\"}");
    noted(w, "", "");
    CHECK(leave(w, "a1", &e) == 0);
    CHECK(noted(w, NOTE_PROJECT, id));
    OK(w, "b1", GET, at(id, "/members"), NULL);
    CHECK_INT(rows(w), 1);
}

TEST_MAIN(members_are_added_by_id_name_or_address_and_listed,
          an_address_that_nobody_has_confirmed_names_no_account, a_role_is_one_of_three_words,
          a_project_always_has_an_owner, only_owners_send_members_away_but_everybody_may_leave,
          a_key_that_may_only_read_removes_nobody_not_even_its_owner, members_have_a_bound,
          an_account_that_is_the_only_owner_of_a_project_cannot_go)
