#include "auth/cache.h"

#include "app.h"
#include "base/test.h"

static const struct principal ann = {"a1", "ann", false, SCOPE_ALL, CREDENTIAL_KEY, "k1"};
static const struct principal bob = {"b1", "bob", true, SCOPE_INVOKE, CREDENTIAL_EXTERNAL, ""};

static bool has(struct cache *c, const char *text, uint64_t now_us)
{
    auto_arena struct arena *a = arena_new();
    const struct principal *p;
    return cache_find(c, str_of(text), now_us, a, &p);
}

static void put(struct cache *c, const char *text, const struct principal *p)
{
    cache_put(c, cache_generation(c), str_of(text), p, 100);
}

TEST(what_was_put_is_found_until_its_time_is_over)
{
    auto_arena struct arena *a = arena_new();
    struct cache *c = cache_new(10);
    const struct principal *p = NULL;
    put(c, "t1", &ann);
    CHECK(cache_find(c, STR("t1"), 99, a, &p));
    CHECK_STR(p->account, "a1");
    CHECK_STR(p->credential, "k1");
    CHECK(p->account != ann.account && !p->admin && p->scopes == SCOPE_ALL);
    CHECK(!has(c, "t2", 99) && !has(c, "t", 99));
    CHECK(!has(c, "t1", 100) && cache_count(c) == 0);
    cache_free(c);
}

TEST(accounts_credentials_and_all_are_forgotten)
{
    struct cache *c = cache_new(10);
    put(c, "t1", &ann);
    put(c, "t2", &ann);
    put(c, "t3", &bob);
    cache_forget(c, NOTE_CREDENTIAL, "");
    CHECK(cache_count(c) == 3);
    cache_forget(c, NOTE_CREDENTIAL, "k1");
    CHECK(!has(c, "t1", 1) && !has(c, "t2", 1) && has(c, "t3", 1));
    put(c, "t1", &ann);
    cache_forget(c, NOTE_ACCOUNT, "b1");
    CHECK(has(c, "t1", 1) && !has(c, "t3", 1));
    cache_forget(c, STORE_ALL, "");
    CHECK(cache_count(c) == 0);
    cache_free(c);
}

TEST(what_was_read_before_a_change_is_not_put_after_it)
{
    struct cache *c = cache_new(10);
    uint64_t generation = cache_generation(c);
    cache_forget(c, NOTE_ACCOUNT, "a1");
    cache_put(c, generation, STR("t1"), &ann, 100);
    CHECK(!has(c, "t1", 1));
    cache_free(c);
}

TEST(the_entry_that_was_not_used_for_longest_makes_room)
{
    struct cache *c = cache_new(2);
    put(c, "t1", &ann);
    put(c, "t2", &ann);
    CHECK(has(c, "t1", 1));
    put(c, "t3", &bob);
    CHECK(has(c, "t1", 1) && !has(c, "t2", 1) && has(c, "t3", 1));
    put(c, "t3", &ann); /* in its own place */
    CHECK(cache_count(c) == 2 && has(c, "t1", 1));
    cache_free(c);
}

TEST_MAIN(what_was_put_is_found_until_its_time_is_over, accounts_credentials_and_all_are_forgotten,
          what_was_read_before_a_change_is_not_put_after_it,
          the_entry_that_was_not_used_for_longest_makes_room)
