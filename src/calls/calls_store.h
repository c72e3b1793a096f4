/* calls_store — the SQL of call records. Only for calls/. */
#pragma once

#include "base/arena.h"
#include "engine/engine.h"
#include "store/store.h"

/* What the column `cut` says: which texts are not whole, and how the output came. */
enum call_flag {
    CUT_INPUT = 1,
    CUT_OUTPUT = 2,
    CUT_STDOUT = 4,
    CUT_STDERR = 8,
    STREAMED = 16, /* `output` is the beginning of what went out in pieces */
};

/* A record as stored. Bytes that a guest wrote are bytes here, neither checked nor converted. */
struct call_row {
    int64_t seq; /* in order of commit; ours alone, clients see ids */
    const char *id, *function;
    uint32_t version;
    const char *status, *source, *http_method, *http_path;
    bool cold;
    int64_t created_us, duration_us, queue_us, place_us, load_us, handler_us, peak_bytes, cpu_us;
    struct str input, output, error, traceback, out, err;
    unsigned flags; /* enum call_flag */
};

int calls_insert(struct db *db, const struct call_record *r, struct err *e);
/* Return how many records went, or -1. */
int calls_prune_function(struct db *db, const char *function_id, unsigned keep, struct err *e);
int calls_prune_age(struct db *db, int64_t before_us, int at_most, struct err *e);
int calls_delete_some(struct db *db, const char *function_id, int at_most, struct err *e);

/* By its id. ERR_NOT_FOUND "Invocation not found". */
int calls_find(struct db *db, struct arena *a, const char *id, struct call_row *ret, struct err *e);
/* By their numbers, in no particular order; those that are gone are left out. */
enum { CALLS_FETCH_MAX = 10 };
int calls_fetch(struct db *db, struct arena *a, const int64_t *seqs, size_t count,
                struct call_row *rows, size_t *ret_count, struct err *e);
int calls_newest(struct db *db, int64_t *ret, struct err *e); /* its number; 0 when there is none */
