#include "projects/testdata/world.h"

#include "base/id.h"

#include <pthread.h>

#define LIST "/api/projects"

static int run_sql(struct world *w, const char *sql, const char *a, const char *b)
{
    int rows = b ? db_exec(w->db, sql, DB_ARGS(db_textz(a), db_textz(b)), &w->e)
                 : db_exec(w->db, sql, DB_ARGS(db_textz(a)), &w->e);
    if (rows < 0)
        fail_msg("%s", w->e.text);
    return rows;
}

TEST(a_project_has_the_documented_members_and_ours)
{
    auto_world struct world *w = world_new();
    OK(w, "a1", POST, LIST, "{\"name\":\"  \\u00dcber Caf\\u00e9 \",\"description\":\"d\"}");
    CHECK_INT(strlen(text(w, "id")), ID_TEXT - 1);
    CHECK_STR(text(w, "name"), "\u00dcber Caf\u00e9");
    CHECK_STR(text(w, "slug"), "\u00fcber-caf\u00e9");
    CHECK_STR(text(w, "gateway_url"), "/api/gateway/%C3%BCber-caf%C3%A9");
    CHECK_STR(text(w, "description"), "d");
    CHECK_STR(text(w, "status"), "active");
    CHECK_STR(text(w, "role"), "owner");
    CHECK_STR(text(w, "requirements_txt"), "");
    CHECK(json_is_false(member_of(w, "has_database")));
    CHECK_INT(json_integer_value(member_of(w, "function_count")), 0);
    CHECK(strchr(text(w, "created_at"), 'Z') != NULL); /* with its zone */
    CHECK_STR(text(w, "created_at"), text(w, "updated_at"));
    CHECK(json_is_false(json_object_get(member_of(w, "cors"), "enabled")));
    char id[32];
    snprintf(id, sizeof id, "%s", text(w, "id"));
    CHECK(noted(w, NOTE_PROJECT, id));
    CHECK_INT(audited(w, "project.create", id, "\u00fcber-caf\u00e9"), 1);
    run_sql(w, "INSERT INTO functions VALUES ('f1', $1), ('f2', $1)", id, NULL);
    OK(w, "a1", GET, at("\u00fcber-caf\u00e9", ""), NULL); /* by its slug as well */
    CHECK_INT(json_integer_value(member_of(w, "function_count")), 2);
    CHECK_STR(text(w, "id"), id);
}

TEST(what_is_no_project_is_refused_with_422)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    static const char *const bad[][2] = {
        {"{}", "Field required"},
        {"", "Field required"},
        {"[]", "valid dictionary"},
        {"{\"name\":null}", "valid string"},
        {"{\"name\":7}", "valid string"},
        {"{\"name\":\"\"}", "at least 1 byte"},
        {"{\"name\":\"  \"}", "1 to 100 bytes"},
        {"{\"name\":\"a\\u0007b\"}", "control"},
        {"{\"name\":\"a\\u0085b\"}", "control"},
        {"{\"name\":\"a\",\"name\":\"b\"}", "JSON decode error"},
        {"{\"name\":\"a\\u0000b\"}", "JSON decode error"},
        {"{\"name\":\"a\",\"description\":null}", "valid string"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuse(w, 422, bad[i][1], "a1", POST, LIST, bad[i][0]);
        if (i > 0 && strcmp(bad[i][0], "{}") != 0)
            refuse(w, 422, bad[i][1], "a1", PUT, at(id, ""), bad[i][0]);
    }
    auto_buf struct buf big = {0};
    buf_addz(&big, "{\"name\":\"");
    for (size_t i = 0; i < 1 << 20; i++)
        buf_addz(&big, "x");
    buf_addz(&big, "\"}");
    refuse(w, 422, "1 to 100 bytes", "a1", POST, LIST, big.data);
    memcpy(big.data, "{\"desc\":\"", 9);
    OK(w, "a1", PUT, at(id, ""), big.data); /* what we do not know is ignored */
    CHECK_STR(text(w, "name"), "P");
}

