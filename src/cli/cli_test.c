#include "base/test.h"
#include "cli/ignore.h"
#include "cli/manifest.h"
#include "cli/near.h"
#include "cli/options.h"
#include "cli/pretty.h"
#include "cli/problem.h"
#include "cli/table.h"
#include "cli/when.h"

#include <locale.h>
#include <stdlib.h>

static const struct option_spec specs[] = {
    {'n', "name", "NAME", ""}, {'v', "verbose", NULL, ""}, {'e', "env", "K=V", ""}, {0}};
static const struct option_spec *const tables[] = {specs, NULL};

static int parse(struct options *o, struct err *e, int argc, const char **argv)
{
    return options_parse(tables, argc, (char **)argv, false, o, e);
}

#define PARSE(o, e, ...)                                                                           \
    parse(o, e, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                            \
          (const char *[]){__VA_ARGS__})

TEST(options_and_arguments_stand_in_any_order)
{
    struct options o = {0};
    struct err e = {0};
    CHECK(PARSE(&o, &e, "a", "--name", "x", "-", "-v", "--name=y", "-nz", "b") == 8);
    CHECK_INT(o.arg_count, 3);
    CHECK_STR(o.args[1], "-");
    CHECK_STR(options_value(&o, "name"), "z");
    CHECK(options_has(&o, "verbose") && !options_has(&o, "env"));
    options_done(&o);
}

TEST(a_double_dash_ends_the_options)
{
    struct options o = {0};
    struct err e = {0};
    CHECK(PARSE(&o, &e, "--", "--name") == 2);
    CHECK_STR(o.args[0], "--name");
    options_done(&o);
}

TEST(letters_may_share_a_dash_and_the_last_takes_the_value)
{
    struct options o = {0};
    struct err e = {0};
    CHECK(PARSE(&o, &e, "-vn", "x") == 2);
    CHECK(options_has(&o, "verbose"));
    CHECK_STR(options_value(&o, "name"), "x");
    options_done(&o);
}

TEST(a_wrong_option_is_named_with_its_nearest)
{
    struct options o = {0};
    struct err e = {0};
    CHECK(PARSE(&o, &e, "--nmae=1") < 0);
    CHECK_STR(e.text, "unknown option '--nmae'; did you mean '--name'?");
    CHECK(PARSE(&o, &e, "--zzzzzz") < 0);
    CHECK_STR(e.text, "unknown option '--zzzzzz'");
    CHECK(PARSE(&o, &e, "--verbose=1") < 0);
    CHECK(PARSE(&o, &e, "--name") < 0);
    CHECK(PARSE(&o, &e, "-x") < 0);
    options_done(&o);
}

TEST(a_swap_of_neighbours_is_one_edit)
{
    CHECK_INT(near_distance("lsit", "list"), 1);
    CHECK_INT(near_distance("list", "list"), 0);
    CHECK_INT(near_distance("", "list"), 4);
}

TEST(a_near_miss_is_a_slip_or_a_beginning)
{
    struct near n = near_to("rollb");
    near_offer(&n, "route");
    near_offer(&n, "rollback");
    CHECK_STR(n.best, "rollback");
    n = near_to("ls"); /* as near to "env" as to anything */
    near_offer(&n, "env");
    CHECK(n.best == NULL);
    n = near_to("x");
    near_offer(&n, "y");
    CHECK(n.best == NULL);
}

TEST(a_refusal_is_told_in_the_servers_words)
{
    auto_buf struct buf out = {0};
    problem_explain(STR("{\"detail\":[{\"loc\":[\"body\",\"key\"],\"msg\":\"Value error, it is "
                        "wrong\"},{\"loc\":[\"body\",\"virga_json\",\"x\",0],\"msg\":5},7]}"),
                    &out);
    CHECK_STR(out.data, "key: it is wrong\nx.0: invalid\n: invalid");
    buf_clear(&out);
    problem_explain(STR("{\"detail\":\"No\"}"), &out);
    CHECK_STR(out.data, "No");
    buf_clear(&out);
    problem_explain(STR("<html>"), &out);
    problem_explain(STR(""), &out);
    problem_explain(STR("[1]"), &out);
    CHECK_INT(out.len, 0);
}

TEST(json_is_indented_without_touching_numbers_and_strings)
{
    auto_buf struct buf out = {0};
    pretty_indent(STR("{\"a\":[0.1,18446744073709551616],\"b\" : { },\"c\":\"x, {\\\"y\"}"), &out);
    CHECK_STR(out.data, "{\n  \"a\": [\n    0.1,\n    18446744073709551616\n  ],\n  \"b\": {},\n"
                        "  \"c\": \"x, {\\\"y\"\n}");
}

