/* The ways to a session, over the endpoints. */
#include "auth/private.h"
#include "auth/testdata/world.h"

static const struct auth_config open_config = {.registration = REGISTRATION_OPEN};

static int login(struct world *w, const char *who, const char *password)
{
    char body[300];
    w->bearer = w->cookie = NULL;
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"%s\"}", who, password);
    return world_ask(w, HTTP_POST, "/api/login", body);
}

TEST(the_set_up_link_gives_the_owner_a_password_once)
{
    auto_world struct world w;
    char path[128], body[300];
    world_make(&w, (struct auth_config){0});
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/setup", NULL), 200);
    CHECK(json_is_true(json_object_get(w.body, "needed")));
    CHECK_STR(world_text(&w, "registration"), "closed");
    CHECK(auth_setup_path(w.app.auth, w.db, path, &w.e) == 0);
    CHECK(strncmp(path, "/setup?token=", 13) == 0 && strlen(path) == 13 + 64);
    snprintf(body, sizeof body, "{\"token\":\"%064d\",\"name\":\"Ann\",\"password\":\"password1\"}",
             0);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/setup", body), 403);
    snprintf(body, sizeof body,
             "{\"token\":\"%s\",\"name\":\"Ann\",\"password\":\"password1\","
             "\"email\":\"ann@example.org\"}",
             path + 13);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/setup", body), 200);
    char *token = world_keep(&w, "token");
    CHECK_STR(json_string_value(json_object_get(json_object_get(w.body, "account"), "id")),
              "owner");
    w.bearer = token;
    CHECK_STR(world_who(&w, PERM_ADMIN), "owner");
    w.bearer = NULL;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/setup", body), 409);
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/setup", NULL), 200);
    CHECK(json_is_false(json_object_get(w.body, "needed")));
    CHECK(auth_setup_path(w.app.auth, w.db, path, &w.e) == 0);
    CHECK_STR(path, "");
    CHECK_INT(login(&w, "ANN", "password1"), 200);
    CHECK_INT(login(&w, "Ann@Example.org", "password1"), 200);
    w.bearer = w.owner_key;
    CHECK_STR(world_who(&w, PERM_ADMIN), "owner");
    free(token);
}

TEST(registration_is_closed_invited_or_open)
{
    auto_world struct world w;
    static const char body[] = "{\"name\":\"bob\",\"password\":\"password1\"}";
    world_make(&w, (struct auth_config){.registration = REGISTRATION_CLOSED});
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 403);
    world_open_auth(&w, (struct auth_config){.registration = REGISTRATION_INVITE});
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 403);
    CHECK_STR(w.e.text, "Registration takes an invite");
    world_open_auth(&w, open_config);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 200);
    CHECK_INT(
        world_ask(&w, HTTP_POST, "/api/register", "{\"name\":\"BOB\",\"password\":\"password1\"}"),
        409);
    CHECK_STR(w.e.text, "This name or e-mail address is taken");
}

TEST(an_invite_lets_one_person_in_with_its_address)
{
    auto_world struct world w;
    char body[300];
    world_make(&w, (struct auth_config){.registration = REGISTRATION_INVITE,
                                        .public_url = "https://virga.example"});
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/invites", "{\"email\":\"bob@example.org\"}"), 200);
    char *invite = world_keep(&w, "invite");
    snprintf(body, sizeof body, "https://virga.example/sign-up?invite=%s", invite);
    CHECK_STR(world_text(&w, "url"), body);
    w.bearer = NULL;
    snprintf(body, sizeof body,
             "{\"name\":\"bob\",\"password\":\"password1\",\"invite\":\"%s\","
             "\"email\":\"eve@example.org\"}",
             invite);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 422);
    snprintf(body, sizeof body, "{\"name\":\"bob\",\"password\":\"password1\",\"invite\":\"%s\"}",
             invite);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 200);
    CHECK_STR(json_string_value(json_object_get(json_object_get(w.body, "account"), "email")),
              "bob@example.org");
    snprintf(body, sizeof body, "{\"name\":\"eve\",\"password\":\"password1\",\"invite\":\"%s\"}",
             invite);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 403);
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/invites", NULL), 200);
    CHECK(json_is_string(json_object_get(json_array_get(w.body, 0), "used_at")));
    CHECK(!json_object_get(json_array_get(w.body, 0), "invite"));
    free(invite);
}

