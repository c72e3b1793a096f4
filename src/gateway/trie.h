/* trie — which route of a project a path means: a tree of segments. Only for gateway/.
 *
 * A search visits each node of the tree at most once, since a node is reached by one sequence of
 * branches only and these are tried one after the other: whatever patterns an owner thinks of, it
 * takes no more steps than the project's routes have segments. Branches below which nothing has the
 * method are not entered. */
#pragma once

#include "base/arena.h"
#include "gateway/gateway.h"

struct trie;

enum { TRIE_ANY = 1 << 7 }; /* beside the bits of enum http_method */

struct trie_match {
    const void *value;
    size_t count;
    struct {
        struct str name, value; /* a value is decoded */
    } params[ROUTE_PARAMS_MAX];
};

struct trie *trie_new(void);
void trie_free(struct trie *t); /* NULL is fine */
/* `pattern` is a normalised one; text is copied, `value` is not. False when the place is taken for
 * this method: the first one stays. */
bool trie_add(struct trie *t, unsigned method, const char *pattern, const void *value);
/* `path` is percent-encoded, starts with a slash and has no query. Names of parameters live as long
 * as the trie, values as the path or the arena. */
bool trie_find(const struct trie *t, unsigned method, struct str path, struct arena *a,
               struct trie_match *ret);
