#include "calls/testdata/world.h"

static const char *const fn = "/api/functions/a/invocations";

/* What the listed records were called with, such as "4 3 1". */
static const char *inputs(struct world *w)
{
    static char out[1000];
    size_t i, n = 0;
    const json_t *record;
    out[0] = 0;
    json_array_foreach(w->body, i, record)
    {
        json_t *event = json_loads(text_of(record, "input"), 0, NULL);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%d", i ? " " : "",
                              (int)number_of(event, "n"));
        json_decref(event);
    }
    return out;
}

/* The target that Link names, behind `path`. */
static const char *linked(struct world *w, const char *path)
{
    static char out[500];
    CHECK(w->link[0] == '<');
    snprintf(out, sizeof out, "%s%.*s", path, (int)(strcspn(w->link, ">") - 1), w->link + 1);
    return out;
}

static const char *with(const char *path, const char *query, const char *value)
{
    static char out[500];
    snprintf(out, sizeof out, "%s?%s%s", path, query, value);
    return out;
}

TEST(records_are_shown_to_the_owner_and_to_others_only_when_opened)
{
    auto_world struct world w;
    world_start(&w);
    char last[ID_CALL_TEXT] = "";
    for (int i = 0; i < 3; i++) {
        struct call_record *r = record("a", i);
        r->source = i == 2 ? "gateway" : "direct";
        r->status = i == 2 ? CALL_ERROR : CALL_SUCCESS;
        r->duration_us = 1600;
        r->http_method = i == 2 ? mem_strdup("GET") : NULL;
        r->http_path = i == 2 ? mem_strdup("/x") : NULL;
        r->error = i == 2 ? mem_strdup("ValueError: \xff") : NULL;
        r->traceback = i == 2 ? mem_strdup("Traceback") : NULL;
        r->streamed = i == 2;
        r->out = mem_dup("a\0\xff", 3);
        r->out_len = 3;
        snprintf(last, sizeof last, "%s", r->id);
        calls_push(w.app.calls, r);
    }
    get(&w, fn); /* at once: it waits for the writer */
    CHECK(json_array_size(w.body) == 3);
    json_t *newest = json_array_get(w.body, 0);
    CHECK_STR(text_of(newest, "id"), last);
    CHECK_STR(text_of(newest, "function_name"), "f-a");
    CHECK_STR(text_of(newest, "status"), "error");
    CHECK_STR(text_of(newest, "http_path"), "/x");
    CHECK_STR(text_of(newest, "traceback"), "Traceback");
    CHECK_STR(text_of(newest, "input"), "{\"n\":2}");
    CHECK(number_of(newest, "duration_ms") == 2);
    CHECK(json_is_true(json_object_get(newest, "streamed")));
    CHECK(text_of(newest, "created_at")[26] ==
          'Z'); /* browsers take a time without zone as theirs */
    CHECK(json_string_length(json_object_get(newest, "stdout")) == 5); /* a NUL U+FFFD */
    CHECK(json_is_null(json_object_get(json_array_get(w.body, 1), "http_path")));
    CHECK(ask(&w, NULL, fn) == 401);
    CHECK(ask(&w, NULL, "/api/functions/f-a/invocations") == 401);
    run_sql(&w, "UPDATE functions SET public_logs = 1");
    CHECK(ask(&w, NULL, fn) == 200);
    newest = json_array_get(w.body, 0);
    CHECK(!json_object_get(newest, "traceback") && !json_object_get(newest, "function_name"));
    CHECK_STR(text_of(newest, "input"), "{}"); /* a visitor's cookies are not the owner's to show */
    CHECK_STR(text_of(json_array_get(w.body, 1), "input"), "{\"n\":1}");
    CHECK(ask(&w, NULL, "/api/functions/f-a/invocations") == 401);
    CHECK(ask(&w, NULL, "/api/functions/none/invocations") == 401);
}

