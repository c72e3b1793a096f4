/* account — what verbs of `virga account` in several files share. */
#pragma once

#include "base/err.h"

struct cli;

/* Returns -1. Says how to become an administrator when that is what was missing: a key of `virga
 * login` leaves the rights of administrators out unless it is asked for them. */
int account_explain(struct cli *c, const struct err *e);