TEST(json_is_made_compact)
{
    auto_buf struct buf out = {0};
    pretty_compact(STR(" { \"a b\" : [ 1 ,\n null ] } "), &out);
    CHECK_STR(out.data, "{\"a b\":[1,null]}");
}

TEST(escape_sequences_are_shown_instead_of_obeyed)
{
    auto_buf struct buf out = {0};
    term_clean(STR("\033[31mred\a\r\n\tnext \xC2\x9B"
                   "2J \xE2\x80\xAE \xFF h\xC3\xA9"),
               true, &out);
    CHECK_STR(out.data, "\\x1b[31mred\\x07\\x0d\n\tnext \\u009b2J \\u202e \\xff h\xC3\xA9");
}

TEST(a_cut_utf8_sequence_at_the_end_is_no_overrun)
{
    auto_buf struct buf out = {0};
    term_clean((struct str){"a\xF0\x9F", 3}, true, &out);
    CHECK_STR(out.data, "a\\xf0\\x9f");
}

static char *print_table(const struct table *t, unsigned width)
{
    static char text[4096];
    memset(text, 0, sizeof text);
    FILE *file = fmemopen(text, sizeof text, "w");
    struct term out = {.file = file, .width = width};
    table_print(t, &out);
    (void)fclose(file);
    return text;
}

TEST(columns_are_aligned_by_what_a_terminal_shows)
{
    auto_table struct table t;
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    table_init(&t, 2, (const char *const[]){"NAME", "ID"});
    table_add(&t, STYLE_PLAIN, STR("h\xC3\xA9llo"));
    table_add(&t, STYLE_PLAIN, STR("1"));
    table_add(&t, STYLE_PLAIN, STR("\xE6\xBC\xA2\xE5\xAD\x97")); /* two columns each */
    table_add(&t, STYLE_PLAIN, STR("2"));
    CHECK_STR(print_table(&t, 0), "NAME   ID\nh\xC3\xA9llo  1\n\xE6\xBC\xA2\xE5\xAD\x97   2\n");
}

TEST(the_widest_column_gives_way_on_a_narrow_terminal)
{
    auto_table struct table t;
    table_init(&t, 2, (const char *const[]){"NAME", "ID"});
    table_add(&t, STYLE_PLAIN, STR("a-very-long-name"));
    table_add(&t, STYLE_PLAIN, STR("0123456789"));
    CHECK_STR(print_table(&t, 22), "NAME        ID\na-very-lo\xE2\x80\xA6  0123456789\n");
    CHECK_STR(print_table(&t, 4), "NAME        ID\na-very-lo\xE2\x80\xA6  0123456789\n");
    table_done(&t);
    table_init(&t, 2, (const char *const[]){"NAME", "ID"});
    table_add(&t, STYLE_PLAIN, STR("a-very-long-name"));
    table_add(&t, STYLE_DIM, STR("0123456789abcdef"));
    CHECK_STR(print_table(&t, 28), "NAME        ID\na-very-lo\xE2\x80\xA6  0123456789abcdef\n");
}

TEST(a_newline_in_a_cell_does_not_break_the_row)
{
    auto_table struct table t;
    table_init(&t, 1, (const char *const[]){"N"});
    table_add(&t, STYLE_PLAIN, STR("a\nb"));
    CHECK_STR(print_table(&t, 0), "N\na\\x0ab\n");
}

TEST(times_are_told_relative_to_now)
{
    char text[WHEN_TEXT];
    int64_t now;
    CHECK(when_parse("2026-01-31T12:00:00.5Z", &now));
    CHECK_INT(now, 1769860800);
    CHECK_STR(when_ago("2026-01-31T12:00:30Z", now, text), "just now");
    CHECK_STR(when_ago("2026-01-31T11:55:00Z", now, text), "5 min ago");
    CHECK_STR(when_ago("2026-01-29T11:55:00", now, text), "2 d ago");
    CHECK_STR(when_ago("nonsense", now, text), "-");
    CHECK_STR(when_ago(NULL, now, text), "-");
    CHECK_STR(when_duration(999, text), "999 us");
    CHECK_STR(when_duration(12345, text), "12.3 ms");
    CHECK_STR(when_duration(1500000, text), "1.50 s");
}