TEST(a_description_is_bounded_and_the_longest_name_fits)
{
    auto_world struct world *w = world_new();
    char body[1300], name[101], filler[1002];
    memset(name, 'n', 100);
    name[100] = 0;
    memset(filler, 'd', 1001);
    filler[1001] = 0;
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"description\":\"%s\"}", name, filler);
    refuse(w, 422, "at most 1000 bytes", "a1", POST, LIST, body);
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"description\":\"%s\"}", name, filler + 1);
    OK(w, "a1", POST, LIST, body);
    CHECK_INT(strlen(text(w, "slug")), PROJECT_SLUG_MAX);
    OK(w, "a1", POST, LIST, body);
    CHECK_INT(strlen(text(w, "slug")), PROJECT_SLUG_MAX + 2);
}

TEST(a_taken_slug_gets_the_first_free_number)
{
    auto_world struct world *w = world_new();
    char first[32], second[32], third[32];
    create(w, "a1", "My API", first);
    create(w, "b1", "my api", second);
    CHECK_STR(text(w, "slug"), "my-api-1");
    create(w, "a1", "my_api", third);
    CHECK_STR(text(w, "slug"), "my-api-2");
    OK(w, "b1", DELETE, at(second, ""), NULL);
    create(w, "a1", "my-api", second);
    CHECK_STR(text(w, "slug"), "my-api-1");
}

TEST(a_slug_is_found_even_when_a_hundred_are_taken)
{
    auto_world struct world *w = world_new();
    char id[32];
    for (int i = 0; i <= 100; i++)
        create(w, "a1", "x", id);
    CHECK(strncmp(text(w, "slug"), "x-", 2) == 0 && strlen(text(w, "slug")) == 2 + ID_TEXT - 1);
}

TEST(saving_the_same_name_keeps_the_slug)
{
    auto_world struct world *w = world_new();
    char id[32], other[32];
    create(w, "a1", "My API", other);
    create(w, "a1", "My API", id);
    OK(w, "a1", PUT, at(id, ""), "{\"name\":\" My API \",\"description\":\"new\"}");
    CHECK_STR(text(w, "slug"), "my-api-1");
    CHECK_STR(text(w, "description"), "new");
    OK(w, "a1", PUT, at(id, ""), "{\"name\":\"My  API\"}"); /* its own slug is free to it */
    CHECK_STR(text(w, "slug"), "my-api-1");
    OK(w, "a1", DELETE, at(other, ""), NULL);
    OK(w, "a1", PUT, at(id, ""), "{\"name\":\"My  API\"}"); /* also when a better one is free */
    CHECK_STR(text(w, "slug"), "my-api-1");
    OK(w, "a1", PUT, at(id, ""), "{\"name\":\"Shop\"}");
    CHECK_STR(text(w, "slug"), "shop");
    CHECK_STR(text(w, "gateway_url"), "/api/gateway/shop");
    CHECK(noted(w, NOTE_PROJECT, id));
}

TEST(a_project_can_be_switched_off_and_on)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", PUT, at(id, ""), "{\"status\":\"inactive\"}");
    CHECK_STR(text(w, "status"), "inactive");
    struct project p;
    CHECK(projects_find_id(w->db, w->arena, id, &p, &w->e) == 0 && !p.active);
    OK(w, "a1", PUT, at(id, ""), "{\"status\":\"active\"}");
    CHECK_STR(text(w, "status"), "active");
    refuse(w, 422, "'inactive' or 'active'", "a1", PUT, at(id, ""), "{\"status\":\"gone\"}");
    refuse(w, 422, "'inactive' or 'active'", "a1", PUT, at(id, ""), "{\"status\":null}");
}

