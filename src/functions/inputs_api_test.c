#include "functions/testdata/world.h"

/* PUT of `input` as the function's saved input `name`. */
static int save(struct world *w, const char *who, const char *path, const char *name,
                const char *input)
{
    auto_buf struct buf target = {0}, json = {0};
    buf_addf(&target, "%s/inputs/%s", path, name);
    buf_addf(&json, "{\"input\":%s}", input);
    return ask_as(w, who, HTTP_PUT, target.data, json.data);
}

static int inputs(struct world *w, const char *who, const char *path)
{
    auto_buf struct buf target = {0};
    buf_addf(&target, "%s/inputs", path);
    return ask_as(w, who, HTTP_GET, target.data, NULL);
}

static int drop(struct world *w, const char *who, const char *path, const char *name)
{
    auto_buf struct buf target = {0};
    buf_addf(&target, "%s/inputs/%s", path, name);
    return ask_as(w, who, HTTP_DELETE, target.data, NULL);
}

static const char *name_at(const struct world *w, size_t i)
{
    return json_string_value(json_object_get(json_array_get(w->body, i), "name"));
}

TEST(saved_inputs_are_listed_by_name_and_saving_again_replaces)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "f", path);
    unsigned noted = w.noted;
    CHECK(inputs(&w, OWNER_ACCOUNT, path) == 200 && json_array_size(w.body) == 0);
    CHECK(save(&w, OWNER_ACCOUNT, path, "b", "1") == 200);
    CHECK(save(&w, OWNER_ACCOUNT, path, "a long name_1.x", "null") == 200);
    CHECK(save(&w, OWNER_ACCOUNT, path, "B", "[2]") == 200);
    CHECK(save(&w, OWNER_ACCOUNT, path, "b", "{\"n\": 3}") == 200);
    CHECK_STR(text(&w, "name"), "b");
    CHECK(strlen(text(&w, "updated_at")) == 27);
    CHECK(inputs(&w, OWNER_ACCOUNT, path) == 200 && json_array_size(w.body) == 3);
    CHECK_STR(name_at(&w, 0), "B");
    CHECK_STR(name_at(&w, 1), "a long name_1.x");
    CHECK_STR(name_at(&w, 2), "b");
    json_t *input = json_object_get(json_array_get(w.body, 2), "input");
    CHECK(json_integer_value(json_object_get(input, "n")) == 3);
    CHECK(json_is_null(json_object_get(json_array_get(w.body, 1), "input")));
    CHECK(drop(&w, OWNER_ACCOUNT, path, "B") == 200);
    CHECK(drop(&w, OWNER_ACCOUNT, path, "B") == 404);
    CHECK_STR(w.e.text, "Input not found");
    CHECK(inputs(&w, OWNER_ACCOUNT, path) == 200 && json_array_size(w.body) == 2);
    CHECK(w.noted == noted); /* nothing that is in memory has changed */
}

TEST(an_input_that_does_not_fit_is_refused_with_its_place)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], target[128], longest[80];
    create(&w, "f", path);
    memset(longest, 'n', sizeof longest);
    longest[65] = 0;
    const char *const names[] = {"-x", " x", "a:b", "caf\xc3\xa9", longest};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK(save(&w, OWNER_ACCOUNT, path, names[i], "1") == 422);
        CHECK(strstr(w.e.text, "path.name: Value error, a name has 1 to 64"));
    }
    longest[64] = 0;
    CHECK(save(&w, OWNER_ACCOUNT, path, longest, "1") == 200);
    snprintf(target, sizeof target, "%s/inputs/x", path);
    refuse(&w, HTTP_PUT, target, "{}", "body.input: Field required");
    refuse(&w, HTTP_PUT, target, "", "body: Field required");
    refuse(&w, HTTP_PUT, target, "{\"input\":}", "body: JSON decode error");
    refuse(&w, HTTP_PUT, target, "[1]", "body: Input should be a valid dictionary");
    refuse(&w, HTTP_PUT, target, "{\"input\":1,\"input\":2}", "stands there twice");
    CHECK(send(&w, OWNER_ACCOUNT, HTTP_PUT, target, "text/plain", STR("{\"input\":1}")) == 422);
    CHECK(inputs(&w, OWNER_ACCOUNT, path) == 200 && json_array_size(w.body) == 1);
}