static char *invite_for(struct world *w, const char *email)
{
    char body[100];
    w->bearer = w->owner_key;
    snprintf(body, sizeof body, "{\"email\":\"%s\"}", email);
    CHECK_INT(world_ask(w, HTTP_POST, "/api/invites", body), 200);
    w->bearer = NULL;
    return world_keep(w, "invite");
}

static int register_as(struct world *w, const char *name, const char *email, const char *invite)
{
    char body[300];
    snprintf(body, sizeof body,
             "{\"name\":\"%s\",\"password\":\"password1\",\"email\":\"%s\"%s%s%s}", name, email,
             invite ? ",\"invite\":\"" : "", invite ? invite : "", invite ? "\"" : "");
    return world_ask(w, HTTP_POST, "/api/register", body);
}

TEST(an_address_that_somebody_only_claims_keeps_nobody_out)
{
    auto_world struct world w;
    world_make(&w, open_config);
    CHECK_INT(register_as(&w, "eve", "Bob@example.org", NULL), 200);
    char *eve = world_keep(&w, "token"), *invite = invite_for(&w, "bob@example.org");
    CHECK_INT(register_as(&w, "bob", "bob@example.org", invite), 200);
    w.bearer = eve;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 200);
    CHECK(json_is_null(json_object_get(w.body, "email")));
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account", "{\"email\":\"bob@example.org\"}"), 409);
    char *second = invite_for(&w, "bob@example.org"); /* whoever has proven it keeps it */
    CHECK_INT(register_as(&w, "bobby", "bob@example.org", second), 409);
    free(second);
    free(invite);
    free(eve);
}

TEST(an_invite_ends_with_its_time_or_when_it_is_deleted)
{
    auto_world struct world w;
    char body[300], path[80];
    world_make(&w, (struct auth_config){.registration = REGISTRATION_INVITE});
    w.bearer = w.owner_key;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/invites", "{\"expires_at\":\"2020-01-01T00:00:00Z\"}"),
              422);
    for (int i = 0; i < 2; i++) {
        w.bearer = w.owner_key;
        CHECK_INT(world_ask(&w, HTTP_POST, "/api/invites", "{}"), 200);
        snprintf(body, sizeof body,
                 "{\"name\":\"bob\",\"password\":\"password1\",\"invite\":\"%s\"}",
                 world_text(&w, "invite"));
        snprintf(path, sizeof path, "/api/invites/%s", world_text(&w, "id"));
        if (i == 0)
            CHECK_INT(world_ask(&w, HTTP_DELETE, path, NULL), 200);
        else
            CHECK(db_exec(w.db, "UPDATE invites SET expires_us = 1", DB_NO_ARGS, &w.e) == 1);
        w.bearer = NULL;
        CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 403);
    }
}

