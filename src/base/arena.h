/* arena — memory that lives as long as one request and is freed as a whole.
 * Not thread-safe: an arena belongs to the thread that handles its request at the moment. */
#pragma once

#include "base/str.h"

#include <stddef.h>

struct arena;

#define auto_arena __attribute__((cleanup(arena_guard)))

struct arena *arena_new(void);
void arena_free(struct arena *a);
void *arena_alloc(struct arena *a, size_t size);             /* zeroed, aligned for any type */
char *arena_dup(struct arena *a, const void *p, size_t len); /* NUL-terminated copy */
char *arena_strdup(struct arena *a, const char *s);          /* NULL stays NULL */
struct str arena_str(struct arena *a, struct str s);         /* NUL-terminated copy of a view */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Calls `done(p)` when the arena is freed: for objects that own more than memory. */
void arena_defer(struct arena *a, void (*done)(void *p), void *p);

static inline void arena_guard(struct arena **a)
{
    arena_free(*a);
}
