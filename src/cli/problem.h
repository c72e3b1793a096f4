/* problem — an answer that is none, in words: the server's own where it has some. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* Appends what the body of a refusal says, {"detail": "..."} or a list of what is wrong, one line
 * each. Nothing when it says nothing. */
void problem_explain(struct str body, struct buf *out);
