/* A template program that runs code of others before it is copied: this test itself. */
#include "sandbox/template.h"

#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"

#include <fcntl.h>
#include <string.h>

/* In a sandbox that the spawner has made: read-only but for what template_scratch gives. */
static void write_note(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, "note", 4) == 4);
    close(fd);
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
    CHECK(open("/code/note", O_WRONLY | O_CREAT | O_CLOEXEC, 0644) < 0);
    if (template_scratch("/code", &e) < 0 || template_scratch("/tmp", &e) < 0)
        template_fail(&e);
    write_note("/code/note");
    write_note("/tmp/note");
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

TEST(a_template_may_write_where_it_was_given_scratch_space_and_copies_see_none_of_it)
{
    unsigned one = 1;
    struct world *w = open_program("scratch");
    world_wait(w, until_template_ready, &one);
    struct world_slot *s = world_start(w, 1);
    CHECK_STR(world_tell(s, "read /code/note"), "No such file or directory");
    CHECK_STR(world_tell(s, "read /tmp/note"), "No such file or directory");
    CHECK_STR(world_tell(s, "write /code/x"), "opened");
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
