/* pretty — JSON text for people, byte for byte: numbers and strings stay as they were sent, where a
 * tree would round 0.1 and 2^64. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* Both take checked JSON text (json_check). No newline at the end. */
void pretty_indent(struct str json, struct buf *out);  /* two spaces per level */
void pretty_compact(struct str json, struct buf *out); /* no white space */
