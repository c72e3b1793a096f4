#include "engine/fn.h"

#include "base/mem.h"
#include "base/must.h"

#include <string.h>

enum { FIRST_SIZE = 64 };

/* FNV-1a. Keys are our own random ids; nobody else can choose them to collide. */
static size_t hash(const char *id)
{
    uint64_t h = 14695981039346656037u;
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 1099511628211u;
    return (size_t)h;
}

static struct fn **bucket(const struct fn_table *t, const char *id)
{
    return &t->buckets[hash(id) & (t->size - 1)];
}

struct fn *fn_find(const struct fn_table *t, const char *id)
{
    if (!t->size)
        return NULL;
    struct fn *fn = *bucket(t, id);
    while (fn && strcmp(fn->spec.id, id) != 0)
        fn = fn->next;
    return fn;
}

static void grow(struct fn_table *t)
{
    struct fn_table bigger = {.size = t->size ? t->size * 2 : FIRST_SIZE, .count = t->count};
    bigger.buckets = mem_alloc(bigger.size * sizeof *bigger.buckets);
    for (size_t i = 0; i < t->size; i++) {
        for (struct fn *fn = t->buckets[i], *next; fn; fn = next) {
            next = fn->next;
            struct fn **at = bucket(&bigger, fn->spec.id);
            fn->next = *at;
            *at = fn;
        }
    }
    free(t->buckets);
    *t = bigger;
}

static void spec_done(struct function_spec *spec)
{
    free((char *)spec->name);
    free((char *)spec->handler);
    free((char *)spec->environment);
    free((char *)spec->scope);
    free((char *)spec->layer_problem);
}

static struct function_spec spec_copy(const struct function_spec *spec)
{
    struct function_spec copy = *spec;
    copy.name = mem_strdup(spec->name);
    copy.handler = mem_strdup(spec->handler);
    copy.environment = mem_strdup(spec->environment);
    copy.scope = mem_strdup(spec->scope);
    copy.layer_problem = mem_strdup(spec->layer_problem);
    return copy;
}

struct fn *fn_add(struct fn_table *t, const struct function_spec *spec)
{
    if (t->count >= t->size)
        grow(t);
    struct fn *fn = mem_alloc(sizeof *fn);
    fn->spec = spec_copy(spec);
    list_init(&fn->idle);
    list_init(&fn->waiting);
    list_init(&fn->queued_node);
    list_init(&fn->hungry_node);
    list_init(&fn->code_node);
    struct fn **at = bucket(t, spec->id);
    fn->next = *at;
    *at = fn;
    t->count++;
    fn->users = 1; /* the table itself */
    return fn;
}

void fn_respec(struct fn *fn, const struct function_spec *spec)
{
    struct function_spec old = fn->spec;
    fn->spec = spec_copy(spec);
    spec_done(&old);
}

void fn_remove(struct fn_table *t, struct fn *fn)
{
    struct fn **at = bucket(t, fn->spec.id);
    while (*at != fn)
        at = &(*at)->next;
    *at = fn->next;
    t->count--;
    fn->removed = true;
    fn_unuse(fn);
}

void fn_use(struct fn *fn)
{
    fn->users++;
}

void fn_unuse(struct fn *fn)
{
    must(fn->users > 0);
    if (--fn->users)
        return;
    must(list_empty(&fn->waiting) && list_empty(&fn->idle));
    list_remove(&fn->queued_node);
    list_remove(&fn->hungry_node);
    list_remove(&fn->code_node);
    code_unref(fn->code);
    spec_done(&fn->spec);
    free(fn);
}

void fn_table_done(struct fn_table *t)
{
    for (size_t i = 0; i < t->size; i++)
        while (t->buckets[i])
            fn_remove(t, t->buckets[i]);
    free(t->buckets);
    *t = (struct fn_table){0};
}
