/* Templates with more to see: what their slots reach and what nobody else does. */
#include "sandbox/template.h"
#include "sandbox/testdata/guest.h"
#include "sandbox/testdata/world.h"

#include <sys/prctl.h>

enum { FIRST = SANDBOX_TEMPLATES_MAX, LAST = FIRST + SANDBOX_VARIANTS_MAX - 1 };

static const struct sandbox_template templates[] = {
    {"plain", NULL, world_guest},
    {"program", world_copied, NULL},
};

/* A directory of this test with `layers` and `sockets` in it. */
static char place[64], layers[80], sockets[80];

static void make_dir(const char *path)
{
    CHECK(mkdir(path, 0777) == 0 && chmod(path, 0777) == 0);
}

static struct world *open_world_with(unsigned weaker)
{
    struct sandbox_config config = world_config();
    unsigned both = 2;
    strcpy(place, "/tmp/virga-variant-XXXXXX");
    CHECK(mkdtemp(place) && chmod(place, 0755) == 0);
    snprintf(layers, sizeof layers, "%s/layers", place);
    snprintf(sockets, sizeof sockets, "%s/sockets", place);
    make_dir(layers);
    make_dir(sockets);
    config.templates = templates;
    config.template_count = 2;
    config.weaker = weaker;
    config.layers_dir = layers;
    config.sockets_dir = sockets;
    struct world *w = world_open_with(&config);
    world_wait(w, until_template_ready, &both);
    return w;
}

static struct world *open_world(void)
{
    return open_world_with(0);
}

static void close_world(struct world *w)
{
    char command[128];
    world_close(w);
    snprintf(command, sizeof command, "rm -r %s", place);
    CHECK(system(command) == 0);
}

static const char *layer_path(uint8_t byte, const char *name)
{
    static char path[256];
    int n = snprintf(path, sizeof path, "%s/", layers);
    for (int i = 0; i < 32; i++)
        n += snprintf(path + n, sizeof path - (size_t)n, "%02x", byte);
    snprintf(path + n, sizeof path - (size_t)n, "%s%s", *name ? "/" : "", name);
    return path;
}

/* Everybody may write there, so that nothing but the mount can be in the way. */
static void make_layer(uint8_t byte)
{
    make_dir(layer_path(byte, ""));
    int fd = open(layer_path(byte, "hello"), O_CREAT | O_WRONLY, 0666);
    CHECK(fd >= 0 && fchmod(fd, 0666) == 0);
    close(fd);
}

static struct sandbox_variant layered(unsigned base, uint8_t byte)
{
    struct sandbox_variant v = {.base = base, .layer = true};
    memset(v.layer_id, byte, sizeof v.layer_id);
    return v;
}

static void ask(struct world *w, unsigned index, struct sandbox_variant v, int setup)
{
    struct err e = {0};
    if (sandbox_template_start(w->sandbox, index, &v, setup, &e) < 0)
        fail_msg("sandbox_template_start: %s", e.text);
}

static void make_variant(struct world *w, unsigned index, struct sandbox_variant v, int setup)
{
    unsigned more = w->templates_ready + 1;
    ask(w, index, v, setup);
    world_wait(w, until_template_ready, &more);
}

static bool until_failed(struct world *w, void *arg)
{
    return w->templates_failed >= *(unsigned *)arg;
}

static void fail_variant(struct world *w, unsigned index, struct sandbox_variant v, int setup)
{
    unsigned more = w->templates_failed + 1;
    ask(w, index, v, setup);
    world_wait(w, until_failed, &more);
}

static bool until_stopped(struct world *w, void *arg)
{
    return w->templates_stopped >= *(unsigned *)arg;
}

static struct world_slot *start_of(struct world *w, unsigned ticket, unsigned template_index)
{
    struct world_slot *s = world_ask_of(w, ticket, template_index, &sandbox_default_limits);
    world_wait(w, until_answered, s);
    if (s->failed)
        fail_msg("start failed: %s", s->why.text);
    return s;
}

