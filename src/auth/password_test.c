#include "auth/password.h"

#include "base/test.h"

#include <pthread.h>
#include <stdatomic.h>

TEST(a_password_opens_its_own_hash_only)
{
    struct err e = {0};
    struct password *p = password_new();
    char hash[PASSWORD_HASH], other[PASSWORD_HASH];
    bool right = false;
    CHECK(password_hash(p, "correct horse", hash, &e) == 0);
    CHECK(password_hash(p, "correct horse", other, &e) == 0 && strcmp(hash, other) != 0);
    CHECK(strncmp(hash, "$argon2id$", 10) == 0 && !password_is_stale(hash));
    CHECK(password_check(p, hash, "correct horse", &right, &e) == 0 && right);
    CHECK(password_check(p, hash, "correct horsf", &right, &e) == 0 && !right);
    CHECK(password_is_stale("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    password_free(p);
}

static double seconds_of(struct password *p, const char *hash)
{
    struct err e = {0};
    struct timespec from, to;
    bool right = true;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    CHECK(password_check(p, hash, "whatever", &right, &e) == 0 && !right);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Argon2 without threads runs on the caller's. */
TEST(nobodys_password_takes_as_long_and_is_never_right)
{
    struct err e = {0};
    struct password *p = password_new();
    char hash[PASSWORD_HASH];
    CHECK(password_hash(p, "correct horse", hash, &e) == 0);
    double somebody = seconds_of(p, hash), nobody = seconds_of(p, NULL);
    CHECK(nobody > somebody / 3 && nobody < somebody * 3);
    password_free(p);
}

struct crowd {
    struct password *gate;
    atomic_int done, refused;
};

static void *come(void *arg)
{
    struct crowd *c = arg;
    struct err e = {0};
    bool right;
    if (password_check(c->gate, NULL, "x", &right, &e) == 0)
        c->done++;
    else if (e.code == ERR_LIMIT)
        c->refused++;
    return NULL;
}

TEST(a_crowd_takes_turns_and_loses_nobody)
{
    enum { CROWD = 12 };
    struct crowd c = {.gate = password_new()};
    pthread_t threads[CROWD];
    for (int i = 0; i < CROWD; i++)
        CHECK(pthread_create(&threads[i], NULL, come, &c) == 0);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(c.done, CROWD);
    CHECK_INT(c.refused, 0);
    password_free(c.gate);
}

TEST_MAIN(a_password_opens_its_own_hash_only, nobodys_password_takes_as_long_and_is_never_right,
          a_crowd_takes_turns_and_loses_nobody)
