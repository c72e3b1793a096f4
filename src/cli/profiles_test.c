#include "cli/profiles.h"

#include "base/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A home of its own for each test. */
static char file[64];

static void home_make(char home[32])
{
    snprintf(home, 32, "/tmp/virga-profiles-XXXXXX");
    assert_non_null(mkdtemp(home));
    CHECK(setenv("XDG_CONFIG_HOME", home, 1) == 0);
    snprintf(file, sizeof file, "%s/virga", home);
    CHECK(mkdir(file, 0700) == 0);
    snprintf(file, sizeof file, "%s/virga/profiles.json", home);
}

static void home_remove(char (*home)[32])
{
    (void)unlink(file);
    (void)rmdir(file);
    file[strlen(file) - strlen("/profiles.json")] = 0;
    CHECK(rmdir(file) == 0 && rmdir(*home) == 0); /* nothing else was left in them */
}

#define HOME()                                                                                     \
    char home[32] __attribute__((cleanup(home_remove)));                                           \
    home_make(home)

static void write_file(const char *text, mode_t mode)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CHECK(fchmod(fd, mode) == 0);
    (void)close(fd);
}

static const char *refused(void)
{
    static struct err e;
    struct profiles p;
    e = (struct err){0};
    CHECK(profiles_load(&p, &e) < 0);
    profiles_done(&p);
    return e.text;
}

TEST(without_a_file_there_are_no_profiles)
{
    HOME();
    struct profiles p;
    struct err e = {0};
    CHECK(profiles_load(&p, &e) == 0);
    CHECK(profiles_is_empty(&p) && !profiles_find(&p, NULL));
    CHECK_STR(profiles_current(&p), "default");
    CHECK_STR(profiles_server(profiles_find(&p, NULL)), PROFILES_SERVER);
    profiles_done(&p);
}

TEST(what_is_saved_is_loaded_and_readable_by_its_owner_only)
{
    HOME();
    struct profiles p;
    struct stat st;
    struct err e = {0};
    CHECK(profiles_load(&p, &e) == 0);
    json_object_set_new(profiles_make(&p, "work"), "server", json_string("https://w/"));
    profiles_use(&p, "work");
    (void)umask(0);
    CHECK(profiles_save(&p, &e) == 0 && profiles_save(&p, &e) == 0);
    profiles_done(&p);
    CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600);
    CHECK(profiles_load(&p, &e) == 0);
    CHECK_STR(profiles_current(&p), "work");
    CHECK_STR(profiles_of_server(&p, "https://w"), "work");
    CHECK(profiles_of_server(&p, "https://w/x") == NULL);
    profiles_remove(&p, profiles_current(&p));
    CHECK(profiles_is_empty(&p));
    CHECK_STR(profiles_current(&p), "default");
    profiles_done(&p);
}

TEST(the_current_profile_comes_first_among_those_of_a_server)
{
    HOME();
    struct profiles p;
    struct err e = {0};
    write_file("{\"current\": \"b\", \"profiles\": {\"a\": {\"server\": \"http://x\"},"
               " \"b\": {\"server\": \"http://x/\"}, \"c\": {}}}",
               0600);
    CHECK(profiles_load(&p, &e) == 0);
    CHECK_STR(profiles_of_server(&p, "http://x"), "b");
    CHECK_STR(profiles_of_server(&p, PROFILES_SERVER), "c");
    profiles_done(&p);
}

TEST(a_file_that_others_may_read_or_that_is_none_is_refused)
{
    HOME();
    write_file("{\"profiles\": {}}", 0640);
    CHECK(strstr(refused(), "chmod 600"));
    write_file("{\"profiles\": {}", 0600);
    CHECK(strstr(refused(), "line 1"));
    write_file("{\"profiles\": []}", 0600);
    CHECK(strstr(refused(), "no \"profiles\" in it"));
    (void)unlink(file);
    CHECK(mkdir(file, 0700) == 0);
    CHECK(strstr(refused(), "no regular file"));
}

TEST(names_are_those_that_a_shell_takes_as_they_are)
{
    CHECK(profiles_name_ok("work-1.example:8000") && profiles_name_ok("[::1]:80"));
    CHECK(!profiles_name_ok("") && !profiles_name_ok("a b") && !profiles_name_ok("a/b"));
    CHECK(!profiles_name_ok("\xFF") && !profiles_name_ok("a\n"));
}

TEST_MAIN(without_a_file_there_are_no_profiles,
          what_is_saved_is_loaded_and_readable_by_its_owner_only,
          the_current_profile_comes_first_among_those_of_a_server,
          a_file_that_others_may_read_or_that_is_none_is_refused,
          names_are_those_that_a_shell_takes_as_they_are)
