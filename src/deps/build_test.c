/* Builds in real sandboxes, of packages that tests/attacks.py serves: good ones, and such whose
 * scripts do what they should not. */
#include "base/test.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "deps/build.h"
#include "deps/index.h"
#include "engine/engine.h"
#include "loop/loop.h"
#include "runtimes/runtimes.h"
#include "sandbox/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE_S = 100 };

struct world {
    pid_t server, spawner;
    int server_in;
    struct loop *loop;
    struct timer *deadline;
    struct engine *engine;
    struct index *index;
    struct build *build;
    char dir[64], index_url[128], npm_url[128], private_url[128];
    struct build_config config;
    /* what came of the last build */
    bool done;
    struct err why;
    char result[64], packages[512], lock[4096];
    uint64_t bytes;
    struct buf log;
    enum build_step step;
    bool cancel_at_first_line;
};

static struct world *world;

static void on_log(void *arg, struct str text)
{
    struct world *w = arg;
    buf_add_str(&w->log, text);
    if (w->cancel_at_first_line)
        loop_post(w->loop, (void (*)(void *))build_cancel, w->build);
    w->cancel_at_first_line = false;
}

static void on_progress(void *arg, enum build_step step, unsigned packages, uint64_t bytes)
{
    struct world *w = arg;
    (void)packages, (void)bytes;
    w->step = step;
}

static void on_done(void *arg, const struct build_result *result, const struct err *why)
{
    struct world *w = arg;
    w->done = true;
    w->why = why ? *why : (struct err){0};
    if (result) {
        snprintf(w->result, sizeof w->result, "%s", result->dir);
        snprintf(w->packages, sizeof w->packages, "%s", result->packages);
        snprintf(w->lock, sizeof w->lock, "%s", result->lock);
        w->bytes = result->bytes;
    }
    loop_stop(w->loop);
}

static void on_deadline(void *arg)
{
    struct world *w = arg;
    print_message("%.*s\n", (int)w->log.len, w->log.data ? w->log.data : "");
    fail_msg("the deadline passed");
}

static void read_line(FILE *from, char *ret, size_t size)
{
    CHECK(fgets(ret, (int)size, from));
    ret[strcspn(ret, "\n")] = 0;
}

static void start_server(struct world *w)
{
    char port[32];
    int in[2], out[2];
    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    w->server = fork();
    if (w->server == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl("/usr/bin/python3", "python3", "tests/attacks.py", NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    w->server_in = in[1];
    FILE *lines = fdopen(out[0], "r");
    read_line(lines, w->index_url, sizeof w->index_url);
    read_line(lines, w->npm_url, sizeof w->npm_url);
    read_line(lines, port, sizeof port);
    read_line(lines, w->private_url, sizeof w->private_url);
    fclose(lines);
}

static void start_engine(struct world *w)
{
    static const char *const argv[] = {"/opt/virga/plain/virga-plain",
                                       "/opt/virga/packages/virga-packages", NULL};
    static const struct sandbox_template template = {"packages", argv, NULL};
    static const struct runtime *const none[] = {NULL};
    char runners[PATH_MAX];
    int fd = -1;
    struct err e = {0};
    ssize_t n = readlink("/proc/self/exe", runners, sizeof runners - 32);
    CHECK(n > 0);
    runners[n] = 0;
    strcpy(strstr(runners, "/test/deps/"), "/runners");
    const struct sandbox_config sandbox = {
        .templates = &template, .template_count = 1, .runners_dir = runners, .slots_max = 8};
    if (spawner_start(&sandbox, &fd, &w->spawner, &e) < 0)
        fail_msg("spawner_start: %s", e.text);
    CHECK(loop_new(&w->loop, &e) == 0);
    const struct engine_config config = {
        .runtimes = none, .leased = 1, .slots_max = 8, .idle_ms = 1000, .code_cache_max = 1 << 20};
    CHECK(engine_new(w->loop, fd, &config, &w->engine, &e) == 0);
    w->deadline = timer_new(w->loop, on_deadline, w);
}

static int open_world(void **state)
{
    struct err e = {0};
    (void)state;
    world = mem_alloc(sizeof *world);
    start_server(world);
    snprintf(world->dir, sizeof world->dir, "/tmp/virga-layers-XXXXXX");
    CHECK(mkdtemp(world->dir));
    start_engine(world);
    const struct index_options options = {.pip_index_url = world->index_url,
                                          .npm_registry = world->npm_url};
    CHECK(unsetenv("PIP_CERT") == 0 && index_read(&options, &world->index, &e) == 0);
    world->config = (struct build_config){
        .loop = world->loop,
        .engine = world->engine,
        .index = world->index,
        .layers_dir = world->dir,
        .memory_bytes = 512 << 20,
        .size_bytes = 64 << 20,
        .files_max = 2000,
        .timeout_ms = 90 * 1000,
    };
    return 0;
}

static void remove_tree(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", path, NULL);
        _exit(127);
    }
    CHECK(waitpid(pid, NULL, 0) == pid);
}

static int close_world(void **state)
{
    struct world *w = world;
    (void)state;
    engine_free(w->engine);
    CHECK(waitpid(w->spawner, NULL, 0) == w->spawner);
    timer_free(w->deadline);
    loop_free(w->loop);
    index_free(w->index);
    close(w->server_in);
    CHECK(waitpid(w->server, NULL, 0) == w->server);
    remove_tree(w->dir);
    buf_done(&w->log);
    free(w);
    return 0;
}

static void start(const struct build_order *order)
{
    struct world *w = world;
    struct err e = {0};
    const struct build_events events = {on_log, on_progress, on_done, w};
    buf_clear(&w->log);
    w->done = false;
    w->result[0] = w->packages[0] = w->lock[0] = 0;
    CHECK(build_start(&w->config, order, &events, &w->build, &e) == 0);
    timer_set_us(w->deadline, DEADLINE_S * 1000000ull);
    while (!w->done)
        CHECK(loop_run(w->loop, &e) == 0);
    timer_cancel(w->deadline);
}

static void build(const char *requirements)
{
    start(&(struct build_order){BUILD_PYTHON, requirements, NULL, NULL});
}

static bool logged(const char *text)
{
    return world->log.data && strstr(world->log.data, text);
}

static void check_nothing_left(void)
{
    unsigned n = 0;
    DIR *list = opendir(world->dir);
    CHECK(list);
    for (struct dirent *d; (d = readdir(list));)
        n += d->d_name[0] != '.' || str_starts(str_of(d->d_name), STR(".new-"));
    closedir(list);
    CHECK_INT(n, 0);
}

static void fails(const char *requirements, enum err_code code, const char *text)
{
    build(requirements);
    if (world->why.code != code || !strstr(world->why.text, text))
        print_message("%s: %s\n%s\n", err_code_name(world->why.code), world->why.text,
                      world->log.data ? world->log.data : "");
    CHECK(world->why.code == code && strstr(world->why.text, text));
    check_nothing_left();
}

static void succeeds(void)
{
    if (world->why.code)
        print_message("%s\n%s\n", world->why.text, world->log.data ? world->log.data : "");
    CHECK(!world->why.code && world->result[0]);
}

static bool has_file(const char *path)
{
    char whole[512];
    struct stat st;
    snprintf(whole, sizeof whole, "%s/%s/%s", world->dir, world->result, path);
    return lstat(whole, &st) == 0 && !(st.st_mode & 07000);
}

static void remove_result(void)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", world->dir, world->result);
    remove_tree(whole);
}

