#include "base/json.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

#include <string.h>
#include <time.h>

static bool ok(const char *text)
{
    struct err e = {0};
    return json_check(str_of(text), &e) == 0;
}

TEST(every_kind_of_value_is_accepted)
{
    CHECK(ok("{}") && ok(" [ ] ") && ok("\"\"") && ok("0") && ok("-1.5e+10") && ok("true"));
    CHECK(ok("{\"a\":[1,2,{\"b\":null}],\"c\":\"\\u00e9\\n\"}"));
    CHECK(ok("123456789012345678901234567890")); /* no width is imposed on numbers */
}

TEST(what_is_not_json_is_refused)
{
    const char *bad[] = {"",          "{",       "[1,]",     "{\"a\"}", "{\"a\":}", "{,}",
                         "01",        "1.",      "+1",       "nul",     "NaN",      "'a'",
                         "\"\n\"",    "\"\\x\"", "[1] 2",    "\"",      "\xff",     "{a:1}",
                         "\"\\u12\"", "1e",      "Infinity", "[1 2]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!ok(bad[i]));
}

TEST(nesting_is_bounded)
{
    auto_buf struct buf deep = {0};
    for (int i = 0; i < 600; i++)
        buf_addz(&deep, "[");
    CHECK(!ok(deep.data));
}

/* A function in Python would fail before its first line. */
TEST(numbers_are_bounded_in_length_not_in_value)
{
    auto_buf struct buf text = {0};
    buf_addz(&text, "[-");
    for (int i = 0; i < JSON_NUMBER_MAX; i++)
        buf_addz(&text, "7");
    CHECK(!ok(text.data));
    buf_addz(&text, "]");
    CHECK(ok(text.data));
    text.data[text.len - 1] = '7';
    buf_addz(&text, "]");
    CHECK(!ok(text.data) && ok("1e999999"));
}

TEST(a_member_is_found_as_it_was_written)
{
    struct err e = {0};
    struct str v;
    CHECK(json_member(STR("{\"x\":1, \"input\" : {\"n\": 1.10} ,\"y\":[]}"), "input", &v, &e) == 0);
    CHECK(str_is(v, "{\"n\": 1.10}"));
    CHECK(json_member(STR("{\"x\":{\"input\":1}}"), "input", &v, &e) == 0 && !v.p);
    CHECK(json_member(STR("{\"input\":1,\"input\":2}"), "input", &v, &e) < 0);
    CHECK(json_member(STR("[]"), "input", &v, &e) < 0);
}

TEST(any_bytes_become_a_valid_string)
{
    auto_buf struct buf out = {0};
    json_add_string(&out, STR("a\"b\\\n\x01\xc3\xbc\xff\x7f"));
    CHECK_STR(out.data, "\"a\\\"b\\\\\\n\\u0001\xc3\xbc\xef\xbf\xbd\x7f\"");
    CHECK(ok(out.data));
    buf_clear(&out);
    json_add_string(&out, STR("\x1f\xc3\xbc\"\xf0\x9f\x98\x80\x7f\r"));
    CHECK_STR(out.data, "\"\\u001f\xc3\xbc\\\"\xf0\x9f\x98\x80\x7f\\r\"");
}

static clock_t time_of(char c, size_t n)
{
    auto_ptr char *text = mem_alloc(n);
    auto_buf struct buf out = {0};
    memset(text, c, n);
    clock_t before = clock();
    json_add_string(&out, (struct str){text, n});
    return clock() - before;
}

/* A stranger's body comes by on the loop thread, where everybody waits meanwhile. With a printf for
 * each character it is fourteen times that of plain text. */
TEST(what_must_be_escaped_costs_hardly_more_than_the_room_it_takes)
{
    enum { BYTES = 1 << 20, ESCAPED = 6 };
    CHECK(time_of(1, BYTES) < 6 * time_of('a', ESCAPED * BYTES));
}

static void check_walk(struct str value, const char *expected)
{
    auto_buf struct buf seen = {0};
    struct json_walk walk;
    struct str name, item;
    if (!json_walk_open(value, &walk))
        buf_addz(&seen, "no");
    else
        while (json_walk_next(&walk, &name, &item))
            buf_addf(&seen, STR_FMT "=" STR_FMT ";", STR_ARG(name), STR_ARG(item));
    CHECK_STR(seen.len ? seen.data : "", expected);
}

TEST(objects_and_lists_are_walked_item_by_item)
{
    check_walk(STR(" { \"a\" : [1,{\"x\":2}] ,\"\\u0062\":\"}\",\"\":null}\n"),
               "a=[1,{\"x\":2}];\\u0062=\"}\";=null;");
    check_walk(STR("[ 1 , \"a,b\",[] ]"), "=1;=\"a,b\";=[];");
    check_walk(STR("{ }"), "");
    check_walk(STR("[]"), "");
    check_walk(STR("\"[]\""), "no");
    check_walk(STR("12"), "no");
}

TEST(a_string_is_decoded_to_the_bytes_it_stands_for)
{
    auto_buf struct buf out = {0};
    json_add_decoded(&out,
                     STR("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\""));
    CHECK(str_is(buf_str(&out), "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    buf_clear(&out);
    json_add_decoded(&out, STR("\"\\ud83dx\\ude00\\ud83d\\u0041\\u0000\""));
    CHECK_INT(out.len, 3 + 1 + 3 + 3 + 1 + 1);
    CHECK(str_is_utf8(buf_str(&out)) && out.data[out.len - 1] == 0);
    buf_clear(&out);
    json_add_decoded(&out, STR("\"\""));
    CHECK_INT(out.len, 0);
}

TEST_MAIN(every_kind_of_value_is_accepted, what_is_not_json_is_refused, nesting_is_bounded,
          numbers_are_bounded_in_length_not_in_value, a_member_is_found_as_it_was_written,
          any_bytes_become_a_valid_string,
          what_must_be_escaped_costs_hardly_more_than_the_room_it_takes,
          objects_and_lists_are_walked_item_by_item, a_string_is_decoded_to_the_bytes_it_stands_for)
