#include "deps/requirements.h"

#include "base/buf.h"
#include "base/must.h"
#include "base/test.h"

static struct arena *a;

static const char *normal_of(const char *text)
{
    struct requirements r;
    struct err e = {0};
    if (requirements_read(a, str_of(text), &r, &e) < 0)
        fail_msg("%s", e.text);
    return r.normal;
}

static void refuse(const char *text, const char *what)
{
    struct requirements r;
    struct err e = {0};
    if (requirements_read(a, str_of(text), &r, &e) == 0 || e.code != ERR_INVALID ||
        !strstr(e.text, what))
        fail_msg("'%s': '%s' instead of '%s'", text, e.text, what);
}

TEST(lines_are_sorted_and_comments_and_blank_lines_do_not_count)
{
    a = arena_new();
    CHECK_STR(normal_of("six\r\n\n# why\n  requests==2.31.0  # pinned\n"), "requests==2.31.0\nsix");
    CHECK_STR(normal_of(""), "");
    CHECK_STR(normal_of("# nothing\n"), "");
    CHECK_STR(normal_of("b \\\n --hash=sha256:00ff\na"), "a\nb --hash=sha256:00ff");
    arena_free(a);
}

TEST(the_hash_is_the_documented_one)
{
    struct requirements r;
    struct err e = {0};
    a = arena_new();
    CHECK(requirements_read(a, STR(" six\n#c\n\nrequests==2.31.0 "), &r, &e) == 0);
    CHECK_STR(r.text, "six\n#c\n\nrequests==2.31.0");
    /* printf 'requests==2.31.0\nsix' | sha256sum */
    CHECK_STR(r.hash, "16cc6bb4fd462376ded4e9d3644cfade1d0a9cf54421aefe754f179ff31df267");
    CHECK(requirements_read(a, STR(" \n"), &r, &e) == 0);
    CHECK_STR(r.hash, "");
    arena_free(a);
}

TEST(what_pip_calls_a_requirement_is_taken)
{
    static const char *const good[] = {
        "a",
        "A.b_c-d",
        "requests[socks,security]>=2,<3",
        "x (>=1.0)",
        "x ~= 1.4.2",
        "x===1!2.0+l.1",
        "x==1.*",
        "x>=1; python_version < '3.12' and sys_platform == \"linux\"",
        "x[] ;a=='b'",
        "name @ https://example.com/name-1.0-py3-none-any.whl",
        "name@https://example.com/n.whl ; os_name=='posix'",
        "x==1 --hash=sha256:ab --hash=sha512:cd",
    };
    a = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(*normal_of(good[i]));
    arena_free(a);
}

TEST(what_is_no_package_is_refused_with_its_line_and_what_to_do)
{
    a = arena_new();
    refuse("six\n-r other.txt", "line 2, '-r other.txt': options do not belong here");
    refuse("--index-url https://x", "options");
    refuse("-e .", "editable");
    refuse("--editable=x", "editable");
    refuse("./wheel.whl", "paths");
    refuse("/etc/passwd", "paths");
    refuse("file:///x", "paths");
    refuse("dir/wheel.whl", "paths");
    refuse("git+https://example.com/x", "name @ https://");
    refuse("x @ git+https://example.com/x", "repositories");
    refuse("x @ file:///x", "https://");
    refuse("x @ http://example.com/x", "https://");
    refuse("https://example.com/x.whl", "name @ https://");
    refuse("x==1 --global-option=y", "only --hash=");
    refuse("x --hash=md5:00", "--hash=sha256:DIGITS");
    refuse("x --hash=sha256:zz", "--hash=sha256:DIGITS");
    refuse("_x", "name");
    refuse("x-", "name");
    refuse("x y", "name==1.2");
    refuse("x==", "name==1.2");
    refuse("x==1,,y", "name==1.2");
    refuse("x=1=;", "name==1.2");
    refuse("x[a", "has no end");
    refuse("x[a b]", "extra");
    refuse("x\x01y", "control characters");
    refuse("a \\\n-r b", "name==1.2");
    refuse("x\xff", "UTF-8");
    arena_free(a);
}

TEST(a_text_is_bounded_in_lines_and_bytes)
{
    auto_buf struct buf text = {0};
    a = arena_new();
    for (int i = 0; i < REQUIREMENTS_LINES_MAX; i++)
        buf_addf(&text, "%sa%d", i ? "\n" : "", i);
    CHECK(*normal_of(text.data));
    buf_addz(&text, "\nb");
    refuse(text.data, "at most 500 lines");
    buf_clear(&text);
    for (int i = 0; i <= REQUIREMENTS_BYTES_MAX; i++)
        buf_addz(&text, "a");
    refuse(text.data, "64 KB");
    arena_free(a);
}

TEST_MAIN(lines_are_sorted_and_comments_and_blank_lines_do_not_count,
          the_hash_is_the_documented_one, what_pip_calls_a_requirement_is_taken,
          what_is_no_package_is_refused_with_its_line_and_what_to_do,
          a_text_is_bounded_in_lines_and_bytes)
