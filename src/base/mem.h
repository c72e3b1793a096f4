/* mem — allocation that cannot fail, and guards for heap memory.
 * Sizes that a client controls are bounded before they come here; running out of memory ends the
 * process. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

void *mem_alloc(size_t size);             /* zeroed */
void *mem_realloc(void *p, size_t size);  /* new bytes are not zeroed */
char *mem_strdup(const char *s);          /* NULL stays NULL */
char *mem_dup(const void *p, size_t len); /* a copy of len bytes with a NUL behind it */

/* auto_ptr char *p = mem_alloc(n);  frees at the end of the scope; `return take_ptr(p)` hands it
 * over. */
#define auto_ptr __attribute__((cleanup(mem_guard)))
#define take_ptr(p)                                                                                \
    ({                                                                                             \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

static inline void mem_guard(void *slot)
{
    free(*(void **)slot);
}
