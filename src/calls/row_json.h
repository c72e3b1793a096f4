/* row_json — a record as JSON, written straight into a buffer. Only for calls/. */
#pragma once

#include "base/buf.h"
#include "calls/calls_store.h"

struct row_view {
    bool member;      /* shows what strangers do not see */
    const char *name; /* of its function; NULL: not shown */
    size_t text_max;  /* bytes; longer texts are cut, and `truncated` names them. 0: no bound */
};
void row_json(struct buf *out, const struct call_row *row, const struct row_view *view);
