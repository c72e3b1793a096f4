/* stream — a result in pieces, on its way to whoever called or into one result. Private to engine/.
 *
 * It begins with the STREAM frame and ends with its call. Whoever takes the pieces may hold it:
 * then nothing more is read from the slot. engine_resume and engine_abandon take effect on a later
 * turn of the loop, since they come from inside other callbacks of the caller. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct call;
struct call_record;
struct frame;
struct slot;
struct stream;

/* The frames of a busy, loaded slot. Each may end its call. */
void stream_open(struct slot *s, const struct frame *f);
void stream_chunk(struct slot *s, const struct frame *f);
void stream_end(struct slot *s, const struct frame *f); /* the RESULT of a call with a stream */

bool stream_held(const struct stream *st); /* also NULL */
/* What went out becomes the record's output. */
void stream_record(struct stream *st, struct call_record *r);
void stream_free(struct stream *st);
