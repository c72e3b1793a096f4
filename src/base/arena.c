#include "base/arena.h"

#include "base/mem.h"
#include "base/must.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 4096 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char data[];
};

struct deferred {
    struct deferred *next;
    void (*done)(void *p);
    void *p;
};

struct arena {
    struct block *blocks; /* the newest one first; only that one has room */
    struct deferred *deferred;
};

struct arena *arena_new(void)
{
    return mem_alloc(sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct deferred *d = a->deferred; d; d = d->next)
        d->done(d->p);
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

static struct block *add_block(struct arena *a, size_t at_least)
{
    size_t size = at_least > BLOCK_BYTES ? at_least : BLOCK_BYTES;
    struct block *b = mem_alloc(sizeof *b + size);
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t align = alignof(max_align_t);
    must(size < SIZE_MAX - align);
    size = (size + align - 1) & ~(align - 1);
    struct block *b = a->blocks;
    if (!b || b->size - b->used < size)
        b = add_block(a, size);
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

char *arena_dup(struct arena *a, const void *p, size_t len)
{
    char *copy = arena_alloc(a, len + 1);
    if (len)
        memcpy(copy, p, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_dup(a, s, strlen(s)) : NULL;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_dup(a, s.p, s.n), s.n};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    must(len >= 0);
    char *s = arena_alloc(a, (size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return s;
}

void arena_defer(struct arena *a, void (*done)(void *p), void *p)
{
    struct deferred *d = arena_alloc(a, sizeof *d);
    *d = (struct deferred){a->deferred, done, p};
    a->deferred = d;
}
