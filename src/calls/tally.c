#include "calls/tally.h"

#include "base/mem.h"

#include <string.h>

enum { FIRST_CAPACITY = 256, USED_MAX = 65536 };

struct tally_entry {
    char id[ID_TEXT]; /* "" is a free place */
    uint32_t count;
};

void tally_done(struct tally *t)
{
    free(t->entries);
    *t = (struct tally){0};
}

static size_t hash(const char *id)
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a; ids are random and made by us */
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 0x100000001b3;
    return (size_t)(h ^ h >> 32);
}

/* The entry of `id`, or the free place where it belongs. */
static struct tally_entry *place(const struct tally *t, const char *id)
{
    size_t i = hash(id) & (t->capacity - 1);
    while (t->entries[i].id[0] && strcmp(t->entries[i].id, id) != 0)
        i = (i + 1) & (t->capacity - 1);
    return &t->entries[i];
}

static void grow(struct tally *t)
{
    struct tally bigger = {.capacity = t->capacity ? t->capacity * 2 : FIRST_CAPACITY,
                           .used = t->used};
    if (t->used >= USED_MAX) { /* start over, small */
        tally_done(t);
        bigger = (struct tally){.capacity = FIRST_CAPACITY};
    }
    bigger.entries = mem_alloc(bigger.capacity * sizeof *bigger.entries);
    for (size_t i = 0; i < t->capacity; i++)
        if (t->entries[i].id[0])
            *place(&bigger, t->entries[i].id) = t->entries[i];
    free(t->entries);
    *t = bigger;
}

bool tally_due(struct tally *t, const char *id, uint32_t every)
{
    if (2 * t->used >= t->capacity)
        grow(t);
    struct tally_entry *entry = place(t, id);
    if (!entry->id[0]) {
        strncpy(entry->id, id, sizeof entry->id - 1);
        t->used++;
        return true;
    }
    if (++entry->count < every)
        return false;
    entry->count = 0;
    return true;
}
