/* pieces — a call whose result may come in pieces: they are printed as they come. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct cli;
struct client_request;

/* `ret` is what the server says of the call in the end, as JSON; without `output` when that was
 * printed already. */
int pieces_call(struct cli *c, const struct client_request *req, struct buf *ret, struct err *e);
