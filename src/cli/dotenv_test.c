#include "cli/dotenv.h"

#include "base/buf.h"
#include "base/test.h"

#include <stdlib.h>

/* "KEY=value;..." of what was parsed. */
static const char *parsed(const char *text)
{
    static char out[512];
    size_t i, at = 0;
    const json_t *v;
    json_t *all = NULL;
    struct err e = {0};
    out[0] = 0;
    CHECK(dotenv_parse(str_of(text), &all, &e) == 0);
    json_array_foreach(all, i, v)
    {
        at += (size_t)snprintf(out + at, sizeof out - at, "%s=%s;",
                               json_string_value(json_object_get(v, "key")),
                               json_string_value(json_object_get(v, "value")));
    }
    json_decref(all);
    return out;
}

TEST(variables_stand_one_a_line)
{
    CHECK_STR(parsed(""), "");
    CHECK_STR(parsed("A=1\nB=two words \r\n\n  C = x=y  \n"), "A=1;B=two words;C=x=y;");
    CHECK_STR(parsed("\xEF\xBB\xBF"
                     "export A=1\nEMPTY=\nLAST=end"),
              "A=1;EMPTY=;LAST=end;");
}

TEST(comments_are_left_out_but_not_from_inside_a_value)
{
    CHECK_STR(parsed("# A=0\n  # B=0\nA=1 # one\nB=a#b\nC=#\nD='#' # x\n"), "A=1;B=a#b;C=;D=#;");
}

TEST(quotes_keep_what_is_between_them)
{
    CHECK_STR(parsed("A=' x '\nB=\"a\\n\\\"b\\\\\"\nC='a\\n'\nD=\"\\q$HOME\"\n"),
              "A= x ;B=a\n\"b\\;C=a\\n;D=\\q$HOME;");
    CHECK_STR(parsed("KEY=\"-----BEGIN\nline\n-----END\"\nB=1\n"),
              "KEY=-----BEGIN\nline\n-----END;B=1;");
}

static const char *refused(struct str text)
{
    static struct err e;
    json_t *all = NULL;
    e = (struct err){0};
    CHECK(dotenv_parse(text, &all, &e) < 0 && all == NULL);
    return e.text;
}

TEST(what_is_no_variable_is_named_by_its_line)
{
    CHECK_STR(refused(STR("A=1\n\nnonsense\nB=2")), "line 3 is not KEY=VALUE");
    CHECK_STR(refused(STR("=1")), "line 1 is not KEY=VALUE");
    CHECK_STR(refused(STR("A='\nx\n")), "line 1: the quote ' is never closed");
    CHECK_STR(refused(STR("A='x'y\n")), "line 1: there is something behind the quotes");
    CHECK_STR(refused(STR("A=1\nA=2")), "line 2: A stands there twice");
    CHECK_STR(refused(STR("A=\xFF")), "line 1 is no UTF-8 text");
}

TEST(more_variables_than_anybody_has_are_refused)
{
    auto_buf struct buf text = {0};
    for (int i = 0; i <= 1000; i++)
        buf_addf(&text, "K%d=1\n", i);
    CHECK_STR(refused(buf_str(&text)), "more than 1000 variables");
}

TEST_MAIN(variables_stand_one_a_line, comments_are_left_out_but_not_from_inside_a_value,
          quotes_keep_what_is_between_them, what_is_no_variable_is_named_by_its_line,
          more_variables_than_anybody_has_are_refused)
