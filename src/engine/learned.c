#include "engine/learned.h"

#include "engine/private.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 255,
    HEARD_MAX = 4096, /* names */
    HEARD_FIRST = 64, /* places; a power of two, and half of them are used, so that a search ends */
    LISTS_MAX = 1024,
};

static bool is_name(struct str name)
{
    if (!name.n || name.n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* FNV-1a. A guest that finds two names with one hash keeps one of its own from being learned. */
static uint64_t hash(struct str name)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * 1099511628211u;
    return h ? h : 1;
}

/* Where it is, or belongs. */
static uint64_t *place(const struct learned *l, uint64_t h)
{
    size_t at = h % l->heard_size;
    while (l->heard[at] && l->heard[at] != h)
        at = (at + 1) % l->heard_size;
    return &l->heard[at];
}

static void grow(struct learned *l)
{
    struct learned bigger = {.heard_size = l->heard_size ? l->heard_size * 2 : HEARD_FIRST};
    bigger.heard = mem_alloc(bigger.heard_size * sizeof *bigger.heard);
    for (unsigned i = 0; i < l->heard_size; i++)
        if (l->heard[i])
            *place(&bigger, l->heard[i]) = l->heard[i];
    free(l->heard);
    l->heard = bigger.heard;
    l->heard_size = bigger.heard_size;
}

/* False when it was heard before, or there is no room for another. */
static bool hear(struct learned *l, struct str name)
{
    uint64_t h = hash(name);
    if (l->heard_count >= l->heard_size / 2 && l->heard_count < HEARD_MAX)
        grow(l);
    uint64_t *at = place(l, h);
    if (*at || l->heard_count >= HEARD_MAX)
        return false;
    *at = h;
    l->heard_count++;
    return true;
}

bool learned_add(struct learned *l, struct str modules)
{
    size_t before = l->modules.len;
    while (modules.p && modules.n) {
        struct str name = str_cut(&modules, '\n');
        if (l->modules.len + name.n + 1 > LEARNED_MAX)
            break;
        if (!is_name(name) || !hear(l, name))
            continue;
        buf_add_str(&l->modules, name);
        buf_add(&l->modules, "\n", 1);
    }
    return l->modules.len > before;
}

void learned_cut(struct learned *l, size_t from)
{
    if (from >= l->modules.len)
        return;
    l->modules.len = from;
    l->modules.data[from] = 0;
}

static void forget(struct engine *e, struct learned *l)
{
    list_remove(&l->node);
    e->learned_count--;
    buf_done(&l->modules);
    free(l->heard);
    free(l);
}

static void make_room(struct engine *e)
{
    list_each_safe (node, &e->learned) {
        struct learned *l = list_of(node, struct learned, node);
        if (e->learned_count < LISTS_MAX)
            return;
        if (!l->users)
            forget(e, l);
    }
}

struct learned *learned_find(struct engine *e, const char *scope, const struct runtime *runtime,
                             const uint8_t layer_id[LAYER_ID])
{
    list_each (node, &e->learned) {
        struct learned *l = list_of(node, struct learned, node);
        if (l->runtime == runtime && memcmp(l->layer_id, layer_id, LAYER_ID) == 0 &&
            strcmp(l->scope, scope) == 0)
            return l;
    }
    make_room(e);
    struct learned *l = mem_alloc(sizeof *l);
    l->runtime = runtime;
    snprintf(l->scope, sizeof l->scope, "%s", scope);
    memcpy(l->layer_id, layer_id, LAYER_ID);
    list_append(&e->learned, &l->node);
    e->learned_count++;
    return l;
}

void learned_done(struct engine *e)
{
    list_each_safe (node, &e->learned)
        forget(e, list_of(node, struct learned, node));
}

void engine_learned(struct engine *e, const char *scope, const struct runtime *runtime,
                    const uint8_t layer_id[LAYER_ID], struct str modules)
{
    if (runtime->learns)
        learned_add(learned_find(e, scope, runtime, layer_id), modules);
}
