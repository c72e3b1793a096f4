/* The loop of one thread. Three things happen on it: descriptors become ready (watches), time
 * passes (timers), and other threads hand over work (posts). The first two are libevent's; posts
 * travel in a locked list, and an eventfd wakes the loop once per batch, not once per post.
 *
 * libevent runs without locks (nobody else touches the base) and without its change list: that one
 * delays EPOLL_CTL_DEL until the next turn, when the descriptor may be closed here but still open
 * in another process (sockets that the spawner handed over), and epoll would report it for ever. */
#include "loop/loop.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/must.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

enum {
    WORTH_MAX = 8,  /* so many times in vain, and polling is worth nothing any more */
    TRY_EVERY = 16, /* then it is tried again so often */
};

struct post {
    struct list node;
    void (*fn)(void *arg);
    void *arg;
};

struct signal_watch {
    struct list node;
    struct event *event;
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    struct event_base *base;
    int wake_fd;
    struct event wake;
    pthread_mutex_t lock; /* guards posts */
    struct list posts;    /* of struct post, oldest first */
    struct list running;  /* the batch that is being worked off; the loop thread's own */
    struct list signals;  /* of struct signal_watch */
    unsigned poll_us;     /* loop_busy_poll */
    unsigned worth, untried;
    bool came; /* a descriptor was ready, or a post arrived, in this turn */
};

struct watch {
    struct loop *loop;
    void (*fn)(void *arg, unsigned ready);
    void *arg;
    unsigned want;
    struct event read, write; /* two, so that wanting one more costs a single epoll_ctl */
};

struct timer {
    void (*fn)(void *arg);
    void *arg;
    struct event event;
};

/* Posts that arrive while a batch runs wait for the next turn: descriptors get their chance. A post
 * may unpost its neighbours, hence no iterator over the batch. */
static void run_posts(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    if (!list_empty(&l->posts)) {
        list_insert(&l->posts, &l->running);
        list_remove(&l->posts);
    }
    pthread_mutex_unlock(&l->lock);
    for (struct list *node; (node = list_first(&l->running));) {
        struct post *p = list_of(node, struct post, node);
        list_remove(node);
        p->fn(p->arg);
        free(p);
    }
}

static void unpost_from(struct list *posts, void (*fn)(void *arg), const void *arg)
{
    list_each_safe (node, posts) {
        struct post *p = list_of(node, struct post, node);
        if (p->fn != fn || p->arg != arg)
            continue;
        list_remove(node);
        free(p);
    }
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct loop *l = arg;
    uint64_t count;
    (void)!read(fd, &count, sizeof count);
    l->came = true;
    run_posts(l);
}

static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

