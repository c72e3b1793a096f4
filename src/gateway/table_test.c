#include "gateway/table.h"

#include "app.h"
#include "base/clock.h"
#include "base/test.h"

static struct gateway *gateway_for_test(void)
{
    static struct app app = {.public_url = "https://virga.example:8443/"};
    return gateway_new(&(struct gateway_config){.app = &app});
}

static void set_project(struct gateway *g, const char *id, const char *slug, const char *domain)
{
    struct project_member members[] = {{"ann", ROLE_OWNER}, {"bob", ROLE_VIEWER}};
    const char *domains[] = {domain, NULL};
    struct gateway_route routes[] = {{.id = "r1", .function = "f1", .method = "ANY", .path = "/*r"},
                                     {.id = "r2", .function = "f2", .method = "GET", .path = "/x"},
                                     {.id = "r3", .function = "f3", .method = "GET", .path = "/x"}};
    struct project_view view = {.project = {.id = id, .slug = slug, .active = true},
                                .domains = domains,
                                .members = members,
                                .member_count = 2};
    gateway_set_project(g, &view, routes, 3);
}

static void set_function(struct gateway *g, const char *id, const char *account,
                         const char *project)
{
    gateway_set_function(
        g, &(struct function){.id = id, .account = account, .project = project, .active = true});
}

static const char *route(const struct gateway *g, const char *slug, const char *path)
{
    auto_arena struct arena *a = arena_new();
    struct trie_match match;
    const struct table_project *p = table_project_by_slug(g, str_of(slug));
    if (!p || !trie_find(p->trie, HTTP_GET, str_of(path), a, &match))
        return "";
    return ((const struct table_route *)match.value)->function;
}

TEST(projects_are_found_by_id_slug_and_domain)
{
    struct gateway *g = gateway_for_test();
    struct gateway_stats stats;
    set_project(g, "p1", "shop", "shop.example");
    CHECK(table_project_by_slug(g, STR("shop")) && !table_project_by_slug(g, STR("Shop")));
    CHECK(table_project_by_host(g, "shop.example:80") && table_project_by_host(g, "shop.example"));
    CHECK(table_project_by_host(g, "shop.example.") && table_project_by_host(g, "shop.example.:8"));
    CHECK(!table_project_by_host(g, "www.shop.example") && !table_project_by_host(g, ""));
    CHECK(!table_project_by_host(g, ".") && !table_project_by_host(g, "shop.example.."));
    CHECK_STR(route(g, "shop", "/x"), "f2"); /* the older one */
    set_project(g, "p1", "store", NULL);
    CHECK(!table_project_by_slug(g, STR("shop")) && !table_project_by_host(g, "shop.example"));
    set_project(g, "p2", "shop", "shop.example");
    gateway_stats(g, &stats);
    CHECK(stats.projects == 2 && stats.routes == 4);
    gateway_remove_project(g, "p1");
    CHECK(table_project_by_slug(g, STR("shop")) && !table_project(g, STR("p1")));
    gateway_free(g);
}

/* Renames of two projects may be heard of in either order. */
TEST(a_slug_that_changes_hands_leads_to_its_new_project)
{
    struct gateway *g = gateway_for_test();
    set_project(g, "p1", "shop", "shop.example");
    set_project(g, "p2", "shop", "shop.example");
    set_project(g, "p1", "old", NULL);
    CHECK_STR(table_project_by_slug(g, STR("shop"))->id, "p2");
    CHECK_STR(table_project_by_host(g, "shop.example")->id, "p2");
    gateway_free(g);
}

TEST(a_project_cannot_take_our_own_address)
{
    struct gateway *g = gateway_for_test();
    set_project(g, "p1", "shop", "virga.example");
    CHECK(!table_project_by_host(g, "virga.example:8443"));
    gateway_free(g);
}

TEST(a_function_that_goes_takes_its_routes_along)
{
    struct gateway *g = gateway_for_test();
    set_project(g, "p1", "shop", NULL);
    set_function(g, "f2", "ann", "p1");
    CHECK_STR(route(g, "shop", "/x"), "f2");
    gateway_remove_function(g, "f2");
    CHECK_STR(route(g, "shop", "/x"), "f3");
    set_function(g, "f2", "ann", "p1"); /* it could only not be read for a while */
    CHECK_STR(route(g, "shop", "/x"), "f2");
    gateway_free(g);
}

