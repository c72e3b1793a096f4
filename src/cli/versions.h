/* versions — those of one function, for `versions` and `rollback`. */
#pragma once

#include "cli/command.h"

/* Newest first; the tree is the caller's. `raw` gets the answer as it was sent and may be NULL. */
int versions_get(struct cli *c, const json_t *fn, json_t **ret, struct buf *raw, struct err *e);
