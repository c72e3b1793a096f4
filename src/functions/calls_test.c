#include "functions/calls.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "engine/engine.h"
#include "functions/calls_store.h"
#include "store/store.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static char fn_a[ID_TEXT] = "aaaaaaaaaaaaaaaaaaaaaaaa", fn_b[ID_TEXT] = "bbbbbbbbbbbbbbbbbbbbbbbb";

struct world {
    char dir[64], path[80];
    struct store *store;
    struct calls *calls;
    struct db *db;
};

static void open_world(struct world *w, unsigned days, unsigned per_function)
{
    static const struct migration *const migrations[] = {calls_migrations, NULL};
    struct err e = {0};
    strcpy(w->dir, "/tmp/virga-calls-XXXXXX");
    CHECK(mkdtemp(w->dir) != NULL);
    snprintf(w->path, sizeof w->path, "%s/virga.db", w->dir);
    CHECK(store_open(&(struct store_config){w->path, migrations}, &w->store, &e) == 0);
    CHECK(calls_open(&(struct calls_config){w->store, days, per_function}, &w->calls, &e) == 0);
    CHECK(db_open(w->store, DB_DURABLE, &w->db, &e) == 0);
}

static void close_world(struct world *w)
{
    char command[128];
    calls_close(w->calls);
    db_close(w->db);
    store_close(w->store);
    snprintf(command, sizeof command, "rm -r %s", w->dir);
    CHECK(system(command) == 0);
}

static struct call_record *record(const char *fn, int n, int64_t created_us)
{
    struct call_record *r = mem_alloc(sizeof *r);
    char text[32];
    snprintf(text, sizeof text, "%d", n);
    id_new_call(created_us, r->id);
    strcpy(r->function_id, fn);
    r->version = 1;
    r->created_us = created_us;
    r->source = "direct";
    r->input = mem_strdup("{}");
    r->output = mem_strdup(text);
    r->output_len = strlen(text);
    return r;
}

static json_t *list(struct world *w, const struct calls_page *page)
{
    auto_arena struct arena *a = arena_new();
    auto_buf struct buf out = {0};
    struct err e = {0};
    CHECK(calls_wait(w->calls, &e) == 0);
    CHECK(calls_store_list(w->db, a, page, &out, &e) == 0);
    json_t *rows = json_loadb(out.data, out.len, 0, NULL);
    CHECK(json_is_array(rows));
    return rows;
}

static const char *text_at(json_t *rows, size_t i, const char *name)
{
    return json_string_value(json_object_get(json_array_get(rows, i), name));
}

TEST(a_reader_sees_what_was_pushed_before_newest_first)
{
    struct world w;
    open_world(&w, 30, 1000);
    for (int i = 0; i < 10; i++)
        calls_push(w.calls, record(i % 2 ? fn_b : fn_a, i, clock_wall_us()));
    json_t *rows = list(&w, &(struct calls_page){.function_id = fn_a, .limit = 3});
    CHECK(json_array_size(rows) == 3);
    CHECK_STR(text_at(rows, 0, "output"), "8");
    CHECK_STR(text_at(rows, 2, "output"), "4");
    json_t *older = list(
        &w,
        &(struct calls_page){.function_id = fn_a, .limit = 50, .before = text_at(rows, 2, "id")});
    CHECK(json_array_size(older) == 2);
    CHECK_STR(text_at(older, 0, "output"), "2");
    json_t *newer = list(
        &w,
        &(struct calls_page){.function_id = fn_a, .limit = 50, .after = text_at(older, 0, "id")});
    CHECK(json_array_size(newer) == 3);
    CHECK_STR(text_at(newer, 0, "output"), "4");
    json_decref(rows);
    json_decref(older);
    json_decref(newer);
    close_world(&w);
}

TEST(what_a_guest_printed_comes_back_as_valid_json)
{
    struct world w;
    open_world(&w, 30, 1000);
    struct call_record *r = record(fn_a, 1, clock_wall_us());
    free(r->output);
    r->output = mem_strdup("\"raw \\u0000 text\"");
    r->output_len = strlen(r->output);
    r->out = mem_dup("a\0b\xff\x1b[31m", 9);
    r->out_len = 9;
    calls_push(w.calls, r);
    json_t *rows = list(&w, &(struct calls_page){.function_id = fn_a, .limit = 1});
    CHECK(json_array_size(rows) == 1);
    json_decref(rows);
    close_world(&w);
}

TEST(records_survive_the_end_of_the_writer)
{
    struct world w;
    open_world(&w, 30, 1000);
    struct err e = {0};
    for (int i = 0; i < 100; i++)
        calls_push(w.calls, record(fn_a, i, clock_wall_us()));
    calls_close(w.calls);
    CHECK(calls_open(&(struct calls_config){w.store, 30, 1000}, &w.calls, &e) == 0);
    json_t *rows = list(&w, &(struct calls_page){.function_id = fn_a, .limit = 200});
    CHECK(json_array_size(rows) == 100);
    json_decref(rows);
    close_world(&w);
}

TEST(only_the_newest_of_a_function_stay)
{
    struct world w;
    open_world(&w, 30, 50);
    for (int i = 0; i < 640; i++)
        calls_push(w.calls, record(fn_a, i, clock_wall_us()));
    json_t *rows = list(&w, &(struct calls_page){.function_id = fn_a, .limit = 1000});
    CHECK(json_array_size(rows) >= 50 && json_array_size(rows) < 50 + 64);
    CHECK_STR(text_at(rows, 0, "output"), "639");
    json_decref(rows);
    close_world(&w);
}

TEST(records_that_are_too_old_go)
{
    struct world w;
    open_world(&w, 1, 1000);
    int64_t now = clock_wall_us(), day = (int64_t)86400 * 1000000;
    calls_push(w.calls, record(fn_a, 1, now - 2 * day));
    calls_push(w.calls, record(fn_a, 2, now));
    json_t *rows = list(&w, &(struct calls_page){.function_id = fn_a, .limit = 10});
    CHECK(json_array_size(rows) == 1);
    CHECK_STR(text_at(rows, 0, "output"), "2");
    json_decref(rows);
    close_world(&w);
}

TEST(a_foreign_cursor_is_not_found)
{
    struct world w;
    struct err e = {0};
    auto_buf struct buf out = {0};
    open_world(&w, 30, 1000);
    CHECK(calls_store_list(w.db, NULL,
                           &(struct calls_page){.function_id = fn_a, .limit = 1, .before = "x"},
                           &out, &e) < 0);
    CHECK(e.code == ERR_NOT_FOUND);
    close_world(&w);
}

TEST_MAIN(a_reader_sees_what_was_pushed_before_newest_first,
          what_a_guest_printed_comes_back_as_valid_json, records_survive_the_end_of_the_writer,
          only_the_newest_of_a_function_stay, records_that_are_too_old_go,
          a_foreign_cursor_is_not_found)