TEST(names_passwords_and_addresses_have_rules)
{
    auto_world struct world w;
    char body[600];
    static const char *const bad[] = {
        "{\"name\":\"b\",\"password\":\"password1\"}",
        "{\"name\":\"-bob\",\"password\":\"password1\"}",
        "{\"name\":\"bo b\",\"password\":\"password1\"}",
        "{\"name\":\"bob@x\",\"password\":\"password1\"}",
        "{\"name\":\"b\\u00f6b\",\"password\":\"password1\"}",
        "{\"name\":\"bob\",\"password\":\"passwor\"}",
        "{\"name\":\"bob\"}",
        "{\"name\":\"bob\",\"password\":\"password1\",\"email\":\"bob\"}",
        "{\"name\":\"bob\",\"password\":\"password1\",\"email\":\"bob@\"}",
        "{\"name\":\"bob\",\"password\":\"password1\",\"email\":\"b ob@x.org\"}",
        "{\"name\":\"bob\",\"password\":\"password1\",\"email\":\"bob@x..org\"}",
        "{\"name\":\"bob\",\"password\":\"password1\",\"email\":\"bob@x.org\\nBcc: y\"}",
    };
    world_make(&w, open_config);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", bad[i]), 422);
    snprintf(body, sizeof body, "{\"name\":\"%041d\",\"password\":\"password1\"}", 0);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 422);
    snprintf(body, sizeof body, "{\"name\":\"bob\",\"password\":\"%0257d\"}", 0);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register", body), 422);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/register",
                        "{\"name\":\"B.o_b-1\",\"password\":\"password1\",\"email\":null}"),
              200);
}

TEST(wrong_passwords_and_unknown_names_answer_alike)
{
    auto_world struct world w;
    world_make(&w, open_config);
    free(world_register(&w, "bob"));
    CHECK_INT(login(&w, "bob", "password2"), 401);
    CHECK_STR(w.e.text, "Wrong name or password");
    CHECK_INT(login(&w, "nobody", "password1"), 401);
    CHECK_STR(w.e.text, "Wrong name or password");
    CHECK_INT(login(&w, "owner", "password1"), 401); /* has none yet */
}

/* Returns when the last of them began: one has to wait for a second from its end. */
static uint64_t guess_five_times(struct world *w)
{
    uint64_t began = 0;
    for (int i = 0; i < 5; i++) {
        began = clock_mono_us();
        CHECK_INT(login(w, "bob", "password2"), 401);
    }
    return began;
}

static void has_to_wait(struct world *w, const char *who, uint64_t guessed_us)
{
    if (login(w, who, "password1") == 429)
        CHECK_STR(world_header(w, "Retry-After"), "1");
    else
        world_waited(guessed_us);
}

TEST(after_five_wrong_passwords_one_has_to_wait)
{
    auto_world struct world w;
    world_make(&w, open_config);
    free(world_register(&w, "bob"));
    w.peer = "198.51.100.7"; /* a stranger's */
    uint64_t guessed = guess_five_times(&w);
    has_to_wait(&w, "Bob", guessed);
    w.peer = "198.51.100.8"; /* of the account, and of the address */
    has_to_wait(&w, "bob", guessed);
    w.peer = "198.51.100.7";
    has_to_wait(&w, "ann", guessed);
    w.peer = "192.0.2.1"; /* where bob is signed in */
    CHECK_INT(login(&w, "bob", "password1"), 200);
    guessed = guess_five_times(&w);
    has_to_wait(&w, "bob", guessed);
}

TEST(a_right_password_ends_the_counting)
{
    auto_world struct world w;
    world_make(&w, open_config);
    free(world_register(&w, "bob"));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++)
            CHECK_INT(login(&w, "bob", "password2"), 401);
        CHECK_INT(login(&w, "bob", "password1"), 200);
    }
}

TEST(strangers_register_only_so_often)
{
    auto_world struct world w;
    char body[100];
    int made = 0;
    world_make(&w, open_config);
    for (uint64_t began = 0, before; made < 25; made++) {
        snprintf(body, sizeof body, "{\"name\":\"user%d\",\"password\":\"password1\"}", made);
        before = began;
        began = clock_mono_us();
        if (world_ask(&w, HTTP_POST, "/api/register", body) != 200)
            break;
        if (made >= 20)
            world_waited(before);
    }
    CHECK_INT(w.status, 429);
    CHECK(made >= 20);
    assert_non_null(world_header(&w, "Retry-After"));
}

