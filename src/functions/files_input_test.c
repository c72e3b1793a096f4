#include "functions/testdata/world.h"

#include "base/must.h"
#include "functions/files.h"

static json_t *file_of(const struct world *w, size_t i)
{
    return json_array_get(json_object_get(w->body, "files"), i);
}

/* Shows the files of a version and compares one: its mode and text; NULL stands for null. */
static void expect(struct world *w, const char *path, int version, size_t i, const char *name,
                   const char *mode, const char *text)
{
    char target[160];
    snprintf(target, sizeof target, "%s/versions/%d/files", path, version);
    OK(w, HTTP_GET, target, NULL);
    json_t *f = file_of(w, i), *shown = json_object_get(f, "text");
    CHECK_STR(json_string_value(json_object_get(f, "path")), name);
    CHECK_STR(json_string_value(json_object_get(f, "mode")), mode);
    if (text)
        CHECK_STR(json_string_value(shown), text);
    else
        CHECK(json_is_null(shown));
}

/* main.py, lib/a.py and a binary that is executable; the path of the function in `path`. */
static void create_tree(struct world *w, char path[96])
{
    OK(w, HTTP_POST, "/api/functions",
       "{\"name\":\"f\",\"files\":[{\"path\":\"main.py\",\"text\":\"main\"},"
       "{\"path\":\"tool\",\"base64\":\"AP8=\",\"mode\":\"0755\"},"
       "{\"path\":\"lib/a.py\",\"text\":\"\"}]}");
    snprintf(path, 96, "/api/functions/%s", text(w, "id"));
}

TEST(a_function_is_made_of_files_and_shows_them)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create_tree(&w, path);
    CHECK_STR(text(&w, "code"), "main");
    CHECK(json_array_size(json_object_get(w.body, "files")) == 3);
    expect(&w, path, 1, 0, "lib/a.py", "0644", "");
    CHECK(number(&w, "version") == 1);
    CHECK_STR(text(&w, "function_id"), strrchr(path, '/') + 1);
    expect(&w, path, 1, 1, "main.py", "0644", "main");
    expect(&w, path, 1, 2, "tool", "0755", NULL);
    CHECK(json_integer_value(json_object_get(file_of(&w, 2), "size")) == 2);
}

TEST(a_change_replaces_all_files_and_keeps_what_is_only_named)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create_tree(&w, path);
    OK(&w, HTTP_PUT, path,
       "{\"files\":[{\"path\":\"tool\"},{\"path\":\"main.py\",\"mode\":\"0755\"},"
       "{\"path\":\"b.py\",\"text\":\"b\"}]}");
    CHECK(number(&w, "active_version") == 2);
    CHECK(json_array_size(json_object_get(w.body, "files")) == 3);
    expect(&w, path, 2, 0, "b.py", "0644", "b");
    expect(&w, path, 2, 1, "main.py", "0755", "main");
    expect(&w, path, 2, 2, "tool", "0755", NULL);
    CHECK(json_integer_value(json_object_get(file_of(&w, 2), "size")) == 2);
    /* New bytes alone leave the mode; what was in an older version only is not there. */
    OK(&w, HTTP_PUT, path, "{\"files\":[{\"path\":\"main.py\",\"text\":\"new\"}]}");
    expect(&w, path, 3, 0, "main.py", "0755", "new");
    refuse(&w, HTTP_PUT, path, "{\"files\":[{\"path\":\"main.py\"},{\"path\":\"tool\"}]}",
           "body.files.1.path: Value error, 'tool' has no bytes to keep");
    OK(&w, HTTP_PUT, path, "{\"files\":[{\"path\":\"main.py\"}]}"); /* the same again */
    CHECK(number(&w, "active_version") == 4);
    OK(&w, HTTP_PUT, path, "{\"files\":[{\"path\":\"bootstrap\",\"text\":\"x\"}]}");
    expect(&w, path, 5, 0, "bootstrap", "0755", "x");
}

