#include "base/test.h"
#include "databases/pg.h"
#include "databases/claim.h"
#include "databases/private.h"
#include "databases/watch.h"

TEST(a_database_over_its_size_becomes_read_only_and_a_fifth_over_is_closed)
{
    CHECK_INT(watch_fence(0, 1000), FENCE_OPEN);
    CHECK_INT(watch_fence(1000, 1000), FENCE_OPEN);
    CHECK_INT(watch_fence(1001, 1000), FENCE_READ_ONLY);
    CHECK_INT(watch_fence(1200, 1000), FENCE_READ_ONLY);
    CHECK_INT(watch_fence(1201, 1000), FENCE_CLOSED);
}

static void check_value(const char *info, const char *keyword, const char *value)
{
    auto_buf struct buf found = {0};
    struct err e = {0};
    CHECK_INT(pg_conninfo_value(info, keyword, &found, &e), 0);
    CHECK_STR(found.data ? found.data : "", value);
}

TEST(who_connects_and_where_takes_the_place_of_what_the_url_says)
{
    auto_buf struct buf info = {0};
    struct err e = {0};
    CHECK_INT(pg_conninfo("postgres://boss:s%27e%5Ccret@db.example:6543/postgres?sslmode=require",
                          (struct pg_instead){.user = "p_1", .dbname = "it's"}, &info, &e),
              0);
    check_value(info.data, "user", "p_1");
    check_value(info.data, "password", "s'e\\cret");
    check_value(info.data, "dbname", "it's");
    check_value(info.data, "host", "db.example");
    check_value(info.data, "port", "6543");
    check_value(info.data, "sslmode", "require");
}

TEST(a_url_that_cannot_be_read_is_not_quoted)
{
    auto_buf struct buf info = {0};
    struct err e = {0};
    CHECK(pg_conninfo("postgres://boss:s3cret@[::1/postgres", (struct pg_instead){0}, &info, &e) <
          0);
    CHECK_INT(e.code, ERR_INVALID);
    CHECK(!strstr(e.text, "s3cret"));
}

static struct databases *new_databases(void)
{
    struct databases *d = calloc(1, sizeof *d);
    pthread_condattr_t monotonic;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->freed, &monotonic);
    return d;
}

TEST(a_database_is_worked_on_by_one_thread_at_a_time)
{
    struct databases *d = new_databases();
    struct err e = {0};
    CHECK_INT(claim_take(d, "a", &e), 0);
    CHECK_INT(claim_take(d, "b", &e), 0);
    CHECK(!claim_try(d, "a"));
    claim_drop(d, "a");
    CHECK(!claim_is_taken(d, "a") && claim_is_taken(d, "b"));
    CHECK_INT(claim_take(d, "a", &e), 0);
    free(d);
}

TEST(a_project_runs_two_statements_at_a_time)
{
    struct databases *d = new_databases();
    struct err e = {0};
    CHECK_INT(claim_query(d, "a", &e), 0);
    CHECK_INT(claim_query(d, "a", &e), 0);
    CHECK(claim_query(d, "a", &e) < 0 && e.code == ERR_LIMIT);
    CHECK_INT(claim_query(d, "b", &e), 0);
    claim_query_end(d, "a");
    CHECK_INT(claim_query(d, "a", &e), 0);
    free(d);
}

TEST_MAIN(a_database_over_its_size_becomes_read_only_and_a_fifth_over_is_closed,
          who_connects_and_where_takes_the_place_of_what_the_url_says,
          a_url_that_cannot_be_read_is_not_quoted, a_database_is_worked_on_by_one_thread_at_a_time,
          a_project_runs_two_statements_at_a_time)
