/* What the store holds of functions: migrations, saves at the same time, large lists, other keys.
 */
#include "functions/testdata/world.h"

#include "functions/functions_store.h"
#include "runtimes/runtimes.h"

#include <pthread.h>

static const char old_rows[] =
    "INSERT INTO functions VALUES ('0123456789abcdef01234567', 'old', 'd', 'python',"
    " 'main.handler', 2, 'active', 0, 1, 128, 500, 30000, 64, 64, 1024, 6144, 64, 1024, 16, 256,"
    " 'always', NULL, 5, 6);"
    "INSERT INTO function_versions VALUES ('0123456789abcdef01234567', 1, 'python',"
    " 'main.handler', 1, 5, '[]', 'one', x'00'), ('0123456789abcdef01234567', 2, 'python',"
    " 'main.handler', 1, 6, '[]', 'two', x'00')";

TEST(functions_of_an_older_store_become_the_owners)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    snprintf(path, sizeof path, "%s/old.db", w.dir);
    const struct migration first[] = {
        functions_migrations[0], functions_migrations[1], {9, "rows", old_rows}, {0}};
    const struct migration *const old[] = {first, NULL};
    const struct migration *const now[] = {first, auth_migrations, projects_migrations,
                                           functions_migrations + 2, NULL};
    struct store *s = NULL;
    struct db *db = NULL;
    struct function fn;
    auto_arena struct arena *a = arena_new();
    CHECK(store_open(&(struct store_config){.path = path, .migrations = old}, &s, &w.e) == 0);
    store_close(s);
    if (store_open(&(struct store_config){.path = path, .migrations = now}, &s, &w.e) < 0)
        fail_msg("%s", w.e.text);
    CHECK(db_open(s, DB_DURABLE, &db, &w.e) == 0);
    CHECK(functions_find_name(db, a, OWNER_ACCOUNT, NULL, "old", &fn, &w.e) == 0);
    CHECK_STR(fn.account, OWNER_ACCOUNT);
    CHECK_STR(fn.code, "two");
    CHECK(!fn.project && fn.access == ACCESS_PUBLIC && fn.rate_limit == 0 && fn.public_logs);
    CHECK(functions_delete(db, fn.id, &w.e) == 0); /* versions still go with their function */
    struct query *q = NULL;
    CHECK(db_query(db, "SELECT count(*) FROM function_versions", DB_NO_ARGS, &q, &w.e) == 0);
    CHECK(query_next(q, &w.e) == 1 && query_int(q, 0) == 0);
    query_done(q);
    db_close(db);
    store_close(s);
    unlink(path);
}

enum { SAVES = 40 };

struct saver {
    struct world world; /* with a connection of its own */
    const char *path;
    pthread_t thread;
    int64_t numbers[SAVES];
};

static void *save_often(void *arg)
{
    struct saver *s = arg;
    for (int i = 0; i < SAVES; i++)
        s->numbers[i] = ask(&s->world, HTTP_PUT, s->path, "{\"code\":\"x\"}") == 200
                            ? number(&s->world, "active_version")
                            : -s->world.status;
    return NULL;
}

static void count(const struct saver *s, unsigned seen[2 * SAVES + 2])
{
    for (int i = 0; i < SAVES; i++) {
        assert_in_range(s->numbers[i], 2, 2 * SAVES + 1);
        seen[s->numbers[i]]++;
    }
}

TEST(two_connections_that_save_at_once_make_a_version_each)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    create(&w, "fn", path);
    struct saver savers[2] = {{.path = path}, {.path = path}};
    for (int i = 0; i < 2; i++) {
        savers[i].world = w;
        savers[i].world.arena = NULL;
        savers[i].world.body = NULL;
        assert_int_equal(db_open(w.app.store, DB_BULK, &savers[i].world.db, &w.e), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&savers[i].thread, NULL, save_often, &savers[i]), 0);
    unsigned seen[2 * SAVES + 2] = {0};
    for (int i = 0; i < 2; i++) {
        pthread_join(savers[i].thread, NULL);
        count(&savers[i], seen);
        json_decref(savers[i].world.body);
        arena_free(savers[i].world.arena);
        db_close(savers[i].world.db);
    }
    for (int i = 2; i < 2 * SAVES + 2; i++)
        CHECK(seen[i] == 1);
    OK(&w, HTTP_GET, path, NULL);
    CHECK(number(&w, "active_version") == 2 * SAVES + 1);
}