TEST(files_that_do_not_fit_are_refused_with_their_place)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create_tree(&w, path);
    static const struct {
        const char *files, *what;
    } wrong[] = {
        {"null", "body.files: Input should be a valid list"},
        {"{}", "body.files: Input should be a valid list"},
        {"[]", "body.files: List should have at least 1 item"},
        {"[null]", "body.files.0: Input should be a valid dictionary"},
        {"[{}]", "body.files.0.path: Field required"},
        {"[{\"path\":7}]", "body.files.0.path: Input should be a valid string"},
        {"[{\"path\":\"\"}]", "body.files.0.path: String should have at least 1 byte"},
        {"[{\"path\":\"main.py\"},{\"path\":\"../x\",\"text\":\"\"}]",
         "body.files.1.path: Value error, '../x' has a '.' or '..' in its path"},
        {"[{\"path\":\"/x\",\"text\":\"\"}]", "absolute path"},
        {"[{\"path\":\"a\\nb\",\"text\":\"\"}]", "control character"},
        {"[{\"path\":\"virga.json\",\"text\":\"{}\"}]", "'virga.json' is no file of a version"},
        {"[{\"path\":\"x\",\"text\":null}]", "body.files.0.text: Input should be a valid string"},
        {"[{\"path\":\"x\",\"base64\":1}]", "body.files.0.base64: Input should be a valid string"},
        {"[{\"path\":\"x\",\"base64\":\"AP8\"}]", "body.files.0.base64: Value error, this is no"},
        {"[{\"path\":\"x\",\"base64\":\"A P8=\"}]", "no base64"},
        {"[{\"path\":\"x\",\"base64\":\"\",\"text\":\"\"}]", "either text or base64"},
        {"[{\"path\":\"x\",\"text\":\"\",\"mode\":\"0777\"}]",
         "body.files.0.mode: Input should be"},
        {"[{\"path\":\"x\",\"text\":\"\",\"mode\":null}]", "body.files.0.mode"},
        {"[{\"path\":\"x\",\"text\":\"\"},{\"path\":\"x\"}]",
         "body.files.1.path: Value error, 'x' stands there twice"},
        {"[{\"path\":\"x/y\",\"text\":\"\"},{\"path\":\"x\",\"text\":\"\"}]",
         "body.files.1.path: Value error, 'x' is both a file and a directory"},
        {"[{\"path\":\"x\"}]", "body.files.0.path: Value error, 'x' has no bytes to keep"},
        {"[{\"path\":\"x\",\"text\":\"\"}],\"code\":\"c\"", "body.files: Value error, send either"},
        {"[{\"path\":\"x\",\"text\":\"\"}],\"base_version\":0", "base_version should be from 1"},
        {"[{\"path\":\"x\",\"text\":\"\"}],\"base_version\":\"1\"", "valid integer"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        auto_buf struct buf json = {0};
        buf_addf(&json, "{\"files\":%s}", wrong[i].files);
        refuse(&w, HTTP_PUT, path, json.data, wrong[i].what);
    }
    refuse(&w, HTTP_POST, "/api/functions", "{\"name\":\"g\",\"files\":[{\"path\":\"main.py\"}]}",
           "body.files.0.path: Value error, 'main.py' has no bytes to keep");
    OK(&w, HTTP_GET, path, NULL);
    CHECK(number(&w, "active_version") == 1 && w.noted == 1);
}

TEST(files_have_a_bound_in_number_and_size)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create_tree(&w, path);
    auto_buf struct buf json = {0}, large = {0};
    for (int i = 0; i <= FILES_MAX; i++)
        buf_addf(&json, "%s{\"path\":\"f%d\",\"text\":\"\"}", i ? "," : "{\"files\":[", i);
    buf_addz(&json, "]}");
    refuse(&w, HTTP_PUT, path, json.data, "body.files: List should have at most 2000 items");
    buf_reserve(&large, 4 << 20);
    memset(large.data, 'x', 4 << 20);
    large.len = 4 << 20;
    buf_clear(&json);
    buf_addz(&json, "{\"files\":[{\"path\":\"main.py\",\"text\":\"");
    buf_add_str(&json, buf_str(&large));
    buf_addz(&json, "\"}]}");
    OK(&w, HTTP_PUT, path, json.data);
    /* A request of allowed size must not grow a version without end. */
    buf_clear(&json);
    buf_addz(&json, "{\"files\":[{\"path\":\"main.py\"},{\"path\":\"b\",\"text\":\"");
    buf_add_str(&json, buf_str(&large));
    buf_addz(&json, "\"}]}");
    refuse(&w, HTTP_PUT, path, json.data,
           "body.files: Value error, the files have more than 6291456");
}

