#include "gateway/trie.h"

#include "base/test.h"
#include "base/test_clock.h"
#include "gateway/pattern.h"

struct table {
    struct arena *arena;
    struct trie *trie;
    struct trie_match match;
};

static void table_init(struct table *t)
{
    t->arena = arena_new();
    t->trie = trie_new();
}

static void table_done(struct table *t)
{
    trie_free(t->trie);
    arena_free(t->arena);
}

static bool add(struct table *t, unsigned method, const char *pattern)
{
    const char *path;
    struct err e = {0};
    if (pattern_normalise(t->arena, pattern, &path, &e) < 0)
        fail_msg("%s: %s", pattern, e.text);
    return trie_add(t->trie, method, path, arena_printf(t->arena, "%u %s", method, path));
}

static const char *find(struct table *t, unsigned method, const char *path)
{
    return trie_find(t->trie, method, str_of(path), t->arena, &t->match) ? t->match.value : "";
}

static void check_param(const struct table *t, size_t i, const char *name, const char *value)
{
    CHECK(i < t->match.count);
    CHECK(str_is(t->match.params[i].name, name));
    if (!str_is(t->match.params[i].value, value))
        fail_msg("%s is '" STR_FMT "'", name, STR_ARG(t->match.params[i].value));
}

TEST(literals_outrank_parameters_and_these_the_rest)
{
    struct table t;
    table_init(&t);
    add(&t, HTTP_GET, "/users/*all");
    add(&t, HTTP_GET, "/users/:id");
    add(&t, HTTP_GET, "/users/me");
    CHECK_STR(find(&t, HTTP_GET, "/users/me"), "1 /users/me");
    CHECK_STR(find(&t, HTTP_GET, "/users/you"), "1 /users/:id");
    check_param(&t, 0, "id", "you");
    CHECK_STR(find(&t, HTTP_GET, "/users/you/too"), "1 /users/*all");
    check_param(&t, 0, "all", "you/too");
    CHECK_STR(find(&t, HTTP_GET, "/users"), "1 /users/*all");
    check_param(&t, 0, "all", "");
    CHECK_STR(find(&t, HTTP_GET, "/Users/me"), "");
    table_done(&t);
}

TEST(a_branch_that_leads_nowhere_is_left_again)
{
    struct table t;
    table_init(&t);
    add(&t, HTTP_GET, "/a/b/c");
    add(&t, HTTP_GET, "/:x/b/d");
    add(&t, HTTP_POST, "/a/b/e");
    add(&t, HTTP_GET, "/a/:y/e");
    CHECK_STR(find(&t, HTTP_GET, "/a/b/d"), "1 /:x/b/d");
    check_param(&t, 0, "x", "a");
    CHECK_INT(t.match.count, 1);
    CHECK_STR(find(&t, HTTP_GET, "/a/b/e"), "1 /a/:y/e");
    CHECK_STR(find(&t, HTTP_GET, "/a/b/f"), "");
    table_done(&t);
}

TEST(a_method_outranks_any_and_get_answers_head)
{
    struct table t;
    table_init(&t);
    add(&t, TRIE_ANY, "/x");
    add(&t, HTTP_GET, "/x");
    add(&t, HTTP_GET, "/y");
    add(&t, HTTP_GET, "/z");
    add(&t, HTTP_HEAD, "/z");
    CHECK_STR(find(&t, HTTP_GET, "/x"), "1 /x");
    CHECK_STR(find(&t, HTTP_PATCH, "/x"), "128 /x");
    CHECK_STR(find(&t, HTTP_OPTIONS, "/x"), "128 /x");
    CHECK_STR(find(&t, HTTP_HEAD, "/x"), "1 /x");
    CHECK_STR(find(&t, HTTP_HEAD, "/y"), "1 /y");
    CHECK_STR(find(&t, HTTP_HEAD, "/z"), "32 /z");
    CHECK_STR(find(&t, HTTP_POST, "/y"), "");
    table_done(&t);
}

TEST(empty_segments_and_a_slash_at_the_end_do_not_count)
{
    struct table t;
    table_init(&t);
    add(&t, HTTP_GET, "/");
    add(&t, HTTP_GET, "a//b/");
    CHECK_STR(find(&t, HTTP_GET, "/"), "1 /");
    CHECK_STR(find(&t, HTTP_GET, "///"), "1 /");
    CHECK_STR(find(&t, HTTP_GET, ""), "1 /");
    CHECK_STR(find(&t, HTTP_GET, "/a/b"), "1 /a//b");
    CHECK_STR(find(&t, HTTP_GET, "//a///b/"), "1 /a//b");
    CHECK(!add(&t, HTTP_GET, "/a/b"));
    CHECK_STR(pattern_shape(t.arena, "/a//b/:id/*r"), "/a/b/:/*");
    table_done(&t);
}

