#include "runtimes/table.h"

#include "base/buf.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const struct runtime *const runtimes[] = {
    &runtime_python,
    &runtime_node,
    &runtime_provided,
    NULL,
};

static bool answers_to(const struct runtime *r, const char *name)
{
    if (strcmp(r->name, name) == 0)
        return true;
    for (const char *const *alias = r->aliases; *alias; alias++)
        if (strcmp(*alias, name) == 0)
            return true;
    return false;
}

static int unknown(const char *name, struct err *e)
{
    char quoted[64]; /* the name is a client's: it may be long or hold control characters */
    auto_buf struct buf known = {0};
    for (const struct runtime *const *r = runtimes; *r; r++)
        buf_addf(&known, "%s%s", known.len ? ", " : "", (*r)->name);
    return err_set(e, ERR_INVALID, "runtime '%s' is not known; there are: %s",
                   log_quote(str_of(name), quoted, sizeof quoted), known.data);
}

int runtimes_find(const char *name, const struct runtime **ret, struct err *e)
{
    for (const struct runtime *const *r = runtimes; *r; r++)
        if (answers_to(*r, name)) {
            *ret = *r;
            return 0;
        }
    return unknown(name, e);
}
