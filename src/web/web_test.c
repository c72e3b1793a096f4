#include "base/test.h"

#include "web/accept.h"
#include "web/assets.h"

#include <string.h>

TEST(a_tag_is_found_in_any_list_strong_or_weak)
{
    static const char tag[] = "W/\"ab\"";
    CHECK(accept_has_tag("\"ab\"", tag));
    CHECK(accept_has_tag("W/\"ab\"", tag));
    CHECK(accept_has_tag("\"x\", W/\"ab\"", tag));
    CHECK(accept_has_tag("*", tag));
    CHECK(!accept_has_tag(NULL, tag));
    CHECK(!accept_has_tag("", tag));
    CHECK(!accept_has_tag("ab", tag));
    CHECK(!accept_has_tag("\"a\", \"b\"", tag));
    CHECK(!accept_has_tag("W/", tag));
}

TEST(a_type_is_found_in_what_a_client_takes)
{
    static const char *const yes[] = {"text/html", "Text/HTML;q=0.9", "a/b , text/html ; level=1",
                                      "text/html,application/xhtml+xml,*/*;q=0.8"};
    static const char *const no[] = {NULL, "", "*/*", "text/*", "text/htmlx", "text/plain", ",;,"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK(accept_has_type(yes[i], "text/html"));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(!accept_has_type(no[i], "text/html"));
}

TEST(every_file_inside_the_program_is_found_by_its_path)
{
    CHECK(assets_count > 5);
    for (size_t i = 0; i < assets_count; i++) {
        const struct asset *a = &assets_table[i];
        CHECK(assets_find(a->path) == a);
        CHECK(a->gzip.n > 18 && memcmp(a->gzip.p, "\x1f\x8b", 2) == 0);
    }
    CHECK(!assets_find(""));
    CHECK(!assets_find("/docs"));
    CHECK(!assets_find("/docs/index.html/"));
}

TEST_MAIN(a_tag_is_found_in_any_list_strong_or_weak, a_type_is_found_in_what_a_client_takes,
          every_file_inside_the_program_is_found_by_its_path)
