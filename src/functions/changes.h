/* changes — what became of a function, as a line of the audit log: in the transaction of the
 * change, about its project, or about the function itself when it has none. Never a value, only
 * what was changed. Only for functions/. */
#pragma once

#include "functions/functions.h"

/* `action` ("function.delete"), the function's name and, unless NULL, `more`. */
int changes_write(struct request *req, const char *action, const struct function *fn,
                  const char *more, struct err *e);
/* A save: "function.deploy" when it made `version`, else (0) "function.change"; with the names of
 * the settings that differ. Nothing when nothing does. A move is told in both places. */
int changes_saved(struct request *req, const struct function *before, const struct function *after,
                  uint32_t version, struct err *e);
