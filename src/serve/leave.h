/* leave — an account goes: what the capabilities make of it. Private to serve/. */
#pragma once

#include "base/err.h"

struct tx;

int leave(struct tx *tx, const char *account, struct err *e);
