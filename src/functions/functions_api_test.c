#include "functions/testdata/world.h"

#include "functions/functions_store.h"
#include "runtimes/runtimes.h"

TEST(a_created_function_has_every_field_and_its_defaults)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "hello", path);
    CHECK(strlen(text(&w, "id")) == 24);
    CHECK_STR(text(&w, "name"), "hello");
    CHECK_STR(text(&w, "description"), "");
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    CHECK_STR(text(&w, "runtime"), "python");
    CHECK_STR(text(&w, "status"), "active");
    CHECK_STR(text(&w, "reuse"), "always");
    CHECK(number(&w, "active_version") == 1);
    CHECK(number(&w, "concurrency") == 16 && number(&w, "queue") == 256);
    CHECK(json_is_false(json_object_get(w.body, "network_enabled")));
    CHECK(json_is_false(json_object_get(w.body, "public_logs")));
    json_t *limits = json_object_get(w.body, "limits");
    CHECK(json_real_value(json_object_get(limits, "cpu")) == 0.5);
    CHECK(json_integer_value(json_object_get(limits, "memory_mb")) == 128);
    CHECK(json_integer_value(json_object_get(limits, "timeout_ms")) == 30000);
    json_t *file = json_array_get(json_object_get(w.body, "files"), 0);
    CHECK_STR(json_string_value(json_object_get(file, "path")), "main.py");
    const char *created = text(&w, "created_at");
    CHECK(strlen(created) == 27 && created[26] == 'Z');
    CHECK_STR(created, text(&w, "updated_at"));
    CHECK(w.noted == 1);
    CHECK_STR(w.last_noted, text(&w, "id"));
}

TEST(a_function_is_found_by_id_and_by_name)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "My function_1.x", path);
    OK(&w, HTTP_GET, path, NULL);
    OK(&w, HTTP_GET, "/api/functions/My function_1.x", NULL);
    CHECK(ask(&w, HTTP_GET, "/api/functions/other", NULL) == 404);
    CHECK_STR(w.e.text, "Function not found");
}

TEST(what_does_not_fit_is_refused_with_its_place)
{
    auto_world struct world w;
    world_make(&w, "none here");
    static const struct {
        const char *member, *what;
    } wrong[] = {
        {"\"name\":null", "body.name: Input should be a valid string"},
        {"\"name\":\"\"", "1 to 64 letters"},
        {"\"name\":\"-x\"", "1 to 64 letters"},
        {"\"name\":\"a/b\"", "1 to 64 letters"},
        {"\"code\":null", "body.code: Input should be a valid string"},
        {"\"code\":7", "body.code: Input should be a valid string"},
        {"\"description\":null", "body.description"},
        {"\"runtime\":\"cobol\"", "python"},
        {"\"runtime\":null", "body.runtime"},
        {"\"handler\":\"a b\"", "body.handler"},
        {"\"handler\":\"\"", "body.handler"},
        {"\"limits\":[]", "body.limits: Input should be a valid dictionary"},
        {"\"limits\":{\"memory_mb\":15}",
         "body.limits.memory_mb: memory_mb should be from 16 to 16384"},
        {"\"limits\":{\"memory_mb\":64.5}", "valid integer"},
        {"\"limits\":{\"memory_mb\":\"64\"}", "valid integer"},
        {"\"limits\":{\"cpu\":0.01}", "body.limits.cpu: cpu should be from 0.05 to 64"},
        {"\"limits\":{\"cpu\":1e300}", "from 0.05 to 64"},
        {"\"limits\":{\"timeout_ms\":900001}", "from 1 to 900000"},
        {"\"limits\":{\"timeout_ms\":9223372036854775807}", "from 1 to 900000"},
        {"\"limits\":{\"pids\":-1}", "from 1 to 4096"},
        {"\"limits\":{\"tmp_mb\":null}", "valid integer"},
        {"\"concurrency\":0", "from 1 to 1000"},
        {"\"queue\":10001", "from 0 to 10000"},
        {"\"reuse\":\"maybe\"", "'always' or 'never'"},
        {"\"status\":\"paused\"", "'active' or 'inactive'"},
        {"\"public_logs\":1", "valid boolean"},
        {"\"network_enabled\":true", "this server gives functions no network: none here"},
        {"\"runtime\":\"nodejs\",\"limits\":{\"memory_mb\":32}", "at least 64 MB"},
        {"\"environment\":[]", "valid dictionary"},
        {"\"environment\":{\"1A\":\"x\"}", "not beginning with a digit"},
        {"\"environment\":{\"A-B\":\"x\"}", "letters, digits and '_'"},
        {"\"environment\":{\"A\":1}", "Value of 'A'"},
        {"\"environment\":{\"A\":null}", "Value of 'A'"},
        {"\"environment\":{\"A\":\"****\"}", "masked"},
        {"\"environment\":{\"LD_PRELOAD\":\"x\"}", "reserved"},
        {"\"environment\":{\"VIRGA_X\":\"x\"}", "reserved"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        auto_buf struct buf json = {0};
        bool named = strncmp(wrong[i].member, "\"name\"", 6) == 0;
        bool coded = strncmp(wrong[i].member, "\"code\"", 6) == 0;
        buf_addf(&json, "{%s%s%s}", named ? "" : "\"name\":\"x\",", coded ? "" : "\"code\":\"y\",",
                 wrong[i].member);
        refuse(&w, HTTP_POST, "/api/functions", json.data, wrong[i].what);
    }
    refuse(&w, HTTP_POST, "/api/functions", "{\"code\":\"x\"}", "body.name: Field required");
    refuse(&w, HTTP_POST, "/api/functions", "{\"name\":\"x\"}", "body.code: Field required");
    OK(&w, HTTP_GET, "/api/functions", NULL);
    CHECK(json_array_size(w.body) == 0 && w.noted == 0);
}

TEST(code_with_a_nul_and_a_huge_environment_are_refused)
{
    auto_world struct world w;
    world_make(&w, "none here");
    CHECK(ask(&w, HTTP_POST, "/api/functions", "{\"name\":\"x\",\"code\":\"a\\u0000b\"}") == 422);
    auto_buf struct buf json = {0};
    buf_addz(&json, "{\"name\":\"x\",\"code\":\"\",\"environment\":{\"A\":\"");
    for (int i = 0; i < 65536; i++)
        buf_addz(&json, "a");
    buf_addz(&json, "\"}}");
    refuse(&w, HTTP_POST, "/api/functions", json.data, "64 KB");
}

TEST(a_name_serves_one_function)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char one[96], two[96];
    create(&w, "one", one);
    create(&w, "two", two);
    CHECK(ask(&w, HTTP_POST, "/api/functions", "{\"name\":\"one\",\"code\":\"\"}") == 409);
    CHECK_STR(w.e.text, "A function named 'one' exists already");
    CHECK(ask(&w, HTTP_PUT, two, "{\"name\":\"one\"}") == 409);
    CHECK(w.noted == 2); /* nobody was told of what was not stored */
    OK(&w, HTTP_PUT, one, "{\"name\":\"one\"}");
    OK(&w, HTTP_GET, "/api/functions", NULL);
    CHECK(json_array_size(w.body) == 2);
}

