#include "functions/archive.h"

#include "base/test.h"

/* Builds archives block by block, so that wrong ones can be made too. */
struct tar {
    struct buf bytes;
};

static void put(char *at, const char *text, size_t size)
{
    memcpy(at, text, strnlen(text, size));
}

static void add_header(struct tar *t, const char *name, char type, size_t size, unsigned mode)
{
    char h[512] = {0};
    put(h, name, 100);
    snprintf(h + 100, 8, "%07o", mode);
    snprintf(h + 124, 12, "%011zo", size);
    memset(h + 148, ' ', 8);
    h[156] = type;
    memcpy(h + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    buf_add(&t->bytes, h, sizeof h);
}

static void add_bytes(struct tar *t, struct str bytes)
{
    static const char zeros[512];
    buf_add_str(&t->bytes, bytes);
    buf_add(&t->bytes, zeros, (512 - bytes.n % 512) % 512);
}

static void add(struct tar *t, const char *name, char type, struct str bytes)
{
    add_header(t, name, type, bytes.n, 0644);
    add_bytes(t, bytes);
}

static void add_end(struct tar *t)
{
    static const char zeros[1024];
    buf_add(&t->bytes, zeros, sizeof zeros);
}

static int read_tar(struct arena *a, struct tar *t, struct archive *ret, struct err *e)
{
    return archive_read(a, buf_str(&t->bytes), ret, e);
}

#define auto_tar __attribute__((cleanup(tar_done)))
static void tar_done(struct tar *t)
{
    buf_done(&t->bytes);
}

/* One entry, and what its refusal says; NULL when it is taken. */
static void expect(const char *name, char type, const char *why)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    add(&t, name, type, STR("x"));
    add_end(&t);
    int rc = read_tar(a, &t, &archive, &e);
    if (!why)
        assert_int_equal(rc, 0);
    else if (rc == 0 || e.code != ERR_INVALID || !strstr(e.text, why))
        fail_msg("'%s': '%s' instead of '%s'", name, rc ? e.text : "taken", why);
}

TEST(files_come_out_sorted_with_clean_modes)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    add(&t, "./", '5', STR(""));
    add(&t, "./lib/", '5', STR(""));
    add(&t, "./main.py", '0', STR("print(1)"));
    add_header(&t, "lib/run.sh", '0', 0, 0777);
    add(&t, "lib/a.bin", 0, STR("\0\1"));
    add_end(&t);
    CHECK(read_tar(a, &t, &archive, &e) == 0);
    CHECK_INT(archive.count, 3);
    CHECK(str_is(archive.files[0].path, "lib/a.bin") && archive.files[0].bytes.n == 2);
    CHECK(str_is(archive.files[1].path, "lib/run.sh") && archive.files[1].mode == 0755);
    CHECK(str_is(archive.files[2].path, "main.py") && archive.files[2].mode == 0644);
    CHECK(str_is(archive.files[2].bytes, "print(1)"));
}

TEST(every_path_that_leads_elsewhere_is_refused)
{
    expect("/etc/passwd", '0', "absolute");
    expect(".//etc/passwd", '0', NULL); /* "./" and what follows it are stripped: etc/passwd */
    expect("../x", '0', "'..'");
    expect("a/../x", '0', "'..'");
    expect("a/..", '0', "'..'");
    expect("a/./x", '0', "'.'");
    expect("a//x", '0', "empty");
    expect("a/", '0', "empty");
    expect("", '0', "empty");
    expect("./", '0', "empty");
    expect("a\nb", '0', "control");
    expect("a\x7f", '0', "control");
    expect("\xff", '0', "UTF-8");
    expect("..a/...", '0', NULL);
    expect("../d", '5', "'..'");
}

TEST(only_files_and_directories_are_taken)
{
    expect("x", '1', "hard link");
    expect("x", '2', "symbolic link");
    expect("x", '3', "device");
    expect("x", '4', "device");
    expect("x", '6', "FIFO");
    expect("x", 'S', "sparse");
    expect("x", '7', "kind");
    expect("x", 'V', "kind");
}

TEST(a_refusal_names_the_entry_without_its_control_bytes)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    add(&t, "evil\x1b[2J", '2', STR(""));
    add_end(&t);
    CHECK(read_tar(a, &t, &archive, &e) < 0);
    CHECK(strstr(e.text, "evil\\x1b[2J") && !strchr(e.text, '\x1b'));
}

static int two(const char *one, char one_type, const char *other, char other_type, struct err *e)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    add(&t, one, one_type, STR(""));
    add(&t, "a-b", '0', STR("")); /* sorts between "a" and "a/b" where '/' is an ordinary byte */
    add(&t, other, other_type, STR(""));
    add_end(&t);
    return read_tar(a, &t, &archive, e);
}

TEST(a_name_stands_for_one_thing_only)
{
    struct err e = {0};
    CHECK(two("a", '0', "a", '0', &e) < 0 && strstr(e.text, "twice"));
    CHECK(two("a", '0', "./a", '0', &e) < 0 && strstr(e.text, "twice"));
    CHECK(two("a", '0', "a/b", '0', &e) < 0 && strstr(e.text, "both"));
    CHECK(two("a/b/c", '0', "a/b", '0', &e) < 0 && strstr(e.text, "both"));
    CHECK(two("a/", '5', "a", '0', &e) < 0 && strstr(e.text, "both"));
    CHECK(two("a/", '5', "a/", '5', &e) == 0);
    CHECK(two("a/", '5', "a/b", '0', &e) == 0);
}