TEST(a_slot_of_a_variant_sees_its_layer_and_cannot_change_it)
{
    static const char *const refused[] = {
        "write /opt/layer/hello",          "write /opt/layer/new", "chmod /opt/layer/hello",
        "remove /opt/layer/hello",         "remount /opt/layer",   "unmount /opt/layer",
        "write /opt/layer/../layer/hello",
    };
    struct world *w = open_world();
    make_layer(0xaa); /* after the start */
    make_variant(w, FIRST, layered(0, 0xaa), -1);
    CHECK(w->template_bytes > 100000 && w->template_start_us > 0);
    struct world_slot *s = start_of(w, 1, FIRST);
    CHECK_STR(world_tell(s, "list /opt/layer"), "hello ");
    CHECK_STR(world_tell(s, "read /opt/layer/hello"), "opened");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *got = world_tell(s, refused[i]);
        if (!strcmp(got, "opened") || !strcmp(got, "done"))
            fail_msg("%s: %s", refused[i], got);
    }
    CHECK_STR(world_tell(s, "list /opt/layer"), "hello ");
    close_world(w);
}

TEST(nobody_sees_a_layer_that_is_not_its_own)
{
    struct world *w = open_world();
    make_layer(0xaa);
    make_layer(0xbb);
    make_variant(w, FIRST, layered(0, 0xaa), -1);
    make_variant(w, FIRST + 1, layered(1, 0xbb), -1);
    CHECK(unlink(layer_path(0xbb, "hello")) == 0);
    struct world_slot *plain = start_of(w, 1, 0), *a = start_of(w, 2, FIRST),
                      *b = start_of(w, 3, FIRST + 1);
    CHECK_STR(world_tell(plain, "list /opt/layer"), "");
    CHECK_STR(world_tell(plain, "list /run/postgresql"), "");
    CHECK_STR(world_tell(a, "list /opt/layer"), "hello ");
    CHECK_STR(world_tell(a, "list /run/postgresql"), "");
    CHECK_STR(world_tell(b, "list /opt/layer"), "");
    CHECK(strcmp(world_tell(plain, "read /opt/layer/hello"), "opened"));
    CHECK_STR(world_tell(a, "list /run/virga"), "No such file or directory");
    close_world(w);
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    CHECK(bind(s, (struct sockaddr *)&a, sizeof a) == 0 && listen(s, 4) == 0);
    CHECK(chmod(path, 0777) == 0);
    return s;
}

TEST(a_slot_with_a_database_connects_to_its_socket_and_others_do_not)
{
    char path[96];
    struct world *w = open_world();
    snprintf(path, sizeof path, "%s/.s.5432", sockets);
    int s = listen_at(path);
    make_variant(w, LAST, (struct sandbox_variant){.database = true}, -1);
    struct world_slot *with = start_of(w, 1, LAST), *without = start_of(w, 2, 0);
    CHECK_STR(world_tell(with, "connect /run/postgresql/.s.5432"), "connected");
    CHECK(strcmp(world_tell(with, "remove /run/postgresql/.s.5432"), "done"));
    CHECK(strcmp(world_tell(with, "write /run/postgresql/x"), "opened"));
    CHECK(strcmp(world_tell(without, "connect /run/postgresql/.s.5432"), "connected"));
    close(s);
    close_world(w);
}

TEST(a_missing_layer_is_told_and_its_index_is_free_again)
{
    struct world *w = open_world();
    make_layer(0xaa);
    fail_variant(w, FIRST, layered(0, 0xcc), -1);
    CHECK_INT(w->template_why.code, ERR_NOT_FOUND);
    char target[256];
    snprintf(target, sizeof target, "%s", layer_path(0xaa, ""));
    CHECK(symlink(target, layer_path(0xdd, "")) == 0);
    fail_variant(w, FIRST, layered(0, 0xdd), -1);
    CHECK_INT(w->template_why.code, ERR_SYSTEM);
    make_variant(w, FIRST, layered(0, 0xaa), -1);
    CHECK_STR(world_tell(start_of(w, 1, FIRST), "list /opt/layer"), "hello ");
    close_world(w);
}

