#include "http/router.h"

#include "base/test.h"

static int control(struct request *req, struct response *res, struct err *e)
{
    (void)req, (void)res, (void)e;
    return 0;
}

static void data(struct http_exchange *x)
{
    (void)x;
}

#define ROW(method, path)                                                                          \
    {                                                                                              \
        method, path, 1, PLANE_CONTROL, control, NULL                                              \
    }

static const struct route rows[] = {
    ROW(HTTP_GET, "/"),
    ROW(HTTP_GET, "/f"),
    ROW(HTTP_POST, "/f/new"),
    ROW(HTTP_GET, "/f/:id"),
    ROW(HTTP_PUT, "/f/:name/versions/:n"),
    ROW(HTTP_DELETE, "/f/:id"),
    ROW(HTTP_GET, "/slash/"),
    ROW(HTTP_GET | HTTP_POST, "/gw/:slug"),
    ROW(HTTP_GET | HTTP_POST, "/gw/:slug/*path"),
    ROW(HTTP_GET, "/odd/a:b*c/:id"),
    {0},
};
static const struct route *const tables[] = {rows, NULL};

struct found {
    struct arena *arena;
    struct router *router;
    struct request req;
    struct router_match match;
};

static void find(struct found *f, enum http_method method, const char *target)
{
    f->req = (struct request){.arena = f->arena, .method = method, .target = target};
    f->match = router_find(f->router, &f->req);
}

static void found_init(struct found *f)
{
    struct err e = {0};
    f->arena = arena_new();
    CHECK(router_new(tables, &f->router, &e) == 0);
}

static void found_done(struct found *f)
{
    router_free(f->router);
    arena_free(f->arena);
}

static void check_route(struct found *f, enum http_method method, const char *target,
                        const char *path)
{
    find(f, method, target);
    CHECK(f->match.route);
    CHECK_STR(f->match.route->path, path);
}

TEST(literals_outrank_parameters_where_the_method_fits)
{
    struct found f;
    found_init(&f);
    check_route(&f, HTTP_POST, "/f/new", "/f/new");
    check_route(&f, HTTP_GET, "/f/new?x=/y", "/f/:id");
    CHECK_STR(http_param(&f.req, "id"), "new");
    check_route(&f, HTTP_GET, "/", "/");
    check_route(&f, HTTP_GET, "/?a", "/");
    found_done(&f);
}

TEST(parameters_carry_the_names_of_their_own_row)
{
    struct found f;
    found_init(&f);
    check_route(&f, HTTP_PUT, "/f/x%2Fy/versions/%31", "/f/:name/versions/:n");
    CHECK_STR(http_param(&f.req, "name"), "x/y");
    CHECK_STR(http_param(&f.req, "n"), "1");
    check_route(&f, HTTP_GET, "/odd/a:b*c/7", "/odd/a:b*c/:id");
    CHECK_INT(f.req.param_count, 1);
    CHECK_STR(http_param(&f.req, "id"), "7");
    found_done(&f);
}

TEST(the_rest_takes_all_that_is_left)
{
    struct found f;
    found_init(&f);
    check_route(&f, HTTP_GET, "/gw/p", "/gw/:slug");
    check_route(&f, HTTP_GET, "/gw/p/", "/gw/:slug/*path");
    CHECK_STR(http_param(&f.req, "path"), "");
    check_route(&f, HTTP_POST, "/gw/p/a//b%20c/", "/gw/:slug/*path");
    CHECK_STR(http_param(&f.req, "slug"), "p");
    CHECK_STR(http_param(&f.req, "path"), "a//b c/");
    char deep[512] = "/gw/p";
    for (int i = 0; i < 100; i++)
        strcat(deep, "/x");
    check_route(&f, HTTP_GET, deep, "/gw/:slug/*path");
    CHECK_STR(http_param(&f.req, "path"), deep + 6);
    found_done(&f);
}

TEST(unknown_paths_and_wrong_methods_are_told_apart)
{
    static const char *const unknown[] = {"/x", "/f/", "/f//versions/1", "/f/a/versions",
                                          "*",  "//",  "/slash",         "/F"};
    struct found f;
    found_init(&f);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        find(&f, HTTP_GET, unknown[i]);
        CHECK(!f.match.route);
        CHECK_INT(f.match.allowed, 0);
    }
    find(&f, HTTP_PATCH, "/f/new");
    CHECK(!f.match.route);
    CHECK_INT(f.match.allowed, HTTP_GET | HTTP_POST | HTTP_DELETE);
    find(&f, HTTP_HEAD, "/f");
    CHECK_INT(f.match.allowed, HTTP_GET);
    find(&f, 0, "/f");
    CHECK(!f.match.route);
    found_done(&f);
}

static bool other_form(struct found *f, const char *target)
{
    f->req = (struct request){.arena = f->arena, .method = HTTP_GET, .target = target};
    return router_has_other_form(f->router, &f->req);
}

TEST(the_other_form_of_a_trailing_slash_is_known)
{
    struct found f;
    found_init(&f);
    CHECK(other_form(&f, "/f/"));
    CHECK(other_form(&f, "/slash?q"));
    CHECK(other_form(&f, "/f/x/"));
    CHECK(!other_form(&f, "/nothing/"));
    CHECK(!other_form(&f, "/"));
    CHECK(!other_form(&f, "*"));
    found_done(&f);
}

TEST(an_incomplete_or_repeated_row_stops_the_start)
{
    static const struct route bad[][3] = {
        {{HTTP_GET, "/a", 0, PLANE_CONTROL, control, NULL}},
        {{HTTP_GET, "/a", 1, 0, control, NULL}},
        {{HTTP_GET, "/a", 1, PLANE_CONTROL, NULL, NULL}},
        {{HTTP_GET, "/a", 1, PLANE_DATA, NULL, NULL}},
        {{HTTP_GET, "/a", 1, PLANE_DATA, control, NULL}},
        {{HTTP_GET, "/a", 1, PLANE_DATA, control, data}},
        {ROW(0, "/a")},
        {ROW(HTTP_GET, "a")},
        {ROW(HTTP_GET, "/:")},
        {ROW(HTTP_GET, "/*x/y")},
        {ROW(HTTP_GET, "/:a/:b/:c/:d/:e/:f/:g/:h/:i")},
        {ROW(HTTP_GET, "/a/:x"), ROW(HTTP_GET | HTTP_PUT, "/a/:y")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = {0};
        struct router *r;
        const struct route *const list[] = {bad[i], NULL};
        CHECK(router_new(list, &r, &e) < 0);
        CHECK(e.code == ERR_INVALID && strstr(e.text, "route '"));
    }
}

TEST_MAIN(literals_outrank_parameters_where_the_method_fits,
          parameters_carry_the_names_of_their_own_row, the_rest_takes_all_that_is_left,
          unknown_paths_and_wrong_methods_are_told_apart,
          the_other_form_of_a_trailing_slash_is_known,
          an_incomplete_or_repeated_row_stops_the_start)