TEST(strangers_find_nothing_and_roles_bound_what_members_may_do)
{
    auto_world struct world *w = world_new();
    char id[32];
    create(w, "a1", "P", id);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    OK(w, "a1", PUT, at(id, "/members/cy"), "{\"role\":\"viewer\"}");
    refuse(w, 404, "Project not found", "owner", GET, at(id, ""), NULL);
    refuse(w, 404, "Project not found", "owner", PUT, at(id, ""), "{\"name\":\"x\"}");
    refuse(w, 404, "Project not found", "owner", DELETE, at(id, ""), NULL);
    refuse(w, 404, "Project not found", "a1", GET, at("nothing", ""), NULL);
    OK(w, "c1", GET, at(id, ""), NULL);
    CHECK_STR(text(w, "role"), "viewer");
    refuse(w, 403, "'editor'", "c1", PUT, at(id, ""), "{\"name\":\"x\"}");
    OK(w, "b1", PUT, at(id, ""), "{\"name\":\"x\"}");
    CHECK_STR(text(w, "role"), "editor");
    refuse(w, 403, "'owner'", "b1", DELETE, at(id, ""), NULL);
    OK(w, "a1", DELETE, at(id, ""), NULL);
    CHECK_STR(text(w, "detail"), "Project deleted");
    refuse(w, 404, "Project not found", "a1", GET, at(id, ""), NULL);
}

TEST(a_project_takes_all_that_belongs_to_it_along)
{
    auto_world struct world *w = world_new();
    char id[32], other[32];
    create(w, "a1", "P", id);
    create(w, "a1", "Q", other);
    OK(w, "a1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"v\"}");
    OK(w, "a1", POST, at(id, "/domains"), "{\"domain\":\"a.example.com\"}");
    noted(w, "", "");
    OK(w, "a1", DELETE, at(id, ""), NULL);
    CHECK(noted(w, NOTE_PROJECT, id));
    CHECK_INT(audited(w, "project.delete", id, "p"), 1);
    CHECK_INT(run_sql(w, "DELETE FROM project_members WHERE project_id = $1", id, NULL), 0);
    CHECK_INT(run_sql(w, "DELETE FROM project_variables WHERE project_id = $1", id, NULL), 0);
    CHECK_INT(run_sql(w, "DELETE FROM project_domains WHERE project_id = $1", id, NULL), 0);
    OK(w, "a1", GET, at(other, ""), NULL);
}

TEST(a_list_holds_ones_own_projects_the_newest_first_page_by_page)
{
    auto_world struct world *w = world_new();
    char ids[5][32], path[100];
    create(w, "b1", "hers", ids[0]);
    for (int i = 0; i < 5; i++)
        create(w, "a1", "mine", ids[i]);
    OK(w, "a1", GET, LIST, NULL);
    CHECK_INT(rows(w), 5);
    CHECK_STR(row_text(w, 0, "id"), ids[4]);
    CHECK_STR(row_text(w, 0, "role"), "owner");
    CHECK_STR(w->link, "");
    OK(w, "a1", GET, LIST "?limit=2", NULL);
    CHECK_INT(rows(w), 2);
    CHECK(strstr(w->link, ids[3]) != NULL);
    snprintf(path, sizeof path, LIST "?limit=3&before=%s", ids[3]);
    OK(w, "a1", GET, path, NULL);
    CHECK_INT(rows(w), 3);
    CHECK_STR(row_text(w, 2, "id"), ids[0]);
    CHECK_STR(w->link, "");
    OK(w, "a1", GET, LIST "?before=%ff", NULL);
    CHECK_INT(rows(w), 0);
    refuse(w, 422, "limit", "a1", GET, LIST "?limit=0", NULL);
    OK(w, "c1", GET, LIST, NULL);
    CHECK_INT(rows(w), 0);
}

TEST(an_account_owns_no_more_projects_than_its_quota)
{
    auto_world struct world *w = world_new();
    char id[32], other[32];
    w->quota.projects = 2;
    create(w, "a1", "1", id);
    create(w, "a1", "2", id);
    refuse(w, 403, "Your quota of 2 projects is reached", "a1", POST, LIST, "{\"name\":\"3\"}");
    create(w, "b1", "1", other);
    OK(w, "b1", PUT, at(other, "/members/ann"), "{\"role\":\"editor\"}");
    refuse(w, 403, "Their quota of 2 projects", "b1", PUT, at(other, "/members/ann"),
           "{\"role\":\"owner\"}");
    OK(w, "a1", DELETE, at(id, ""), NULL);
    OK(w, "b1", PUT, at(other, "/members/ann"), "{\"role\":\"owner\"}");
}