TEST(members_are_those_of_the_project_or_who_made_the_function)
{
    struct gateway *g = gateway_for_test();
    set_project(g, "p1", "shop", NULL);
    set_function(g, "f1", "eve", "p1");
    set_function(g, "f2", "eve", NULL);
    CHECK(table_is_member(g, table_function(g, "f1"), "bob"));
    CHECK(!table_is_member(g, table_function(g, "f1"), "eve"));
    CHECK(table_is_member(g, table_function(g, "f2"), "eve"));
    CHECK(!table_is_member(g, table_function(g, "f2"), "bob"));
    gateway_free(g);
}

static void add_name(void *arg, const char *name)
{
    strcat(strcat(arg, name), " ");
}

TEST(what_was_not_set_since_the_mark_is_swept)
{
    struct gateway *g = gateway_for_test();
    char gone[64] = "", of[64] = "";
    set_project(g, "p1", "one", NULL);
    set_project(g, "p2", "two", NULL);
    set_function(g, "f1", "ann", "p1");
    set_function(g, "f2", "ann", "p2");
    gateway_functions_of(g, "p2", add_name, of);
    CHECK_STR(of, "f2 ");
    gateway_mark(g);
    set_project(g, "p1", "one", NULL);
    set_function(g, "f1", "ann", "p1");
    gateway_sweep(g, add_name, gone);
    CHECK_STR(gone, "f2 ");
    CHECK(table_function(g, "f1") && !table_function(g, "f2") && !table_project(g, STR("p2")));
    gateway_free(g);
}

TEST(calls_count_for_the_projects_owner_and_never_come_back)
{
    struct gateway *g = gateway_for_test();
    char names[64] = "";
    set_project(g, "p1", "shop", NULL);
    set_function(g, "f1", "eve", "p1");
    CHECK(!table_payer(g, table_function(g, "f1")));
    gateway_accounts(g, add_name, names);
    CHECK_STR(names, "ann ");
    int64_t day = clock_wall_us() / 86400 / 1000000;
    gateway_set_quota(g, "ann", 10, 4, day);
    struct table_account *payer = table_payer(g, table_function(g, "f1"));
    CHECK(payer && payer->used == 4 && payer->calls_per_day == 10);
    payer->used = 7;
    gateway_set_quota(g, "ann", 10, 5, day); /* what the store does not hold yet */
    CHECK_INT(payer->used, 7);
    gateway_set_quota(g, "ann", 10, 9, day); /* other servers' calls */
    CHECK_INT(payer->used, 9);
    gateway_remove_function(g, "f1");
    names[0] = 0;
    gateway_accounts(g, add_name, names);
    CHECK_STR(names, "");
    set_function(g, "f1", "eve", "p1");
    CHECK_INT(table_payer(g, table_function(g, "f1"))->used, 9);
    payer->day--; /* midnight */
    CHECK_INT(table_payer(g, table_function(g, "f1"))->used, 0);
    gateway_set_quota(g, "ann", 0, 0, day);
    CHECK(!table_payer(g, table_function(g, "f1")));
    gateway_free(g);
}

TEST(calls_that_were_counted_before_midnight_are_none_of_the_day_that_begins)
{
    struct gateway *g = gateway_for_test();
    int64_t day = clock_wall_us() / 86400 / 1000000;
    set_function(g, "f1", "ann", NULL);
    gateway_set_quota(g, "ann", 10, 10, day - 1); /* counted then, told now */
    CHECK_INT(table_payer(g, table_function(g, "f1"))->used, 0);
    gateway_set_quota(g, "ann", 10, 3, day);
    CHECK_INT(table_payer(g, table_function(g, "f1"))->used, 3);
    gateway_free(g);
}

TEST_MAIN(projects_are_found_by_id_slug_and_domain,
          a_slug_that_changes_hands_leads_to_its_new_project, a_project_cannot_take_our_own_address,
          a_function_that_goes_takes_its_routes_along,
          members_are_those_of_the_project_or_who_made_the_function,
          what_was_not_set_since_the_mark_is_swept,
          calls_count_for_the_projects_owner_and_never_come_back,
          calls_that_were_counted_before_midnight_are_none_of_the_day_that_begins)
