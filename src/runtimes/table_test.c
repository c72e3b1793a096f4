#include "base/test.h"
#include "runtimes/runtimes.h"

#include <stdbool.h>
#include <stdlib.h>

static const char *found(const char *name)
{
    struct err e = {0};
    const struct runtime *r = NULL;
    return runtimes_find(name, &r, &e) == 0 ? r->name : NULL;
}

TEST(a_runtime_is_found_by_name_and_by_alias)
{
    CHECK_STR(found("python"), "python");
    CHECK_STR(found("python3.11"), "python");
    CHECK_STR(found("nodejs"), "nodejs");
    CHECK_STR(found("node"), "nodejs");
    CHECK_STR(found("nodejs20.x"), "nodejs");
    CHECK_STR(found("provided.al2023"), "provided");
}

TEST(an_unknown_name_is_refused_with_the_known_ones)
{
    struct err e = {0};
    const struct runtime *r = NULL;
    CHECK(runtimes_find("ruby", &r, &e) < 0);
    CHECK_INT(e.code, ERR_INVALID);
    CHECK_STR(e.text, "runtime 'ruby' is not known; there are: python, nodejs, provided");
    CHECK(found("") == NULL);
    CHECK(found("Python") == NULL);
}

TEST(a_name_of_control_characters_stays_out_of_the_message)
{
    struct err e = {0};
    const struct runtime *r = NULL;
    char name[4096];
    memset(name, '\n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    CHECK(runtimes_find(name, &r, &e) < 0);
    CHECK(!strchr(e.text, '\n'));
    CHECK(strstr(e.text, "provided"));
}

TEST(every_row_is_complete_and_no_name_stands_for_two)
{
    for (const struct runtime *const *r = runtimes; *r; r++) {
        CHECK((*r)->entry_file && (*r)->handler && (*r)->aliases);
        CHECK(!(*r)->template_argv !=
              !(*r)->slot_argv); /* one way to start, see sandbox_template */
        CHECK(!(*r)->requires_path == !(*r)->package);
        CHECK_STR(found((*r)->name), (*r)->name);
        for (const char *const *alias = (*r)->aliases; *alias; alias++)
            CHECK_STR(found(*alias), (*r)->name);
    }
}

TEST_MAIN(a_runtime_is_found_by_name_and_by_alias, an_unknown_name_is_refused_with_the_known_ones,
          a_name_of_control_characters_stays_out_of_the_message,
          every_row_is_complete_and_no_name_stands_for_two)
