/* target — the path and query of a request: splitting and percent-decoding. */
#pragma once

#include "http/head.h"

/* Decodes in place. False on a bad "%xx" and on %00. `plus` makes "+" a space (form encoding). */
bool target_decode(char *s, bool plus);

/* Splits the head's target: sets req->target, ->path and ->query. -1 with a refusal when the
 * encoding is bad. */
int target_split(struct request *req, const char *target, struct refusal *r);

/* How long the path at the start of a target is. */
size_t target_path_len(const char *target);
