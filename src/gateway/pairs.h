/* pairs — named values of which names may repeat (query, headers, cookies), written as JSON objects
 * in the order in which they came. Only for gateway/. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>

struct pair {
    struct str name, value;
    struct pair *same; /* the next one of this name */
    bool first, last;  /* of its name */
};

struct pairs {
    struct arena *arena;
    struct pair *list;
    size_t count, room;
};

void pairs_add(struct pairs *p, struct str name, struct str value); /* views, not copied */
/* Once all are in: finds those of the same name, in n log n steps. */
void pairs_seal(struct pairs *p);
/* {"name":"value",...}: the last one of a name counts. */
void pairs_write_last(const struct pairs *p, struct buf *out);
/* The first one counts (cookies: browsers send the most specific one first). */
void pairs_write_first(const struct pairs *p, struct buf *out);
/* {"name":["value",...],...} */
void pairs_write_all(const struct pairs *p, struct buf *out);