TEST(large_texts_are_left_out_of_an_answer)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create_tree(&w, path);
    auto_buf struct buf json = {0}, mega = {0};
    buf_reserve(&mega, 1 << 20);
    memset(mega.data, 'x', 1 << 20);
    mega.len = 1 << 20;
    buf_addz(&json, "{\"files\":[{\"path\":\"f\",\"text\":\"y\"}");
    for (int i = 0; i < 5; i++) { /* a has one byte more than is shown; the rest are five MB */
        buf_addf(&json, ",{\"path\":\"%c\",\"text\":\"%s", "abcde"[i], i ? "" : "x");
        buf_add_str(&json, buf_str(&mega));
        buf_addz(&json, "\"}");
    }
    buf_addz(&json, "]}");
    OK(&w, HTTP_PUT, path, json.data);
    expect(&w, path, 2, 0, "a", "0644", NULL);
    CHECK(json_string_length(json_object_get(file_of(&w, 1), "text")) == 1 << 20);
    CHECK(json_string_length(json_object_get(file_of(&w, 4), "text")) == 1 << 20);
    CHECK(json_is_null(json_object_get(file_of(&w, 5), "text")));
}

TEST(a_change_based_on_another_version_is_refused)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create_tree(&w, path);
    OK(&w, HTTP_PUT, path, "{\"code\":\"two\",\"base_version\":1}");
    CHECK(number(&w, "active_version") == 2);
    static const char *const late[] = {
        "{\"files\":[{\"path\":\"main.py\"}],\"base_version\":1}",
        "{\"code\":\"x\",\"base_version\":1}",
        "{\"description\":\"x\",\"base_version\":1}",
        "{\"base_version\":1}",
    };
    for (size_t i = 0; i < ARRAY_LEN(late); i++) {
        CHECK(ask(&w, HTTP_PUT, path, late[i]) == 409);
        CHECK_STR(w.e.text, "Version 2 is active by now; this change is based on version 1");
    }
    OK(&w, HTTP_GET, path, NULL);
    CHECK_STR(text(&w, "description"), "");
    CHECK_STR(text(&w, "code"), "two");
    OK(&w, HTTP_PUT, path, "{\"code\":\"three\"}"); /* without it, the last one wins */
}

TEST(one_version_is_shown_as_in_the_list)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], target[160];
    create_tree(&w, path);
    OK(&w, HTTP_PUT, path, "{\"code\":\"two\"}");
    snprintf(target, sizeof target, "%s/versions", path);
    OK(&w, HTTP_GET, target, NULL);
    json_t *listed = json_incref(json_array_get(w.body, 1));
    snprintf(target, sizeof target, "%s/versions/1", path);
    OK(&w, HTTP_GET, target, NULL);
    CHECK(json_equal(w.body, listed) && json_is_false(json_object_get(w.body, "active")));
    json_decref(listed);
    static const char *const missing[] = {"3", "0", "99999999999", "3/files"};
    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        snprintf(target, sizeof target, "%s/versions/%s", path, missing[i]);
        CHECK(ask(&w, HTTP_GET, target, NULL) == 404);
        CHECK_STR(w.e.text, "Version not found");
    }
    snprintf(target, sizeof target, "%s/versions/x/files", path);
    refuse(&w, HTTP_GET, target, "", "path.version: Input should be a valid integer");
}

TEST_MAIN(a_function_is_made_of_files_and_shows_them,
          a_change_replaces_all_files_and_keeps_what_is_only_named,
          files_that_do_not_fit_are_refused_with_their_place, files_have_a_bound_in_number_and_size,
          large_texts_are_left_out_of_an_answer, a_change_based_on_another_version_is_refused,
          one_version_is_shown_as_in_the_list)