/* --- at the same moment --- */

struct racer {
    struct world *w;
    pthread_t thread;
    int status;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct world own = {.app = r->w->app, .scopes = SCOPE_ALL, .host = ""};
    if (db_open(r->w->app.store, DB_DURABLE, &own.db, &own.e) == 0)
        r->status = ask(&own, "a1", POST, LIST, "{\"name\":\"Same\"}");
    json_decref(own.body);
    arena_free(own.arena);
    db_close(own.db);
    return NULL;
}

TEST(the_same_name_at_the_same_moment_makes_different_slugs)
{
    enum { RACERS = 8 };
    auto_world struct world *w = world_new();
    struct racer racers[RACERS];
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.w = w};
        CHECK(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        CHECK_INT(racers[i].status, 200);
    }
    OK(w, "a1", GET, LIST, NULL);
    CHECK_INT(rows(w), RACERS);
    for (size_t i = 0; i < RACERS; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(row_text(w, i, "slug"), row_text(w, k, "slug")) != 0);
}

/* Another server takes the slug between our look and our insert; played by a trigger, which does so
 * each time, as rolling back undoes it. */
TEST(a_slug_that_is_always_taken_after_the_look_is_a_conflict)
{
    auto_world struct world *w = world_new();
    CHECK(db_exec(w->db,
                  "CREATE TRIGGER other BEFORE INSERT ON projects WHEN new.slug LIKE 'x%' AND"
                  " new.id <> 'other' BEGIN INSERT INTO projects (id, slug, name, description,"
                  " status, requirements_txt, created_us, updated_us) VALUES ('other', new.slug,"
                  " '', '', 'active', '', 0, 0); END",
                  DB_NO_ARGS, &w->e) >= 0);
    refuse(w, 409, "taken", "a1", POST, LIST, "{\"name\":\"x\"}");
    char id[32];
    create(w, "a1", "y", id);
}

/* --- what the gateway and the engine are told --- */

struct seen {
    size_t projects, members, domains;
    const char *want;
    char first_domain[100];
};

static int see(void *arg, const struct project_view *v, struct err *e)
{
    struct seen *s = arg;
    (void)e;
    s->projects++;
    s->members += v->member_count;
    for (const char **d = v->domains; *d; d++, s->domains++)
        if (strcmp(v->project.id, s->want) == 0 && d == v->domains)
            snprintf(s->first_domain, sizeof s->first_domain, "%s", *d);
    return 0;
}

TEST(a_view_has_members_and_domains_and_each_shows_every_project)
{
    auto_world struct world *w = world_new();
    char ids[3][32];
    for (int i = 0; i < 3; i++)
        create(w, "a1", "P", ids[i]);
    OK(w, "a1", PUT, at(ids[1], "/members/bob"), "{\"role\":\"viewer\"}");
    OK(w, "a1", POST, at(ids[1], "/domains"), "{\"domain\":\"b.example.com\"}");
    OK(w, "a1", POST, at(ids[1], "/domains"), "{\"domain\":\"a.example.com\"}");
    OK(w, "a1", POST, at(ids[2], "/domains"), "{\"domain\":\"c.example.com\"}");
    struct project_view v;
    CHECK(projects_view(w->db, w->arena, ids[1], &v, &w->e) == 0);
    CHECK_STR(v.project.id, ids[1]);
    CHECK_INT(v.member_count, 2);
    CHECK_STR(v.members[1].account, "b1");
    CHECK_INT(v.members[1].role, ROLE_VIEWER);
    CHECK_STR(v.domains[0], "a.example.com");
    CHECK_STR(v.domains[1], "b.example.com");
    CHECK(v.domains[2] == NULL);
    struct seen seen = {.want = ids[1]};
    CHECK(projects_each(w->db, see, &seen, &w->e) == 0);
    CHECK(seen.projects == 3 && seen.members == 4 && seen.domains == 3);
    CHECK_STR(seen.first_domain, "a.example.com");
    CHECK(projects_view(w->db, w->arena, "none", &v, &w->e) < 0 && w->e.code == ERR_NOT_FOUND);
}