TEST(a_stranger_cannot_search_in_what_is_not_shown)
{
    auto_world struct world w;
    world_start(&w);
    struct call_record *r = record("a", 0);
    r->source = "gateway";
    free(r->input);
    r->input = mem_strdup("{\"cookie\":\"s3cret\"}");
    calls_push(w.app.calls, r);
    run_sql(&w, "UPDATE functions SET public_logs = 1");
    get(&w, "/api/functions/a/invocations?q=S3CRET");
    CHECK(json_array_size(w.body) == 1);
    CHECK(ask(&w, NULL, "/api/functions/a/invocations?q=s3cret") == 200);
    CHECK(json_array_size(w.body) == 0);
}

TEST(one_record_is_found_by_its_id_in_its_function_only)
{
    auto_world struct world w;
    world_start(&w);
    add_function(&w, "b", OWNER_ACCOUNT, NULL);
    struct call_record *r = record("a", 5);
    char one[128], other[128];
    snprintf(one, sizeof one, "%s/%s", fn, r->id);
    snprintf(other, sizeof other, "/api/functions/b/invocations/%s", r->id);
    calls_push(w.app.calls, r);
    get(&w, one);
    CHECK_STR(text_of(w.body, "input"), "{\"n\":5}");
    CHECK(ask(&w, OWNER_ACCOUNT, other) == 404);
    CHECK_STR(w.e.text, "Invocation not found");
    CHECK(ask(&w, NULL, one) == 401);
}

/* Ten calls at 2026-01-01T00:00:00Z to :09. */
static void push_varied(struct world *w)
{
    int64_t start;
    CHECK(clock_parse_rfc3339("2026-01-01T00:00:00Z", &start));
    for (int i = 0; i < 10; i++) {
        struct call_record *r = record_at("a", start + i * 1000000);
        char input[32];
        snprintf(input, sizeof input, "{\"n\":%d}", i);
        r->input = mem_strdup(input);
        r->status = i % 5 == 4 ? CALL_TIMEOUT : i % 2 ? CALL_ERROR : CALL_SUCCESS;
        r->source = i < 3 ? "gateway" : "direct";
        r->cold = i == 0;
        r->version = i < 5 ? 1 : 2;
        r->error = i == 3 ? mem_strdup("KeyError: 'Needle'") : NULL;
        calls_push(w->app.calls, r);
    }
}

TEST(filters_choose_records)
{
    auto_world struct world w;
    world_start(&w);
    push_varied(&w);
    static const struct {
        const char *query, *found;
    } filters[] = {
        {"", "9 8 7 6 5 4 3 2 1 0"},
        {"status=error", "7 5 3 1"},
        {"status=error,timeout", "9 7 5 4 3 1"},
        {"source=gateway", "2 1 0"},
        {"source=schedule", ""},
        {"cold=true", "0"},
        {"cold=false&version=1", "4 3 2 1"},
        {"since=2026-01-01T00:00:07Z", "9 8 7"},
        {"until=2026-01-01T00:00:02Z", "1 0"},
        {"since=2026-01-01T01:00:01%2B01:00&until=2026-01-01T00:00:03Z", "2 1"},
        {"until=2025-12-31T00:00:00Z", ""},
        {"since=2026-01-02T00:00:00Z", ""},
        {"q=needle", "3"},
        {"q=%22n%22:8", "8"},
        {"q=nothing", ""},
        {"status=success&limit=2", "8 6"},
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        get(&w, with(fn, filters[i].query, ""));
        if (strcmp(inputs(&w), filters[i].found) != 0)
            fail_msg("%s: %s instead of %s", filters[i].query, inputs(&w), filters[i].found);
    }
}

