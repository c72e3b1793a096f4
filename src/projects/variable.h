/* variable — one variable of a project, sealed: bound to its project and key, so that it does not
 * open in the place of another. Only for projects/. */
#pragma once

#include "base/buf.h"
#include "projects/projects.h"

/* What a secret's value looks like in answers; sent back, it stands for the value that is stored.
 */
#define VARIABLE_MASK "****"

struct variable {
    const char *id, *key;
    struct str sealed;
    bool secret;
    int64_t created_us, updated_us;
};

/* `value` in clear; the result lives in `a`. */
struct str variable_seal(const struct seal *s, struct arena *a, const char *project,
                         const char *key, struct str value);
/* Appends the value in clear, which the caller clears (variable_forget). ERR_SYSTEM. */
int variable_open(const struct seal *s, const char *project, const char *key, struct str sealed,
                  struct buf *ret, struct err *e);
void variable_forget(struct buf *clear);

#define auto_clear __attribute__((cleanup(variable_forget)))
