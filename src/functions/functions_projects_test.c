/* Functions in projects: who may put them there, see them, move them; and how many there may be. */
#include "functions/testdata/world.h"

#include "functions/functions_store.h"

#define P1 "{\"name\":\"fn\",\"code\":\"x\",\"project_id\":\"p1\"}"

static size_t listed(struct world *w, const char *who, const char *target)
{
    if (ask_as(w, who, HTTP_GET, target, NULL) != 200)
        fail_msg("%s", w->e.text);
    return json_array_size(w->body);
}

TEST(a_function_is_made_in_a_project_by_its_editors_only)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char own[96];
    make_project(&w, "p1", "one");
    OK(&w, HTTP_POST, "/api/functions", P1);
    CHECK_STR(text(&w, "project_id"), "p1");
    OK(&w, HTTP_POST, "/api/functions", "{\"name\":\"fn\",\"code\":\"x\",\"project_id\":null}");
    CHECK(json_is_null(json_object_get(w.body, "project_id")));
    snprintf(own, sizeof own, "/api/functions/%s", text(&w, "id"));
    CHECK(ask_as(&w, "bob", HTTP_POST, "/api/functions", P1) == 403);
    CHECK(strstr(w.e.text, "takes the role 'editor'"));
    static const char *const foreign[] = {"\"none\"", "\"\"", "\"one\"", "7", "{}"};
    for (size_t i = 0; i < 5; i++) {
        auto_buf struct buf json = {0};
        buf_addf(&json, "{\"name\":\"y\",\"code\":\"x\",\"project_id\":%s}", foreign[i]);
        refuse(&w, HTTP_POST, "/api/functions", json.data, "body.project_id");
        buf_clear(&json);
        buf_addf(&json, "{\"project_id\":%s}", foreign[i]);
        refuse(&w, HTTP_PUT, own, json.data, "body.project_id");
    }
    make_project(&w, "p2", "two");
    run(&w, "DELETE FROM project_members WHERE project_id = 'p2' AND account_id = 'owner'");
    refuse(&w, HTTP_POST, "/api/functions",
           "{\"name\":\"fn\",\"code\":\"x\",\"project_id\":\"p2\"}",
           "body.project_id: Value error, Project not found");
}

TEST(names_are_unique_within_a_project_or_an_account_without_one)
{
    auto_world struct world w;
    world_make(&w, "none here");
    make_project(&w, "p1", "one");
    make_project(&w, "p2", "two");
    static const char own[] = "{\"name\":\"fn\",\"code\":\"x\"}";
    static const char p2[] = "{\"name\":\"fn\",\"code\":\"x\",\"project_id\":\"p2\"}";
    OK(&w, HTTP_POST, "/api/functions", own);
    OK(&w, HTTP_POST, "/api/functions", P1);
    OK(&w, HTTP_POST, "/api/functions", p2);
    CHECK(ask(&w, HTTP_POST, "/api/functions", own) == 409);
    CHECK(ask(&w, HTTP_POST, "/api/functions", P1) == 409);
    CHECK(ask_as(&w, "ann", HTTP_POST, "/api/functions", P1) == 409);
    CHECK(ask_as(&w, "ann", HTTP_POST, "/api/functions", own) == 200);
    CHECK(ask(&w, HTTP_GET, "/api/functions/fn", NULL) == 409); /* which one? */
    CHECK(strstr(w.e.text, "no project and one"));
}

TEST(what_strangers_ask_about_does_not_exist_and_viewers_change_nothing)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char own[96], shared[96];
    make_project(&w, "p1", "one");
    create(&w, "mine", own);
    OK(&w, HTTP_POST, "/api/functions", P1);
    snprintf(shared, sizeof shared, "/api/functions/%s", text(&w, "id"));
    CHECK(ask_as(&w, "ann", HTTP_GET, own, NULL) == 404);
    CHECK(ask_as(&w, "ann", HTTP_GET, "/api/functions/mine", NULL) == 404);
    CHECK(ask_as(&w, "ann", HTTP_PUT, own, "{\"code\":\"y\"}") == 404);
    CHECK(ask_as(&w, "bob", HTTP_GET, shared, NULL) == 200);
    CHECK(ask_as(&w, "bob", HTTP_GET, "/api/functions/fn", NULL) == 200);
    CHECK(ask_as(&w, "bob", HTTP_PUT, shared, "{\"code\":\"y\"}") == 403);
    CHECK(ask_as(&w, "bob", HTTP_DELETE, shared, NULL) == 403);
    CHECK(ask_as(&w, "ann", HTTP_PUT, shared, "{\"code\":\"y\"}") == 200);
    CHECK(ask_as(&w, "ann", HTTP_DELETE, shared, NULL) == 200);
}

