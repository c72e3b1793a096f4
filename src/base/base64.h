/* base64 — bytes as text (RFC 4648, 4: with padding). */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

void base64_add(struct buf *out, struct str bytes);
/* Appends what the text stands for. False, and nothing appended, when it is no base64. */
bool base64_add_decoded(struct buf *out, struct str text);
