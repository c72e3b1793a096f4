/* calls_store — the SQL of call records. Private to functions/. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct arena;
struct buf;
struct call_record;
struct db;

enum { CALLS_AGE_CHUNK = 2000 }; /* records that one look at their age removes */

int calls_store_add(struct db *db, const struct call_record *r, struct err *e);
/* Removes what is beyond the newest `keep` records of the function. */
int calls_store_prune(struct db *db, const char *function_id, unsigned keep, struct err *e);
/* Removes records from before `before_us`, at most a chunk. Returns how many. */
int calls_store_age(struct db *db, int64_t before_us, struct err *e);

/* Which records of a function: newest first, or, with `after`, the next newer ones, oldest first.
 */
struct calls_page {
    const char *function_id;
    unsigned limit;
    const char *before, *after; /* ids of records, or NULL */
    bool tracebacks;            /* for the owner */
};

/* Appends a JSON array of them. ERR_NOT_FOUND when a cursor names no record of this function. */
int calls_store_list(struct db *db, struct arena *a, const struct calls_page *page, struct buf *out,
                     struct err *e);
