/* builds_store — the SQL of builds: what was asked for, when, and what came of it. Only for deps/.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { BUILDS_KEPT = 50, BUILD_LOG_MAX = 256 * 1024 };

enum build_status { BUILD_QUEUED, BUILD_RUNNING, BUILD_SUCCEEDED, BUILD_FAILED, BUILD_CANCELLED };
extern const char *const builds_store_words[]; /* "queued", ..., NULL */

struct build_row {
    const char *id, *project, *server; /* which works on it */
    enum build_status status;
    int step;                /* enum build_step, or BUILD_DONE */
    const char *error, *log; /* or NULL */
    bool reused;
    int64_t packages, bytes, created_us, started_us, finished_us;
};
enum { BUILD_DONE = 4 }; /* behind the last of enum build_step */

json_t *builds_store_json(const struct build_row *row, bool with_log); /* as clients see it */
json_t *builds_store_progress_json(const struct build_row *row);

int builds_store_insert(struct db *db, const struct build_row *row, struct err *e);
int builds_store_update(struct db *db, const struct build_row *row, struct err *e); /* rows */
/* 1, or 0: the project has none of that id. */
int builds_store_find(struct db *db, struct arena *a, const char *project, const char *id,
                      struct build_row *ret, struct err *e);
/* The newest first, without their logs; `at_most` BUILDS_KEPT. Returns how many. */
int builds_store_list(struct db *db, struct arena *a, const char *project, int at_most,
                      struct build_row *rows, struct err *e);
/* The project's build that is under way, anywhere: 1 and its id, or 0. */
int builds_store_busy(struct db *db, struct arena *a, const char *project, const char **ret_id,
                      struct err *e);
int builds_store_prune(struct db *db, const char *project, struct err *e);
/* At the start: what this server was at work on has failed. */
int builds_store_abandon(struct db *db, const char *server, const char *why, struct err *e);
