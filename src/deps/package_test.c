#include "deps/package.h"

#include "base/must.h"
#include "base/test.h"

static struct arena *a;

static const char *normal_of(const char *text)
{
    const char *normal = NULL;
    struct err e = {0};
    if (package_read_json(a, str_of(text), &normal, &e) < 0)
        fail_msg("%s", e.text);
    return normal;
}

static void refuse(const char *text, const char *what)
{
    const char *normal;
    struct err e = {0};
    if (package_read_json(a, str_of(text), &normal, &e) == 0 || !strstr(e.text, what))
        fail_msg("'%s': '%s' instead of '%s'", text, e.text, what);
}

TEST(only_what_decides_the_packages_is_kept_in_one_order)
{
    a = arena_new();
    CHECK_STR(normal_of("{\"name\":\"x\",\"scripts\":{\"preinstall\":\"rm -rf /\"},"
                        "\"overrides\":{\"c\":\"1\"},\"dependencies\":{\"b\":\"^1\",\"a\":\"2\"}}"),
              "{\"dependencies\":{\"a\":\"2\",\"b\":\"^1\"},\"overrides\":{\"c\":\"1\"}}");
    CHECK_STR(normal_of(""), "");
    CHECK_STR(normal_of("{\"dependencies\":{},\"private\":true}"), "");
    CHECK_STR(normal_of("{\"devDependencies\":{\"a\":\"1\"}}"), "");
    arena_free(a);
}

TEST(versions_tags_aliases_and_addresses_are_taken)
{
    static const char *const good[] = {"^1.2.3",
                                       "*",
                                       "",
                                       "latest",
                                       ">=1 <2 || 3.x",
                                       "npm:other@^1",
                                       "npm:@s/other@1",
                                       "https://example.com/x.tgz"};
    a = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(*normal_of(arena_printf(a, "{\"dependencies\":{\"@scope/x.y\":\"%s\"}}", good[i])));
    arena_free(a);
}

TEST(packages_from_elsewhere_and_workspaces_are_refused)
{
    static const char *const bad[][2] = {
        {"file:../x", "is a path"},
        {"link:x", "is a path"},
        {"./x", "is a path"},
        {"~/x", "is a path"},
        {"workspace:*", "is a path"},
        {"http://x/y.tgz", "https://"},
        {"git+https://x/y", "repository"},
        {"git@x:y.git", "repository"},
        {"owner/name", "repository"},
        {"github:owner/name", "repository"},
        {"npm:../x", "no name"},
    };
    a = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        refuse(arena_printf(a, "{\"dependencies\":{\"x\":\"%s\"}}", bad[i][0]), bad[i][1]);
    refuse("{\"optionalDependencies\":{\"x\":\"file:y\"}}", "optionalDependencies: 'x' is a path");
    refuse("{\"overrides\":{\"x\":{\"y\":\"file:z\"}}}", "overrides: 'y' is a path");
    refuse("{\"workspaces\":[\"a\"]}", "workspaces");
    refuse("{\"bundledDependencies\":[\"a\"]}", "bundledDependencies");
    refuse("{\"dependencies\":{\"../x\":\"1\"}}", "no name of a package");
    refuse("{\"dependencies\":{\"-x\":\"1\"}}", "no name of a package");
    refuse("{\"dependencies\":{\"x\":1}}", "version as a text");
    refuse("{\"dependencies\":[]}", "names and versions");
    refuse("[]", "is a JSON object");
    refuse("{", "line 1");
    refuse("{\"a\":1,\"a\":2}", "duplicate");
    arena_free(a);
}

#define NORMAL "{\"dependencies\":{\"x\":\"^1\"}}"

static void refuse_lock(const char *text, const char *what)
{
    const char *normal;
    struct err e = {0};
    if (package_read_lock(a, str_of(text), NORMAL, &normal, &e) == 0 || !strstr(e.text, what))
        fail_msg("'%s': '%s' instead of '%s'", text, e.text, what);
}

#define LOCK(version, root, more)                                                                  \
    "{\"lockfileVersion\":" version ",\"packages\":{\"\":" root more "}}"

TEST(a_lock_must_be_of_this_package_json_and_of_version_2_or_3)
{
    const char *normal = NULL;
    struct err e = {0};
    a = arena_new();
    CHECK(package_read_lock(a, STR(LOCK("3", NORMAL, "")), NORMAL, &normal, &e) == 0 && *normal);
    CHECK(package_read_lock(a, STR(""), NORMAL, &normal, &e) == 0 && !*normal);
    CHECK(package_read_lock(a, STR(LOCK("3", NORMAL, "")), "", &normal, &e) < 0);
    refuse_lock(LOCK("1", NORMAL, ""), "lockfileVersion is 1");
    refuse_lock("{\"lockfileVersion\":3}", "no member packages");
    refuse_lock(LOCK("3", "{}", ""), "'x' of package.json is missing");
    refuse_lock(LOCK("3", "{\"dependencies\":{\"x\":\"^2\"}}", ""), "'x' has another version");
    refuse_lock(LOCK("3", "{\"dependencies\":{\"x\":\"^1\",\"y\":\"1\"}}", ""), "'y' is not in");
    refuse_lock(LOCK("3", NORMAL, ",\"lib\":{}"), "outside of node_modules");
    refuse_lock(LOCK("3", NORMAL, ",\"node_modules/../x\":{}"), "outside of node_modules");
    refuse_lock(LOCK("3", NORMAL, ",\"node_modules/x\":{\"link\":true}"), "is a link");
    refuse_lock(LOCK("3", NORMAL, ",\"node_modules/x\":{\"resolved\":\"git+ssh://x\"}"),
                "repository");
    arena_free(a);
}

TEST_MAIN(only_what_decides_the_packages_is_kept_in_one_order,
          versions_tags_aliases_and_addresses_are_taken,
          packages_from_elsewhere_and_workspaces_are_refused,
          a_lock_must_be_of_this_package_json_and_of_version_2_or_3)
