#include "gateway/rates.h"

#include "base/test.h"

static const uint64_t second = 1000000;

TEST(a_bucket_fills_within_a_minute)
{
    uint64_t bucket = 0, now = 1000 * second;
    CHECK_INT(rates_look(bucket, 3, now).left, 3);
    for (int i = 0; i < 3; i++)
        rates_take(&bucket, 3, now);
    struct rate_view view = rates_look(bucket, 3, now);
    CHECK(view.left == 0 && view.wait_us == 20 * second && view.full_us == 60 * second);
    view = rates_look(bucket, 3, now + 20 * second);
    CHECK(view.left == 1 && view.wait_us == 0 && view.full_us == 40 * second);
    CHECK_INT(rates_look(bucket, 3, now + 60 * second).left, 3);
    CHECK_INT(rates_look(bucket, 3, now + 6000 * second).left, 3);
}

TEST(very_high_and_lowered_limits_are_kept)
{
    uint64_t bucket = 0, now = 1000 * second;
    rates_take(&bucket, 4000000000u, now);
    CHECK(rates_look(bucket, 4000000000u, now).left >= 3999999999u);
    bucket = 0;
    for (int i = 0; i < 100; i++)
        rates_take(&bucket, 100, now);
    struct rate_view view = rates_look(bucket, 1, now);
    CHECK(view.left == 0 && view.wait_us == 60 * second);
}

TEST(only_the_clients_seen_last_are_remembered)
{
    struct rates *r = rates_new(3);
    char name[16];
    uint64_t now = 1000 * second;
    rates_take(rates_client(r, "f", "a"), 5, now);
    CHECK_INT(rates_look(*rates_client(r, "f", "a"), 5, now).left, 4);
    CHECK_INT(rates_look(*rates_client(r, "g", "a"), 5, now).left, 5);
    for (int i = 0; i < 2; i++) { /* "a" stays, since it was used last */
        snprintf(name, sizeof name, "c%d", i);
        (void)rates_client(r, "f", name);
        (void)rates_client(r, "f", "a");
    }
    CHECK_INT(rates_look(*rates_client(r, "f", "a"), 5, now).left, 4);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "d%d", i);
        (void)rates_client(r, "f", name);
    }
    CHECK_INT(rates_clients(r), 3);
    CHECK_INT(rates_look(*rates_client(r, "f", "a"), 5, now).left, 5);
    rates_free(r);
}

TEST_MAIN(a_bucket_fills_within_a_minute, very_high_and_lowered_limits_are_kept,
          only_the_clients_seen_last_are_remembered)
