#include "auth/throttle.h"

#include "base/test.h"

static const uint64_t second = 1000 * 1000;

TEST(the_sixth_attempt_waits_and_each_further_one_twice_as_long)
{
    struct throttle *t = throttle_new();
    uint64_t key = throttle_key(t, "account", "ann", ""), now = 1000 * second;
    for (int i = 0; i < THROTTLE_FREE; i++)
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 0);
    uint64_t expected = 1;
    for (int i = 0; i < 20; i++) {
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), expected);
        now += expected * second;
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 0);
        expected = expected * 2 < THROTTLE_LONGEST_S ? expected * 2 : THROTTLE_LONGEST_S;
    }
    throttle_free(t);
}

TEST(a_wait_begins_when_the_attempt_has_ended)
{
    struct throttle *t = throttle_new();
    uint64_t key = throttle_key(t, "account", "ann", ""), now = 1000 * second;
    for (int i = 0; i < THROTTLE_FREE; i++) {
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 0);
        now += 3 * second; /* a hash on a busy machine */
        throttle_ended(t, key, THROTTLE_FREE, now);
    }
    CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 1);
    CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now + second), 0);
    throttle_ended(t, throttle_key(t, "account", "nobody", ""), THROTTLE_FREE, now);
    throttle_free(t);
}

TEST(a_key_that_rests_or_is_reset_begins_anew)
{
    struct throttle *t = throttle_new();
    uint64_t key = throttle_key(t, "account", "ann", ""), now = 1000 * second;
    for (int i = 0; i < THROTTLE_FREE; i++)
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 0);
    CHECK(throttle_take(t, key, THROTTLE_FREE, now) > 0);
    now += (THROTTLE_LONGEST_S + 2) * second;
    for (int i = 0; i < THROTTLE_FREE; i++)
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 0);
    CHECK(throttle_take(t, key, THROTTLE_FREE, now) > 0);
    throttle_reset(t, key);
    CHECK_INT(throttle_take(t, key, THROTTLE_FREE, now), 0);
    throttle_free(t);
}

TEST(an_attempt_that_is_given_back_does_not_count)
{
    struct throttle *t = throttle_new();
    uint64_t key = throttle_key(t, "account", "ann", "");
    throttle_give_back(t, key); /* of nobody: harmless */
    for (int i = 0; i < 50; i++) {
        CHECK_INT(throttle_take(t, key, THROTTLE_FREE, second), 0);
        throttle_give_back(t, key);
    }
    throttle_free(t);
}

TEST(keys_differ_by_kind_and_parts_and_ipv6_counts_by_network)
{
    struct throttle *t = throttle_new();
    CHECK(throttle_key(t, "a", "b", "c") != throttle_key(t, "ab", "", "c"));
    CHECK(throttle_key(t, "a", "b", "c") != throttle_key(t, "a", "bc", ""));
    CHECK(throttle_address(t, "x", "2001:db8::1") == throttle_address(t, "x", "2001:db8::ffff:2"));
    CHECK(throttle_address(t, "x", "2001:db8::1") != throttle_address(t, "x", "2001:db8:0:1::1"));
    CHECK(throttle_address(t, "x", "192.0.2.1") != throttle_address(t, "x", "192.0.2.2"));
    CHECK(throttle_address(t, "x", "::ffff:192.0.2.1") !=
          throttle_address(t, "x", "::ffff:192.0.2.2"));
    throttle_free(t);
}

TEST(any_number_of_keys_fits)
{
    struct throttle *t = throttle_new();
    char name[16];
    for (int i = 0; i < 3 * THROTTLE_KEYS; i++) {
        snprintf(name, sizeof name, "%d", i);
        CHECK_INT(throttle_take(t, throttle_key(t, "account", name, ""), THROTTLE_FREE,
                                second + (uint64_t)i),
                  0);
    }
    throttle_free(t);
}

TEST_MAIN(the_sixth_attempt_waits_and_each_further_one_twice_as_long,
          a_wait_begins_when_the_attempt_has_ended, a_key_that_rests_or_is_reset_begins_anew,
          an_attempt_that_is_given_back_does_not_count,
          keys_differ_by_kind_and_parts_and_ipv6_counts_by_network, any_number_of_keys_fits)