int loop_new(struct loop **ret, struct err *e)
{
    struct loop *l = mem_alloc(sizeof *l);
    list_init(&l->posts);
    list_init(&l->running);
    list_init(&l->signals);
    pthread_mutex_init(&l->lock, NULL);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->base = base_new();
    if (l->wake_fd < 0 || !l->base) {
        err_sys(e, "make an event loop");
        loop_free(l);
        return -1;
    }
    event_assign(&l->wake, l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
    event_add(&l->wake, NULL);
    *ret = l;
    return 0;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    list_each_safe (node, &l->signals) {
        struct signal_watch *s = list_of(node, struct signal_watch, node);
        event_free(s->event);
        free(s);
    }
    list_each_safe (node, &l->posts)
        free(list_of(node, struct post, node));
    if (l->base && l->wake.ev_base)
        event_del(&l->wake);
    if (l->base)
        event_base_free(l->base);
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void loop_busy_poll(struct loop *l, unsigned us)
{
    cpu_set_t mine;
    bool alone = sched_getaffinity(0, sizeof mine, &mine) == 0 && CPU_COUNT(&mine) == 1;
    l->poll_us = alone ? 0 : us;
    l->worth = WORTH_MAX;
}

/* While what comes keeps coming later than one polls, it would only cost. */
static bool worth_polling(struct loop *l)
{
    return l->worth > 0 || ++l->untried % TRY_EVERY == 0;
}

/* Until when the next turns do not sleep; 0: the next one does. `until` is that of the turn that
 * has ended. */
static uint64_t poll_until(struct loop *l, uint64_t until)
{
    uint64_t now = clock_mono_us();
    if (l->came) {
        if (until)
            l->worth = WORTH_MAX;
        return worth_polling(l) ? now + l->poll_us : 0;
    }
    if (now < until)
        return until;
    if (until && l->worth > 0)
        l->worth--;
    return 0;
}

static int run_polling(struct loop *l)
{
    uint64_t until = 0;
    do {
        int sleeping = until ? EVLOOP_NONBLOCK : EVLOOP_ONCE;
        l->came = false;
        if (event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY | sleeping) < 0)
            return -1;
        until = poll_until(l, until);
    } while (!event_base_got_break(l->base));
    return 0;
}

int loop_run(struct loop *l, struct err *e)
{
    int rc = l->poll_us ? run_polling(l) : event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return rc < 0 ? err_sys(e, "run the event loop") : 0;
}

void loop_stop(struct loop *l)
{
    event_base_loopbreak(l->base);
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

void loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct post *p = mem_alloc(sizeof *p);
    p->fn = fn;
    p->arg = arg;
    pthread_mutex_lock(&l->lock);
    bool first = list_empty(&l->posts);
    list_append(&l->posts, &p->node);
    if (first) { /* under the lock: once it is open, the loop may run the post and be freed */
        uint64_t one = 1;
        (void)!write(l->wake_fd, &one, sizeof one);
    }
    pthread_mutex_unlock(&l->lock);
}

void loop_unpost(struct loop *l, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&l->lock);
    unpost_from(&l->posts, fn, arg);
    pthread_mutex_unlock(&l->lock);
    unpost_from(&l->running, fn, arg);
}

static void on_signal(evutil_socket_t signum, short what, void *arg)
{
    (void)signum, (void)what;
    struct signal_watch *s = arg;
    s->fn(s->arg);
}

int loop_on_signal(struct loop *l, int signum, void (*fn)(void *arg), void *arg, struct err *e)
{
    struct signal_watch *s = mem_alloc(sizeof *s);
    s->fn = fn;
    s->arg = arg;
    s->event = evsignal_new(l->base, signum, on_signal, s);
    if (!s->event || event_add(s->event, NULL) < 0) {
        err_sys(e, "watch signal %d", signum);
        if (s->event)
            event_free(s->event);
        free(s);
        return -1;
    }
    list_append(&l->signals, &s->node);
    return 0;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct watch *w = arg;
    w->loop->came = true;
    w->fn(w->arg, what & EV_READ ? WATCH_READ : WATCH_WRITE);
}

struct watch *watch_new(struct loop *l, int fd, void (*fn)(void *arg, unsigned ready), void *arg)
{
    struct watch *w = mem_alloc(sizeof *w);
    w->loop = l;
    w->fn = fn;
    w->arg = arg;
    must(event_assign(&w->read, l->base, fd, EV_READ | EV_PERSIST, on_ready, w) == 0);
    must(event_assign(&w->write, l->base, fd, EV_WRITE | EV_PERSIST, on_ready, w) == 0);
    return w;
}

void watch_want(struct watch *w, unsigned what)
{
    unsigned changed = w->want ^ what;
    w->want = what;
    if (changed & WATCH_READ)
        must((what & WATCH_READ ? event_add(&w->read, NULL) : event_del(&w->read)) == 0);
    if (changed & WATCH_WRITE)
        must((what & WATCH_WRITE ? event_add(&w->write, NULL) : event_del(&w->write)) == 0);
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    watch_want(w, 0);
    free(w);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct timer *t = arg;
    t->fn(t->arg);
}

struct timer *timer_new(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct timer *t = mem_alloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    must(evtimer_assign(&t->event, l->base, on_time, t) == 0);
    return t;
}

void timer_set_us(struct timer *t, uint64_t us)
{
    struct timeval tv = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
    must(event_add(&t->event, &tv) == 0);
}

void timer_cancel(struct timer *t)
{
    event_del(&t->event);
}

void timer_free(struct timer *t)
{
    if (!t)
        return;
    timer_cancel(t);
    free(t);
}