static void read_long(struct tar *t, const char *path)
{
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    add(t, "short", '0', STR("x"));
    add(t, "next", '0', STR("y"));
    add_end(t);
    if (read_tar(a, t, &archive, &e) < 0)
        fail_msg("%s", e.text);
    CHECK_INT(archive.count, 2);
    CHECK(str_is(archive.files[0].path, path) && str_is(archive.files[1].path, "next"));
}

TEST(long_names_of_gnu_and_pax_are_read)
{
    char path[201], record[300];
    memset(path, 'a', 200);
    path[100] = '/', path[200] = 0;
    auto_tar struct tar gnu = {0}, pax = {0};
    add(&gnu, "././@LongLink", 'L', (struct str){path, 201});
    read_long(&gnu, path);
    snprintf(record, sizeof record, "19 mtime=123456789\n210 path=%s\n", path);
    add(&pax, "PaxHeader", 'x', str_of(record));
    read_long(&pax, path);
}

TEST(pax_can_state_the_size_but_not_beyond_the_upload)
{
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    auto_tar struct tar good = {0}, bad = {0};
    add(&good, "h", 'x', STR("9 size=3\n"));
    add_header(&good, "f", '0', 0, 0644);
    add_bytes(&good, STR("abc"));
    add_end(&good);
    CHECK(read_tar(a, &good, &archive, &e) == 0 && str_is(archive.files[0].bytes, "abc"));
    add(&bad, "h", 'x', STR("28 size=1844674407370955161\n"));
    add_header(&bad, "f", '0', 0, 0644);
    add_end(&bad);
    CHECK(read_tar(a, &bad, &archive, &e) < 0 && strstr(e.text, "cut off"));
}

TEST(malformed_pax_records_are_refused)
{
    static const char *const records[] = {"9 path=a",   "99 path=a\n", "0 path=a\n",
                                          "x path=a\n", "9 path a\n",  "path=a\n",
                                          "3 =\n",      "10 size=1x\n"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        auto_arena struct arena *a = arena_new();
        auto_tar struct tar t = {0};
        struct archive archive;
        struct err e = {0};
        add(&t, "h", 'x', str_of(records[i]));
        add(&t, "f", '0', STR("x"));
        add_end(&t);
        if (read_tar(a, &t, &archive, &e) == 0)
            fail_msg("taken: '%s'", records[i]);
    }
}

TEST(a_cut_archive_is_never_half_taken)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    add(&t, "a", '0', STR("x"));
    add(&t, "b", '0', STR("y"));
    for (size_t n = 0; n <= t.bytes.len; n++)
        CHECK(archive_read(a, (struct str){t.bytes.data, n}, &archive, &e) < 0);
    add_end(&t);
    CHECK(read_tar(a, &t, &archive, &e) == 0);
}

TEST(a_wrong_checksum_or_another_format_is_refused)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    add(&t, "a", '0', STR("x"));
    add_end(&t);
    t.bytes.data[0] ^= 1;
    CHECK(read_tar(a, &t, &archive, &e) < 0 && strstr(e.text, "no tar"));
    CHECK(archive_read(a, STR("\x1f\x8b whatever"), &archive, &e) < 0);
    CHECK(strstr(e.text, "compressed"));
}

TEST(the_number_of_files_is_bounded)
{
    auto_tar struct tar t = {0};
    auto_arena struct arena *a = arena_new();
    struct archive archive;
    struct err e = {0};
    for (int i = 0; i <= FILES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        add_header(&t, name, '0', 0, 0644);
    }
    add_end(&t);
    CHECK(read_tar(a, &t, &archive, &e) < 0 && strstr(e.text, "2000"));
}

TEST(the_entry_file_is_the_runtimes_or_the_handlers)
{
    auto_buf struct buf section = {0};
    files_add(&section, &(struct file){STR("app/web.d.ts"), 0644, STR("d")});
    files_add(&section, &(struct file){STR("app/web.mjs"), 0644, STR("w")});
    struct str s = buf_str(&section);
    CHECK(str_is(files_entry(s, "index.js", "app.web.handler").path, "app/web.mjs"));
    CHECK(files_entry(s, "index.js", "app.we.handler").path.p == NULL);
    CHECK(files_entry(s, "index.js", "bootstrap").path.p == NULL);
    files_add(&section, &(struct file){STR("index.js"), 0644, STR("i")});
    CHECK(str_is(files_entry(buf_str(&section), "index.js", "app.web.handler").bytes, "i"));
}

TEST_MAIN(files_come_out_sorted_with_clean_modes, every_path_that_leads_elsewhere_is_refused,
          only_files_and_directories_are_taken, a_refusal_names_the_entry_without_its_control_bytes,
          a_name_stands_for_one_thing_only, long_names_of_gnu_and_pax_are_read,
          pax_can_state_the_size_but_not_beyond_the_upload, malformed_pax_records_are_refused,
          a_cut_archive_is_never_half_taken, a_wrong_checksum_or_another_format_is_refused,
          the_number_of_files_is_bounded, the_entry_file_is_the_runtimes_or_the_handlers)
