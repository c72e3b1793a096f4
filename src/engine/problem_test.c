#include "engine/problem.h"

#include "base/buf.h"
#include "base/must.h"
#include "base/test.h"

static struct call_problem *read_text(const char *json)
{
    json_t *tree = json_loads(json, JSON_ALLOW_NUL, NULL);
    CHECK(tree);
    struct call_problem *p = problem_read(tree, NULL);
    json_decref(tree);
    return p;
}

TEST(a_place_is_taken_with_type_and_message)
{
    struct call_problem *p =
        read_text("{\"type\":\"SyntaxError\",\"message\":\"no\",\"traceback\":\"\","
                  "\"file\":\"lib/\xc3\xa9 b.py\",\"line\":10000000,\"column\":7}");
    CHECK(p && p->line == 10000000 && p->column == 7);
    CHECK_STR(p->file, "lib/\xc3\xa9 b.py");
    CHECK_STR(p->type, "SyntaxError");
    CHECK_STR(p->message, "no");
    problem_free(p);
}

TEST(a_column_may_be_unknown)
{
    const char *const unknown[] = {"{\"file\":\"a\",\"line\":1}",
                                   "{\"file\":\"a\",\"line\":1,\"column\":null}"};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        struct call_problem *p = read_text(unknown[i]);
        CHECK(p && p->column == 0);
        CHECK_STR(p->message, "");
        problem_free(p);
    }
}

TEST(a_place_that_cannot_be_is_none)
{
    static const char *const forged[] = {
        "{}",
        "{\"file\":\"a.py\"}",
        "{\"line\":1}",
        "{\"file\":1,\"line\":1}",
        "{\"file\":\"\",\"line\":1}",
        "{\"file\":\"/etc/passwd\",\"line\":1}",
        "{\"file\":\"../a\",\"line\":1}",
        "{\"file\":\"a/../b\",\"line\":1}",
        "{\"file\":\"a/./b\",\"line\":1}",
        "{\"file\":\"a//b\",\"line\":1}",
        "{\"file\":\"a/\",\"line\":1}",
        "{\"file\":\".\",\"line\":1}",
        "{\"file\":\"a\\u0000b\",\"line\":1}",
        "{\"file\":\"a\\nb\",\"line\":1}",
        "{\"file\":\"a\\u001b[2J\",\"line\":1}",
        "{\"file\":\"a\",\"line\":0}",
        "{\"file\":\"a\",\"line\":-1}",
        "{\"file\":\"a\",\"line\":10000001}",
        "{\"file\":\"a\",\"line\":1.5}",
        "{\"file\":\"a\",\"line\":\"1\"}",
        "{\"file\":\"a\",\"line\":true}",
        "{\"file\":\"a\",\"line\":1,\"column\":0}",
        "{\"file\":\"a\",\"line\":1,\"column\":10000001}",
        "{\"file\":\"a\",\"line\":1,\"column\":\"1\"}",
        "{\"file\":\"a\",\"line\":1,\"column\":[]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
        struct call_problem *p = read_text(forged[i]);
        if (p)
            fail_msg("taken: %s", forged[i]);
    }
}

static struct call_problem *read_long(size_t file, size_t type, size_t message)
{
    auto_buf struct buf json = {0};
    buf_addz(&json, "{\"line\":1,\"file\":\"");
    for (size_t i = 0; i < file; i++)
        buf_addz(&json, "f");
    buf_addz(&json, "\",\"type\":\"");
    for (size_t i = 0; i < type; i++)
        buf_addz(&json, "t");
    buf_addz(&json, "\",\"message\":\"m");
    for (size_t i = 0; i < message; i++)
        buf_addz(&json, "\xc3\xa9");
    buf_addz(&json, "\"}");
    return read_text(json.data);
}

TEST(long_texts_are_cut_between_characters_and_a_long_path_is_none)
{
    struct call_problem *p = read_long(PROBLEM_FILE_MAX, 5000, 5000);
    CHECK(p && strlen(p->file) == PROBLEM_FILE_MAX && strlen(p->type) == 256);
    CHECK_INT(strlen(p->message), 4095); /* an odd number: no half of a character */
    CHECK(str_is_utf8(str_of(p->message)));
    problem_free(p);
    CHECK(!read_long(PROBLEM_FILE_MAX + 1, 1, 1));
}

static bool named(const char *json, struct problem_missing *ret)
{
    const struct runtime *r;
    json_t *tree = json_loads(json, JSON_ALLOW_NUL, NULL);
    CHECK(tree && runtimes_find("python", &r, &(struct err){0}) == 0);
    bool found = problem_missing(tree, r, ret);
    json_decref(tree);
    return found;
}

TEST(a_missing_module_is_told_with_its_package)
{
    struct problem_missing m;
    CHECK(named("{\"module\":\"cv2\"}", &m));
    CHECK_STR(m.module, "cv2");
    json_t *tree = json_loads("{\"file\":\"a.py\",\"line\":1}", 0, NULL);
    struct call_problem *p = problem_read(tree, &m), *other = problem_read(tree, NULL);
    CHECK_STR(p->module, "cv2");
    CHECK_STR(p->package, "opencv-python-headless");
    CHECK(!other->module && !other->package);
    problem_free(p);
    problem_free(other);
    json_decref(tree);
}

TEST(a_module_that_no_package_can_have_is_none)
{
    struct problem_missing m;
    static const char *const forged[] = {"{}",
                                         "{\"module\":null}",
                                         "{\"module\":\"\"}",
                                         "{\"module\":\"../x\"}",
                                         "{\"module\":\"a\\u0000b\"}",
                                         "{\"module\":\"a\\u001b[2J\"}",
                                         "{\"module\":\"\u00e9\"}"};
    for (size_t i = 0; i < ARRAY_LEN(forged); i++)
        CHECK(!named(forged[i], &m));
    auto_buf struct buf json = {0};
    buf_addz(&json, "{\"module\":\"");
    for (int i = 0; i < 256; i++)
        buf_addz(&json, "a");
    buf_addz(&json, "\"}");
    CHECK(!named(json.data, &m));
}

TEST_MAIN(a_missing_module_is_told_with_its_package, a_module_that_no_package_can_have_is_none,
          a_place_is_taken_with_type_and_message, a_column_may_be_unknown,
          a_place_that_cannot_be_is_none,
          long_texts_are_cut_between_characters_and_a_long_path_is_none)
