/* inputs_store — the SQL of saved test inputs. Only for functions/. */
#pragma once

#include "functions/functions.h"

struct input {
    const char *name;
    struct str json; /* one JSON text, as it was sent */
    int64_t updated_us;
};

/* By name. `i` lives during the callback. */
int inputs_list(struct db *db, const char *function_id,
                void (*each)(void *arg, const struct input *i), void *arg, struct err *e);
/* Makes or replaces one, in the caller's transaction. ERR_CONFLICT beyond INPUTS_MAX of them;
 * ERR_NOT_FOUND when the function has gone meanwhile. */
int inputs_put(struct db *db, const char *function_id, const struct input *i, struct err *e);
/* ERR_NOT_FOUND "Input not found". */
int inputs_delete(struct db *db, const char *function_id, const char *name, struct err *e);