TEST(a_set_up_file_is_read_by_the_template_and_not_left_to_copies)
{
    struct world *w = open_world();
    make_layer(0xaa);
    int setup = memfd_create("setup", MFD_CLOEXEC);
    CHECK(write(setup, "import numpy", 12) == 12 && lseek(setup, 0, SEEK_SET) == 0);
    make_variant(w, FIRST, layered(1, 0xaa), setup);
    make_variant(w, FIRST + 1, layered(0, 0xaa), setup);
    struct world_slot *s = start_of(w, 1, FIRST), *plain = start_of(w, 2, FIRST + 1);
    CHECK_STR(world_tell(s, "setup"), "import numpy");
    CHECK_STR(world_tell(s, "descriptors"), "0 1 2 3 ");
    CHECK_STR(world_tell(plain, "descriptors"), "0 1 2 3 ");
    CHECK_STR(world_tell(start_of(w, 3, 1), "setup"), "");
    int pair[2];
    CHECK(pipe(pair) == 0);
    fail_variant(w, FIRST + 2, layered(1, 0xaa), pair[0]);
    CHECK_INT(w->template_why.code, ERR_INVALID);
    close(pair[0]);
    close(pair[1]);
    close(setup);
    close_world(w);
}

TEST(a_stopped_variant_frees_its_index_and_its_slots_live_on)
{
    unsigned one = 1;
    struct err e = {0};
    struct sandbox_variant v = layered(0, 0xaa);
    struct world *w = open_world();
    make_layer(0xaa);
    make_layer(0xbb);
    make_variant(w, FIRST, v, -1);
    struct world_slot *s = start_of(w, 1, FIRST);
    sandbox_template_stop(w->sandbox, FIRST);
    sandbox_template_stop(w->sandbox, FIRST); /* harmless */
    CHECK(sandbox_template_start(w->sandbox, FIRST, &v, -1, &e) < 0 && e.code == ERR_CONFLICT);
    struct world_slot *late = world_ask_of(w, 2, FIRST, &sandbox_default_limits);
    world_wait(w, until_stopped, &one);
    world_wait(w, until_answered, late);
    CHECK(late->failed && w->templates_failed == 0);
    CHECK_STR(world_tell(s, "list /opt/layer"), "hello ");
    make_variant(w, FIRST, layered(0, 0xbb), -1);
    CHECK_STR(world_tell(start_of(w, 3, FIRST), "read /opt/layer/hello"), "opened");
    CHECK_INT(w->templates_stopped, 1);
    close_world(w);
}

/* The youngest child of the spawner. */
static pid_t last_child(pid_t spawner)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", spawner, spawner);
    FILE *f = fopen(path, "r");
    CHECK(f && fgets(line, sizeof line, f));
    fclose(f);
    pid_t last = 0;
    for (char *p = strtok(line, " \n"); p; p = strtok(NULL, " \n"))
        last = (pid_t)atol(p);
    return last;
}

TEST(a_variant_that_dies_is_reported_once_and_not_tried_again)
{
    unsigned one = 1, ready;
    struct world *w = open_world();
    make_layer(0xaa);
    make_variant(w, FIRST, layered(0, 0xaa), -1);
    ready = w->templates_ready;
    CHECK(kill(last_child(w->spawner), SIGKILL) == 0);
    world_wait(w, until_failed, &one);
    sandbox_template_stop(w->sandbox, FIRST); /* nothing is there to stop */
    struct world_slot *s = world_ask_of(w, 1, FIRST, &sandbox_default_limits);
    world_wait(w, until_answered, s);
    CHECK(s->failed);
    make_variant(w, FIRST, layered(0, 0xaa), -1);
    CHECK_INT(w->templates_failed, 1);
    CHECK_INT(w->templates_ready, ready + 1);
    CHECK_INT(w->templates_stopped, 0);
    close_world(w);
}

