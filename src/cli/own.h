/* own — verbs of `virga account` about the account in use. */
#pragma once

#include "base/err.h"

struct cli;

int own_password(struct cli *c, struct err *e);
int own_change(struct cli *c, struct err *e); /* name, e-mail address */
int own_close(struct cli *c, struct err *e);
