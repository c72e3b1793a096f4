/* Where credentials may come from: headers, cookies, nowhere at all. */
#include "auth/testdata/world.h"

static const struct auth_config open_config = {.registration = REGISTRATION_OPEN};

/* The session's cookie among others, for the next requests. */
static char *use_cookie(struct world *w, const char *token)
{
    char *cookie;
    w->bearer = NULL;
    CHECK(asprintf(&cookie, "theme=dark; virga_session=%s; a=b", token) > 0);
    w->cookie = cookie;
    return cookie;
}

TEST(a_cookie_is_as_good_as_a_bearer_for_reading)
{
    auto_world struct world w;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob"), *cookie = use_cookie(&w, token);
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 200);
    CHECK_STR(world_text(&w, "name"), "bob");
    w.bearer = "nonsense"; /* a header counts first */
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 401);
    free(cookie);
    free(token);
}

TEST(changes_with_a_cookie_take_an_origin_of_ours)
{
    auto_world struct world w;
    struct auth_config config = open_config;
    config.public_url = "https://virga.example";
    world_make(&w, config);
    char *token = world_register(&w, "bob"), *cookie = use_cookie(&w, token);
    static const struct {
        const char *origin, *host;
        bool secure;
        int status;
    } rows[] = {
        {NULL, "127.0.0.1:8000", false, 403},
        {"null", "127.0.0.1:8000", false, 403},
        {"https://evil.example", "127.0.0.1:8000", false, 403},
        {"http://127.0.0.1:9000", "127.0.0.1:8000", false, 403},
        {"http://127.0.0.1:80001", "127.0.0.1:8000", false, 403},
        {"http://127.0.0.1:8000", "127.0.0.1:8000", false, 200},
        {"https://127.0.0.1:8000", "127.0.0.1:8000", false, 200},
        {"https://virga.example", "127.0.0.1:8000", false, 200},
        {"https://virga.example.evil", "127.0.0.1:8000", false, 403},
        {"http://site.example", "site.example", true, 403}, /* not what TLS protected */
        {"https://site.example", "site.example", true, 200},
        {"https://", "", true, 403},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        w.origin = rows[i].origin;
        w.host = rows[i].host;
        w.secure = rows[i].secure;
        CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account", "{}"), rows[i].status);
    }
    w.origin = "https://evil.example"; /* nor may it read */
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 403);
    CHECK_STR(world_who(&w, PERM_CALL), "");
    w.host = "virga.example";
    w.origin = NULL;
    w.upgrade = true; /* a WebSocket begins with a GET */
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 403);
    w.origin = "https://virga.example";
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/account", NULL), 200);
    w.upgrade = false;
    w.origin = "https://evil.example";
    w.cookie = NULL;
    w.bearer = token; /* which no page sends by itself */
    CHECK_INT(world_ask(&w, HTTP_PUT, "/api/account", "{}"), 200);
    free(cookie);
    free(token);
}

TEST(without_accounts_everybody_on_this_machine_is_the_owner)
{
    auto_world struct world w;
    world_make(&w, (struct auth_config){.none = true, .loopback = true});
    static const char *const ours[] = {"localhost", "localhost:8000", "127.0.0.1:8000", "[::1]",
                                       "[::1]:8000"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        w.host = ours[i];
        CHECK_STR(world_who(&w, PERM_ADMIN), "owner");
    }
    w.host = "localhost:8000";
    w.origin = "http://localhost:8000";
    CHECK_STR(world_who(&w, PERM_ADMIN), "owner");
    w.bearer = "vk_1";
    CHECK(world_who(&w, PERM_ADMIN) == NULL);
    w.bearer = NULL;
    w.cookie = "virga_session=of-another-server-on-this-machine";
    CHECK_STR(world_who(&w, PERM_ADMIN), "owner");
    CHECK_STR(world_who(&w, PERM_CALLS_READ), "owner");
    w.cookie = NULL;
    CHECK_INT(world_ask(&w, HTTP_GET, "/api/setup", NULL), 200);
    CHECK(json_is_false(json_object_get(w.body, "needed")));
    CHECK_STR(world_text(&w, "auth"), "none");
}

TEST(without_accounts_no_web_page_is_the_owner)
{
    auto_world struct world w;
    world_make(&w, (struct auth_config){.none = true, .loopback = true});
    static const char *const foreign[] = {
        "evil.example",        "evil.example:8000", "localhost.evil",
        "127.0.0.1.evil:8000", "127.0.0.10",        "localhostx:8000",
        "localhost:80.evil",   "[::1].evil",        ""};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        w.host = foreign[i];
        CHECK(world_who(&w, PERM_FUNCTIONS_READ) == NULL && w.e.code == ERR_DENIED);
        CHECK_STR(world_who(&w, PERM_CALL), "");
        CHECK_STR(world_who(&w, PERM_PUBLIC), "");
    }
    w.host = "localhost:8000";
    static const char *const origins[] = {"null", "http://evil.example", "http://localhost:3000",
                                          "http://localhost"};
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        w.origin = origins[i];
        CHECK(world_who(&w, PERM_FUNCTIONS_READ) == NULL && w.e.code == ERR_DENIED);
        CHECK_STR(world_who(&w, PERM_CALL), "");
    }
}