TEST(wheels_become_a_layer)
{
    build("hello==1.0\n");
    succeeds();
    CHECK_STR(world->packages, "[{\"name\":\"dep-one\",\"version\":\"2.1\"},"
                               "{\"name\":\"hello\",\"version\":\"1.0\"}]");
    CHECK_STR(world->lock, "dep-one==2.1\nhello==1.0\n");
    CHECK(has_file("python/hello/__init__.py") && has_file("python/dep_one.py"));
    CHECK(logged("Collecting hello") && world->bytes > 0 && world->step == BUILD_STORING);
    remove_result();
}

TEST(modules_of_npm_become_a_layer)
{
    start(&(struct build_order){BUILD_NODE, NULL, "{\"dependencies\":{\"left\":\"*\"}}", ""});
    succeeds();
    CHECK_STR(world->packages, "[{\"name\":\"left\",\"version\":\"1.0.0\"}]");
    CHECK(has_file("node_modules/left/made") && strstr(world->lock, "lockfileVersion"));
    remove_result();
}

TEST(a_build_reaches_nothing_but_its_index)
{
    build("reaches-out\n");
    succeeds();
    CHECK(!logged("REACHED"));
    remove_result();
}

TEST(a_build_writes_nothing_but_its_layer)
{
    build("writes-outside\n");
    succeeds();
    remove_result();
}

TEST(a_package_that_is_not_there_is_told_in_the_log)
{
    fails("missing==1\n", ERR_INVALID, "pip ended with status 1");
    CHECK(logged("No matching distribution found for missing==1"));
}

TEST(a_full_disk_is_a_limit)
{
    fails("fills-the-disk\n", ERR_LIMIT, "limit size");
}

TEST(memory_is_a_limit)
{
    fails("takes-memory\n", ERR_LIMIT, "limit memory");
}

TEST(time_is_a_limit)
{
    world->config.timeout_ms = 4000;
    fails("never-ends\n", ERR_LIMIT, "limit time = 4000 ms");
    world->config.timeout_ms = 90 * 1000;
}

TEST(processes_are_bounded)
{
    build("forks\n");
    CHECK(world->why.code == ERR_INVALID || world->why.code == ERR_LIMIT);
    check_nothing_left();
}

