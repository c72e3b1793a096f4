#include "loop/loop.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

struct bench {
    struct loop *loop;
    struct timer *deadline;
    bool late;
};

static void too_late(void *arg)
{
    struct bench *b = arg;
    b->late = true;
    loop_stop(b->loop);
}

static void bench_init(struct bench *b)
{
    struct err e = {0};
    *b = (struct bench){0};
    CHECK(loop_new(&b->loop, &e) == 0);
    b->deadline = timer_new(b->loop, too_late, b);
}

/* Until somebody stops the loop; ten seconds at most. */
static void bench_run(struct bench *b)
{
    struct err e = {0};
    timer_set_us(b->deadline, 10000000);
    CHECK(loop_run(b->loop, &e) == 0);
    CHECK(!b->late);
}

static void bench_done(struct bench *b)
{
    timer_free(b->deadline);
    loop_free(b->loop);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
    struct bench *bench;
    unsigned *open, seen;
    bool disorder;
};

struct numbered {
    struct poster *poster;
    unsigned number;
};

static void take_post(void *arg)
{
    struct numbered *n = arg;
    if (n->number != n->poster->seen++)
        n->poster->disorder = true;
    if (--*n->poster->open == 0)
        loop_stop(n->poster->bench->loop);
    free(n);
}

static void *post_many(void *arg)
{
    struct poster *p = arg;
    for (unsigned i = 0; i < POSTS; i++) {
        struct numbered *n = mem_alloc(sizeof *n);
        *n = (struct numbered){p, i};
        loop_post(p->bench->loop, take_post, n);
    }
    return NULL;
}

TEST(posts_of_one_thread_run_in_order_and_none_is_lost)
{
    struct bench b;
    bench_init(&b);
    unsigned open = POSTERS * POSTS;
    struct poster posters[POSTERS];
    pthread_t threads[POSTERS];
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){&b, &open, 0, false};
        CHECK(pthread_create(&threads[i], NULL, post_many, &posters[i]) == 0);
    }
    bench_run(&b);
    for (unsigned i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(posters[i].seen, POSTS);
        CHECK(!posters[i].disorder);
    }
    bench_done(&b);
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

struct unposting {
    struct bench *bench;
    unsigned *counter;
};

static void unpost_counter(void *arg)
{
    struct unposting *u = arg;
    loop_unpost(u->bench->loop, count, u->counter);
}

TEST(an_unposted_post_never_runs_even_from_the_same_batch)
{
    struct bench b;
    bench_init(&b);
    unsigned kept = 0, dropped = 0, dropped_in_batch = 0;
    struct unposting u = {&b, &dropped_in_batch};
    loop_post(b.loop, count, &dropped);
    loop_post(b.loop, unpost_counter, &u);
    loop_post(b.loop, count, &dropped_in_batch);
    loop_post(b.loop, count, &kept);
    loop_post(b.loop, stop, b.loop);
    loop_unpost(b.loop, count, &dropped);
    bench_run(&b);
    CHECK_INT(kept, 1);
    CHECK_INT(dropped, 0);
    CHECK_INT(dropped_in_batch, 0);
    bench_done(&b);
}

TEST(posts_left_behind_are_freed_with_the_loop)
{
    struct bench b;
    bench_init(&b);
    unsigned n = 0;
    loop_post(b.loop, count, &n);
    bench_done(&b);
    CHECK_INT(n, 0);
}

struct order {
    struct loop *loop;
    struct timer *timers[3];
    char seen[8];
    unsigned n;
};

static void note_a(void *arg)
{
    struct order *o = arg;
    o->seen[o->n++] = 'a';
    timer_free(o->timers[0]); /* itself */
    timer_cancel(o->timers[2]);
}

static void note_b(void *arg)
{
    struct order *o = arg;
    o->seen[o->n++] = 'b';
    if (o->n == 3)
        loop_stop(o->loop);
    else
        timer_set_us(o->timers[1], 0);
}

static void note_c(void *arg)
{
    struct order *o = arg;
    o->seen[o->n++] = 'c';
}

TEST(timers_fire_once_in_order_and_may_be_moved_cancelled_and_freed_inside)
{
    struct bench b;
    bench_init(&b);
    struct order o = {.loop = b.loop};
    o.timers[0] = timer_new(b.loop, note_a, &o);
    o.timers[1] = timer_new(b.loop, note_b, &o);
    o.timers[2] = timer_new(b.loop, note_c, &o);
    timer_set_us(o.timers[0], 3600000000);
    timer_set_us(o.timers[0], 2000);
    timer_set_us(o.timers[1], 5000);
    timer_set_us(o.timers[2], 4000);
    bench_run(&b);
    CHECK_STR(o.seen, "abb");
    timer_free(o.timers[1]);
    timer_free(o.timers[2]);
    bench_done(&b);
}

