#include "base/mem.h"

#include "base/must.h"

#include <string.h>

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    must(p);
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    must(p);
    return p;
}

char *mem_strdup(const char *s)
{
    return s ? mem_dup(s, strlen(s)) : NULL;
}

char *mem_dup(const void *p, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, p, len);
    return copy;
}
