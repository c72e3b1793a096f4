#include "loop/loop.h"

#include "base/mem.h"
#include "base/test.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

enum { JOBS = 50 };

/* Everything that jobs of one test share. */
struct bench {
    struct loop *loop;
    struct workers *workers;
    sem_t started, go;
    pthread_t loop_thread;
    unsigned entered, left, ran, done;
    bool astray, disorder, fail_second;
};

struct job {
    struct bench *bench;
    unsigned number;
};

static void check(struct bench *b, bool right)
{
    if (!right)
        __atomic_store_n(&b->astray, true, __ATOMIC_SEQ_CST);
}

static int enter(void *arg, void **ret_context, struct err *e)
{
    struct bench *b = arg;
    unsigned n = __atomic_add_fetch(&b->entered, 1, __ATOMIC_SEQ_CST);
    if (b->fail_second && n == 2)
        return err_set(e, ERR_UNAVAILABLE, "no store");
    *ret_context = b;
    return 0;
}

static void leave(void *arg, void *context)
{
    struct bench *b = arg;
    check(b, context == b);
    __atomic_add_fetch(&b->left, 1, __ATOMIC_SEQ_CST);
}

static void run(void *arg, void *context)
{
    struct job *j = arg;
    struct bench *b = j->bench;
    check(b, context == b && !pthread_equal(pthread_self(), b->loop_thread));
    __atomic_add_fetch(&b->ran, 1, __ATOMIC_SEQ_CST);
}

static void run_when_told(void *arg, void *context)
{
    struct job *j = arg;
    sem_post(&j->bench->started);
    sem_wait(&j->bench->go);
    run(arg, context);
}

static void done(void *arg)
{
    struct job *j = arg;
    struct bench *b = j->bench;
    check(b, pthread_equal(pthread_self(), b->loop_thread));
    b->disorder |= j->number != b->done;
    if (++b->done == JOBS)
        loop_stop(b->loop);
}

static int start(struct bench *b, unsigned threads, unsigned queue_max, struct err *e)
{
    struct workers_config config = {threads, queue_max, enter, leave, b};
    return workers_new(b->loop, &config, &b->workers, e);
}

static void bench_init(struct bench *b)
{
    struct err e = {0};
    *b = (struct bench){.loop_thread = pthread_self()};
    CHECK(sem_init(&b->started, 0, 0) == 0 && sem_init(&b->go, 0, 0) == 0);
    CHECK(loop_new(&b->loop, &e) == 0);
}

static void bench_done(struct bench *b)
{
    workers_free(b->workers);
    loop_free(b->loop);
    CHECK(!b->astray);
}

static void jobs_init(struct bench *b, struct job *jobs)
{
    for (unsigned i = 0; i < JOBS; i++)
        jobs[i] = (struct job){b, i};
}

TEST(jobs_run_on_workers_and_end_on_the_loop_in_order)
{
    struct bench b;
    struct job jobs[JOBS];
    struct err e = {0};
    bench_init(&b);
    jobs_init(&b, jobs);
    CHECK(start(&b, 1, JOBS, &e) == 0);
    for (unsigned i = 0; i < JOBS; i++)
        CHECK(workers_submit(b.workers, run, done, &jobs[i], &e) == 0);
    CHECK(loop_run(b.loop, &e) == 0);
    CHECK_INT(b.ran, JOBS);
    CHECK_INT(b.done, JOBS);
    CHECK(!b.disorder);
    bench_done(&b);
}

TEST(a_full_queue_refuses_and_takes_again_when_there_is_room)
{
    struct bench b;
    struct job jobs[JOBS];
    struct err e = {0};
    bench_init(&b);
    jobs_init(&b, jobs);
    CHECK(start(&b, 1, 2, &e) == 0);
    CHECK(workers_submit(b.workers, run_when_told, done, &jobs[0], &e) == 0);
    sem_wait(&b.started); /* it has left the queue */
    CHECK(workers_submit(b.workers, run_when_told, done, &jobs[1], &e) == 0);
    CHECK(workers_submit(b.workers, run_when_told, done, &jobs[2], &e) == 0);
    CHECK(workers_submit(b.workers, run, done, &jobs[3], &e) < 0);
    CHECK_INT(e.code, ERR_LIMIT);
    sem_post(&b.go);
    sem_wait(&b.started);
    CHECK(workers_submit(b.workers, run, done, &jobs[3], &e) == 0);
    sem_post(&b.go);
    sem_post(&b.go);
    bench_done(&b);
    CHECK_INT(b.done, 4);
    CHECK(!b.disorder);
}

TEST(freeing_finishes_what_is_queued_and_runs_its_dones_here)
{
    struct bench b;
    struct job jobs[JOBS];
    struct err e = {0};
    bench_init(&b);
    jobs_init(&b, jobs);
    CHECK(start(&b, 3, JOBS, &e) == 0);
    for (unsigned i = 0; i < JOBS; i++)
        CHECK(workers_submit(b.workers, run, done, &jobs[i], &e) == 0);
    bench_done(&b);
    CHECK_INT(b.ran, JOBS);
    CHECK_INT(b.done, JOBS);
    CHECK_INT(b.entered, 3);
    CHECK_INT(b.left, 3);
}

TEST(a_failing_context_fails_the_start_and_ends_the_others)
{
    struct bench b;
    struct err e = {0};
    bench_init(&b);
    b.fail_second = true;
    CHECK(start(&b, 3, 1, &e) < 0);
    CHECK_INT(e.code, ERR_UNAVAILABLE);
    CHECK_STR(e.text, "no store");
    CHECK_INT(b.left, 2);
    bench_done(&b);
}

TEST_MAIN(jobs_run_on_workers_and_end_on_the_loop_in_order,
          a_full_queue_refuses_and_takes_again_when_there_is_room,
          freeing_finishes_what_is_queued_and_runs_its_dones_here,
          a_failing_context_fails_the_start_and_ends_the_others)
