#include "functions/pages.h"

#include "base/mem.h"
#include "base/test.h"

static const struct page *keep(struct pages *p, uint64_t generation, const char *key, size_t bytes)
{
    struct buf body = {0};
    for (size_t i = 0; i < bytes; i++)
        buf_add(&body, "x", 1);
    return pages_keep(p, generation, str_of(key), &body, "cursor");
}

static bool has(struct pages *p, const char *key)
{
    const struct page *page = pages_find(p, str_of(key));
    if (page)
        pages_give_back(page);
    return page;
}

TEST(a_page_is_found_by_its_key_until_something_changes)
{
    struct pages *p = pages_new();
    pages_give_back(keep(p, pages_generation(p), "a", 3));
    const struct page *page = pages_find(p, STR("a"));
    CHECK(page && str_is(page->body, "xxx"));
    CHECK_STR(page->next, "cursor");
    CHECK(!has(p, "b") && !has(p, ""));
    pages_outdate(p);
    CHECK(!has(p, "a"));
    CHECK(str_is(page->body, "xxx")); /* whoever borrowed it still sends it */
    pages_give_back(page);
    pages_free(p);
}

TEST(a_page_that_was_begun_before_a_change_is_not_kept)
{
    struct pages *p = pages_new();
    uint64_t before = pages_generation(p);
    pages_outdate(p);
    const struct page *page = keep(p, before, "a", 3);
    CHECK(str_is(page->body, "xxx"));
    CHECK(!has(p, "a"));
    pages_give_back(page);
    pages_give_back(keep(p, pages_generation(p), "a", 3));
    CHECK(has(p, "a"));
    pages_free(p);
}

TEST(the_longest_unused_page_makes_room)
{
    struct pages *p = pages_new();
    char key[16];
    for (int i = 0; i < PAGES_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        pages_give_back(keep(p, 0, key, 1));
    }
    CHECK(has(p, "0")); /* used: now the next one is the longest unused */
    pages_give_back(keep(p, 0, "one more", 1));
    CHECK(has(p, "0") && !has(p, "1") && has(p, "2") && has(p, "one more"));
    pages_free(p);
}

TEST(pages_are_bounded_in_bytes)
{
    struct pages *p = pages_new();
    char key[PAGE_KEY_MAX + 2];
    for (int i = 0; i <= PAGES_BYTES_MAX / PAGE_BYTES_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        pages_give_back(keep(p, 0, key, PAGE_BYTES_MAX));
    }
    CHECK(!has(p, "0") && has(p, "1"));
    pages_give_back(keep(p, 0, "large", PAGE_BYTES_MAX + 1));
    CHECK(!has(p, "large") && has(p, "1"));
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = 0;
    pages_give_back(keep(p, 0, key, 1));
    CHECK(!has(p, key));
    pages_give_back(keep(p, 0, "1", 1)); /* the same question again takes the place of the first */
    pages_give_back(keep(p, 0, "more", PAGE_BYTES_MAX - 1));
    CHECK(has(p, "1") && has(p, "2") && has(p, "more"));
    pages_free(p);
}

TEST_MAIN(a_page_is_found_by_its_key_until_something_changes,
          a_page_that_was_begun_before_a_change_is_not_kept, the_longest_unused_page_makes_room,
          pages_are_bounded_in_bytes)
