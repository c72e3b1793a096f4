/* schema — the tables of migrations of all capabilities. Private to serve/. */
#pragma once

#include "store/store.h"

extern const struct migration *const schema_migrations[]; /* store_config.migrations */