TEST(an_input_has_at_most_64_kb_of_json)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "f", path);
    auto_buf struct buf json = {0};
    buf_addz(&json, "\"");
    for (size_t i = 0; i < INPUT_BYTES_MAX - 2; i++)
        buf_add(&json, "x", 1);
    buf_addz(&json, "\"");
    CHECK(save(&w, OWNER_ACCOUNT, path, "largest", json.data) == 200);
    json.data[json.len - 1] = 'x';
    buf_addz(&json, "\"");
    CHECK(save(&w, OWNER_ACCOUNT, path, "larger", json.data) == 422);
    CHECK(strstr(w.e.text, "at most 65536 bytes of JSON, not 65537"));
}

TEST(a_function_has_at_most_fifty_inputs_and_they_may_still_change)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], other[96], name[16];
    create(&w, "f", path);
    create(&w, "g", other);
    for (int i = 0; i < INPUTS_MAX; i++) {
        snprintf(name, sizeof name, "n%d", i);
        CHECK(save(&w, OWNER_ACCOUNT, path, name, "1") == 200);
    }
    CHECK(save(&w, OWNER_ACCOUNT, path, "one more", "1") == 409);
    CHECK_STR(w.e.text, "A function has at most 50 saved inputs: remove one first");
    CHECK(save(&w, OWNER_ACCOUNT, path, "n49", "2") == 200);
    CHECK(save(&w, OWNER_ACCOUNT, other, "one more", "1") == 200);
    CHECK(drop(&w, OWNER_ACCOUNT, path, "n0") == 200);
    CHECK(save(&w, OWNER_ACCOUNT, path, "one more", "1") == 200);
    CHECK(inputs(&w, OWNER_ACCOUNT, path) == 200 && json_array_size(w.body) == INPUTS_MAX);
}

TEST(viewers_see_inputs_editors_change_them_and_strangers_find_nothing)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    make_project(&w, "p1", "shop");
    OK(&w, HTTP_POST, "/api/functions",
       "{\"name\":\"f\",\"code\":\"def handler(e): return 1\",\"project_id\":\"p1\"}");
    snprintf(path, sizeof path, "/api/functions/%s", text(&w, "id"));
    CHECK(save(&w, "owner", path, "a", "1") == 200); /* an editor */
    CHECK(inputs(&w, "bob", path) == 200 && json_array_size(w.body) == 1);
    CHECK(save(&w, "bob", path, "b", "1") == 403);
    CHECK(drop(&w, "bob", path, "a") == 403);
    CHECK(inputs(&w, "eve", path) == 404 && save(&w, "eve", path, "b", "1") == 404);
    CHECK(drop(&w, "ann", path, "a") == 200);
}

TEST(inputs_go_with_their_function)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "f", path);
    CHECK(save(&w, OWNER_ACCOUNT, path, "a", "1") == 200);
    OK(&w, HTTP_DELETE, path, NULL);
    auto_query struct query *q = NULL;
    CHECK(db_query(w.db, "SELECT 1 FROM function_inputs", DB_NO_ARGS, &q, &w.e) == 0);
    CHECK(query_next(q, &w.e) == 0);
}

TEST_MAIN(saved_inputs_are_listed_by_name_and_saving_again_replaces,
          an_input_that_does_not_fit_is_refused_with_its_place, an_input_has_at_most_64_kb_of_json,
          a_function_has_at_most_fifty_inputs_and_they_may_still_change,
          viewers_see_inputs_editors_change_them_and_strangers_find_nothing,
          inputs_go_with_their_function)
