#include "engine/setup.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"

#include <sys/mman.h>
#include <unistd.h>

TEST(a_set_up_holds_names_and_what_to_load)
{
    struct err e = {0};
    auto_buf struct buf all = {0};
    auto_fd int fd = setup_file(STR("a\nb.c\n"), STR("load"), &e);
    CHECK(fd >= 0 && fd_read_all(fd, 100, &all, &e) == 0);
    CHECK_INT(all.len, 4 + 6 + 4 + 4);
    CHECK(memcmp(all.data, "\6\0\0\0a\nb.c\n\4\0\0\0load", all.len) == 0);
}

TEST(nothing_to_load_has_a_length_too)
{
    struct err e = {0};
    auto_buf struct buf all = {0};
    auto_fd int fd = setup_file(STR("a\n"), STR(""), &e);
    CHECK(fd >= 0 && fd_read_all(fd, 100, &all, &e) == 0);
    CHECK_INT(all.len, 4 + 2 + 4);
}

TEST(nobody_changes_a_set_up)
{
    struct err e = {0};
    auto_fd int fd = setup_file(STR("a\n"), STR(""), &e);
    CHECK(write(fd, "x", 1) < 0 && pwrite(fd, "x", 1, 0) < 0);
    CHECK(ftruncate(fd, 0) < 0 && ftruncate(fd, 100) < 0);
    CHECK(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
}

TEST(a_set_up_is_bounded)
{
    struct err e = {0};
    auto_ptr char *large = mem_alloc(SETUP_MAX);
    auto_fd int fd = setup_file(STR(""), (struct str){large, SETUP_MAX}, &e);
    CHECK(fd >= 0);
    CHECK(setup_file(STR("a"), (struct str){large, SETUP_MAX}, &e) < 0);
    CHECK_INT(e.code, ERR_TOO_LARGE);
}

TEST_MAIN(a_set_up_holds_names_and_what_to_load, nothing_to_load_has_a_length_too,
          nobody_changes_a_set_up, a_set_up_is_bounded)
