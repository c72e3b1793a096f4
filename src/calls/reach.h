/* reach — whose records and counts a request is about: those of one function, of a project's
 * functions, or of all that an account may see. Decided once per request, on a worker thread, with
 * whoever asks. Only for calls/. */
#pragma once

#include "base/arena.h"
#include "http/http.h"
#include "store/store.h"

#include <stdbool.h>

enum reach_kind { REACH_FUNCTION, REACH_PROJECT, REACH_ACCOUNT };

struct reach {
    enum reach_kind kind;
    const char *id; /* of the function, project or account */
    bool member;    /* sees everything; others see what a function has opened */
};

/* What the path's `:id` (or the account) stands for, narrowed by the query's `project` and
 * `function` (ids). Members of a function see all of it, under its name too; others what it has
 * opened: a stranger learns neither which ids exist nor any name. Keys need the scope calls:read.
 * Lives in the request's arena. */
int reach_open(struct request *req, enum reach_kind kind, struct reach *ret, struct err *e);

/* "= $1" or "IN (...$1...)": behind a column with a function's id. */
const char *reach_sql(const struct reach *r);
/* What holds of such a function `f`, with $1 as above: "f.project_id = $1". */
const char *reach_condition(const struct reach *r);
/* 1: the function belongs to it; 0: it does not; -1. */
int reach_holds(struct db *db, const struct reach *r, const char *function, struct err *e);
