/* percent — percent-encoding in paths and queries (RFC 3986). Only for gateway/. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* The bytes that `s` stands for: `s` itself when it holds no escape, else a copy in the arena.
 * `plus`: "+" is a blank, as in queries. An escape that is none stays as it is. */
struct str percent_decode(struct arena *a, struct str s, bool plus);
/* Every "%" is followed by two hex digits that are not 00. */
bool percent_is_well_formed(struct str s);