TEST(filters_that_cannot_be_are_refused_with_their_place)
{
    auto_world struct world w;
    world_start(&w);
    static const struct {
        const char *query, *what;
    } wrong[] = {
        {"status=fine", "query.status"},
        {"status=error,", "query.status"},
        {"since=yesterday", "query.since: Input should be a time"},
        {"until=2026-01-01T00:00:00", "query.until"}, /* no zone */
        {"source=Direct", "query.source"},
        {"source=", "query.source"},
        {"cold=yes", "query.cold"},
        {"version=0", "query.version"},
        {"version=x", "query.version"},
        {"limit=201", "query.limit"},
        {"before=x", "query.before"},
        {"before=0123456789ab0123456789ab0123456789ab", "no such invocation"},
        {"before=x&after=x", "query.after"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse(&w, with(fn, wrong[i].query, ""), wrong[i].what);
    auto_buf struct buf q = {0};
    for (int i = 0; i < 201; i++)
        buf_addz(&q, "x");
    refuse(&w, with(fn, "q=", q.data), "query.q");
    refuse(&w, "/api/invocations?function=b", "query.function");
    refuse(&w, "/api/invocations?project=b", "query.project");
}

TEST(pages_follow_each_other_with_their_filters)
{
    auto_world struct world w;
    world_start(&w);
    push_varied(&w);
    get(&w, with(fn, "status=error,success&limit=3", ""));
    CHECK_STR(inputs(&w), "8 7 6");
    CHECK(strstr(w.link, "rel=\"next\"") && strstr(w.link, "status=error,success&limit=3&before="));
    get(&w, linked(&w, fn));
    CHECK_STR(inputs(&w), "5 3 2");
    char id[ID_CALL_TEXT];
    snprintf(id, sizeof id, "%s", text_of(json_array_get(w.body, 0), "id"));
    get(&w, linked(&w, fn));
    CHECK_STR(inputs(&w), "1 0");
    CHECK_STR(w.link, "");
    get(&w, with(fn, "limit=2&after=", id)); /* the oldest behind it, newest first */
    CHECK_STR(inputs(&w), "7 6");
    CHECK(strstr(w.link, "rel=\"prev\""));
    get(&w, linked(&w, fn));
    CHECK_STR(inputs(&w), "9 8");
    CHECK_STR(w.link, "");
    add_function(&w, "b", OWNER_ACCOUNT, NULL);
    refuse(&w, with("/api/functions/b/invocations", "before=", id), "no such invocation");
}

TEST(every_page_size_gives_every_record_once)
{
    auto_world struct world w;
    world_start(&w);
    push(&w, "a", 100); /* beyond the windows that are read ahead: 16, 64 */
    flush(&w);
    for (int limit = 1; limit <= 101; limit += 20) {
        int next = 99;
        char query[40];
        snprintf(query, sizeof query, "limit=%d", limit);
        get(&w, with(fn, query, ""));
        for (;;) {
            size_t i;
            const json_t *r;
            json_array_foreach(w.body, i, r)
            {
                char input[40];
                snprintf(input, sizeof input, "{\"n\":%d}", next--);
                CHECK_STR(text_of(r, "input"), input);
            }
            if (!w.link[0])
                break;
            CHECK((int)i == limit);
            get(&w, linked(&w, fn));
        }
        CHECK_INT(next, -1);
    }
}

/* Runs the scan with so little work allowed that it stops on the way. */
TEST(a_filter_that_takes_little_does_a_bounded_amount_of_work)
{
    auto_world struct world w;
    world_start(&w);
    push(&w, "a", 500);
    flush(&w);
    auto_arena struct arena *a = arena_new();
    struct sieve sieve = {.cold = -1, .q = STR("\"n\":3}")};
    struct scan s = {.reach = {REACH_FUNCTION, "a", true},
                     .sieve = &sieve,
                     .limit = 10,
                     .bytes_max = 1 << 20,
                     .looks_max = 100};
    struct scan_page page;
    int pages = 0;
    do {
        OK(&w, scan_run(w.db, a, &s, &page, &w.e));
        CHECK(++pages <= 6 && (page.count == 0) == (pages < 5));
        s.below = page.at;
    } while (page.more && page.count == 0);
    CHECK(pages == 5 && page.count == 1 && str_is(page.rows[0].input, "{\"n\":3}"));
}

static void make_projects(struct world *w)
{
    world_start(w);
    add_account(w, "eva");
    add_account(w, "bob");
    add_project(w, "p");
    add_project(w, "q");
    add_member(w, "p", "eva", ROLE_OWNER);
    add_member(w, "p", "bob", ROLE_VIEWER);
    add_member(w, "q", "bob", ROLE_OWNER);
    add_function(w, "p1", "eva", "p");
    add_function(w, "p2", "eva", "p");
    add_function(w, "q1", "bob", "q");
    add_function(w, "eva1", "eva", NULL);
    static const char *const order[] = {"a", "p1", "q1", "eva1", "p2", "p1", "q1", "p1"};
    for (int i = 0; i < 8; i++)
        calls_push(w->app.calls, record(order[i], i));
}

static const char *seen(struct world *w, const char *who, const char *target)
{
    if (ask(w, who, target) != 200)
        fail_msg("%s as %s: %d %s", target, who, w->status, w->e.text);
    return inputs(w);
}

TEST(records_across_functions_are_in_order_and_only_of_what_one_may_see)
{
    auto_world struct world w;
    make_projects(&w);
    CHECK_STR(seen(&w, "eva", "/api/invocations"), "7 5 4 3 1");
    CHECK_STR(seen(&w, "bob", "/api/invocations"), "7 6 5 4 2 1");
    CHECK_STR(seen(&w, OWNER_ACCOUNT, "/api/invocations"), "0");
    CHECK_STR(seen(&w, "bob", "/api/projects/p/invocations"), "7 5 4 1");
    CHECK_STR(seen(&w, "bob", "/api/projects/p/invocations?function=p2"), "4");
    CHECK_STR(seen(&w, "bob", "/api/invocations?project=q"), "6 2");
    CHECK_STR(seen(&w, "eva", "/api/invocations?function=eva1"), "3");
    CHECK_STR(seen(&w, "bob", "/api/invocations?limit=4"), "7 6 5 4");
    CHECK_STR(text_of(json_array_get(w.body, 1), "function_name"), "f-q1");
    char next[500];
    snprintf(next, sizeof next, "%s", linked(&w, "/api/invocations"));
    CHECK_STR(seen(&w, "bob", next), "2 1");
    CHECK(ask(&w, "eva", next) == 200);
    CHECK(ask(&w, "eva", "/api/projects/q/invocations") == 404);
    CHECK(ask(&w, "eva", "/api/invocations?project=q") == 422);
    CHECK(ask(&w, "eva", "/api/invocations?function=q1") == 422);
    CHECK(ask(&w, "eva", "/api/functions/q1/invocations") == 404);
    CHECK(ask(&w, NULL, "/api/invocations") == 401);
    CHECK_STR(seen(&w, "bob", "/api/functions/f-p2/invocations"), "4"); /* by name */
}

TEST(a_cursor_is_a_record_that_one_may_see)
{
    auto_world struct world w;
    make_projects(&w);
    char target[200];
    seen(&w, "bob", "/api/invocations?project=q");
    snprintf(target, sizeof target, "/api/invocations?before=%s",
             text_of(json_array_get(w.body, 0), "id"));
    CHECK_STR(seen(&w, "bob", target), "5 4 2 1");
    CHECK(ask(&w, "eva", target) == 422);
}

WORLD_MAIN(records_are_shown_to_the_owner_and_to_others_only_when_opened,
           a_stranger_cannot_search_in_what_is_not_shown,
           one_record_is_found_by_its_id_in_its_function_only, filters_choose_records,
           filters_that_cannot_be_are_refused_with_their_place,
           pages_follow_each_other_with_their_filters, every_page_size_gives_every_record_once,
           a_filter_that_takes_little_does_a_bounded_amount_of_work,
           records_across_functions_are_in_order_and_only_of_what_one_may_see,
           a_cursor_is_a_record_that_one_may_see)