TEST(indices_and_bases_out_of_bounds_are_refused)
{
    struct err e = {0};
    struct sandbox_variant v = {.base = 0};
    struct world *w = open_world();
    CHECK(sandbox_template_start(w->sandbox, FIRST - 1, &v, -1, &e) < 0 && e.code == ERR_INVALID);
    CHECK(sandbox_template_start(w->sandbox, LAST + 1, &v, -1, &e) < 0 && e.code == ERR_INVALID);
    v.base = SANDBOX_TEMPLATES_MAX;
    CHECK(sandbox_template_start(w->sandbox, FIRST, &v, -1, &e) < 0 && e.code == ERR_INVALID);
    CHECK(sandbox_start(w->sandbox, 1, LAST + 1, &sandbox_default_limits, &e) < 0);
    fail_variant(w, FIRST, (struct sandbox_variant){.base = 2}, -1);
    CHECK_INT(w->template_why.code, ERR_INVALID);
    close_world(w);
}

TEST(without_directories_variants_that_need_them_are_refused)
{
    struct world *w = world_open();
    fail_variant(w, FIRST, layered(0, 0xaa), -1);
    CHECK_INT(w->template_why.code, ERR_INVALID);
    fail_variant(w, FIRST, (struct sandbox_variant){.database = true}, -1);
    CHECK_INT(w->template_why.code, ERR_INVALID);
    world_close(w);
}

TEST(a_daemon_without_root_shows_layers_too)
{
    const char *runners = world_runners_dir();
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* else /proc/self stays root's */
    CHECK(access(runners, X_OK) == 0);
    struct world *w = open_world_with(SANDBOX_WITHOUT_UIDS | SANDBOX_WITHOUT_MEMORY |
                                      SANDBOX_WITHOUT_CPU | SANDBOX_WITHOUT_PIDS);
    make_layer(0xaa);
    make_variant(w, FIRST, layered(0, 0xaa), -1);
    struct world_slot *s = start_of(w, 1, FIRST), *plain = start_of(w, 2, 0);
    CHECK_STR(world_tell(s, "list /opt/layer"), "hello ");
    CHECK(strcmp(world_tell(s, "write /opt/layer/hello"), "opened"));
    CHECK(strcmp(world_tell(s, "chmod /opt/layer/hello"), "done"));
    CHECK_STR(world_tell(plain, "list /opt/layer"), "");
    close_world(w);
}

static const struct CMUnitTest as_nobody[] = {
    cmocka_unit_test(a_daemon_without_root_shows_layers_too),
};

TEST(without_root_layers_are_read_only_as_well)
{
    int status;
    if (geteuid() != 0)
        SKIP("needs root, to become nobody");
    pid_t pid = fork();
    if (pid == 0)
        exit(cmocka_run_group_tests(as_nobody, NULL, NULL));
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void become_guest(void *arg)
{
    (void)arg;
    guest_main();
}

/* Stands for an interpreter that loads packages before it is copied. */
static _Noreturn void template_main(void)
{
    static const struct template_hooks hooks = {NULL, NULL, become_guest, NULL};
    ssize_t n = read(TEMPLATE_SETUP, guest_setup, sizeof guest_setup - 1);
    guest_setup[n < 0 ? 0 : n] = 0;
    template_serve(&hooks); /* left open: copies must not have it even so */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slot_of_a_variant_sees_its_layer_and_cannot_change_it),
    cmocka_unit_test(nobody_sees_a_layer_that_is_not_its_own),
    cmocka_unit_test(a_slot_with_a_database_connects_to_its_socket_and_others_do_not),
    cmocka_unit_test(a_missing_layer_is_told_and_its_index_is_free_again),
    cmocka_unit_test(a_set_up_file_is_read_by_the_template_and_not_left_to_copies),
    cmocka_unit_test(a_stopped_variant_frees_its_index_and_its_slots_live_on),
    cmocka_unit_test(a_variant_that_dies_is_reported_once_and_not_tried_again),
    cmocka_unit_test(indices_and_bases_out_of_bounds_are_refused),
    cmocka_unit_test(without_directories_variants_that_need_them_are_refused),
    cmocka_unit_test(without_root_layers_are_read_only_as_well),
};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "guest"))
        guest_main();
    if (argc == 2 && !strcmp(argv[1], "template"))
        template_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
