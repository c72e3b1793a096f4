#include "sandbox/probe.h"

#include "base/test.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX = PROBE_RESULTS_MAX };

static const struct probe_result *find(const struct probe_result *r, size_t n, const char *feature)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(r[i].feature, feature) == 0)
            return &r[i];
    fail_msg("no result for '%s'", feature);
    return NULL;
}

TEST(every_result_has_a_detail_and_every_failure_a_fix)
{
    struct probe_result r[MAX];
    size_t n = probe_all("/nonexistent", r, MAX);
    CHECK(n > 15);
    for (size_t i = 0; i < n; i++) {
        print_message("%-22s %d %s | %s\n", r[i].feature, r[i].state, r[i].detail, r[i].fix);
        CHECK(r[i].detail[0]);
        CHECK((r[i].state == PROBE_WORKS) == !r[i].fix[0]);
    }
    CHECK_INT(find(r, n, "runners")->state, PROBE_MISSING);
}

TEST(no_more_results_than_there_is_room_for)
{
    struct probe_result r[4];
    memset(&r[3], 0x5a, sizeof r[3]);
    CHECK_INT(probe_all(NULL, r, 3), 3);
    CHECK_INT(((unsigned char *)&r[3])[0], 0x5a);
}

TEST(a_runtime_that_is_not_there_leaves_nobody_unprotected)
{
    const struct probe_result node = {.state = PROBE_WEAKER}, none = {.state = PROBE_MISSING},
                              memory = {.state = PROBE_WEAKER, .weaker = "memory"},
                              works = {.state = PROBE_WORKS, .weaker = "memory"};
    CHECK(!probe_unprotected(&node) && !probe_unprotected(&works));
    CHECK(probe_unprotected(&none) && probe_unprotected(&memory));
}

TEST(without_root_the_shared_uid_and_the_cgroup_are_named_as_weaker)
{
    if (geteuid() != 0)
        SKIP("needs root, to give it up");
    pid_t pid = fork();
    if (pid == 0) {
        struct probe_result r[MAX];
        if (setgid(65534) < 0 || setuid(65534) < 0)
            _exit(2);
        size_t n = probe_all(NULL, r, MAX);
        _exit(find(r, n, "own user id per slot")->state != PROBE_WEAKER ||
              find(r, n, "memory limit")->state != PROBE_WEAKER ||
              !find(r, n, "memory limit")->fix[0] ||
              !probe_unprotected(find(r, n, "own user id per slot")));
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

TEST(an_exhausted_number_of_user_namespaces_is_named_with_its_sysctl)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct probe_result r[MAX];
        if (unshare(CLONE_NEWUSER) < 0)
            _exit(77);
        FILE *f = fopen("/proc/sys/user/max_user_namespaces", "w");
        if (!f || fprintf(f, "0") < 0 || fclose(f))
            _exit(77);
        size_t n = probe_all(NULL, r, MAX);
        const struct probe_result *u = find(r, n, "user namespaces");
        _exit(u->state != PROBE_MISSING || !strstr(u->fix, "user.max_user_namespaces"));
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        SKIP("user namespaces, or writing user.max_user_namespaces in one");
    CHECK_INT(status, 0);
}

TEST_MAIN(every_result_has_a_detail_and_every_failure_a_fix,
          a_runtime_that_is_not_there_leaves_nobody_unprotected,
          no_more_results_than_there_is_room_for,
          without_root_the_shared_uid_and_the_cgroup_are_named_as_weaker,
          an_exhausted_number_of_user_namespaces_is_named_with_its_sysctl)