/* Whoever has the smallest id must not pay for what others made it an owner of. */
TEST(a_view_names_the_members_in_the_order_in_which_they_came)
{
    auto_world struct world *w = world_new();
    struct project_view v;
    char id[32];
    create(w, "c1", "P", id);
    OK(w, "c1", PUT, at(id, "/members/ann"), "{\"role\":\"owner\"}");
    CHECK(projects_view(w->db, w->arena, id, &v, &w->e) == 0);
    CHECK_STR(v.members[0].account, "c1");
    CHECK_STR(v.members[1].account, "a1");
}

TEST(owners_read_what_was_done_with_their_project)
{
    auto_world struct world *w = world_new();
    char id[32], other[32];
    create(w, "a1", "P", id);
    create(w, "a1", "Q", other);
    OK(w, "a1", PUT, at(id, "/members/bob"), "{\"role\":\"editor\"}");
    OK(w, "b1", POST, at(id, "/env"), "{\"key\":\"K\",\"value\":\"s3cret\"}");
    OK(w, "a1", GET, at(id, "/audit"), NULL);
    CHECK_INT(rows(w), 3);
    CHECK_STR(row_text(w, 0, "action"), "variable.set");
    CHECK_STR(row_text(w, 0, "account_id"), "b1");
    CHECK_STR(row_text(w, 0, "detail"), "K");
    CHECK_STR(row_text(w, 2, "action"), "project.create");
    refuse(w, 403, "'owner'", "b1", GET, at(id, "/audit"), NULL);
    refuse(w, 404, "Project not found", "c1", GET, at(id, "/audit"), NULL);
}

/* --- CORS --- */

TEST(cors_settings_are_checked_kept_and_shown_as_lists)
{
    auto_world struct world *w = world_new();
    char id[32];
    struct project p;
    create(w, "a1", "P", id);
    OK(w, "a1", PUT, at(id, ""),
       "{\"cors\":{\"enabled\":true,\"origins\":[\"https://A.example:443\","
       "\"http://localhost:5173\",\"http://[::1]:80\"],\"credentials\":true,\"headers\":[\"X-A\","
       "\"X-B\"],\"max_age_s\":60}}");
    json_t *cors = member_of(w, "cors");
    CHECK(json_is_true(json_object_get(cors, "enabled")));
    CHECK_STR(json_string_value(json_array_get(json_object_get(cors, "origins"), 0)),
              "https://a.example");
    CHECK_INT(json_array_size(json_object_get(cors, "origins")), 3);
    CHECK_STR(json_string_value(json_array_get(json_object_get(cors, "headers"), 1)), "X-B");
    OK(w, "a1", PUT, at(id, ""), "{\"cors\":{\"max_age_s\":5}}"); /* the rest stays */
    CHECK(projects_find_id(w->db, w->arena, id, &p, &w->e) == 0);
    CHECK(p.cors.enabled && p.cors.credentials && p.cors.max_age_s == 5);
    CHECK_STR(p.cors.origins, "https://a.example http://localhost:5173 http://[::1]");
    CHECK_STR(p.cors.headers, "X-A, X-B");
    CHECK_STR(p.cors.exposed, "");
    OK(w, "a1", PUT, at(id, ""), "{\"cors\":{\"credentials\":false,\"origins\":\"*\"}}");
    CHECK_STR(json_string_value(json_object_get(member_of(w, "cors"), "origins")), "*");
    OK(w, "a1", PUT, at(id, ""), "{\"cors\":{\"methods\":[\"GET\",\"*\"],\"headers\":\"*\"}}");
    CHECK(projects_find_id(w->db, w->arena, id, &p, &w->e) == 0);
    CHECK_STR(p.cors.methods, "*");
    CHECK_STR(p.cors.headers, "*");
    json_t *headers = json_object_get(member_of(w, "cors"), "headers");
    CHECK_STR(json_string_value(json_array_get(headers, 0)), "*");
}

