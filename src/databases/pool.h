/* pool — what the pooler in front of slots is told. Only for databases/. */
#pragma once

#include "databases/private.h"

/* All databases that this server's functions may reach, as the store has them now. */
int pool_tell(const struct work *w, struct err *e);
