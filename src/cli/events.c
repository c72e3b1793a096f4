#include "cli/events.h"

#include <stdio.h>

/* "data: x" with the name "data" becomes "x". */
static bool field(struct str line, const char *name, struct str *ret)
{
    struct str value = line, given = str_cut(&value, ':');
    if (!str_is(given, name) || !value.p)
        return false;
    if (value.n > 0 && value.p[0] == ' ')
        value = (struct str){value.p + 1, value.n - 1};
    *ret = value;
    return true;
}

int events_line(void *events, struct str line, struct err *e)
{
    struct events *x = events;
    struct str value;
    if (line.n == 0) {
        int rc = x->each(x->arg, x->name, buf_str(&x->data), e);
        events_reset(x);
        return rc;
    }
    if (field(line, "data", &value)) {
        buf_addz(&x->data, x->data.len > 0 ? "\n" : "");
        buf_add_str(&x->data, value);
    } else if (field(line, "event", &value)) {
        (void)snprintf(x->name, sizeof x->name, STR_FMT, STR_ARG(value));
    }
    return 0;
}

void events_reset(struct events *x)
{
    buf_clear(&x->data);
    x->name[0] = 0;
}

void events_done(struct events *x)
{
    buf_done(&x->data);
}