TEST(only_what_is_sent_changes_and_only_code_makes_a_version)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "fn", path);
    OK(&w, HTTP_PUT, path, "{\"description\":\"d\",\"limits\":{\"memory_mb\":256},\"unknown\":1}");
    CHECK(number(&w, "active_version") == 1);
    CHECK_STR(text(&w, "description"), "d");
    json_t *limits = json_object_get(w.body, "limits");
    CHECK(json_integer_value(json_object_get(limits, "memory_mb")) == 256);
    CHECK(json_integer_value(json_object_get(limits, "pids")) == 64);
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    OK(&w, HTTP_PUT, path, "{\"code\":\"def handler(e): return 1\"}"); /* even when unchanged */
    CHECK(number(&w, "active_version") == 2 && w.noted == 3);
    OK(&w, HTTP_PUT, path, "{\"status\":\"inactive\"}");
    CHECK_STR(text(&w, "status"), "inactive");
    CHECK(number(&w, "active_version") == 2);
    OK(&w, HTTP_PUT, path, "{\"handler\":\"main.other\"}"); /* other code runs: a version */
    CHECK(number(&w, "active_version") == 3);
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    unsigned told = w.noted;
    OK(&w, HTTP_PUT, path, "{}");
    CHECK(w.noted == told);
    CHECK(ask(&w, HTTP_PUT, "/api/functions/none", "{\"description\":\"x\"}") == 404);
}

