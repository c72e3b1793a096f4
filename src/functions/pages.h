/* pages — lists of functions as they were sent, kept as long as nothing has changed.
 *
 * Each page belongs to a generation: a number that grows with every change that was noted, on this
 * server or another (functions_changed). A page is found only by the generation it was begun in, so
 * one that was read while something changed is never shown to whoever asks after that change was
 * acknowledged. Bounded in number and bytes; the longest unused goes first. Any thread. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct pages;

enum {
    PAGES_MAX = 256,
    PAGES_BYTES_MAX = 8 << 20, /* all pages */
    PAGE_BYTES_MAX = 1 << 20,  /* a larger one is not kept */
    PAGE_KEY_MAX = 1000,       /* bytes; nor is one with a longer key */
    PAGE_CURSOR_TEXT = 32,
};

/* Shared by reference count, never changed. */
struct page {
    struct str body;
    char next[PAGE_CURSOR_TEXT]; /* where the list goes on; "" at its end */
};

struct pages *pages_new(void);
void pages_free(struct pages *p); /* pages that are lent live on */

/* From now on no page is found that was begun before. */
void pages_outdate(struct pages *p);
uint64_t pages_generation(struct pages *p);
/* Lends the page of that key, or NULL. */
const struct page *pages_find(struct pages *p, struct str key);
/* Makes a page of `take` and lends it; keeps it for others when nothing has changed since
 * `generation`, which the caller read before it read the store. */
const struct page *pages_keep(struct pages *p, uint64_t generation, struct str key,
                              struct buf *take, const char *next);
void pages_give_back(const struct page *page);
