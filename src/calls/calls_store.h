/* calls_store — the SQL of call records. Only for calls/. */
#pragma once

#include "base/arena.h"
#include "engine/engine.h"
#include "store/store.h"

enum call_cut { CUT_INPUT = 1, CUT_OUTPUT = 2, CUT_STDOUT = 4, CUT_STDERR = 8 };

/* A record as stored. Bytes that a guest wrote are bytes here, neither checked nor converted. */
struct call_row {
    const char *id;
    uint32_t version;
    const char *status, *source, *http_method, *http_path;
    bool cold;
    int64_t created_us, duration_us, queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us;
    struct str input, output, error, traceback, out, err;
    unsigned cut; /* enum call_cut */
};

int calls_insert(struct db *db, const struct call_record *r, struct err *e);
/* Returns how many records went, or -1. */
int calls_prune_function(struct db *db, const char *function_id, unsigned keep, struct err *e);
int calls_prune_age(struct db *db, int64_t before_us, int at_most, struct err *e);
int calls_delete_some(struct db *db, const char *function_id, int at_most, struct err *e);

/* Where a page of records begins. At most one of the two is set. */
struct calls_cursor {
    const char *before, *after; /* ids, or NULL */
};
/* Newest first: the newest, those before, or the oldest of those after. Ends early beyond
 * `bytes_max`. ERR_NOT_FOUND: the cursor names no record of this function. */
int calls_list(struct db *db, struct arena *a, const char *function_id,
               const struct calls_cursor *cursor, size_t limit, size_t bytes_max,
               struct call_row *rows, size_t *ret_count, struct err *e);
