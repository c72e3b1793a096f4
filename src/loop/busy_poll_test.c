/* What a loop that polls saves, and that it costs nothing where it saves nothing. All is measured
 * by what the kernel counts for this thread, so that a busy machine changes nothing. */
#include "loop/loop.h"

#include "base/must.h"
#include "base/test.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TURNS = 50 };

struct talk {
    struct loop *loop;
    int fds[2]; /* the loop's and the thread's */
    unsigned turns;
};

static struct loop *polling_loop(unsigned poll_us)
{
    struct err e = {0};
    struct loop *l = NULL;
    CHECK(loop_new(&l, &e) == 0);
    loop_busy_poll(l, poll_us);
    return l;
}

static void run(struct loop *l)
{
    struct err e = {0};
    CHECK(loop_run(l, &e) == 0);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void nothing(void *arg)
{
    (void)arg;
}

static uint64_t thread_cpu_us(void)
{
    struct timespec t;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* How often this thread has slept of its own accord. */
static long slept(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_THREAD, &usage) == 0);
    return usage.ru_nvcsw;
}

static void *answer_each(void *arg)
{
    struct talk *t = arg;
    char byte;
    for (unsigned i = 0; i < TURNS; i++)
        must(read(t->fds[1], &byte, 1) == 1 && write(t->fds[1], &byte, 1) == 1);
    return NULL;
}

static void say(void *arg)
{
    struct talk *t = arg;
    must(write(t->fds[0], "x", 1) == 1);
}

static void hear(void *arg, unsigned ready)
{
    struct talk *t = arg;
    char byte;
    (void)ready;
    must(read(t->fds[0], &byte, 1) == 1);
    if (++t->turns == TURNS)
        loop_stop(t->loop);
    else
        say(t);
}

static long sleeps_of_a_talk(unsigned poll_us)
{
    struct talk t = {.loop = polling_loop(poll_us)};
    pthread_t thread;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, t.fds) == 0);
    struct watch *watch = watch_new(t.loop, t.fds[0], hear, &t);
    watch_want(watch, WATCH_READ);
    CHECK(pthread_create(&thread, NULL, answer_each, &t) == 0);
    loop_post(t.loop, say, &t);
    long before = slept();
    run(t.loop);
    long sleeps = slept() - before;
    pthread_join(thread, NULL);
    watch_free(watch);
    loop_free(t.loop);
    close(t.fds[0]);
    close(t.fds[1]);
    return sleeps;
}

TEST(what_comes_soon_is_heard_without_having_slept)
{
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0 && CPU_COUNT(&mine) == 1)
        SKIP("a thread with one processor does not poll");
    CHECK(sleeps_of_a_talk(1000000) < TURNS / 2);
}

TEST(with_one_processor_it_is_left_to_who_answers)
{
    cpu_set_t mine, one;
    CHECK(sched_getaffinity(0, sizeof mine, &mine) == 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(sleeps_of_a_talk(1000000) >= TURNS / 2);
    CHECK(sched_setaffinity(0, sizeof mine, &mine) == 0);
}

TEST(a_loop_at_rest_sleeps)
{
    struct loop *l = polling_loop(1000);
    struct timer *end = timer_new(l, stop, l);
    loop_post(l, nothing, NULL);
    timer_set_us(end, 400000);
    uint64_t before = thread_cpu_us();
    run(l);
    CHECK(thread_cpu_us() - before < 200000);
    timer_free(end);
    loop_free(l);
}

/* Far apart: a thread that others hold up on its way must not poll into the next one. */
enum { BEATS = 60, BEAT_US = 25000, POLL_US = 1000 };

struct beat {
    struct loop *loop;
    struct timer *timer;
    unsigned left;
};

/* Something comes, and what follows it is later than one polls. */
static void on_beat(void *arg)
{
    struct beat *beat = arg;
    loop_post(beat->loop, nothing, NULL);
    if (beat->left-- == 0)
        loop_stop(beat->loop);
    else
        timer_set_us(beat->timer, BEAT_US);
}

TEST(polling_in_vain_is_given_up)
{
    struct beat beat = {.loop = polling_loop(POLL_US), .left = BEATS};
    beat.timer = timer_new(beat.loop, on_beat, &beat);
    timer_set_us(beat.timer, 0);
    uint64_t before = thread_cpu_us();
    run(beat.loop);
    CHECK(thread_cpu_us() - before < BEATS * POLL_US / 2);
    timer_free(beat.timer);
    loop_free(beat.loop);
}

TEST_MAIN(what_comes_soon_is_heard_without_having_slept,
          with_one_processor_it_is_left_to_who_answers, a_loop_at_rest_sleeps,
          polling_in_vain_is_given_up)
