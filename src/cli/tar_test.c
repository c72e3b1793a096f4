#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "cli/source.h"
#include "cli/tar.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Offsets in a ustar header (POSIX, "pax Interchange Format"). */
enum { BLOCK = 512, SIZE = 124, CHECKSUM = 148, TYPE = 156, PREFIX = 345 };

static void check_checksum(const char *header)
{
    unsigned long sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : (unsigned char)header[i];
    CHECK_INT(strtoul(header + CHECKSUM, NULL, 8), sum);
}

/* The first entry as a reader sees it; returns where its file's header stands. */
static const char *read_path(const char *header, char *ret, size_t cap)
{
    check_checksum(header);
    if (header[TYPE] == 'x') {
        size_t size = strtoul(header + SIZE, NULL, 8);
        const char *record = header + BLOCK, *value = strchr(record, '=') + 1;
        CHECK_INT(strtoul(record, NULL, 10), size);
        CHECK(record[size - 1] == '\n');
        (void)snprintf(ret, cap, "%.*s", (int)(record + size - 1 - value), value);
        header += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
        check_checksum(header);
        return header;
    }
    (void)snprintf(ret, cap, "%.155s%s%.100s", header + PREFIX, header[PREFIX] ? "/" : "", header);
    return header;
}

static void check_round_trip(const char *path, size_t size)
{
    char seen[512];
    auto_buf struct buf tar = {0};
    auto_ptr char *bytes = mem_alloc(size + 1);
    memset(bytes, 'x', size);
    tar_add_file(&tar, path, 0755, (struct str){bytes, size});
    CHECK_INT(tar.len, tar_entry_size(path, size));
    tar_finish(&tar);
    CHECK(tar.len % BLOCK == 0);
    const char *file = read_path(tar.data, seen, sizeof seen);
    CHECK_STR(seen, path);
    CHECK(file[TYPE] == '0');
    CHECK_INT(strtoul(file + SIZE, NULL, 8), size);
    CHECK(memcmp(file + BLOCK, bytes, size) == 0);
}

TEST(a_file_of_any_size_comes_out_as_it_went_in)
{
    const size_t sizes[] = {0, 1, 511, 512, 513, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_round_trip("main.py", sizes[i]);
    check_round_trip("h\xC3\xA9/main.py", 3);
}

TEST(a_path_of_any_length_comes_out_as_it_went_in)
{
    char path[241];
    for (size_t len = 90; len < sizeof path; len++)
        for (size_t slash = 5; slash < len; slash += 47) {
            memset(path, 'a', len);
            path[len] = 0;
            path[slash] = '/';
            if (slash == len - 1)
                path[slash] = 'a';
            check_round_trip(path, 1);
        }
}

struct place {
    char path[32];
};

static struct place place_new(void)
{
    struct place p = {"/tmp/virga-cli-XXXXXX"};
    CHECK(mkdtemp(p.path) != NULL);
    return p;
}

static void put(const struct place *p, const char *name, const char *text)
{
    struct err e = {0};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", p->path, name);
    CHECK(fd_write_file(-1, path, text, strlen(text), 0644, &e) == 0);
}

static void link_to(const struct place *p, const char *name, const char *target)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", p->path, name);
    CHECK(symlink(target, path) == 0);
}

static void place_done(const struct place *p)
{
    const char *const names[] = {"main.py", "big",   "a.pyc",       "link",
                                 "pipe",    "b.log", ".virgaignore"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", p->path, names[i]);
        (void)unlink(path);
    }
    CHECK(rmdir(p->path) == 0);
}

TEST(a_directory_is_collected_without_what_is_ignored)
{
    struct place p = place_new();
    auto_source struct source s = {0};
    struct err e = {0};
    put(&p, "main.py", "code");
    put(&p, "a.pyc", "x");
    put(&p, "b.log", "x");
    put(&p, ".virgaignore", "*.log\n");
    link_to(&p, "link", "main.py");
    CHECK(source_collect(p.path, &s, &e) == 0);
    CHECK_INT(s.count, 1);
    CHECK_STR(s.files[0].path, "main.py");
    CHECK_STR(s.files[0].bytes.data, "code");
    CHECK_STR(s.name, p.path + strlen("/tmp/"));
    CHECK(s.skipped_count == 1 && strcmp(s.skipped[0], "link") == 0);
    place_done(&p);
}

TEST(a_link_that_leads_outside_is_refused)
{
    const char *const targets[] = {"/etc/passwd", "../x", "a/../../x"};
    for (size_t i = 0; i < 3; i++) {
        struct place p = place_new();
        auto_source struct source s = {0};
        struct err e = {0};
        link_to(&p, "link", targets[i]);
        CHECK(source_collect(p.path, &s, &e) < 0);
        CHECK(strstr(e.text, "leads outside") != NULL);
        place_done(&p);
    }
}

TEST(a_fifo_is_refused_unread)
{
    struct place p = place_new();
    auto_source struct source s = {0};
    struct err e = {0};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/pipe", p.path);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(source_collect(p.path, &s, &e) < 0);
    source_done(&s);
    CHECK(source_collect(path, &s, &e) < 0);
    place_done(&p);
}

TEST(too_much_is_refused_with_the_biggest_files_named)
{
    struct place p = place_new();
    auto_source struct source s = {0};
    struct err e = {0};
    char path[128];
    put(&p, "main.py", "code");
    put(&p, "big", "");
    (void)snprintf(path, sizeof path, "%s/big", p.path);
    CHECK(truncate(path, 7 << 20) == 0);
    CHECK(source_collect(p.path, &s, &e) < 0 && e.code == ERR_TOO_LARGE);
    CHECK(strstr(e.text, "7.0 MB to upload") && strstr(e.text, "big (7.0 MB)"));
    place_done(&p);
}

TEST_MAIN(a_file_of_any_size_comes_out_as_it_went_in, a_path_of_any_length_comes_out_as_it_went_in,
          a_directory_is_collected_without_what_is_ignored, a_link_that_leads_outside_is_refused,
          a_fifo_is_refused_unread, too_much_is_refused_with_the_biggest_files_named)