TEST(spans_of_time_are_a_number_and_a_letter)
{
    int64_t s;
    char text[WHEN_TEXT];
    CHECK(when_span("30s", &s) && s == 30);
    CHECK(when_span("15m", &s) && s == 900);
    CHECK(when_span("2h", &s) && s == 7200);
    CHECK(when_span("90d", &s) && s == 90 * 86400);
    CHECK(when_span("4w", &s) && s == 28 * 86400);
    const char *const wrong[] = {"",
                                 "d",
                                 "90",
                                 "-1d",
                                 "1.5h",
                                 "1y",
                                 "1 d",
                                 "36501d",
                                 "18446744073709551615s",
                                 "2030-01-31T12:00:00Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!when_span(wrong[i], &s));
    CHECK_STR(when_rfc3339(1769860800, text), "2026-01-31T12:00:00Z");
}

TEST(units_of_time_and_size_are_understood)
{
    json_int_t n;
    struct err e = {0};
    CHECK(manifest_duration_ms("30s", &n, &e) == 0 && n == 30000);
    CHECK(manifest_duration_ms("500ms", &n, &e) == 0 && n == 500);
    CHECK(manifest_duration_ms("1.5", &n, &e) == 0 && n == 1500);
    CHECK(manifest_megabytes("1g", &n, &e) == 0 && n == 1024);
    const char *const wrong[] = {"", "-1", "0", "nan", "inf", "1x", "s", " 1", "1e300"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(manifest_duration_ms(wrong[i], &n, &e) < 0);
}

static int merge(struct str text, const char *option, json_t **ret, struct err *e)
{
    struct options o = {0};
    const struct option_spec *const all[] = {manifest_options, NULL};
    char *argv[] = {(char *)option};
    if (manifest_parse(text, ret, e) < 0)
        return -1;
    CHECK(options_parse(all, 1, argv, false, &o, e) == 1);
    int n = manifest_merge(*ret, &o, e);
    options_done(&o);
    return n;
}

TEST(options_are_merged_into_the_manifest)
{
    json_t *m = NULL;
    struct err e = {0};
    CHECK(merge(STR("{\"environment\":{\"A\":\"1\"},\"other\":true}"), "--env=B=x=y", &m, &e) == 1);
    json_t *want = json_pack("{s:{s:s,s:s},s:b}", "environment", "A", "1", "B", "x=y", "other", 1);
    CHECK(json_equal(m, want));
    json_decref(m);
    json_decref(want);
}

TEST(a_wrong_setting_names_its_option)
{
    json_t *m = NULL;
    struct err e = {0};
    CHECK(merge(STR(""), "--reuse=maybe", &m, &e) < 0);
    CHECK_STR(e.text, "--reuse: 'maybe' is not one of: always, never");
    json_decref(m);
    m = NULL;
    CHECK(merge(STR(""), "--snapstart=maybe", &m, &e) < 0);
    CHECK_STR(e.text, "--snapstart: 'maybe' is not one of: on, off");
    json_decref(m);
    m = NULL;
    CHECK(merge(STR("{\"environment\":1}"), "--env=A=1", &m, &e) < 0);
    json_decref(m);
    m = NULL;
    CHECK(merge(STR("[]"), "--env=A=1", &m, &e) < 0);
    CHECK(merge(STR("{"), "--env=A=1", &m, &e) < 0);
}

TEST(ignored_paths_follow_the_patterns)
{
    struct ignore g;
    ignore_init(&g, STR("# comment\n*.log\n/build\ndocs/*.md\ncache/\r\n\n"));
    CHECK(ignore_match(&g, "a/b.log", false));
    CHECK(ignore_match(&g, "build", true) && !ignore_match(&g, "a/buildx", true));
    CHECK(ignore_match(&g, "docs/x.md", false) && !ignore_match(&g, "docs/a/x.md", false));
    CHECK(ignore_match(&g, "a/cache", true) && !ignore_match(&g, "a/cache", false));
    CHECK(ignore_match(&g, ".git", true) && ignore_match(&g, "a/__pycache__", true));
    CHECK(!ignore_match(&g, "node_modules", true) && !ignore_match(&g, "main.py", false));
    ignore_done(&g);
}

TEST_MAIN(options_and_arguments_stand_in_any_order, a_double_dash_ends_the_options,
          letters_may_share_a_dash_and_the_last_takes_the_value,
          a_wrong_option_is_named_with_its_nearest, a_swap_of_neighbours_is_one_edit,
          a_near_miss_is_a_slip_or_a_beginning, a_refusal_is_told_in_the_servers_words,
          json_is_indented_without_touching_numbers_and_strings, json_is_made_compact,
          escape_sequences_are_shown_instead_of_obeyed,
          a_cut_utf8_sequence_at_the_end_is_no_overrun,
          columns_are_aligned_by_what_a_terminal_shows,
          the_widest_column_gives_way_on_a_narrow_terminal,
          a_newline_in_a_cell_does_not_break_the_row, times_are_told_relative_to_now,
          spans_of_time_are_a_number_and_a_letter, units_of_time_and_size_are_understood,
          options_are_merged_into_the_manifest, a_wrong_setting_names_its_option,
          ignored_paths_follow_the_patterns)