struct pair {
    struct loop *loop;
    int fds[2];
    struct watch *watch, *other;
    unsigned reads, writes;
};

static void pair_init(struct pair *p, struct loop *l)
{
    *p = (struct pair){.loop = l};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p->fds) == 0);
}

static void pair_done(struct pair *p)
{
    watch_free(p->watch);
    watch_free(p->other);
    close(p->fds[0]);
    close(p->fds[1]);
}

static void read_then_write(void *arg, unsigned ready)
{
    struct pair *p = arg;
    char c;
    if (ready & WATCH_READ) {
        p->reads++;
        CHECK(read(p->fds[0], &c, 1) == 1);
        watch_want(p->watch, p->reads < 3 ? WATCH_READ : WATCH_WRITE);
    } else {
        p->writes++;
        watch_want(p->watch, 0);
        loop_post(p->loop, stop, p->loop);
    }
}

TEST(a_watch_reports_while_ready_and_only_what_is_wanted)
{
    struct bench b;
    bench_init(&b);
    struct pair p;
    pair_init(&p, b.loop);
    p.watch = watch_new(b.loop, p.fds[0], read_then_write, &p);
    watch_want(p.watch, WATCH_READ);
    CHECK(write(p.fds[1], "xyz", 3) == 3);
    bench_run(&b);
    CHECK_INT(p.reads, 3);
    CHECK_INT(p.writes, 1);
    pair_done(&p);
    bench_done(&b);
}

static void free_both(void *arg, unsigned ready)
{
    struct pair *p = arg;
    (void)ready;
    p->reads++;
    watch_free(p->watch);
    watch_free(p->other);
    p->watch = p->other = NULL;
    loop_post(p->loop, stop, p->loop);
}

TEST(a_watch_may_free_itself_and_another_ready_one_inside_its_callback)
{
    struct bench b;
    bench_init(&b);
    struct pair p;
    pair_init(&p, b.loop);
    p.watch = watch_new(b.loop, p.fds[0], free_both, &p);
    p.other = watch_new(b.loop, p.fds[1], free_both, &p);
    watch_want(p.watch, WATCH_READ | WATCH_WRITE); /* both conditions are due in the same turn */
    watch_want(p.other, WATCH_READ | WATCH_WRITE);
    CHECK(write(p.fds[1], "x", 1) == 1 && write(p.fds[0], "y", 1) == 1);
    bench_run(&b);
    CHECK_INT(p.reads, 1);
    pair_done(&p);
    bench_done(&b);
}

TEST(a_freed_watch_leaves_nothing_behind_for_the_next_owner_of_its_descriptor_number)
{
    struct bench b;
    bench_init(&b);
    struct pair p;
    pair_init(&p, b.loop);
    p.watch = watch_new(b.loop, p.fds[0], free_both, &p);
    watch_want(p.watch, WATCH_READ);
    int kept_open = dup(p.fds[0]); /* as another process would hold it */
    watch_free(p.watch);
    close(p.fds[0]);
    CHECK(write(p.fds[1], "x", 1) == 1);
    p.fds[0] = kept_open;
    p.watch = NULL;
    loop_post(b.loop, stop, b.loop);
    bench_run(&b);
    CHECK_INT(p.reads, 0);
    pair_done(&p);
    bench_done(&b);
}

TEST(signals_arrive_on_the_loop)
{
    struct bench b;
    bench_init(&b);
    struct err e = {0};
    CHECK(loop_on_signal(b.loop, SIGHUP, stop, b.loop, &e) == 0);
    CHECK(kill(getpid(), SIGHUP) == 0);
    bench_run(&b);
    bench_done(&b);
}

TEST_MAIN(posts_of_one_thread_run_in_order_and_none_is_lost,
          an_unposted_post_never_runs_even_from_the_same_batch,
          posts_left_behind_are_freed_with_the_loop,
          timers_fire_once_in_order_and_may_be_moved_cancelled_and_freed_inside,
          a_watch_reports_while_ready_and_only_what_is_wanted,
          a_watch_may_free_itself_and_another_ready_one_inside_its_callback,
          a_freed_watch_leaves_nothing_behind_for_the_next_owner_of_its_descriptor_number,
          signals_arrive_on_the_loop)
