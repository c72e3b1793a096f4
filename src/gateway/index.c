#include "gateway/index.h"

#include "base/mem.h"

#include <sodium.h>

enum { FIRST_SIZE = 64 };

void index_init(struct index *x)
{
    *x = (struct index){0};
    randombytes_buf(x->secret, sizeof x->secret);
}

void index_done(struct index *x)
{
    free(x->buckets);
    *x = (struct index){0};
}

static struct index_node **bucket(const struct index *x, struct str key)
{
    uint64_t h;
    (void)crypto_shorthash((unsigned char *)&h, (const unsigned char *)key.p, key.n, x->secret);
    return &x->buckets[h & (x->size - 1)];
}

struct index_node *index_find(const struct index *x, struct str key)
{
    if (!x->size)
        return NULL;
    struct index_node *node = *bucket(x, key);
    while (node && !str_eq(node->key, key))
        node = node->next;
    return node;
}

static void grow(struct index *x)
{
    struct index old = *x;
    x->size = old.size ? old.size * 2 : FIRST_SIZE;
    x->buckets = mem_alloc(x->size * sizeof *x->buckets);
    for (size_t i = 0; i < old.size; i++) {
        struct index_node *reversed = NULL;
        for (struct index_node *n = old.buckets[i], *next; n; n = next) {
            next = n->next;
            n->next = reversed;
            reversed = n;
        }
        for (struct index_node *n = reversed, *next; n; n = next) {
            struct index_node **at = bucket(x, n->key); /* the newest comes first again */
            next = n->next;
            n->next = *at;
            *at = n;
        }
    }
    free(old.buckets);
}

void index_add(struct index *x, struct index_node *node, struct str key)
{
    if (x->count >= x->size)
        grow(x);
    node->key = key;
    struct index_node **at = bucket(x, key);
    node->next = *at;
    *at = node;
    x->count++;
}

void index_remove(struct index *x, struct index_node *node)
{
    if (!x->size || !node->key.p)
        return;
    for (struct index_node **at = bucket(x, node->key); *at; at = &(*at)->next)
        if (*at == node) {
            *at = node->next;
            x->count--;
            return;
        }
}

void index_each(struct index *x, void (*each)(void *arg, struct index_node *node), void *arg)
{
    for (size_t i = 0; i < x->size; i++)
        for (struct index_node *n = x->buckets[i], *next; n; n = next) {
            next = n->next;
            each(arg, n);
        }
}