TEST(rolling_back_moves_the_pointer_and_the_next_save_goes_on_counting)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], versions[128], one[160];
    create(&w, "fn", path);
    snprintf(versions, sizeof versions, "%s/versions", path);
    snprintf(one, sizeof one, "%s/1", versions);
    OK(&w, HTTP_PUT, path, "{\"code\":\"two\",\"handler\":\"main.two\"}");
    OK(&w, HTTP_PUT, one, NULL);
    CHECK(number(&w, "active_version") == 1 && w.noted == 3);
    CHECK_STR(text(&w, "code"), "def handler(e): return 1");
    CHECK_STR(text(&w, "handler"), "main.handler");
    OK(&w, HTTP_PUT, path, "{\"code\":\"three\"}");
    CHECK(number(&w, "active_version") == 3);
    OK(&w, HTTP_GET, versions, NULL);
    CHECK(json_array_size(w.body) == 3);
    json_t *newest = json_array_get(w.body, 0), *second = json_array_get(w.body, 1);
    CHECK(json_integer_value(json_object_get(newest, "version")) == 3);
    CHECK(json_is_true(json_object_get(newest, "active")));
    CHECK(json_is_false(json_object_get(second, "active")));
    CHECK_STR(json_string_value(json_object_get(second, "code")), "two");
    CHECK(json_integer_value(json_object_get(second, "size")) == 3);
    snprintf(one, sizeof one, "%s/9", versions);
    CHECK(ask(&w, HTTP_PUT, one, NULL) == 404);
    CHECK_STR(w.e.text, "Version not found");
    snprintf(one, sizeof one, "%s/x", versions);
    refuse(&w, HTTP_PUT, one, "", "path.version: Input should be a valid integer");
}

TEST(the_newest_hundred_versions_are_kept_and_the_active_one)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], versions[128];
    create(&w, "fn", path);
    for (int i = 2; i <= 105; i++)
        OK(&w, HTTP_PUT, path, "{\"code\":\"x\"}");
    snprintf(versions, sizeof versions, "%s/versions", path);
    OK(&w, HTTP_GET, versions, NULL);
    CHECK_INT(json_array_size(w.body), VERSIONS_KEPT);
    json_t *oldest = json_array_get(w.body, VERSIONS_KEPT - 1);
    CHECK(json_integer_value(json_object_get(oldest, "version")) == 6);
    snprintf(versions, sizeof versions, "%s/versions?limit=2&before=50", path);
    OK(&w, HTTP_GET, versions, NULL);
    CHECK(json_array_size(w.body) == 2);
    CHECK_STR(w.link, "<?limit=2&before=48>; rel=\"next\"");
}

TEST(values_of_the_environment_are_sealed_masked_and_kept)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "fn", path);
    OK(&w, HTTP_PUT, path, "{\"environment\":{\"KEY\":\"s3cr3t\",\"B\":\"b\"}}");
    json_t *environment = json_object_get(w.body, "environment");
    CHECK_STR(json_string_value(json_object_get(environment, "KEY")), "****");
    OK(&w, HTTP_PUT, path, "{\"environment\":{\"KEY\":\"****\",\"C\":\"c\"}}");
    struct function fn;
    struct function_spec spec;
    auto_arena struct arena *a = arena_new();
    CHECK(functions_find_id(w.db, a, text(&w, "id"), &fn, &w.e) == 0);
    CHECK(memmem(fn.environment.p, fn.environment.n, "s3cr3t", 6) == NULL);
    CHECK(function_to_spec(w.app.functions, a, &fn, NULL, &spec, &w.e) == 0);
    CHECK(strstr(spec.environment, "\"KEY\":\"s3cr3t\"") &&
          strstr(spec.environment, "\"C\":\"c\""));
    CHECK(!strstr(spec.environment, "\"B\""));
    OK(&w, HTTP_PUT, path, "{\"environment\":{}}");
    CHECK(json_object_size(json_object_get(w.body, "environment")) == 0);
}

TEST(the_engine_gets_limits_in_its_own_units)
{
    auto_world struct world w;
    world_make(&w, NULL);
    OK(&w, HTTP_POST, "/api/functions",
       "{\"name\":\"fn\",\"code\":\"\",\"reuse\":\"never\",\"network_enabled\":true,"
       "\"limits\":{\"cpu\":1.5,\"memory_mb\":64,\"output_kb\":2}}");
    struct function fn;
    struct function_spec spec;
    auto_arena struct arena *a = arena_new();
    CHECK(functions_find_id(w.db, a, text(&w, "id"), &fn, &w.e) == 0);
    CHECK(function_to_spec(w.app.functions, a, &fn, NULL, &spec, &w.e) == 0);
    CHECK_STR(spec.id, fn.id);
    CHECK_STR(spec.environment, "{\"FUNCTION_NAME\":\"fn\"}");
    CHECK_STR(spec.handler, spec.runtime->handler);
    CHECK(spec.limits.cpu_millis == 1500 && spec.limits.memory_bytes == 64 << 20);
    CHECK(spec.output_bytes == 2048 && spec.limits.network && spec.reuse == REUSE_NEVER);
    CHECK(spec.active && spec.version == 1 && spec.timeout_ms == 30000);
    struct code *code = NULL;
    CHECK(functions_load_code(w.db, fn.id, 1, &code, &w.e) == 0);
    CHECK(code->len == 8 + strlen(spec.runtime->entry_file));
    code_unref(code);
    CHECK(functions_load_code(w.db, fn.id, 2, &code, &w.e) < 0 && w.e.code == ERR_NOT_FOUND);
}

