/* test — cmocka in the shape that reads as sentences.
 *
 *   TEST(one_slot_serves_one_call_at_a_time) { CHECK(1 + 1 == 2); }
 *   TEST_MAIN(one_slot_serves_one_call_at_a_time)
 *
 * SKIP("what right or feature is missing") leaves the test as skipped and says why. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name)      static void name(void **state_ __attribute__((unused)))
#define CHECK(x)        assert_true(x)
#define CHECK_STR(a, b) assert_string_equal(a, b)
#define CHECK_INT(a, b) assert_int_equal(a, b)
#define SKIP(why)                                                                                  \
    do {                                                                                           \
        print_message("skipped: %s\n", why);                                                       \
        skip();                                                                                    \
    } while (0)

#define TEST_ROW_(name) cmocka_unit_test(name),
#define TEST_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {TEST_EACH_(TEST_ROW_, __VA_ARGS__)};                    \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

/* Applies `m` to each argument (up to 256): recursive expansion by rescanning. */
#define TEST_PARENS_           ()
#define TEST_EXPAND_(...)      TEST_EXPAND4_(TEST_EXPAND4_(TEST_EXPAND4_(TEST_EXPAND4_(__VA_ARGS__))))
#define TEST_EXPAND4_(...)     TEST_EXPAND3_(TEST_EXPAND3_(TEST_EXPAND3_(TEST_EXPAND3_(__VA_ARGS__))))
#define TEST_EXPAND3_(...)     TEST_EXPAND2_(TEST_EXPAND2_(TEST_EXPAND2_(TEST_EXPAND2_(__VA_ARGS__))))
#define TEST_EXPAND2_(...)     __VA_ARGS__
#define TEST_EACH_(m, ...)     __VA_OPT__(TEST_EXPAND_(TEST_AGAIN_(m, __VA_ARGS__)))
#define TEST_AGAIN_(m, a, ...) m(a) __VA_OPT__(TEST_AGAIN2_ TEST_PARENS_(m, __VA_ARGS__))
#define TEST_AGAIN2_()         TEST_AGAIN_
