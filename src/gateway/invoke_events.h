/* invoke_events — the result of a direct call in pieces, as server-sent events. Only for gateway/.
 *
 *   event: open     data: {"statusCode":200,"headers":{...}}        once, before any piece
 *   event: piece    data: {"text":"..."} or {"base64":"..."}        the bytes of all of them in
 * turn event: result   data: what POST /api/invoke answers else, without `output`; the last one */
#pragma once

#include "base/buf.h"
#include "http/http.h"

bool invoke_events_wanted(const struct request *req); /* Accept names text/event-stream */

/* Each appends one event. `headers` and `result` are JSON text without line ends. */
void invoke_events_open(struct buf *out, unsigned status, struct str headers);
void invoke_events_piece(struct buf *out, struct str bytes);
void invoke_events_result(struct buf *out, struct str result);
