/* Layers of projects over the life of a server: restarts, lost disks, other versions, collection.
 */
#include "deps/testdata/bench.h"

#include "base/clock.h"
#include "base/must.h"
#include "engine/engine.h"
#include "runtimes/runtimes.h"

#include <dirent.h>

#define SIX "{\"requirements_txt\":\"six\"}"

/* Answers of deps_project about the project `p`, as refresh asks. */
struct seen {
    struct deps_project packages;
    char problem[300];
};

static void look(struct bench *b, struct seen *ret)
{
    auto_arena struct arena *a = arena_new();
    GOOD(b, deps_project(b->app.deps, b->db, a, "p", &ret->packages, &b->e));
    const char *problem = ret->packages.of[BUILD_PYTHON].problem;
    snprintf(ret->problem, sizeof ret->problem, "%s", problem ? problem : "");
}

static void look_until(struct bench *b, struct seen *s, const char *what)
{
    uint64_t until = clock_mono_us() + DEADLINE_MS * 1000ull;
    do {
        look(b, s);
        CHECK(clock_mono_us() < until);
    } while (*what ? !strstr(s->problem, what) : *s->problem != 0);
}

static void save(struct bench *b, const char *json)
{
    if (ask(b, "PUT", "p/requirements", json) != 200)
        fail_msg("%s", b->reply.data);
}

