#include "serve/handoff.h"

#include "loop/loop.h"

struct turn {
    struct handoff *handoff;
    void (*fn)(void *arg);
    void *arg;
    bool done;
};

void handoff_init(struct handoff *h, struct loop *loop)
{
    h->loop = loop;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->moved, NULL);
    h->ended = false;
}

static void take(void *arg)
{
    struct turn *t = arg;
    struct handoff *h = t->handoff;
    t->fn(t->arg);
    pthread_mutex_lock(&h->lock);
    t->done = true;
    pthread_cond_broadcast(&h->moved);
    pthread_mutex_unlock(&h->lock);
}

bool handoff_run(struct handoff *h, void (*fn)(void *arg), void *arg)
{
    struct turn t = {h, fn, arg, false};
    loop_post(h->loop, take, &t);
    pthread_mutex_lock(&h->lock);
    while (!t.done && !h->ended)
        pthread_cond_wait(&h->moved, &h->lock);
    pthread_mutex_unlock(&h->lock);
    return t.done;
}

void handoff_end(struct handoff *h)
{
    pthread_mutex_lock(&h->lock);
    h->ended = true;
    pthread_cond_broadcast(&h->moved);
    pthread_mutex_unlock(&h->lock);
}
