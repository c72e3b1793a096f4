/* A template program that runs code of others before it is copied: this test itself. */
#include "sandbox/template.h"

#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

/* A template has no test to fail: what is wrong becomes the reason that the spawner reports. */
static void expect(bool truth, const char *what)
{
    struct err e = {0};
    if (!truth) {
        err_set(&e, ERR_SYSTEM, "not so: %s (errno %d)", what, errno);
        template_fail(&e);
    }
}

static bool can_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd >= 0 && write(fd, "note", 4) == 4 && close(fd) == 0;
}

static void become_guest(void *arg)
{
    (void)arg;
    guest_main();
}

static _Noreturn void template_with_scratch(void)
{
    static const struct template_hooks hooks = {.become = become_guest};
    struct err e = {0};
    expect(!can_write("/code/note"), "the root is read-only");
    if (template_confine(&e) < 0 || template_scratch("/code", &e) < 0 ||
        template_scratch("/tmp", &e) < 0)
        template_fail(&e);
    expect(can_write("/code/note"), "/code can be written");
    expect(can_write("/tmp/note"), "/tmp can be written");
    expect(syscall(SYS_io_uring_setup, 0, NULL) < 0 && errno != EFAULT, "the filter is on");
    template_serve(&hooks);
}

static _Noreturn void template_without_a_place(void)
{
    struct err e = {0};
    (void)template_scratch("/nowhere", &e);
    template_fail(&e);
}

static struct world *open_program(const char *name)
{
    static const char *argv[3];
    static struct sandbox_template template;
    struct sandbox_config config = world_config();
    argv[0] = world_program;
    argv[1] = name;
    template = (struct sandbox_template){"program", argv, NULL};
    config.templates = &template;
    return world_open_with(&config);
}

static bool until_failed(struct world *w, void *arg)
{
    (void)arg;
    return w->templates_failed;
}

static bool until_ready_or_failed(struct world *w, void *arg)
{
    return w->templates_ready || until_failed(w, arg);
}

TEST(a_template_may_write_where_it_was_given_scratch_space_and_copies_see_none_of_it)
{
    struct world *w = open_program("scratch");
    world_wait(w, until_ready_or_failed, NULL);
    CHECK_STR(w->template_why.text, "");
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "read /code/note"), "No such file or directory");
    CHECK_STR(world_tell(s, "read /tmp/note"), "No such file or directory");
    CHECK_STR(world_tell(s, "write /code/x"), "opened");
    CHECK_STR(world_tell(s, "status Seccomp_filters:"), "\t2");
    world_close(w);
}

TEST(a_template_that_gives_up_is_reported_with_its_reason)
{
    struct world *w = open_program("fail");
    world_wait(w, until_failed, NULL);
    CHECK_STR(w->template_why.text,
              "mount '/nowhere' for what is loaded ahead: No such file or directory");
    world_close(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(
        a_template_may_write_where_it_was_given_scratch_space_and_copies_see_none_of_it),
    cmocka_unit_test(a_template_that_gives_up_is_reported_with_its_reason),
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "scratch"))
        template_with_scratch();
    if (argc == 2 && !strcmp(argv[1], "fail"))
        template_without_a_place();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
