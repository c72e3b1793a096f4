#include "functions/tree.h"

#include "base/must.h"
#include "base/test.h"

static struct tree_entry file_at(const char *path, size_t place)
{
    return (struct tree_entry){.file.path = str_of(path), .place = place};
}

TEST(a_path_that_cannot_be_a_file_is_told_why)
{
    static const struct {
        const char *path, *why;
    } wrong[] = {
        {"", "empty"},          {"/a", "absolute"},    {"a//b", "empty"}, {"a/", "empty"},
        {"./a", "'.' or '..'"}, {"a/../b", "'.' or"},  {"..", "'.' or"},  {"a\nb", "control"},
        {"a\x7f", "control"},   {"\xff", "not UTF-8"},
    };
    char longest[FILE_PATH_MAX + 2] = {0};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const char *flaw = tree_path_flaw(str_of(wrong[i].path));
        if (!flaw || !strstr(flaw, wrong[i].why))
            fail_msg("'%s': %s instead of %s", wrong[i].path, flaw ? flaw : "good", wrong[i].why);
    }
    memset(longest, 'a', FILE_NAME_MAX + 1);
    CHECK(strstr(tree_path_flaw(str_of(longest)), "255 bytes"));
    for (size_t i = 0; i < FILE_PATH_MAX + 1; i++)
        longest[i] = i % 2 ? '/' : 'a';
    CHECK(strstr(tree_path_flaw(str_of(longest)), "1024 bytes"));
    CHECK(!tree_path_flaw(STR("a/.b/..c/d e/\xc3\xa4.py")));
}

TEST(files_are_sorted_and_found)
{
    struct tree_entry entries[] = {file_at("b", 0), file_at("a.c", 1), file_at("a/c", 2),
                                   file_at("a-b", 3)};
    const char *why = NULL;
    assert_null(tree_sort(entries, 4, &why));
    CHECK(entries[0].place == 2 && entries[1].place == 3 && entries[2].place == 1);
    const struct tree_entry *found = tree_find(entries, 4, STR("b"));
    CHECK(found && found->place == 0);
    CHECK(!tree_find(entries, 4, STR("a")) && !tree_find(NULL, 0, STR("a")));
}

TEST(a_path_named_twice_is_the_later_one_and_a_file_is_no_directory)
{
    struct tree_entry twice[] = {file_at("a", 0), file_at("b", 1), file_at("a", 2)};
    struct tree_entry inside[] = {file_at("a/b/c", 0), file_at("a.b", 1), file_at("a/b", 2)};
    const char *why = NULL;
    const struct tree_entry *wrong = tree_sort(twice, 3, &why);
    CHECK(wrong && wrong->place == 2 && strstr(why, "twice"));
    wrong = tree_sort(inside, 3, &why);
    CHECK(wrong && wrong->place == 2 && strstr(why, "both a file and a directory"));
}

TEST_MAIN(a_path_that_cannot_be_a_file_is_told_why, files_are_sorted_and_found,
          a_path_named_twice_is_the_later_one_and_a_file_is_no_directory)
