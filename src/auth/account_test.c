/* One's own account, its sessions and keys, and what administrators do. */
#include "auth/testdata/world.h"

static const struct auth_config open_config = {.registration = REGISTRATION_OPEN};

static json_t *item(struct world *w, size_t i)
{
    return json_array_get(w->body, i);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Signs in once more: the token. */
static char *sign_in(struct world *w, const char *name)
{
    char body[200];
    w->bearer = NULL;
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"password1\"}", name);
    CHECK_INT(world_ask(w, HTTP_POST, "/api/login", body), 200);
    return world_keep(w, "token");
}

TEST(one_sees_and_changes_ones_own_account)
{
    auto_world struct world w;
    world_make(&w, open_config);
    free(world_register(&w, "ann"));
    char *token = world_register(&w, "bob");
    w.bearer = token;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 200);
    CHECK_STR(world_text(&w, "name"), "bob");
    CHECK(json_is_null(json_object_get(w.body, "email")));
    CHECK(!json_object_get(w.body, "password"));
    CHECK_STR(text_of(json_object_get(w.body, "credential"), "kind"), "session");
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account", "{\"name\":\"Ann\"}"), 409);
    CHECK_INT(
        world_ask(&w, HTTP_PUT, "/api/account", "{\"name\":\"Bobby\",\"email\":\"b@example.org\"}"),
        200);
    CHECK_STR(world_text(&w, "name"), "Bobby");
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account", "{\"email\":null}"), 200);
    CHECK_STR(world_text(&w, "name"), "Bobby");
    CHECK(json_is_null(json_object_get(w.body, "email")));
    free(token);
}

TEST(a_new_password_ends_all_other_sessions)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *here = world_register(&w, "bob"), *there = sign_in(&w, "bob");
    w.bearer = there;
    assert_non_null(world_who(&w, PERM_ACCOUNT));
    w.bearer = here;
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account/password",
                        "{\"old\":\"password2\",\"new\":\"password3\"}"),
              403);
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account/password",
                        "{\"old\":\"password1\",\"new\":\"short\"}"),
              422);
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account/password",
                        "{\"old\":\"password1\",\"new\":\"password3\"}"),
              200);
    assert_non_null(world_who(&w, PERM_ACCOUNT));
    w.bearer = there;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    w.bearer = NULL;
    CHECK_INT(
        world_ask(&w, HTTP_POST, "/api/login", "{\"login\":\"bob\",\"password\":\"password3\"}"),
        200);
    free(here);
    free(there);
}

TEST(a_stolen_session_cannot_guess_the_password_for_ever)
{
    auto_world struct world w;
    world_make(&w, open_config);
    static const char *const addresses[] = {"192.0.2.7",   "192.0.2.8",     "2001:db8::1",
                                            "2001:db8::2", "2001:db8:1::3", "192.0.2.9"};
    char *token = world_register(&w, "bob");
    w.bearer = token;
    uint64_t began = 0;
    for (int i = 0; i < 5; i++) {
        w.peer = addresses[i];
        began = clock_mono_us();
        CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account/password",
                            "{\"old\":\"password2\",\"new\":\"password3\"}"),
                  403);
    }
    w.peer = addresses[5];
    if (world_ask(&w, HTTP_DELETE, "/api/account", "{\"password\":\"password1\"}") != 429)
        world_waited(began);
    free(token);
}

TEST(sessions_are_listed_and_ended_one_by_one_or_together)
{
    auto_world struct world w;
    char path[80];
    world_make(&w, open_config);
    char *tokens[4] = {world_register(&w, "bob"), sign_in(&w, "bob"), sign_in(&w, "bob"),
                       world_register(&w, "eve")};
    w.bearer = tokens[2];
    assert_non_null(world_who(&w, PERM_ACCOUNT)); /* the cache knows it */
    w.bearer = tokens[0];
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/sessions", NULL), 200);
    CHECK_INT(json_array_size(w.body), 3);
    CHECK(json_is_true(json_object_get(item(&w, 2), "current")));
    CHECK(json_is_false(json_object_get(item(&w, 0), "current")));
    CHECK_STR(text_of(item(&w, 0), "address"), "192.0.2.1");
    CHECK_STR(text_of(item(&w, 0), "agent"), "tests");
    snprintf(path, sizeof path, "/api/sessions/%s", text_of(item(&w, 0), "id"));
    w.bearer = tokens[3]; /* a stranger */
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 404);
    w.bearer = tokens[0];
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 200);
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 404);
    w.bearer = tokens[2];
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    w.bearer = tokens[0];
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/sessions", NULL), 200);
    CHECK_INT(json_integer_value(json_object_get(w.body, "count")), 1);
    assert_non_null(world_who(&w, PERM_ACCOUNT));
    w.bearer = tokens[1];
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    w.bearer = tokens[3];
    assert_non_null(world_who(&w, PERM_ACCOUNT));
    for (int i = 0; i < 4; i++)
        free(tokens[i]);
}

