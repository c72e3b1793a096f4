#include "http/form.h"

#include "base/test.h"

#include <string.h>

/* A request with this body; its members are read through `form`. */
struct bench {
    struct arena *arena;
    struct request req;
    struct response res;
    struct form form;
    struct err e;
};

static int open_body(struct bench *b, const char *body)
{
    *b = (struct bench){.arena = arena_new()};
    b->req = (struct request){
        .arena = b->arena, .path = "/", .query = "", .target = "/", .body = str_of(body)};
    return form_open(&b->form, &b->req, &b->e);
}

static void begin(struct bench *b, const char *body)
{
    CHECK(open_body(b, body) == 0);
}

static void done(struct bench *b)
{
    arena_free(b->arena);
}

/* The last entry of the 422: its place and type. */
static void check_refused(struct bench *b, int result, const char *loc, const char *type)
{
    CHECK_INT(result, -1);
    CHECK_INT(b->e.code, ERR_INVALID);
    json_t *last = json_array_get(b->req.invalid, json_array_size(b->req.invalid) - 1);
    json_t *place = json_object_get(last, "loc");
    CHECK_STR(json_string_value(json_object_get(last, "type")), type);
    CHECK_STR(json_string_value(json_array_get(place, json_array_size(place) - 1)), loc);
    b->e = (struct err){0};
}

TEST(a_form_is_a_json_object)
{
    static const char *const bad[] = {
        "", "[]", "1", "null", "{", "{\"a\":\"\\u0000\"}", "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bench b;
        CHECK(open_body(&b, bad[i]) < 0);
        CHECK_INT(b.e.code, ERR_INVALID);
        done(&b);
    }
}

TEST(a_member_that_is_absent_leaves_what_was_there)
{
    struct bench b;
    const char *text = "before";
    bool flag = true;
    int64_t number = 7, time = 8;
    int choice = 9;
    const json_t *array = NULL;
    static const char *const words[] = {"a", NULL};
    begin(&b, "{\"other\":null}");
    CHECK(form_has(&b.form, "other") && !form_has(&b.form, "x"));
    CHECK(form_text(&b.form, "x", FORM_OPTIONAL, 1, 2, &text, &b.e) == 0);
    CHECK(form_bool(&b.form, "x", FORM_OPTIONAL, &flag, &b.e) == 0);
    CHECK(form_int(&b.form, "x", FORM_OPTIONAL, 1, 2, &number, &b.e) == 0);
    CHECK(form_choice(&b.form, "x", FORM_OPTIONAL, words, &choice, &b.e) == 0);
    CHECK(form_time(&b.form, "x", FORM_OPTIONAL, &time, &b.e) == 0);
    CHECK(form_array(&b.form, "x", FORM_OPTIONAL, 3, &array, &b.e) == 0);
    CHECK_STR(text, "before");
    CHECK(flag && number == 7 && choice == 9 && time == 8 && !array);
    done(&b);
}

TEST(a_required_member_must_be_there)
{
    struct bench b;
    const char *text;
    bool flag;
    int64_t n;
    int choice;
    const json_t *array;
    static const char *const words[] = {"a", NULL};
    begin(&b, "{}");
    struct form *f = &b.form;
    check_refused(&b, form_text(f, "x", FORM_REQUIRED, 0, 9, &text, &b.e), "x", "missing");
    check_refused(&b, form_bool(f, "x", FORM_REQUIRED, &flag, &b.e), "x", "missing");
    check_refused(&b, form_int(f, "x", FORM_REQUIRED, 0, 9, &n, &b.e), "x", "missing");
    check_refused(&b, form_choice(f, "x", FORM_REQUIRED, words, &choice, &b.e), "x", "missing");
    check_refused(&b, form_time(f, "x", FORM_REQUIRED, &n, &b.e), "x", "missing");
    check_refused(&b, form_array(f, "x", FORM_REQUIRED, 9, &array, &b.e), "x", "missing");
    done(&b);
}

TEST(null_and_wrong_types_are_refused_even_where_nothing_is_needed)
{
    static const char *const values[] = {"null", "{}", "1.5", "\"x\"", "true", "[]", "1"};
    static const char *const words[] = {"a", NULL};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct bench b;
        const char *text, *value = values[i];
        bool flag;
        int64_t n;
        int choice;
        const json_t *array;
        char body[64];
        snprintf(body, sizeof body, "{\"x\":%s}", value);
        begin(&b, body);
        struct form *f = &b.form;
        if (*value != '"')
            check_refused(&b, form_text(f, "x", 0, 0, 9, &text, &b.e), "x", "string_type");
        if (*value != 't')
            check_refused(&b, form_bool(f, "x", 0, &flag, &b.e), "x", "bool_type");
        if (strcmp(value, "1") != 0)
            check_refused(&b, form_int(f, "x", 0, 0, 9, &n, &b.e), "x", "int_type");
        check_refused(&b, form_choice(f, "x", 0, words, &choice, &b.e), "x", "literal_error");
        check_refused(&b, form_time(f, "x", 0, &n, &b.e), "x", "datetime_type");
        if (*value != '[')
            check_refused(&b, form_array(f, "x", 0, 9, &array, &b.e), "x", "list_type");
        done(&b);
    }
}

