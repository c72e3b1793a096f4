#include "gateway/trie.h"

#include "base/mem.h"
#include "base/must.h"
#include "gateway/pattern.h"
#include "gateway/percent.h"

#include <string.h>

/* A route at the place where its pattern ends. */
struct entry {
    struct entry *next;
    unsigned method; /* one bit */
    const char *pattern;
    const void *value;
};

struct node {
    struct str literal;
    struct node **literals; /* below, in the order of their texts */
    size_t literal_count;
    struct node *param; /* below: any one segment */
    struct node *rest;  /* below: all that is left */
    struct entry *entries;
    unsigned methods; /* of the entries */
    unsigned below;   /* and of all entries below */
};

struct trie {
    struct arena *arena;
    struct node root;
};

struct trie *trie_new(void)
{
    struct trie *t = mem_alloc(sizeof *t);
    t->arena = arena_new();
    return t;
}

static void node_done(struct node *n)
{
    for (size_t i = 0; i < n->literal_count; i++)
        node_done(n->literals[i]);
    if (n->param)
        node_done(n->param);
    if (n->rest)
        node_done(n->rest);
    free(n->literals);
}

void trie_free(struct trie *t)
{
    if (!t)
        return;
    node_done(&t->root); /* as deep as a pattern is long */
    arena_free(t->arena);
    free(t);
}

static int compare(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Where `text` stands among the literals below, or would. */
static size_t place_of(const struct node *n, struct str text, bool *ret_there)
{
    size_t low = 0, high = n->literal_count;
    *ret_there = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(n->literals[middle]->literal, text);
        if (order == 0) {
            *ret_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct node *literal_below(struct trie *t, struct node *n, struct str text)
{
    bool there;
    size_t at = place_of(n, text, &there);
    if (there)
        return n->literals[at];
    if ((n->literal_count & (n->literal_count - 1)) == 0) /* full at every power of two */
        n->literals = mem_realloc(n->literals,
                                  (n->literal_count ? 2 * n->literal_count : 1) * sizeof(void *));
    memmove(n->literals + at + 1, n->literals + at, (n->literal_count - at) * sizeof(void *));
    n->literal_count++;
    n->literals[at] = arena_alloc(t->arena, sizeof **n->literals);
    n->literals[at]->literal = text;
    return n->literals[at];
}

static struct node *below(struct trie *t, struct node *n, struct str segment)
{
    if (segment.p[0] != ':' && segment.p[0] != '*')
        return literal_below(t, n, segment);
    struct node **slot = segment.p[0] == ':' ? &n->param : &n->rest;
    if (!*slot)
        *slot = arena_alloc(t->arena, sizeof **slot);
    return *slot;
}

bool trie_add(struct trie *t, unsigned method, const char *pattern, const void *value)
{
    struct node *path[ROUTE_SEGMENTS_MAX + 1] = {&t->root};
    size_t depth = 0;
    const char *kept = arena_strdup(t->arena, pattern);
    struct str rest = str_of(kept), segment;
    while ((segment = pattern_segment(&rest)).p) {
        must(depth < ROUTE_SEGMENTS_MAX);
        path[depth + 1] = below(t, path[depth], segment);
        depth++;
    }
    struct node *end = path[depth];
    if (end->methods & method)
        return false;
    struct entry *entry = arena_alloc(t->arena, sizeof *entry);
    *entry = (struct entry){end->entries, method, kept, value};
    end->entries = entry;
    end->methods |= method;
    for (size_t i = 0; i <= depth; i++)
        path[i]->below |= method;
    return true;
}

/* --- searching --- */

struct search {
    unsigned wanted; /* methods that will do */
    struct str path;
    /* One more than a pattern has: what is left uncut in the last one can only go to "*rest". */
    struct str segments[ROUTE_SEGMENTS_MAX + 1]; /* decoded */
    size_t ends[ROUTE_SEGMENTS_MAX + 1];         /* where they end in `path` */
    size_t count;
    size_t captured[ROUTE_PARAMS_MAX]; /* segments taken for ":x" and "*x", in order */
    size_t captured_count;
};

static void cut(struct search *s, struct arena *a)
{
    struct str rest = s->path, segment;
    while (s->count <= ROUTE_SEGMENTS_MAX && (segment = pattern_segment(&rest)).p) {
        s->ends[s->count] = (size_t)(segment.p + segment.n - s->path.p);
        s->segments[s->count++] = percent_decode(a, segment, false);
    }
}

static const struct node *descend(struct search *s, const struct node *n, size_t i);

static const struct node *descend_captured(struct search *s, const struct node *n, size_t i)
{
    if (!n || s->captured_count == ROUTE_PARAMS_MAX)
        return NULL;
    s->captured[s->captured_count++] = i;
    const struct node *found = descend(s, n, i + 1);
    if (!found)
        s->captured_count--;
    return found;
}

static const struct node *descend_segment(struct search *s, const struct node *n, size_t i)
{
    bool there;
    size_t at = place_of(n, s->segments[i], &there);
    const struct node *found = there ? descend(s, n->literals[at], i + 1) : NULL;
    return found ? found : descend_captured(s, n->param, i);
}

/* What is at its end here, then the branches from the most to the least specific one. */
static const struct node *descend(struct search *s, const struct node *n, size_t i)
{
    if (!(n->below & s->wanted))
        return NULL;
    if (i == s->count && n->methods & s->wanted)
        return n;
    const struct node *found = i < s->count ? descend_segment(s, n, i) : NULL;
    if (found || !n->rest || !(n->rest->methods & s->wanted) ||
        s->captured_count == ROUTE_PARAMS_MAX)
        return found;
    s->captured[s->captured_count++] = i;
    return n->rest;
}

/* The method itself, then what serves it too, then ANY. */
static const struct entry *choose(const struct node *n, unsigned method)
{
    const unsigned order[] = {method, method == HTTP_HEAD ? HTTP_GET : 0, TRIE_ANY};
    for (size_t k = 0; k < ARRAY_LEN(order); k++)
        for (const struct entry *e = n->entries; e; e = e->next)
            if (e->method == order[k])
                return e;
    return NULL;
}

/* Behind the slash that ends the segment before. */
static struct str rest_from(const struct search *s, size_t i)
{
    size_t from = (i ? s->ends[i - 1] : 0) + 1;
    if (from >= s->path.n)
        return STR("");
    return (struct str){s->path.p + from, s->path.n - from};
}

static void set_params(const struct search *s, const char *pattern, struct arena *a,
                       struct trie_match *ret)
{
    struct str rest = str_of(pattern), segment;
    for (size_t k = 0; (segment = pattern_segment(&rest)).p;) {
        if (segment.p[0] != ':' && segment.p[0] != '*')
            continue;
        size_t i = s->captured[k];
        ret->params[k].name = (struct str){segment.p + 1, segment.n - 1};
        ret->params[k].value =
            segment.p[0] == ':' ? s->segments[i] : percent_decode(a, rest_from(s, i), false);
        ret->count = ++k;
    }
}

bool trie_find(const struct trie *t, unsigned method, struct str path, struct arena *a,
               struct trie_match *ret)
{
    struct search s = {.wanted = method | TRIE_ANY | (method == HTTP_HEAD ? HTTP_GET : 0),
                       .path = path};
    cut(&s, a);
    const struct node *found = descend(&s, &t->root, 0);
    if (!found)
        return false;
    const struct entry *entry = choose(found, method);
    ret->value = entry->value;
    ret->count = 0;
    set_params(&s, entry->pattern, a, ret);
    return true;
}
