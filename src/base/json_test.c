#include "base/json.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

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
}

TEST_MAIN(every_kind_of_value_is_accepted, what_is_not_json_is_refused, nesting_is_bounded,
          a_member_is_found_as_it_was_written, any_bytes_become_a_valid_string)