TEST(configurations_that_do_not_go_together_are_refused)
{
    auto_world struct world w;
    world_make(&w, open_config);
    struct auth *a = NULL;
    static const struct auth_config bad[] = {
        {.none = true},
        {.none = true, .loopback = true, .registration = REGISTRATION_INVITE},
        {.none = true, .loopback = true, .registration = REGISTRATION_OPEN},
        {.none = true, .loopback = true, .issuer = "https://i", .audience = "x"},
        {.issuer = "https://i"},
        {.issuer = "", .audience = "x"},
        {.issuer = "i.example", .audience = "x"},
        {.issuer = "ftp://i", .audience = "x"},
        {.issuer = "https://i", .audience = "x", .jwks_url = "file:///etc/keys"},
        {.audience = "x"},
        {.jwks_url = "https://i/k"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct auth_config config = bad[i];
        config.dir_fd = w.dir_fd;
        CHECK(auth_open(&config, &a, &w.e) < 0);
    }
}

TEST(the_loop_knows_whom_the_store_has_named)
{
    auto_world struct world w;
    const struct principal *p = NULL;
    world_make(&w, open_config);
    char *token = world_register(&w, "bob"), header[600];
    struct http_header headers[] = {{"Authorization", header}};
    struct request req = {
        .arena = arena_new(), .headers = headers, .header_count = 1, .host = "", .peer = ""};
    snprintf(header, sizeof header, "Bearer %s", token);
    CHECK_INT(auth_lookup(w.app.auth, &req, &p), AUTH_ASK);
    w.bearer = token;
    assert_non_null(world_who(&w, PERM_CALL));
    CHECK_INT(auth_lookup(w.app.auth, &req, &p), 1);
    CHECK_STR(p->name, "bob");
    CHECK(p->kind == CREDENTIAL_SESSION && !p->admin);
    snprintf(header, sizeof header, "Bearer a.b.c");
    CHECK_INT(auth_lookup(w.app.auth, &req, &p), 0);
    req.header_count = 0;
    CHECK_INT(auth_lookup(w.app.auth, &req, &p), 0);
    arena_free(req.arena);
    free(token);
}

TEST(an_object_is_always_for_a_worker_to_check)
{
    auto_world struct world w;
    world_make(&w, open_config);
    w.bearer = w.owner_key;
    CHECK_STR(world_who(&w, PERM_FUNCTION_VIEW), "owner");
    CHECK_INT(w.looked, HTTP_ASK);
    CHECK_STR(world_who(&w, PERM_FUNCTIONS_READ), "owner");
    CHECK_INT(w.looked, 0);
}

static const char *for_guest(struct arena *a, const char *name, const char *value)
{
    return auth_header_for_guest(a, &(struct http_header){name, value});
}

TEST(functions_see_no_credential_of_this_server)
{
    auto_world struct world w;
    world_make(&w, open_config);
    struct arena *a = arena_new();
    char *token = world_register(&w, "bob");
    CHECK(for_guest(a, "authorization", arena_printf(a, "Bearer %s", token)) == NULL);
    CHECK(for_guest(a, "Authorization", arena_printf(a, "Bearer %s", w.owner_key)) == NULL);
    CHECK(for_guest(a, "Authorization", arena_printf(a, "bearer  %s", w.owner_key)) == NULL);
    CHECK(for_guest(a, "cookie", arena_printf(a, "virga_session=%s", token)) == NULL);
    CHECK_STR(for_guest(a, "Cookie", arena_printf(a, "a=b;virga_session=%s ; c=d", token)),
              "a=b; c=d");
    CHECK_STR(for_guest(a, "Cookie", "a=b;  c=d"), "a=b;  c=d");
    CHECK_STR(for_guest(a, "Cookie", "x=virga_session=1"), "x=virga_session=1");
    CHECK_STR(for_guest(a, "Authorization", "Basic eDp5"), "Basic eDp5");
    CHECK_STR(for_guest(a, "Authorization", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AA"),
              "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AA");
    CHECK_STR(for_guest(a, "X-Other", token), token);
    arena_free(a);
    free(token);
}

TEST_MAIN(a_cookie_is_as_good_as_a_bearer_for_reading, changes_with_a_cookie_take_an_origin_of_ours,
          without_accounts_everybody_on_this_machine_is_the_owner,
          without_accounts_no_web_page_is_the_owner,
          configurations_that_do_not_go_together_are_refused,
          the_loop_knows_whom_the_store_has_named, an_object_is_always_for_a_worker_to_check,
          functions_see_no_credential_of_this_server)