TEST(a_session_beyond_the_hundredth_ends_the_oldest)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    CHECK(db_exec(w.db,
                  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)"
                  " INSERT INTO sessions SELECT 's' || i, account_id, created_us + i, expires_us,"
                  " last_used_us, address, agent FROM sessions, n",
                  DB_NO_ARGS, &w.e) == 120);
    w.bearer = token;
    assert_non_null(world_who(&w, PERM_ACCOUNT)); /* the cache knows it */
    free(sign_in(&w, "bob"));
    w.bearer = w.owner_key;
    CHECK(db_exec(w.db, "UPDATE sessions SET agent = ''", DB_NO_ARGS, &w.e) == 100);
    w.bearer = token;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    free(token);
}

TEST(a_key_is_shown_once_and_opens_what_its_scopes_say)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    w.bearer = token;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys",
                        "{\"name\":\"ci\",\"scopes\":[\"functions:read\",\"invoke\"]}"),
              200);
    char *key = world_keep(&w, "key"), *id = world_keep(&w, "id"), path[80];
    CHECK(strlen(key) == 51 && strncmp(key, world_text(&w, "hint"), 7) == 0);
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/keys", NULL), 200);
    CHECK_INT(json_array_size(w.body), 1);
    CHECK(!json_object_get(item(&w, 0), "key"));
    CHECK(json_is_null(json_object_get(item(&w, 0), "expires_at")));
    w.bearer = key;
    for (int i = 0; i < 2; i++) { /* by the store, then by the cache */
        assert_non_null(world_who(&w, PERM_FUNCTIONS_READ));
        CHECK(world_who(&w, PERM_FUNCTIONS_CREATE) == NULL);
        CHECK_STR(w.e.text, "This key lacks the scope 'functions:write'");
        CHECK(world_who(&w, PERM_ADMIN) == NULL && w.e.code == ERR_DENIED);
    }
    CHECK(strlen(world_who(&w, PERM_CALL)) == 24);
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/keys", NULL), 403);
    w.bearer = token;
    snprintf(path, sizeof path, "/api/keys/%s", id);
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 200);
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 404);
    w.bearer = key;
    CHECK(world_who(&w, PERM_FUNCTIONS_READ) == NULL);
    CHECK_STR(w.e.text, "Invalid token");
    CHECK_STR(world_who(&w, PERM_CALL), "");
    free(id);
    free(key);
    free(token);
}

TEST(a_key_makes_no_key_that_can_do_more)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    w.bearer = token;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"x\",\"scopes\":[\"admin\"]}"),
              403);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys",
                        "{\"name\":\"x\",\"scopes\":[\"account\",\"invoke\"]}"),
              200);
    char *key = world_keep(&w, "key");
    w.bearer = key;
    CHECK_INT(
        world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"y\",\"scopes\":[\"functions:write\"]}"),
        403);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"y\"}"), 200);
    CHECK_INT(json_array_size(json_object_get(w.body, "scopes")), 2);
    w.bearer = w.owner_key; /* an administrator's too, but not by default */
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"y\"}"), 200);
    CHECK_INT(json_array_size(json_object_get(w.body, "scopes")), 8);
    char *usual = world_keep(&w, "key");
    w.bearer = usual;
    CHECK(world_who(&w, PERM_ADMIN) == NULL);
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK_INT(json_array_size(w.body), 1); /* not what bob did */
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"y\",\"scopes\":[\"admin\"]}"),
              200);
    free(usual);
    free(key);
    free(token);
}

TEST(a_key_ends_with_its_time)
{
    auto_world struct world w;
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys",
                        "{\"name\":\"x\",\"expires_at\":\"2020-01-01T00:00:00Z\"}"),
              422);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys",
                        "{\"name\":\"x\",\"expires_at\":\"2100-01-01T00:00:00Z\"}"),
              200);
    char *key = world_keep(&w, "key");
    w.bearer = key;
    CHECK_STR(world_who(&w, PERM_FUNCTIONS_READ), "owner");
    CHECK(db_exec(w.db, "UPDATE api_keys SET expires_us = 1", DB_NO_ARGS, &w.e) == 1);
    auth_forget(w.app.auth, STORE_ALL, "");
    CHECK(world_who(&w, PERM_FUNCTIONS_READ) == NULL);
    CHECK_STR(w.e.text, "Token expired");
    free(key);
}

