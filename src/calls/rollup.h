/* rollup — counts of calls, kept while their records come and go. Only for calls/.
 *
 * Written by the writer of records in the same transaction: per function, period, status and class
 * of duration. Minutes, five minutes, hours and days are kept for different times; the totals of a
 * function live as long as it does, with one row per status (`step` 0, bucket 0). Adding is an
 * upsert, so that several servers may count into one row; rows are touched in the order of their
 * keys, so that none of them waits for another in a circle. */
#pragma once

#include "base/id.h"
#include "engine/engine.h"
#include "store/store.h"

enum { STEP_ALL = 0, STEP_MINUTE = 60, STEP_CHART = 300, STEP_HOUR = 3600, STEP_DAY = 86400 };

/* Finds a function that is gone and still has counts: 1, or 0. */
int rollup_orphan(struct db *db, char ret_function[ID_TEXT], struct err *e);
/* How far back a step can be asked for, in seconds; -1 for one that is not kept. */
int64_t rollup_reach_s(int step);
/* Inside the caller's transaction. */
int rollup_write(struct db *db, struct call_record *const *batch, size_t count, struct err *e);
/* Each removes at most so many rows and returns how many went, or -1. */
int rollup_prune(struct db *db, int64_t now_us, int at_most, struct err *e);
int rollup_forget(struct db *db, const char *function_id, int at_most, struct err *e);