TEST(lists_hold_what_the_account_may_see)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    make_project(&w, "p1", "one");
    create(&w, "a", path);
    create(&w, "b", path);
    OK(&w, HTTP_POST, "/api/functions", P1);
    CHECK(ask_as(&w, "ann", HTTP_POST, "/api/functions", "{\"name\":\"c\",\"code\":\"x\"}") == 200);
    CHECK(listed(&w, "owner", "/api/functions") == 3);
    CHECK(listed(&w, "ann", "/api/functions") == 2);
    CHECK(listed(&w, "bob", "/api/functions") == 1);
    CHECK(listed(&w, "carl", "/api/functions") == 0);
    CHECK(listed(&w, "owner", "/api/functions?project=one") == 1);
    CHECK_STR(json_string_value(json_object_get(json_array_get(w.body, 0), "code")), "x");
    CHECK(listed(&w, "owner", "/api/functions?project=p1&name=a") == 0);
    CHECK(listed(&w, "owner", "/api/functions?project=") == 2);
    CHECK(listed(&w, "owner", "/api/functions?name=a") == 1);
    CHECK(listed(&w, "owner", "/api/functions?name=none") == 0);
    CHECK(listed(&w, "owner", "/api/functions?limit=1&project=") == 1);
    CHECK(strstr(w.link, "<?limit=1&project=&before="));
    refuse(&w, HTTP_GET, "/api/functions?project=none", "", "query.project: Value error, Project");
    CHECK(listed(&w, "bob", "/api/projects/one/functions") == 1);
    CHECK(ask_as(&w, "carl", HTTP_GET, "/api/projects/one/functions", NULL) == 404);
    CHECK_STR(w.e.text, "Project not found");
}

TEST(a_list_never_shows_what_was_before_an_acknowledged_change)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    make_project(&w, "p1", "one");
    OK(&w, HTTP_POST, "/api/functions", P1);
    snprintf(path, sizeof path, "/api/functions/%s", text(&w, "id"));
    for (int i = 0; i < 20; i++) {
        auto_buf struct buf json = {0};
        buf_addf(&json, "{\"description\":\"%d\"}", i);
        CHECK(listed(&w, "bob", "/api/functions") == 1);
        CHECK(ask_as(&w, "ann", HTTP_PUT, path, json.data) == 200);
        CHECK(listed(&w, "bob", "/api/functions") == 1);
        json_t *shown = json_object_get(json_array_get(w.body, 0), "description");
        CHECK(atoi(json_string_value(shown)) == i);
    }
    run(&w, "DELETE FROM project_members WHERE account_id = 'bob'");
    functions_changed(w.app.functions); /* projects/ notes it */
    CHECK(listed(&w, "bob", "/api/functions") == 0);
}

TEST(moving_takes_an_editor_of_both_projects)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    make_project(&w, "p1", "one");
    make_project(&w, "p2", "two");
    create(&w, "fn", path);
    OK(&w, HTTP_PUT, path, "{\"project_id\":\"p1\"}");
    CHECK_STR(text(&w, "project_id"), "p1");
    CHECK(number(&w, "active_version") == 1);
    OK(&w, HTTP_PUT, path, "{\"project_id\":\"p1\",\"description\":\"stays\"}");
    CHECK(ask_as(&w, "bob", HTTP_PUT, path, "{\"project_id\":\"p2\"}") == 403);
    run(&w, "UPDATE project_members SET role = 2 WHERE project_id = 'p1' AND account_id = 'bob'");
    CHECK(ask_as(&w, "bob", HTTP_PUT, path, "{\"project_id\":\"p2\"}") == 403);
    run(&w, "DELETE FROM project_members WHERE project_id = 'p2' AND account_id = 'bob'");
    CHECK(ask_as(&w, "bob", HTTP_PUT, path, "{\"project_id\":\"p2\"}") == 422);
    OK(&w, HTTP_PUT, path, "{\"project_id\":\"p2\"}");
    CHECK_STR(text(&w, "project_id"), "p2");
    CHECK(ask_as(&w, "bob", HTTP_GET, path, NULL) == 404);
}

TEST(only_who_made_it_takes_a_function_out_of_its_project)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    make_project(&w, "p1", "one");
    OK(&w, HTTP_POST, "/api/functions", P1);
    snprintf(path, sizeof path, "/api/functions/%s", text(&w, "id"));
    CHECK(ask_as(&w, "ann", HTTP_PUT, path, "{\"project_id\":null}") == 403);
    CHECK(strstr(w.e.text, "Only the account that made 'fn'"));
    OK(&w, HTTP_PUT, path, "{\"project_id\":null}");
    CHECK(json_is_null(json_object_get(w.body, "project_id")));
    CHECK(ask_as(&w, "ann", HTTP_GET, path, NULL) == 404);
    OK(&w, HTTP_POST, "/api/functions", P1);
    CHECK(ask(&w, HTTP_PUT, path, "{\"project_id\":\"p1\"}") == 409);
    CHECK_STR(w.e.text, "A function named 'fn' exists already");
}

