#include "projects/slug.h"

#include "base/arena.h"
#include "base/test.h"

#include <locale.h>

static const char *slug(const char *name)
{
    static char out[PROJECT_SLUG_MAX + 1];
    struct err e = {0};
    if (slug_make(name, out, &e) < 0)
        fail_msg("%s", e.text);
    return out;
}

TEST(names_become_slugs_as_documented)
{
    static const char *const table[][2] = {
        {"My API", "my-api"},
        {"  Hello__World  ", "hello-world"},
        {"foo.bar", "foobar"},
        {"C++ / C#", "c-c"},
        {"\u00dcber Caf\u00e9", "\u00fcber-caf\u00e9"},
        {"!!!", "project"},
        {"", "project"},
        {"---", "project"},
        {"a - _ - b", "a-b"},
        {"-a-", "a"},
        {"Stra\u00dfe 7", "stra\u00dfe-7"},
        {"\u041f\u0440\u0438\u0432\u0435\u0442", "\u043f\u0440\u0438\u0432\u0435\u0442"},
        {"\u6771\u4eac 2", "\u6771\u4eac-2"},
        {"\U00010400x", "\U00010428x"}, /* beyond the first plane */
        {"a\u00a0b", "a-b"},            /* a blank that does not break */
        {"a\u2003b", "a-b"},
        {"a\u202fb\u2007c", "a-b-c"},
        {"\U0001f600 ok", "ok"},
        {"a\tb\nc", "a-b-c"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        CHECK_STR(slug(table[i][0]), table[i][1]);
}

TEST(the_locale_of_the_process_does_not_matter)
{
    assert_non_null(setlocale(LC_ALL, "C"));
    CHECK_STR(slug("\u00dcber"), "\u00fcber");
}

TEST(a_long_slug_is_cut_between_characters)
{
    char name[PROJECT_NAME_MAX + 1];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    CHECK_INT(strlen(slug(name)), PROJECT_SLUG_MAX);
    for (size_t i = 0; i < 90; i += 3)
        memcpy(name + i, "\u6771", 3);
    name[90] = 0;
    CHECK_INT(strlen(slug(name)), 63); /* 21 characters of 3 bytes */
    memmove(name + 1, name, 91);
    name[0] = 'x';
    CHECK_INT(strlen(slug(name)), 61);
    CHECK(str_is_utf8(str_of(slug(name))));
    memset(name, 'a', 62);
    memcpy(name + 62, "-b", 3);
    CHECK_INT(strlen(slug(name)), 62); /* no '-' at the end */
}

TEST(a_slug_stands_in_a_url_percent_encoded)
{
    auto_arena struct arena *a = arena_new();
    CHECK_STR(slug_in_url(a, "\u00fcber-caf\u00e9"), "%C3%BCber-caf%C3%A9");
}

TEST_MAIN(names_become_slugs_as_documented, the_locale_of_the_process_does_not_matter,
          a_long_slug_is_cut_between_characters, a_slug_stands_in_a_url_percent_encoded)
