#include "functions/pages.h"

#include "base/list.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* A page with what only this file needs to know of it. */
struct kept {
    struct page page;
    struct list node; /* the longest unused one first */
    char *bytes, *key;
    atomic_uint users; /* whoever borrowed it, and the cache while it is in there */
};

/* All pages in here are of the present generation. */
struct pages {
    pthread_mutex_t mutex;
    uint64_t generation;
    struct list by_use;
    size_t count, bytes;
};

struct pages *pages_new(void)
{
    struct pages *p = mem_alloc(sizeof *p);
    pthread_mutex_init(&p->mutex, NULL);
    list_init(&p->by_use);
    return p;
}

void pages_give_back(const struct page *page)
{
    struct kept *k = (struct kept *)(uintptr_t)page; /* its first member */
    if (atomic_fetch_sub(&k->users, 1) > 1)
        return;
    free(k->bytes);
    free(k->key);
    free(k);
}

static void drop(struct pages *p, struct kept *k)
{
    list_remove(&k->node);
    p->count--;
    p->bytes -= k->page.body.n;
    pages_give_back(&k->page);
}

static void drop_all(struct pages *p)
{
    list_each_safe (node, &p->by_use)
        drop(p, list_of(node, struct kept, node));
}

void pages_free(struct pages *p)
{
    if (!p)
        return;
    drop_all(p);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

void pages_outdate(struct pages *p)
{
    pthread_mutex_lock(&p->mutex);
    p->generation++;
    drop_all(p);
    pthread_mutex_unlock(&p->mutex);
}

uint64_t pages_generation(struct pages *p)
{
    pthread_mutex_lock(&p->mutex);
    uint64_t generation = p->generation;
    pthread_mutex_unlock(&p->mutex);
    return generation;
}

static struct kept *find(struct pages *p, struct str key)
{
    list_each (node, &p->by_use) {
        struct kept *k = list_of(node, struct kept, node);
        if (str_is(key, k->key))
            return k;
    }
    return NULL;
}

const struct page *pages_find(struct pages *p, struct str key)
{
    pthread_mutex_lock(&p->mutex);
    struct kept *k = find(p, key);
    if (k) {
        atomic_fetch_add(&k->users, 1);
        list_remove(&k->node);
        list_append(&p->by_use, &k->node);
    }
    pthread_mutex_unlock(&p->mutex);
    return k ? &k->page : NULL;
}

/* Room for one more, at the cost of the longest unused. */
static void make_room(struct pages *p, size_t bytes)
{
    while (p->count == PAGES_MAX || p->bytes + bytes > PAGES_BYTES_MAX)
        drop(p, list_of(list_first(&p->by_use), struct kept, node));
}

static void insert(struct pages *p, struct kept *k)
{
    struct kept *other = find(p, str_of(k->key)); /* whoever asked at the same time was faster */
    if (other)
        drop(p, other);
    make_room(p, k->page.body.n);
    list_append(&p->by_use, &k->node);
    p->count++;
    p->bytes += k->page.body.n;
    atomic_fetch_add(&k->users, 1);
}

const struct page *pages_keep(struct pages *p, uint64_t generation, struct str key,
                              struct buf *take, const char *next)
{
    struct kept *k = mem_alloc(sizeof *k);
    k->page.body.n = take->len;
    k->page.body.p = k->bytes = buf_take(take);
    snprintf(k->page.next, sizeof k->page.next, "%s", next);
    k->key = mem_dup(key.p, key.n);
    list_init(&k->node);
    atomic_init(&k->users, 1);
    pthread_mutex_lock(&p->mutex);
    if (generation == p->generation && k->page.body.n <= PAGE_BYTES_MAX && key.n <= PAGE_KEY_MAX)
        insert(p, k);
    pthread_mutex_unlock(&p->mutex);
    return &k->page;
}
