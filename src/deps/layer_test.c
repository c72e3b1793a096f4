#include "deps/layer.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct place {
    char dir[64], layers[80];
    int fd;
};

static void place_make(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/virga-layers-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->layers, sizeof p->layers, "%s/layers", p->dir);
    CHECK(mkdir(p->layers, 0711) == 0);
    p->fd = open(p->layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void place_done(struct place *p)
{
    fd_close(&p->fd);
    CHECK(rmdir(p->layers) == 0); /* nothing is left */
    CHECK(rmdir(p->dir) == 0);
}

static struct layers *open_layers(const struct place *p)
{
    struct layers *l = NULL;
    struct err e = {0};
    if (layer_open(p->layers, &l, &e) < 0)
        fail_msg("%s", e.text);
    return l;
}

static bool exists(const struct place *p, const char *name)
{
    return faccessat(p->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void put(const struct place *p, const char *name)
{
    struct err e = {0};
    CHECK(fd_write_file(p->fd, name, "x", 1, 0644, &e) == 0);
}

/* As a build leaves it, with what a package can make of modes, and a link to elsewhere. */
static void make_new(const struct place *p, const char *name)
{
    char path[128];
    CHECK(mkdirat(p->fd, name, 0700) == 0);
    snprintf(path, sizeof path, "%s/python", name);
    CHECK(mkdirat(p->fd, path, 0755) == 0);
    snprintf(path, sizeof path, "%s/python/x.py", name);
    put(p, path);
    snprintf(path, sizeof path, "%s/python/out", name);
    CHECK(symlinkat("/etc", p->fd, path) == 0);
    snprintf(path, sizeof path, "%s/python", name);
    CHECK(fchmodat(p->fd, path, 0500, 0) == 0);
}

TEST(a_layer_appears_whole_stays_over_a_restart_and_goes_whole)
{
    struct place p;
    struct err e = {0};
    struct stat st;
    place_make(&p);
    struct layers *l = open_layers(&p);
    CHECK(!layer_here(l, ID));
    make_new(&p, ".new-1");
    CHECK(layer_take_in(l, ".new-1", ID, 100, &e) == 0);
    CHECK(layer_here(l, ID) && exists(&p, ID "/python/x.py") && !exists(&p, ".new-1"));
    CHECK(fstatat(p.fd, ID, &st, 0) == 0 && (st.st_mode & 0777) == 0755);
    layer_close(l);
    l = open_layers(&p);
    CHECK(layer_here(l, ID));
    CHECK(layer_drop(l, ID, &e) == 0);
    CHECK(!layer_here(l, ID) && !exists(&p, ID));
    layer_sweep(l);
    CHECK(access("/etc/passwd", F_OK) == 0);
    layer_close(l);
    place_done(&p);
}

TEST(the_same_layer_again_leaves_the_first_and_nothing_of_the_second)
{
    struct place p;
    struct err e = {0};
    char path[160];
    place_make(&p);
    struct layers *l = open_layers(&p);
    make_new(&p, ".new-1");
    make_new(&p, ".new-2");
    CHECK(layer_take_in(l, ".new-1", ID, 1, &e) == 0);
    snprintf(path, sizeof path, "%s/.new-2", p.layers);
    CHECK(layer_take_in(l, path, ID, 1, &e) == 0);
    CHECK(exists(&p, ID) && !exists(&p, ".new-2"));
    CHECK(layer_drop(l, ID, &e) == 0);
    layer_sweep(l);
    layer_close(l);
    place_done(&p);
}

TEST(what_a_crash_left_half_done_goes_at_the_next_start)
{
    struct place p;
    struct err e = {0};
    place_make(&p);
    make_new(&p, ".new-1");
    make_new(&p, ".old-2");
    make_new(&p, ID);
    struct layers *l = open_layers(&p);
    CHECK(!exists(&p, ".new-1") && !exists(&p, ".old-2") && layer_here(l, ID));
    CHECK(layer_drop(l, ID, &e) == 0);
    layer_sweep(l);
    layer_close(l);
    place_done(&p);
}

TEST(when_a_layer_was_last_asked_for_is_known_over_a_restart)
{
    struct place p;
    struct err e = {0};
    struct layer_info *all;
    struct arena *a = arena_new();
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    place_make(&p);
    make_new(&p, ID);
    CHECK(utimensat(p.fd, ID, old, 0) == 0);
    struct layers *l = open_layers(&p);
    layer_weigh(l, ID, 42);
    CHECK_INT(layer_list(l, a, &all), 1);
    CHECK(all[0].used_us == 1000 * 1000000LL && all[0].bytes == 42);
    layer_touch(l, ID);
    layer_close(l);
    l = open_layers(&p);
    CHECK_INT(layer_list(l, a, &all), 1);
    CHECK(all[0].used_us > clock_wall_us() - 60 * 1000000LL);
    CHECK(layer_drop(l, ID, &e) == 0);
    layer_sweep(l);
    layer_close(l);
    arena_free(a);
    place_done(&p);
}

TEST(a_name_says_what_was_asked_for_and_what_it_was_built_for)
{
    char a[DIGEST_TEXT], b[DIGEST_TEXT];
    layer_id(a, "set", "3.11.2", "linux-x86_64-glibc");
    layer_id(b, "set", "3.11.2", "linux-x86_64-glibc");
    CHECK_STR(a, b);
    layer_id(b, "set", "3.11.", "2linux-x86_64-glibc");
    CHECK(strcmp(a, b) != 0);
}

TEST_MAIN(a_layer_appears_whole_stays_over_a_restart_and_goes_whole,
          the_same_layer_again_leaves_the_first_and_nothing_of_the_second,
          what_a_crash_left_half_done_goes_at_the_next_start,
          when_a_layer_was_last_asked_for_is_known_over_a_restart,
          a_name_says_what_was_asked_for_and_what_it_was_built_for)
