/* index — finds objects by a text in them. Only for gateway/.
 *
 * The nodes are embedded in their objects, which own the keys. Several may have the same key: the
 * last one added is found. Owners of projects choose some keys, so the hash is keyed. */
#pragma once

#include "base/str.h"

struct index_node {
    struct index_node *next; /* in its bucket */
    struct str key;
};

struct index {
    struct index_node **buckets;
    size_t size; /* a power of two, or 0 */
    size_t count;
    unsigned char secret[16];
};

void index_init(struct index *x);
void index_done(struct index *x); /* the objects stay */
struct index_node *index_find(const struct index *x, struct str key);
void index_add(struct index *x, struct index_node *node, struct str key);
void index_remove(struct index *x, struct index_node *node); /* harmless when it is not in */
/* Calls `each` for every node, which it may remove. */
void index_each(struct index *x, void (*each)(void *arg, struct index_node *node), void *arg);

#define index_of(node, type, field) ((type *)((char *)(node)-offsetof(type, field)))