TEST(text_has_bounds_in_bytes_and_no_nul)
{
    struct bench b;
    const char *text = NULL;
    begin(&b, "{\"ok\":\"a\\u00e4\",\"empty\":\"\"}");
    CHECK(form_text(&b.form, "ok", FORM_REQUIRED, 3, 3, &text, &b.e) == 0);
    CHECK_STR(text, "a\xc3\xa4");
    CHECK(form_text(&b.form, "empty", FORM_REQUIRED, 0, 3, &text, &b.e) == 0);
    CHECK_STR(text, "");
    check_refused(&b, form_text(&b.form, "ok", 0, 1, 2, &text, &b.e), "ok", "string_too_long");
    check_refused(&b, form_text(&b.form, "ok", 0, 4, 9, &text, &b.e), "ok", "string_too_short");
    check_refused(&b, form_text(&b.form, "empty", 0, 1, 9, &text, &b.e), "empty",
                  "string_too_short");
    CHECK_STR(text, "");
    done(&b);
}

TEST(numbers_flags_and_choices_are_read)
{
    static const char *const words[] = {"red", "green", "blue", NULL};
    struct bench b;
    bool flag = true;
    int64_t n = 0;
    int choice = 0;
    begin(&b, "{\"n\":-5,\"flag\":false,\"c\":\"green\",\"bad\":\"Green\"}");
    CHECK(form_int(&b.form, "n", FORM_REQUIRED, -5, -5, &n, &b.e) == 0 && n == -5);
    CHECK(form_bool(&b.form, "flag", FORM_REQUIRED, &flag, &b.e) == 0 && !flag);
    CHECK(form_choice(&b.form, "c", FORM_REQUIRED, words, &choice, &b.e) == 0 && choice == 1);
    check_refused(&b, form_int(&b.form, "n", 0, -4, 9, &n, &b.e), "n", "range_error");
    check_refused(&b, form_int(&b.form, "n", 0, -9, -6, &n, &b.e), "n", "range_error");
    CHECK(form_choice(&b.form, "bad", 0, words, &choice, &b.e) < 0);
    CHECK(strstr(b.e.text, "'red', 'green' or 'blue'"));
    CHECK(n == -5 && choice == 1);
    done(&b);
}

TEST(times_and_lists_are_read)
{
    struct bench b;
    int64_t us = 0;
    const json_t *array = NULL;
    begin(&b, "{\"t\":\"1970-01-01T00:00:01Z\",\"l\":[1,2,3],\"bad\":\"yesterday\"}");
    CHECK(form_time(&b.form, "t", FORM_REQUIRED, &us, &b.e) == 0 && us == 1000000);
    CHECK(form_array(&b.form, "l", FORM_REQUIRED, 3, &array, &b.e) == 0);
    CHECK_INT(json_array_size(array), 3);
    check_refused(&b, form_array(&b.form, "l", 0, 2, &array, &b.e), "l", "too_long");
    check_refused(&b, form_time(&b.form, "bad", 0, &us, &b.e), "bad", "datetime_type");
    done(&b);
}

TEST(a_refusal_can_name_the_place_itself)
{
    struct bench b;
    begin(&b, "{}");
    check_refused(&b, form_invalid(&b.form, NULL, "value_error", &b.e, "no %s", "good"), "body",
                  "value_error");
    b.form.place = "body.items.2";
    check_refused(&b, form_invalid(&b.form, "name", "value_error", &b.e, "no"), "name",
                  "value_error");
    done(&b);
}

TEST(a_limit_is_a_number_within_its_bounds)
{
    static const struct {
        const char *query;
        int limit; /* 0: refused */
    } rows[] = {
        {"", 20},
        {"a=b", 20},
        {"limit=1", 1},
        {"limit=100", 100},
        {"limit=0", 0},
        {"limit=", 0},
        {"limit=-1", 0},
        {"limit=101", 0},
        {"limit=1x", 0},
        {"limit=1e2", 0},
        {"limit=99999999999999999999", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        size_t limit = 0;
        begin(&b, "{}");
        b.req.query = rows[i].query;
        int r = form_limit(&b.req, 20, 100, &limit, &b.e);
        if (r != (rows[i].limit ? 0 : -1) || limit != (size_t)rows[i].limit)
            fail_msg("'%s' gives %zu", rows[i].query, limit);
        done(&b);
    }
}

TEST(a_link_to_the_next_page_keeps_the_rest_of_the_query)
{
    static const struct {
        const char *query, *link;
    } rows[] = {
        {"", "<?before=42>; rel=\"next\""},
        {"limit=5", "<?limit=5&before=42>; rel=\"next\""},
        {"before=50&limit=5&status=a%20b", "<?limit=5&status=a%20b&before=42>; rel=\"next\""},
        {"after=1&before=2", "<?before=42>; rel=\"next\""},
        {"&&x&", "<?x&before=42>; rel=\"next\""},
        {"beforehand=1", "<?beforehand=1&before=42>; rel=\"next\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        begin(&b, "{}");
        b.req.query = rows[i].query;
        form_link_next(&b.req, &b.res, "42");
        CHECK_INT(b.res.header_count, 1);
        CHECK_STR(b.res.headers[0].name, "Link");
        CHECK_STR(b.res.headers[0].value, rows[i].link);
        done(&b);
    }
}

TEST(times_are_written_as_text_or_null)
{
    json_t *none = form_time_json(0), *some = form_time_json(1000000);
    CHECK(json_is_null(none));
    CHECK_STR(json_string_value(some), "1970-01-01T00:00:01.000000Z");
    json_decref(none);
    json_decref(some);
}

TEST_MAIN(a_form_is_a_json_object, a_member_that_is_absent_leaves_what_was_there,
          a_required_member_must_be_there,
          null_and_wrong_types_are_refused_even_where_nothing_is_needed,
          text_has_bounds_in_bytes_and_no_nul, numbers_flags_and_choices_are_read,
          times_and_lists_are_read, a_refusal_can_name_the_place_itself,
          a_limit_is_a_number_within_its_bounds,
          a_link_to_the_next_page_keeps_the_rest_of_the_query, times_are_written_as_text_or_null)
