/* invite — verbs of `virga account` about invites. */
#pragma once

#include "base/err.h"

struct cli;

int invite_make(struct cli *c, struct err *e);
int invite_list(struct cli *c, struct err *e);
int invite_withdraw(struct cli *c, struct err *e);
