/* Any routes and any path: the tree finds what a matcher finds that knows nothing of trees.
 * The input is text: a line per route, "M/pattern" with M the number of a method, then the request
 * as the last line. */
#include "base/buf.h"
#include "base/must.h"
#include "gateway/pattern.h"
#include "gateway/percent.h"
#include "gateway/trie.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUTES = 64 };

struct naive {
    struct arena *arena;
    const char *patterns[ROUTES];
    const char *shapes[ROUTES];
    unsigned methods[ROUTES];
    size_t count;
};

static struct str line_of(struct str *rest, unsigned *ret_method)
{
    struct str line = str_cut(rest, '\n');
    *ret_method = line.n ? 1u << ((unsigned char)line.p[0] & 7) : 1;
    return line.n ? (struct str){line.p + 1, line.n - 1} : line;
}

static bool matches(struct arena *a, const char *pattern, struct str path)
{
    struct str p = str_of(pattern), have, want;
    for (;;) {
        want = pattern_segment(&p);
        if (want.p && want.p[0] == '*')
            return true;
        have = pattern_segment(&path);
        if (!want.p || !have.p)
            return !want.p && !have.p;
        if (want.p[0] != ':' && !str_eq(want, percent_decode(a, have, false)))
            return false;
    }
}

/* One letter per segment, so that the better of two patterns for a path is the lesser text. */
static const char *rank(struct arena *a, const char *pattern)
{
    struct str p = str_of(pattern), segment;
    char *out = arena_alloc(a, ROUTE_SEGMENTS_MAX + 1);
    for (size_t n = 0; (segment = pattern_segment(&p)).p; n++)
        out[n] = segment.p[0] == ':' ? 'b' : segment.p[0] == '*' ? 'c' : 'a';
    return out;
}

static int rank_method(unsigned have, unsigned asked)
{
    if (have == asked)
        return 0;
    if (have == HTTP_GET && asked == HTTP_HEAD)
        return 1;
    return have == TRIE_ANY ? 2 : 3;
}

static bool better(const struct naive *n, size_t i, size_t j, unsigned method)
{
    int order = strcmp(rank(n->arena, n->patterns[i]), rank(n->arena, n->patterns[j]));
    if (order)
        return order < 0;
    return rank_method(n->methods[i], method) < rank_method(n->methods[j], method);
}

static const char *find(const struct naive *n, unsigned method, struct str path)
{
    size_t best = n->count;
    for (size_t i = 0; i < n->count; i++)
        if (rank_method(n->methods[i], method) < 3 && matches(n->arena, n->patterns[i], path) &&
            (best == n->count || better(n, i, best, method)))
            best = i;
    return best < n->count ? n->patterns[best] : NULL;
}

static bool is_taken(const struct naive *n, const char *shape, unsigned method)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->methods[i] == method && strcmp(n->shapes[i], shape) == 0)
            return true;
    return false;
}

static void add(struct naive *n, struct trie *t, struct str line, unsigned method)
{
    const char *pattern;
    struct err e = {0};
    if (n->count == ROUTES || (line.n && memchr(line.p, 0, line.n)) ||
        pattern_normalise(n->arena, arena_dup(n->arena, line.p, line.n), &pattern, &e) < 0)
        return;
    const char *shape = pattern_shape(n->arena, pattern), *again;
    must(pattern_normalise(n->arena, pattern, &again, &e) == 0 && strcmp(pattern, again) == 0);
    bool taken = is_taken(n, shape, method);
    must(trie_add(t, method, pattern, pattern) == !taken);
    if (taken)
        return;
    n->patterns[n->count] = pattern;
    n->shapes[n->count] = shape;
    n->methods[n->count++] = method;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena *a = arena_new();
    struct naive n = {.arena = a};
    struct trie *t = trie_new();
    struct trie_match match;
    struct str rest = {(const char *)data, size}, line;
    unsigned method;
    while ((line = line_of(&rest, &method)).p && rest.p)
        add(&n, t, line, method);
    if (method != TRIE_ANY) {
        struct str path = str_of(arena_printf(a, "/%.*s", (int)line.n, line.n ? line.p : ""));
        const char *expected = find(&n, method, path);
        bool found = trie_find(t, method, path, a, &match);
        must(found == (expected != NULL));
        must(!found || match.value == expected ||
             strcmp(pattern_shape(a, match.value), pattern_shape(a, expected)) == 0);
        for (size_t i = 0; found && i < match.count; i++)
            must(match.params[i].name.n > 0 && match.params[i].value.p);
    }
    trie_free(t);
    return 0;
}
