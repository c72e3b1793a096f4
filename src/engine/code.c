#include "engine/engine.h"

#include "base/mem.h"
#include "base/must.h"

#include <string.h>

struct code *code_new(const void *files_section, size_t len)
{
    struct code *c = mem_alloc(sizeof *c + len);
    c->refs = 1;
    c->len = len;
    if (len)
        memcpy(c->bytes, files_section, len);
    return c;
}

struct code *code_ref(struct code *c)
{
    c->refs++;
    return c;
}

void code_unref(struct code *c)
{
    if (!c)
        return;
    must(c->refs > 0);
    if (--c->refs == 0)
        free(c);
}