TEST(a_key_makes_none_that_outlives_it)
{
    static const char *const bodies[] = {
        "{\"name\":\"y\"}", "{\"name\":\"y\",\"expires_at\":null}",
        "{\"name\":\"y\",\"expires_at\":\"2101-01-01T00:00:00Z\"}"};
    auto_world struct world w;
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys",
                        "{\"name\":\"x\",\"expires_at\":\"2100-01-01T00:00:00Z\"}"),
              200);
    char *key = world_keep(&w, "key"), *end = world_keep(&w, "expires_at");
    w.bearer = key;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", bodies[i]), 200);
        CHECK_STR(world_text(&w, "expires_at"), end);
    }
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys",
                        "{\"name\":\"y\",\"expires_at\":\"2099-01-01T00:00:00Z\"}"),
              200);
    CHECK(strncmp(world_text(&w, "expires_at"), "2099", 4) == 0);
    free(key);
    free(end);
}

TEST(keys_have_names_known_scopes_and_a_bound)
{
    auto_world struct world w;
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    static const char *const bad[] = {"{}",
                                      "{\"name\":\"\"}",
                                      "{\"name\":\"a\\u001b[31m\"}",
                                      "{\"name\":\"a\\nb\"}",
                                      "{\"name\":\"x\",\"scopes\":[]}",
                                      "{\"name\":\"x\",\"scopes\":[\"everything\"]}",
                                      "{\"name\":\"x\",\"scopes\":[1]}",
                                      "{\"name\":\"x\",\"scopes\":\"invoke\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", bad[i]), 422);
    for (int i = 0; i < 100; i++)
        CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"x\"}"), 200);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"x\"}"), 409);
}

TEST(when_a_key_was_last_used_is_written_behind_the_request)
{
    auto_world struct world w;
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"x\"}"), 200);
    char *key = world_keep(&w, "key");
    w.bearer = key;
    CHECK_STR(world_who(&w, PERM_FUNCTIONS_READ), "owner");
    world_end_workers(&w);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/keys", NULL), 200);
    CHECK(json_is_string(json_object_get(item(&w, 0), "last_used_at")));
    free(key);
}

TEST(administrators_see_disable_and_delete_accounts)
{
    auto_world struct world w;
    char path[80], again[120];
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    w.bearer = token;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/accounts", NULL), 403);
    CHECK_STR(w.e.text, "This takes an administrator of this server");
    w.bearer = w.owner_key;
    w.query = "limit=1";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/accounts", NULL), 200);
    CHECK_INT(json_array_size(w.body), 1);
    CHECK_STR(text_of(item(&w, 0), "name"), "bob");
    snprintf(again, sizeof again, "limit=1&before=%s", text_of(item(&w, 0), "id"));
    CHECK(strstr(world_header(&w, "Link"), again));
    snprintf(path, sizeof path, "/api/accounts/%s", text_of(item(&w, 0), "id"));
    w.query = again;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/accounts", NULL), 200);
    CHECK_STR(text_of(item(&w, 0), "id"), "owner");
    w.query = "";
    CHECK_INT(world_ask(&w, HTTP_PUT, path, "{\"status\":\"disabled\"}"), 200);
    CHECK_STR(world_text(&w, "status"), "disabled");
    w.bearer = token;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Account disabled");
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_PUT, path, "{\"status\":\"active\",\"admin\":true}"), 200);
    w.bearer = token;
    assert_non_null(world_who(&w, PERM_ADMIN));
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 200);
    CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 404);
    w.bearer = token;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    free(token);
}

TEST(the_owner_stays_an_active_administrator)
{
    auto_world struct world w;
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/accounts/owner", "{\"status\":\"disabled\"}"), 409);
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/accounts/owner", "{\"admin\":false}"), 409);
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/accounts/owner", NULL), 409);
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/account", "{}"), 409);
    CHECK_STR(world_who(&w, PERM_ADMIN), "owner");
}

TEST(an_account_has_its_own_quotas_or_the_servers)
{
    auto_world struct world w;
    struct auth_quota q, standard = {.projects = 5, .functions = 50, .calls_per_day = 500};
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/accounts/owner",
                        "{\"quotas\":{\"projects\":7,\"functions\":0}}"),
              200);
    CHECK(auth_quota(w.db, &standard, "owner", &q, &w.e) == 0);
    CHECK(q.projects == 7 && q.functions == 0 && q.calls_per_day == 500);
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/accounts/owner", "{\"quotas\":{\"projects\":null}}"),
              200);
    CHECK(auth_quota(w.db, &standard, "owner", &q, &w.e) == 0);
    CHECK(q.projects == 5 && q.functions == 0);
    CHECK(auth_quota(w.db, &standard, "gone", &q, &w.e) == 0 && q.projects == 5);
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/accounts/owner", "{\"quotas\":{\"projects\":-1}}"),
              422);
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/accounts/owner", "{\"quotas\":[]}"), 422);
}