static unsigned layers_on_disk(const struct bench *b)
{
    DIR *dir = opendir(b->layers);
    const struct dirent *entry;
    unsigned count = 0;
    CHECK(dir);
    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void lose_disk(const struct bench *b)
{
    remove_dir(b->layers);
}

TEST(functions_get_the_layer_of_their_language)
{
    auto_bench struct bench b;
    struct seen s;
    const struct runtime *runtime = NULL;
    bench_make(&b);
    look(&b, &s);
    CHECK(!s.packages.of[BUILD_PYTHON].wanted);
    save(&b, SIX);
    look(&b, &s);
    CHECK(s.packages.of[BUILD_PYTHON].wanted && !*s.problem);
    CHECK(!s.packages.of[BUILD_NODE].wanted);
    struct function_spec spec = {0};
    CHECK(runtimes_find("python", &runtime, &b.e) == 0);
    spec.runtime = runtime;
    deps_layer(&s.packages, &spec);
    CHECK(spec.layer && !spec.layer_problem);
    CHECK(memcmp(spec.layer_id, s.packages.of[BUILD_PYTHON].id, 32) == 0);
    CHECK(runtimes_find("nodejs", &runtime, &b.e) == 0);
    spec = (struct function_spec){.runtime = runtime};
    deps_layer(&s.packages, &spec);
    CHECK(!spec.layer);
}

TEST(a_layer_stays_over_a_restart_and_is_built_again_when_the_disk_was_lost)
{
    auto_bench struct bench b;
    struct seen s;
    bench_make(&b);
    save(&b, SIX);
    bench_down(&b);
    bench_up(&b);
    look(&b, &s);
    CHECK(s.packages.of[BUILD_PYTHON].wanted && !*s.problem);
    bench_down(&b);
    lose_disk(&b);
    bench_up(&b);
    look(&b, &s);
    CHECK(strstr(s.problem, "being built") != NULL);
    look_until(&b, &s, "");
    CHECK_INT(play.started, 2);
    CHECK(noted(&b, "variables:p"));
}

TEST(packages_that_cannot_be_built_again_say_why_and_a_later_save_mends_it)
{
    auto_bench struct bench b;
    struct seen s;
    bench_make(&b);
    save(&b, SIX);
    /* What was resolved elsewhere cannot be had any more. */
    run_sql(&b, "UPDATE package_layers SET lock_text = 'bad==1'");
    bench_down(&b);
    lose_disk(&b);
    bench_up(&b);
    look_until(&b, &s, "could not be built on this server: no such package");
    save(&b, "{\"requirements_txt\":\"seven\"}");
    look(&b, &s);
    CHECK(!*s.problem);
}

TEST(a_runtime_of_another_version_has_its_packages_built_again)
{
    auto_bench struct bench b;
    struct seen s;
    bench_make(&b);
    save(&b, SIX);
    bench_down(&b);
    snprintf(play.version, sizeof play.version, "3.12.0");
    bench_up(&b);
    for (uint64_t until = clock_mono_us() + DEADLINE_MS * 1000ull; play.started < 2;) {
        look(&b, &s);
        CHECK(clock_mono_us() < until);
    }
    look_until(&b, &s, "");
    CHECK_INT(layers_on_disk(&b), 2);
}

TEST(a_build_that_a_restart_interrupted_has_failed)
{
    auto_bench struct bench b;
    char id[64], path[100];
    bench_make(&b);
    CHECK_INT(ask(&b, "POST", "p/builds", "{\"requirements_txt\":\"slow\"}"), 202);
    snprintf(id, sizeof id, "%s", text_of(&b, "id"));
    wait_held(1);
    run_sql(&b, "CREATE TABLE crashed AS SELECT * FROM package_builds"); /* as kill -9 leaves it */
    bench_down(&b);
    run_sql(&b, "DELETE FROM package_builds");
    run_sql(&b, "INSERT INTO package_builds SELECT * FROM crashed");
    bench_up(&b);
    snprintf(path, sizeof path, "p/builds/%s", id);
    CHECK_INT(ask(&b, "GET", path, NULL), 200);
    CHECK_STR(text_of(&b, "status"), "failed");
    CHECK_STR(text_of(&b, "error"), "the server was restarted");
    save(&b, SIX);
}

/* --- collection --- */

static void make_old(const struct bench *b, unsigned seconds)
{
    char path[200];
    struct timespec then[2] = {{time(NULL) - seconds, 0}, {time(NULL) - seconds, 0}};
    DIR *dir = opendir(b->layers);
    const struct dirent *entry;
    CHECK(dir);
    while ((entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%.64s", b->layers, entry->d_name);
        CHECK(utimensat(AT_FDCWD, path, then, 0) == 0);
    }
    closedir(dir);
}

static void restart_and_collect(struct bench *b)
{
    bench_down(b);
    bench_up(b);
    collect_run(b->app.deps, b->db);
}

TEST(an_unused_layer_goes_after_a_while_one_in_use_never)
{
    auto_bench struct bench b;
    bench_make(&b);
    save(&b, SIX);
    save(&b, "{\"requirements_txt\":\"seven\"}");
    CHECK_INT(layers_on_disk(&b), 2);
    make_old(&b, 86400 - 100);
    restart_and_collect(&b);
    CHECK_INT(layers_on_disk(&b), 2);
    make_old(&b, 86400 + 100);
    restart_and_collect(&b);
    CHECK_INT(layers_on_disk(&b), 1);
    struct seen s;
    look(&b, &s);
    CHECK(!*s.problem);
    CHECK_INT(play.started, 2);
}

TEST(beyond_the_room_for_layers_those_unused_for_longest_go_first)
{
    auto_bench struct bench b;
    bench_make(&b);
    save(&b, SIX);
    make_old(&b, 5000);
    save(&b, "{\"requirements_txt\":\"seven\"}");
    save(&b, "{\"requirements_txt\":\"eight\"}");
    CHECK_INT(layers_on_disk(&b), 3);
    b.config.disk_bytes = 2500; /* each has 1000 */
    restart_and_collect(&b);
    CHECK_INT(layers_on_disk(&b), 2);
    save(&b, "{\"requirements_txt\":\"seven\"}");
    CHECK_INT(play.started, 3); /* it was the oldest one that went */
    b.config.disk_bytes = 1;
    make_old(&b, 5000);
    restart_and_collect(&b);
    CHECK_INT(layers_on_disk(&b), 1);
}

TEST(a_directory_that_the_store_does_not_know_goes_at_the_start)
{
    auto_bench struct bench b;
    bench_make(&b);
    save(&b, SIX);
    run_sql(&b, "DELETE FROM package_layers");
    restart_and_collect(&b);
    CHECK_INT(layers_on_disk(&b), 0);
}

/* --- what was learned --- */

static void hear(void *arg, const char *project, const char *runtime, const uint8_t layer_id[32],
                 struct str modules)
{
    buf_addf(arg, "%s %s %02x%02x %.*s;", project, runtime, layer_id[0], layer_id[31],
             STR_ARG(modules));
}

TEST(what_a_project_imports_is_kept_for_the_next_start)
{
    auto_bench struct bench b;
    auto_buf struct buf heard = {0};
    uint8_t id[32] = {1};
    bench_make(&b);
    deps_learned(b.app.deps, "p", "python", id, STR("numpy\nsix\n"));
    id[31] = 7;
    deps_learned(b.app.deps, "gone", "python", id, STR("x\n"));
    deps_learned(b.app.deps, "q", "python", id, STR("\xff\n"));
    bench_down(&b);
    bench_up(&b);
    GOOD(&b, deps_each_learned(b.app.deps, b.db, hear, &heard, &b.e));
    CHECK_STR(heard.data, "p python 0100 numpy\nsix\n;");
}

TEST_MAIN(functions_get_the_layer_of_their_language,
          a_layer_stays_over_a_restart_and_is_built_again_when_the_disk_was_lost,
          packages_that_cannot_be_built_again_say_why_and_a_later_save_mends_it,
          a_runtime_of_another_version_has_its_packages_built_again,
          a_build_that_a_restart_interrupted_has_failed,
          an_unused_layer_goes_after_a_while_one_in_use_never,
          beyond_the_room_for_layers_those_unused_for_longest_go_first,
          a_directory_that_the_store_does_not_know_goes_at_the_start,
          what_a_project_imports_is_kept_for_the_next_start)