TEST(an_encoded_slash_stays_in_its_parameter)
{
    struct table t;
    table_init(&t);
    add(&t, HTTP_GET, "/files/:name");
    add(&t, HTTP_GET, "/tree/:top/*rest");
    add(&t, HTTP_GET, "/a b");
    CHECK_STR(find(&t, HTTP_GET, "/files/a%2Fb%20c"), "1 /files/:name");
    check_param(&t, 0, "name", "a/b c");
    CHECK_STR(find(&t, HTTP_GET, "/tree/x%2fy//b%41/"), "1 /tree/:top/*rest");
    check_param(&t, 0, "top", "x/y");
    check_param(&t, 1, "rest", "/bA/");
    CHECK_STR(find(&t, HTTP_GET, "/a%20b"), "1 /a b");
    table_done(&t);
}

TEST(paths_longer_than_any_pattern_go_to_the_rest_or_nowhere)
{
    struct table t;
    char path[2 * 100 + 1];
    table_init(&t);
    for (size_t i = 0; i < 100; i++)
        memcpy(path + 2 * i, "/a", 3);
    add(&t, HTTP_GET, "/:x");
    CHECK_STR(find(&t, HTTP_GET, path), "");
    add(&t, HTTP_GET, "/a/*rest");
    CHECK_STR(find(&t, HTTP_GET, path), "1 /a/*rest");
    CHECK_INT(t.match.params[0].value.n, 197);
    table_done(&t);
}

/* Every path is matched by a literal and by a parameter in eleven levels, and none of the branches
 * leads anywhere: the worst that 2,000 routes can do. */
TEST(patterns_made_to_go_astray_cost_no_more_than_their_segments)
{
    struct table t;
    char pattern[ROUTE_PATH_MAX], path[ROUTE_PATH_MAX] = "";
    table_init(&t);
    for (unsigned k = 0; k < ROUTES_PER_PROJECT_MAX; k++) {
        size_t n = 0;
        for (unsigned i = 0; i < 31; i++)
            n += (size_t)snprintf(pattern + n, sizeof pattern - n,
                                  i < 11 && k >> i & 1 ? "/:p%u" : "/a", i);
        snprintf(pattern + n, sizeof pattern - n, "/end");
        CHECK(add(&t, HTTP_GET, pattern));
    }
    for (unsigned i = 0; i < 32; i++)
        memcpy(path + 2 * i, "/a", 3);
    uint64_t before = test_clock_cpu_us();
    CHECK_STR(find(&t, HTTP_GET, path), "");
    CHECK(test_clock_cpu_us() - before < 100000);
    CHECK_STR(find(&t, HTTP_POST, path), "");
    table_done(&t);
}

static void check_refused(const char *pattern, const char *why)
{
    auto_arena struct arena *a = arena_new();
    struct err e = {0};
    const char *path;
    CHECK(pattern_normalise(a, pattern, &path, &e) < 0);
    if (e.code != ERR_INVALID || !strstr(e.text, why))
        fail_msg("%s: %s", pattern, e.text);
}

TEST(a_pattern_that_could_never_work_says_why)
{
    auto_arena struct arena *a = arena_new();
    char *deep = arena_alloc(a, 100), *wide = arena_alloc(a, 400), *lengthy = arena_alloc(a, 2000);
    for (size_t i = 0; i < 33; i++)
        memcpy(deep + 2 * i, "/a", 2);
    for (int i = 0; i < 17; i++)
        sprintf(wide + strlen(wide), "/:p%d", i);
    memset(lengthy, 'a', 1500);
    check_refused("/:", "stand before a name");
    check_refused("/:1a", "'1a' is no name");
    check_refused("/a/:x-y", "'x-y'");
    check_refused("/*", "'/files/*rest'");
    check_refused("/:id/b/:id", "'id' stands there twice");
    check_refused("/*rest/x", "comes last");
    check_refused("/a?b", "no '?'");
    check_refused("/a\n", "control characters");
    check_refused(deep, "at most 32 segments");
    check_refused(wide, "at most 16 parameters");
    check_refused(lengthy, "at most 1024 bytes");
}

TEST_MAIN(literals_outrank_parameters_and_these_the_rest, a_branch_that_leads_nowhere_is_left_again,
          a_method_outranks_any_and_get_answers_head,
          empty_segments_and_a_slash_at_the_end_do_not_count,
          an_encoded_slash_stays_in_its_parameter,
          paths_longer_than_any_pattern_go_to_the_rest_or_nowhere,
          patterns_made_to_go_astray_cost_no_more_than_their_segments,
          a_pattern_that_could_never_work_says_why)