TEST(routes_hold_a_function_in_its_project)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], sql[160];
    make_project(&w, "p1", "one");
    make_project(&w, "p2", "two");
    OK(&w, HTTP_POST, "/api/functions", P1);
    snprintf(path, sizeof path, "/api/functions/%s", text(&w, "id"));
    snprintf(sql, sizeof sql, "INSERT INTO routes VALUES ('p1', '%s'), ('p1', '%s')",
             text(&w, "id"), text(&w, "id"));
    run(&w, sql);
    CHECK(ask(&w, HTTP_PUT, path, "{\"project_id\":\"p2\"}") == 409);
    CHECK_STR(w.e.text, "2 routes of its project lead to 'fn': remove them before it moves");
    CHECK(ask(&w, HTTP_PUT, path, "{\"project_id\":null}") == 409);
    OK(&w, HTTP_PUT, path, "{\"project_id\":\"p1\",\"code\":\"y\"}");
    run(&w, "DELETE FROM routes");
    OK(&w, HTTP_PUT, path, "{\"project_id\":\"p2\"}");
}

TEST(a_full_quota_refuses_one_more_and_counts_projects_too)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    make_project(&w, "p1", "one");
    w.quota.functions = 2;
    create(&w, "a", path);
    OK(&w, HTTP_POST, "/api/functions", P1);
    CHECK(ask(&w, HTTP_POST, "/api/functions", "{\"name\":\"c\",\"code\":\"x\"}") == 403);
    CHECK(strstr(w.e.text, "may have 2 functions"));
    OK(&w, HTTP_PUT, path, "{\"code\":\"y\"}"); /* changing takes no more */
    CHECK(ask_as(&w, "ann", HTTP_POST, "/api/functions", "{\"name\":\"c\",\"code\":\"x\"}") == 200);
    OK(&w, HTTP_DELETE, path, NULL);
    create(&w, "c", path);
}

TEST(access_and_rates_are_settings_with_bounds)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "fn", path);
    CHECK_STR(text(&w, "access"), "public");
    CHECK(json_is_integer(json_object_get(w.body, "rate_limit")) && number(&w, "rate_limit") == 0);
    OK(&w, HTTP_PUT, path,
       "{\"access\":\"private\",\"rate_limit\":1000000,\"client_rate_limit\":7}");
    CHECK_STR(text(&w, "access"), "private");
    CHECK(number(&w, "rate_limit") == 1000000 && number(&w, "client_rate_limit") == 7);
    CHECK(number(&w, "active_version") == 1);
    static const struct {
        const char *json, *what;
    } wrong[] = {
        {"{\"access\":\"open\"}", "body.access: Input should be 'public', 'key' or 'private'"},
        {"{\"access\":null}", "body.access"},
        {"{\"rate_limit\":-1}", "body.rate_limit: rate_limit should be from 0 to 1000000"},
        {"{\"rate_limit\":1000001}", "rate_limit should be from 0 to 1000000"},
        {"{\"rate_limit\":null}", "body.rate_limit: Input should be a valid integer"},
        {"{\"client_rate_limit\":1.5}", "body.client_rate_limit: Input should be a valid integer"},
    };
    for (size_t i = 0; i < 6; i++)
        refuse(&w, HTTP_PUT, path, wrong[i].json, wrong[i].what);
    struct function fn;
    auto_arena struct arena *a = arena_new();
    OK(&w, HTTP_GET, path, NULL);
    CHECK(functions_find_id(w.db, a, text(&w, "id"), &fn, &w.e) == 0);
    CHECK(fn.access == ACCESS_PRIVATE && fn.rate_limit == 1000000 && fn.client_rate_limit == 7);
    run(&w, "UPDATE functions SET access = 'of a later version'");
    CHECK(functions_find_id(w.db, a, fn.id, &fn, &w.e) == 0 && fn.access == ACCESS_PRIVATE);
}

TEST(what_is_in_a_project_outlives_the_account_that_made_it)
{
    auto_world struct world w;
    world_make(&w, "none here");
    make_project(&w, "p1", "one");
    CHECK(ask_as(&w, "ann", HTTP_POST, "/api/functions", P1) == 200);
    CHECK(ask_as(&w, "ann", HTTP_POST, "/api/functions", "{\"name\":\"c\",\"code\":\"x\"}") == 200);
    run(&w, "DELETE FROM accounts WHERE id = 'ann'");
    struct query *q = NULL;
    CHECK(db_query(w.db, "SELECT count(*), max(project_id) FROM functions", DB_NO_ARGS, &q, &w.e) ==
          0);
    CHECK(query_next(q, &w.e) == 1 && query_int(q, 0) == 1);
    query_done(q);
    OK(&w, HTTP_PUT, "/api/functions/fn", "{\"code\":\"y\"}");
}

TEST_MAIN(a_function_is_made_in_a_project_by_its_editors_only,
          names_are_unique_within_a_project_or_an_account_without_one,
          what_strangers_ask_about_does_not_exist_and_viewers_change_nothing,
          lists_hold_what_the_account_may_see,
          a_list_never_shows_what_was_before_an_acknowledged_change,
          moving_takes_an_editor_of_both_projects,
          only_who_made_it_takes_a_function_out_of_its_project,
          routes_hold_a_function_in_its_project,
          a_full_quota_refuses_one_more_and_counts_projects_too,
          access_and_rates_are_settings_with_bounds,
          what_is_in_a_project_outlives_the_account_that_made_it)