TEST(a_script_that_ends_the_program_ends_its_build_only)
{
    build("ends-the-program\n");
    CHECK(world->why.code == ERR_INVALID);
    check_nothing_left();
}

TEST(links_that_lead_out_are_refused)
{
    fails("links-out\n", ERR_INVALID, "leads out");
    fails("links-chained\n", ERR_INVALID, "leads out");
}

TEST(files_are_bounded)
{
    fails("many-files\n", ERR_LIMIT, "limit files = 2000");
}

TEST(pipes_and_devices_are_refused)
{
    fails("device-nodes\n", ERR_INVALID, "neither file, directory nor link");
}

TEST(what_is_printed_is_text)
{
    fails("prints-escapes\n", ERR_INVALID, "pip ended");
    CHECK(!strchr(world->log.data, 033) && logged("red") && logged("after"));
}

TEST(a_name_that_is_none_is_refused)
{
    fails("lies\n", ERR_INVALID, "name or version");
}

TEST(no_file_keeps_a_set_user_id_bit)
{
    build("set-user-id\n");
    succeeds();
    CHECK(has_file("python/tool"));
    remove_result();
}

TEST(a_build_can_be_cancelled_at_any_moment)
{
    world->cancel_at_first_line = true;
    fails("never-ends\n", ERR_UNAVAILABLE, "cancelled");
}

TEST(a_build_is_abandoned_without_a_word)
{
    struct err e = {0};
    const struct build_events events = {on_log, on_progress, on_done, world};
    world->done = false;
    CHECK(build_start(&world->config,
                      &(struct build_order){BUILD_PYTHON, "never-ends\n", NULL, NULL}, &events,
                      &world->build, &e) == 0);
    build_abandon(world->build);
    build("hello\n"); /* turns the loop until the next one is done */
    succeeds();
    remove_result();
    check_nothing_left();
}

TEST(an_index_that_wants_credentials_gets_them_and_no_log_shows_them)
{
    struct err e = {0};
    struct index *index = NULL;
    const struct index_options options = {.pip_index_url = world->private_url};
    CHECK(index_read(&options, &index, &e) == 0 && strstr(world->private_url, "me:pass-word@"));
    world->config.index = index;
    build("prints-its-index\n");
    world->config.index = world->index;
    succeeds();
    CHECK(logged("****") && !logged("pass-word"));
    remove_result();
    index_free(index);
}

/* With nothing configured, when these answer here. */
static void build_from_afar(const struct build_order *order)
{
    struct err e = {0};
    struct index *afar = NULL;
    CHECK(index_read(&(struct index_options){0}, &afar, &e) == 0);
    world->config.index = afar;
    start(order);
    world->config.index = world->index;
    index_free(afar);
    if (world->why.code)
        print_message("%s\n%s\n", world->why.text, world->log.data ? world->log.data : "");
    if (world->why.code)
        SKIP("the public index does not answer");
}

TEST(packages_come_from_the_index_that_pip_uses_by_itself)
{
    build_from_afar(&(struct build_order){BUILD_PYTHON, "six==1.16.0\n", NULL, NULL});
    CHECK_STR(world->packages, "[{\"name\":\"six\",\"version\":\"1.16.0\"}]");
    CHECK(has_file("python/six.py"));
    remove_result();
}

TEST(modules_come_from_the_registry_that_npm_uses_by_itself)
{
    build_from_afar(
        &(struct build_order){BUILD_NODE, NULL, "{\"dependencies\":{\"ms\":\"2.1.3\"}}", ""});
    CHECK_STR(world->packages, "[{\"name\":\"ms\",\"version\":\"2.1.3\"}]");
    CHECK(has_file("node_modules/ms/index.js"));
    remove_result();
}

#define ROWS(...)                                                                                  \
    {                                                                                              \
        TEST_EACH_(TEST_ROW_, __VA_ARGS__)                                                         \
    }

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (geteuid() != 0) {
        print_message("skipped: sandboxes with limits need root\n");
        return 0;
    }
    const struct CMUnitTest tests[] = ROWS(
        wheels_become_a_layer, modules_of_npm_become_a_layer, a_build_reaches_nothing_but_its_index,
        a_build_writes_nothing_but_its_layer, a_package_that_is_not_there_is_told_in_the_log,
        a_full_disk_is_a_limit, memory_is_a_limit, time_is_a_limit, processes_are_bounded,
        a_script_that_ends_the_program_ends_its_build_only, links_that_lead_out_are_refused,
        files_are_bounded, pipes_and_devices_are_refused, what_is_printed_is_text,
        a_name_that_is_none_is_refused, no_file_keeps_a_set_user_id_bit,
        a_build_can_be_cancelled_at_any_moment, a_build_is_abandoned_without_a_word,
        an_index_that_wants_credentials_gets_them_and_no_log_shows_them,
        packages_come_from_the_index_that_pip_uses_by_itself,
        modules_come_from_the_registry_that_npm_uses_by_itself);
    return cmocka_run_group_tests(tests, open_world, close_world);
}