TEST(a_functions_own_environment_wins_over_the_projects_variables)
{
    auto_world struct world w;
    world_make(&w, "none here");
    OK(&w, HTTP_POST, "/api/functions",
       "{\"name\":\"fn\",\"code\":\"\",\"environment\":{\"A\":\"own\"}}");
    struct function fn;
    struct function_spec spec;
    auto_arena struct arena *a = arena_new();
    json_t *variables = json_pack("{s:s, s:s}", "A", "shared", "B", "shared");
    CHECK(functions_find_id(w.db, a, text(&w, "id"), &fn, &w.e) == 0);
    CHECK(function_to_spec(w.app.functions, a, &fn, variables, &spec, &w.e) == 0);
    CHECK_STR(spec.environment, "{\"A\":\"own\",\"B\":\"shared\",\"FUNCTION_NAME\":\"fn\"}");
    CHECK_STR(json_string_value(json_object_get(variables, "A")), "shared"); /* of all others too */
    json_decref(variables);
}

TEST(lists_are_newest_first_and_go_on_where_they_ended)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], target[160];
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        create(&w, names[i], path);
    OK(&w, HTTP_GET, "/api/functions?limit=2", NULL);
    CHECK(json_array_size(w.body) == 2 && w.link[0]);
    CHECK_STR(json_string_value(json_object_get(json_array_get(w.body, 0), "name")), "c");
    const char *last = json_string_value(json_object_get(json_array_get(w.body, 1), "id"));
    snprintf(target, sizeof target, "/api/functions?limit=2&before=%s", last);
    OK(&w, HTTP_GET, target, NULL);
    CHECK(json_array_size(w.body) == 1 && !w.link[0]);
    CHECK_STR(json_string_value(json_object_get(json_array_get(w.body, 0), "name")), "a");
    refuse(&w, HTTP_GET, "/api/functions?limit=0", "", "query.limit");
    refuse(&w, HTTP_GET, "/api/functions?limit=x", "", "query.limit");
}

static int count_functions(void *arg, const struct function *fn, struct err *e)
{
    (void)e;
    CHECK(fn->name[0] && fn->active_version == 1);
    ++*(int *)arg;
    return 0;
}

TEST(a_deleted_function_is_gone_with_its_versions)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "kept", path);
    create(&w, "fn", path);
    unsigned told = w.noted;
    OK(&w, HTTP_DELETE, path, NULL);
    CHECK_STR(text(&w, "detail"), "Function deleted");
    CHECK(w.noted == told + 1);
    CHECK(ask(&w, HTTP_GET, path, NULL) == 404);
    CHECK(ask(&w, HTTP_DELETE, path, NULL) == 404 && w.noted == told + 1);
    struct query *q = NULL;
    CHECK(db_query(w.db, "SELECT count(*) FROM function_versions", DB_NO_ARGS, &q, &w.e) == 0);
    CHECK(query_next(q, &w.e) == 1 && query_int(q, 0) == 1);
    query_done(q);
    int count = 0;
    CHECK(functions_each(w.db, count_functions, &count, &w.e) == 0 && count == 1);
}

TEST(what_cannot_be_written_down_is_not_done)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "fn", path);
    run(&w, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END");
    CHECK(ask(&w, HTTP_PUT, path, "{\"code\":\"def handler(event): pass\"}") != 200);
    CHECK(ask(&w, HTTP_DELETE, path, NULL) != 200);
    OK(&w, HTTP_GET, path, NULL);
    CHECK(number(&w, "active_version") == 1);
}

TEST_MAIN(a_created_function_has_every_field_and_its_defaults,
          a_function_is_found_by_id_and_by_name, what_does_not_fit_is_refused_with_its_place,
          code_with_a_nul_and_a_huge_environment_are_refused, a_name_serves_one_function,
          only_what_is_sent_changes_and_only_code_makes_a_version,
          rolling_back_moves_the_pointer_and_the_next_save_goes_on_counting,
          the_newest_hundred_versions_are_kept_and_the_active_one,
          values_of_the_environment_are_sealed_masked_and_kept,
          the_engine_gets_limits_in_its_own_units,
          a_functions_own_environment_wins_over_the_projects_variables,
          lists_are_newest_first_and_go_on_where_they_ended,
          a_deleted_function_is_gone_with_its_versions, what_cannot_be_written_down_is_not_done)