TEST(an_invite_makes_nobody_hash_for_ever)
{
    auto_world struct world w;
    int refused = 0;
    world_make(&w, open_config);
    free(world_register(&w, "bob"));
    char *invite = invite_for(&w, "ann@example.org");
    for (uint64_t began = 0, before; refused < 25; refused++) {
        before = began;
        began = clock_mono_us();
        if (register_as(&w, "bob", "ann@example.org", invite) != 409)
            break;
        if (refused >= 20)
            world_waited(before);
    }
    CHECK_INT(w.status, 429);
    CHECK(refused >= 20);
    free(invite);
}

TEST(a_hash_of_older_parameters_is_replaced_at_the_next_login)
{
    auto_world struct world w;
    char old[crypto_pwhash_STRBYTES];
    world_make(&w, open_config);
    free(world_register(&w, "bob"));
    CHECK(crypto_pwhash_str(old, "password1", 9, 1, crypto_pwhash_MEMLIMIT_MIN) == 0);
    CHECK(db_exec(w.db, "UPDATE accounts SET password = $1 WHERE name = 'bob'",
                  DB_ARGS(db_textz(old)), &w.e) == 1);
    CHECK_INT(login(&w, "bob", "password1"), 200);
    CHECK(db_exec(w.db, "UPDATE accounts SET status = 'active' WHERE password = $1",
                  DB_ARGS(db_textz(old)), &w.e) == 0);
    CHECK_INT(login(&w, "bob", "password1"), 200);
}

TEST(a_browser_gets_a_cookie_that_scripts_cannot_read)
{
    auto_world struct world w;
    static const char body[] = "{\"login\":\"bob\",\"password\":\"password1\",\"cookie\":true}";
    world_make(&w, open_config);
    free(world_register(&w, "bob"));
    CHECK_INT(login(&w, "bob", "password1"), 200);
    CHECK(world_header(&w, "Set-Cookie") == NULL);
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/login", body), 200);
    const char *cookie = world_header(&w, "Set-Cookie");
    CHECK(strncmp(cookie, "virga_session=ey", 16) == 0);
    CHECK(strstr(cookie, "; HttpOnly") && strstr(cookie, "; SameSite=Lax") &&
          strstr(cookie, "; Path=/") && !strstr(cookie, "Secure"));
    w.secure = true;
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/login", body), 200);
    CHECK(strstr(world_header(&w, "Set-Cookie"), "; Secure"));
    w.origin = "https://evil.example";
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/login", body), 403);
}

TEST(logging_out_ends_the_session_everywhere)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob");
    w.bearer = token;
    assert_non_null(world_who(&w, PERM_ACCOUNT));
    CHECK(w.looked == HTTP_ASK && world_who(&w, PERM_ACCOUNT) && w.looked == 0); /* cached */
    CHECK_INT(world_ask(&w, HTTP_POST, "/api/logout", "{}"), 200);
    CHECK(strstr(world_header(&w, "Set-Cookie"), "Max-Age=0"));
    CHECK(world_who(&w, PERM_ACCOUNT) == NULL);
    CHECK_STR(w.e.text, "Invalid token");
    free(token);
}

TEST_MAIN(the_set_up_link_gives_the_owner_a_password_once, registration_is_closed_invited_or_open,
          an_invite_lets_one_person_in_with_its_address,
          an_address_that_somebody_only_claims_keeps_nobody_out,
          an_invite_ends_with_its_time_or_when_it_is_deleted,
          names_passwords_and_addresses_have_rules, wrong_passwords_and_unknown_names_answer_alike,
          after_five_wrong_passwords_one_has_to_wait, a_right_password_ends_the_counting,
          strangers_register_only_so_often, an_invite_makes_nobody_hash_for_ever,
          a_hash_of_older_parameters_is_replaced_at_the_next_login,
          a_browser_gets_a_cookie_that_scripts_cannot_read, logging_out_ends_the_session_everywhere)
