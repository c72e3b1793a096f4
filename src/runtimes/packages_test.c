#include "base/test.h"
#include "runtimes/runtimes.h"

#include <string.h>

extern const struct runtime runtime_python, runtime_node, runtime_provided;

static const char *package(const struct runtime *r, const char *module)
{
    static char name[RUNTIMES_PACKAGE_MAX + 1];
    return runtimes_package(r, module, name) ? name : "-";
}

TEST(a_python_module_names_its_package)
{
    CHECK_STR(package(&runtime_python, "cv2"), "opencv-python-headless");
    CHECK_STR(package(&runtime_python, "yaml"), "PyYAML");
    CHECK_STR(package(&runtime_python, "requests"), "requests");
    CHECK_STR(package(&runtime_python, "sklearn.linear_model"), "scikit-learn");
    CHECK_STR(package(&runtime_python, "numpy.linalg.x"), "numpy");
    CHECK_STR(package(&runtime_python, "google.protobuf"), "protobuf");
    CHECK_STR(package(&runtime_python, "google.protobuf.message"), "protobuf");
    CHECK_STR(package(&runtime_python, "google.cloud"), "google");
}

TEST(what_is_no_python_module_names_none)
{
    static const char *const no[] = {"", ".", ".sibling", "a b", "a;b", "../x", "1st", "-r", "a\n"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK_STR(package(&runtime_python, no[i]), "-");
    char longest[RUNTIMES_PACKAGE_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    CHECK_STR(package(&runtime_python, longest), "-");
    longest[sizeof longest - 2] = 0;
    CHECK_STR(package(&runtime_python, longest), longest);
}

TEST(a_node_module_names_its_package)
{
    CHECK_STR(package(&runtime_node, "lodash"), "lodash");
    CHECK_STR(package(&runtime_node, "lodash/fp"), "lodash");
    CHECK_STR(package(&runtime_node, "socket.io"), "socket.io");
    CHECK_STR(package(&runtime_node, "@scope/name"), "@scope/name");
    CHECK_STR(package(&runtime_node, "@scope/name/sub/x"), "@scope/name");
}

TEST(what_comes_with_node_or_is_a_file_names_none)
{
    static const char *const no[] = {"fs",   "fs/promises", "node:fs", "node:test", "./x",
                                     "../x", "/etc/passwd", "",        "@scope",    "@scope/",
                                     "-g",   "@",           "@/x",     "@s/../x",   "#x",
                                     "a b",  "git+ssh://x", "-g\n",    "@s/.x"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK_STR(package(&runtime_node, no[i]), "-");
}

TEST(other_runtimes_have_no_packages)
{
    CHECK_STR(package(&runtime_provided, "cv2"), "-");
}

TEST_MAIN(a_python_module_names_its_package, what_is_no_python_module_names_none,
          a_node_module_names_its_package, what_comes_with_node_or_is_a_file_names_none,
          other_runtimes_have_no_packages)
