/* list — a doubly linked ring of nodes embedded in their objects.
 * A node sits on at most one list; one that sits on none points at itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

#define LIST_INIT(head)                                                                            \
    {                                                                                              \
        &(head), &(head)                                                                           \
    }
/* The object that embeds `node` as its member `field`. */
#define list_of(node, type, field) ((type *)((char *)(node)-offsetof(type, field)))
#define list_each(node, head)                                                                      \
    for (struct list *node = (head)->next; node != (head); node = node->next)
/* The same, but the body may remove `node`. */
#define list_each_safe(node, head)                                                                 \
    for (struct list *node = (head)->next, *next_ = node->next; node != (head);                    \
         node = next_, next_ = node->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

static inline void list_insert(struct list *prev, struct list *node)
{
    node->prev = prev;
    node->next = prev->next;
    prev->next->prev = node;
    prev->next = node;
}

static inline void list_push(struct list *head, struct list *node) /* to the front */
{
    list_insert(head, node);
}

static inline void list_append(struct list *head, struct list *node) /* to the back */
{
    list_insert(head->prev, node);
}

static inline struct list *list_first(struct list *head) /* NULL when empty */
{
    return list_empty(head) ? NULL : head->next;
}

static inline struct list *list_last(struct list *head) /* NULL when empty */
{
    return list_empty(head) ? NULL : head->prev;
}
