#include "gateway/pairs.h"

#include "base/json.h"
#include "base/mem.h"

#include <string.h>

void pairs_add(struct pairs *p, struct str name, struct str value)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 32;
        struct pair *bigger = arena_alloc(p->arena, room * sizeof *bigger);
        if (p->count)
            memcpy(bigger, p->list, p->count * sizeof *bigger);
        p->list = bigger;
        p->room = room;
    }
    p->list[p->count++] = (struct pair){.name = name, .value = value};
}

/* By name, then in the order in which they came: their addresses. */
static int compare(const void *a, const void *b)
{
    const struct pair *x = *(struct pair *const *)a, *y = *(struct pair *const *)b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = n ? memcmp(x->name.p, y->name.p, n) : 0;
    if (!order)
        order = (x->name.n > y->name.n) - (x->name.n < y->name.n);
    return order ? order : (x > y) - (x < y);
}

void pairs_seal(struct pairs *p)
{
    if (!p->count)
        return;
    struct pair **sorted = arena_alloc(p->arena, p->count * sizeof *sorted);
    for (size_t i = 0; i < p->count; i++)
        sorted[i] = &p->list[i];
    qsort(sorted, p->count, sizeof *sorted, compare);
    for (size_t i = 0; i < p->count; i++) {
        bool again = i > 0 && str_eq(sorted[i - 1]->name, sorted[i]->name);
        sorted[i]->first = !again;
        sorted[i]->last = true;
        if (again) {
            sorted[i - 1]->last = false;
            sorted[i - 1]->same = sorted[i];
        }
    }
}

static void write_name(struct buf *out, const struct pair *pair, bool *started)
{
    if (*started)
        buf_add(out, ",", 1);
    *started = true;
    json_add_string(out, pair->name);
    buf_add(out, ":", 1);
}

static void write_one(const struct pairs *p, struct buf *out, bool the_first)
{
    bool started = false;
    buf_add(out, "{", 1);
    for (size_t i = 0; i < p->count; i++)
        if (the_first ? p->list[i].first : p->list[i].last) {
            write_name(out, &p->list[i], &started);
            json_add_string(out, p->list[i].value);
        }
    buf_add(out, "}", 1);
}

void pairs_write_last(const struct pairs *p, struct buf *out)
{
    write_one(p, out, false);
}

void pairs_write_first(const struct pairs *p, struct buf *out)
{
    write_one(p, out, true);
}

void pairs_write_all(const struct pairs *p, struct buf *out)
{
    bool started = false;
    buf_add(out, "{", 1);
    for (size_t i = 0; i < p->count; i++) {
        if (!p->list[i].first)
            continue;
        write_name(out, &p->list[i], &started);
        char before = '[';
        for (const struct pair *pair = &p->list[i]; pair; pair = pair->same, before = ',') {
            buf_add(out, &before, 1);
            json_add_string(out, pair->value);
        }
        buf_add(out, "]", 1);
    }
    buf_add(out, "}", 1);
}