TEST(cors_settings_that_browsers_would_not_follow_are_refused)
{
    auto_world struct world *w = world_new();
    char id[32], body[300];
    create(w, "a1", "P", id);
    static const char *const bad[][2] = {
        {"null", "valid dictionary"},
        {"[]", "valid dictionary"},
        {"{\"enabled\":1}", "valid boolean"},
        {"{\"enabled\":null}", "valid boolean"},
        {"{\"max_age_s\":-1}", "from 0 to 86400"},
        {"{\"max_age_s\":1.5}", "valid integer"},
        {"{\"origins\":\"https://a.example\"}", "valid list"},
        {"{\"origins\":[7]}", "valid string"},
        {"{\"origins\":[\"*\"]}", "scheme://host"},
        {"{\"origins\":[\"a.example\"]}", "scheme://host"},
        {"{\"origins\":[\"https://a.example/\"]}", "scheme://host"},
        {"{\"origins\":[\"https://a.example/path\"]}", "scheme://host"},
        {"{\"origins\":[\"https://\"]}", "scheme://host"},
        {"{\"origins\":[\"https://:80\"]}", "scheme://host"},
        {"{\"origins\":[\"https://a:0\"]}", "scheme://host"},
        {"{\"origins\":[\"https://a:65536\"]}", "scheme://host"},
        {"{\"origins\":[\"https://a b\"]}", "scheme://host"},
        {"{\"origins\":[\"https://u@a\"]}", "scheme://host"},
        {"{\"origins\":[\"https://[::1\"]}", "scheme://host"},
        {"{\"origins\":[\"https://[::1]x\"]}", "scheme://host"},
        {"{\"origins\":[\"null\"]}", "scheme://host"},
        {"{\"origins\":[\"\"]}", "scheme://host"},
        {"{\"methods\":[\"get\"]}", "a method is"},
        {"{\"methods\":[\"TRACE\"]}", "a method is"},
        {"{\"headers\":[\"X A\"]}", "no name of a header"},
        {"{\"exposed\":[\"X\\r\\nY: 1\"]}", "no name of a header"},
        {"{\"credentials\":true}", "with credentials '*' is not allowed"},
        {"{\"credentials\":true,\"origins\":[],\"exposed\":\"*\"}", "with credentials"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(body, sizeof body, "{\"cors\":%s}", bad[i][0]);
        refuse(w, 422, bad[i][1], "a1", PUT, at(id, ""), body);
    }
}

TEST_MAIN(a_project_has_the_documented_members_and_ours, what_is_no_project_is_refused_with_422,
          a_description_is_bounded_and_the_longest_name_fits,
          a_taken_slug_gets_the_first_free_number, a_slug_is_found_even_when_a_hundred_are_taken,
          saving_the_same_name_keeps_the_slug, a_project_can_be_switched_off_and_on,
          strangers_find_nothing_and_roles_bound_what_members_may_do,
          a_project_takes_all_that_belongs_to_it_along,
          a_list_holds_ones_own_projects_the_newest_first_page_by_page,
          an_account_owns_no_more_projects_than_its_quota,
          the_same_name_at_the_same_moment_makes_different_slugs,
          a_slug_that_is_always_taken_after_the_look_is_a_conflict,
          a_view_has_members_and_domains_and_each_shows_every_project,
          a_view_names_the_members_in_the_order_in_which_they_came,
          owners_read_what_was_done_with_their_project,
          cors_settings_are_checked_kept_and_shown_as_lists,
          cors_settings_that_browsers_would_not_follow_are_refused)