/* Names "0" to "49", the newest one first. */
static void check_order(struct world *w, int newest)
{
    size_t i;
    json_t *row;
    json_array_foreach(w->body, i, row)
    {
        CHECK(atoi(json_string_value(json_object_get(row, "name"))) == newest - (int)i);
    }
}

TEST(a_long_list_keeps_its_order_and_goes_on_where_it_ended)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96], name[16], target[120];
    make_project(&w, "p1", "one");
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%d", i);
        create(&w, name, path);
        if (i % 3 == 0)
            OK(&w, HTTP_PUT, path, "{\"project_id\":\"p1\"}");
    }
    OK(&w, HTTP_GET, "/api/functions", NULL);
    CHECK(json_array_size(w.body) == 50 && !w.link[0]);
    check_order(&w, 49);
    OK(&w, HTTP_GET, "/api/functions?limit=33", NULL);
    CHECK(json_array_size(w.body) == 33 && w.link[0]);
    const char *last = json_string_value(json_object_get(json_array_get(w.body, 32), "id"));
    snprintf(target, sizeof target, "/api/functions?limit=33&before=%s", last);
    OK(&w, HTTP_GET, target, NULL);
    CHECK(json_array_size(w.body) == 17 && !w.link[0]);
    check_order(&w, 16);
    OK(&w, HTTP_GET, "/api/functions?before=unknown", NULL);
    CHECK(json_array_size(w.body) == 0);
}

TEST(a_page_of_large_functions_ends_early_and_goes_on)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    auto_buf struct buf json = {0};
    buf_addz(&json, "{\"code\":\"");
    for (int i = 0; i < 1 << 20; i++)
        buf_add(&json, "x", 1);
    buf_addz(&json, "\"}");
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        create(&w, name, path);
        if (i < 24)
            OK(&w, HTTP_PUT, path, json.data);
    }
    OK(&w, HTTP_GET, "/api/functions", NULL);
    CHECK(json_array_size(w.body) == 32 && strstr(w.link, "before="));
    const char *last = json_string_value(json_object_get(json_array_get(w.body, 31), "id"));
    char target[96];
    snprintf(target, sizeof target, "/api/functions?before=%s", last);
    OK(&w, HTTP_GET, target, NULL);
    CHECK(json_array_size(w.body) == 8 && !w.link[0]);
}

TEST(environments_open_with_the_new_key_after_resealing)
{
    auto_world struct world w;
    world_make(&w, "none here");
    char path[96];
    enum { MANY = 120 };
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        create(&w, name, path);
        if (i % 2 || i == 0)
            OK(&w, HTTP_PUT, path, "{\"environment\":{\"K\":\"s3cr3t\"}}");
    }
    auto_arena struct arena *a = arena_new();
    struct seal *fresh = NULL;
    struct tx tx = {0};
    CHECK(renameat(w.dir_fd, "secret.key", w.dir_fd, "old.key") == 0);
    CHECK(seal_load(w.dir_fd, &fresh, &w.e) == 0);
    CHECK(db_begin(w.db, &tx, &w.e) == 0);
    CHECK_INT(functions_reseal(w.db, w.seal, fresh, &w.e), MANY / 2 + 1);
    CHECK(functions_reseal(w.db, w.seal, fresh, &w.e) < 0); /* not with that key any more */
    CHECK(strstr(w.e.text, "environment of function "));
    CHECK(db_commit(&tx, &w.e) == 0);
    struct functions *f = functions_new(&(struct functions_config){.seal = fresh});
    struct function fn;
    struct function_spec spec;
    CHECK(functions_find_name(w.db, a, OWNER_ACCOUNT, NULL, "119", &fn, &w.e) == 0);
    CHECK(function_to_spec(f, a, &fn, NULL, &spec, &w.e) == 0);
    CHECK_STR(spec.environment, "{\"K\":\"s3cr3t\",\"FUNCTION_NAME\":\"119\"}");
    CHECK(function_to_spec(w.app.functions, a, &fn, NULL, &spec, &w.e) < 0);
    OK(&w, HTTP_GET, "/api/functions/119", NULL); /* with the old key: seen, but nothing of it */
    CHECK(json_is_null(json_object_get(w.body, "environment")));
    functions_free(f);
    seal_free(fresh);
    unlinkat(w.dir_fd, "old.key", 0);
}

TEST_MAIN(functions_of_an_older_store_become_the_owners,
          two_connections_that_save_at_once_make_a_version_each,
          a_long_list_keeps_its_order_and_goes_on_where_it_ended,
          a_page_of_large_functions_ends_early_and_goes_on,
          environments_open_with_the_new_key_after_resealing)