TEST(a_reset_password_is_shown_once_and_ends_the_sessions)
{
    auto_world struct world w;
    char path[120], body[200];
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    w.bearer = token;
    snprintf(path, sizeof path, "/api/accounts/%s/password-reset", world_who(&w, PERM_ACCOUNT));
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, path, "{}"), 200);
    snprintf(body, sizeof body, "{\"login\":\"bob\",\"password\":\"%s\"}",
             world_text(&w, "password"));
    w.bearer = token;
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    w.bearer = NULL;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/login", body), 200);
    free(token);
}

static int refuse_to_leave(struct tx *tx, const char *account, struct err *e)
{
    (void)tx;
    return err_set(e, ERR_CONFLICT, "%s must stay", account);
}

TEST(one_deletes_ones_own_account_by_its_password)
{
    auto_world struct world w;
    struct auth_config config = open_config;
    config.leaving = refuse_to_leave;
    world_make(&w, config);
    char *token = world_register(&w, "bob");
    w.bearer = token;
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/account", "{\"password\":\"password2\"}"), 403);
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/account", "{\"password\":\"password1\"}"), 409);
    assert_non_null(world_who(&w, PERM_ACCOUNT));
    world_open_auth(&w, open_config);
    CHECK_INT(world_ask(&w, HTTP_DELETE, "/api/account", "{\"password\":\"password1\"}"), 200);
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    free(world_register(&w, "bob")); /* the name is free again */
    free(token);
}

TEST(the_audit_log_says_who_did_what_and_shows_it_to_whom_it_concerns)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"deploy\"}"), 200);
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK_INT(json_array_size(w.body), 2);
    CHECK_STR(text_of(item(&w, 0), "action"), "key.create");
    CHECK_STR(text_of(item(&w, 0), "detail"), "deploy");
    CHECK_STR(text_of(item(&w, 0), "account"), "owner");
    CHECK_STR(text_of(item(&w, 0), "address"), "192.0.2.1");
    CHECK_STR(text_of(item(&w, 1), "action"), "account.create");
    w.query = "object=owner&limit=1";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK_INT(json_array_size(w.body), 1);
    CHECK(world_header(&w, "Link") == NULL);
    w.query = "limit=1";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK(strstr(world_header(&w, "Link"), "before=2>"));
    w.query = "before=2";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK_STR(text_of(item(&w, 0), "action"), "account.create");
    w.query = "before=x";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 422);
    w.query = "account=owner"; /* is not for everybody to ask */
    w.bearer = token;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK_INT(json_array_size(w.body), 1);
    CHECK_STR(text_of(item(&w, 0), "action"), "account.create");
    free(token);
}

static int64_t count_lines(struct world *w, const char *account)
{
    auto_query struct query *q = NULL;
    CHECK(db_query(w->db, "SELECT count(*) FROM audit WHERE account_id = $1",
                   DB_ARGS(db_textz(account)), &q, &w->e) == 0 &&
          query_next(q, &w->e) == 1);
    return query_int(q, 0);
}

TEST(one_account_that_fills_the_audit_log_does_not_drive_out_what_others_did)
{
    auto_world struct world w;
    world_make(&w, open_config);
    free(world_register(&w, "bob")); /* the first line, of an account of its own */
    CHECK(
        db_exec(w.db,
                "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 200999)"
                " INSERT INTO audit (number, at_us, account_id, credential, address, action,"
                " object, detail) SELECT i, 0, 'owner', '', '', 'x', '', '' FROM n",
                DB_NO_ARGS, &w.e) >= 0);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/keys", "{\"name\":\"last\"}"), 200);
    CHECK_INT(count_lines(&w, "owner"), 200000);
    w.query = "before=1000";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/audit", NULL), 200);
    CHECK_STR(text_of(item(&w, 0), "action"), "account.create");
}

TEST_MAIN(one_sees_and_changes_ones_own_account, a_new_password_ends_all_other_sessions,
          a_stolen_session_cannot_guess_the_password_for_ever,
          sessions_are_listed_and_ended_one_by_one_or_together,
          a_session_beyond_the_hundredth_ends_the_oldest,
          a_key_is_shown_once_and_opens_what_its_scopes_say, a_key_makes_no_key_that_can_do_more,
          a_key_ends_with_its_time, a_key_makes_none_that_outlives_it,
          keys_have_names_known_scopes_and_a_bound,
          when_a_key_was_last_used_is_written_behind_the_request,
          administrators_see_disable_and_delete_accounts, the_owner_stays_an_active_administrator,
          an_account_has_its_own_quotas_or_the_servers,
          a_reset_password_is_shown_once_and_ends_the_sessions,
          one_deletes_ones_own_account_by_its_password,
          the_audit_log_says_who_did_what_and_shows_it_to_whom_it_concerns,
          one_account_that_fills_the_audit_log_does_not_drive_out_what_others_did)
