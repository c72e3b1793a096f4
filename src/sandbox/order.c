#include "sandbox/order.h"

#include "base/fd.h"

#include <string.h>

void order_report(int sock, enum report_kind kind, const struct err *e)
{
    struct report r;
    struct err ignored;
    memset(&r, 0, sizeof r);
    r.magic = ORDER_MAGIC;
    r.kind = kind;
    if (e)
        r.err = *e;
    (void)fd_send(sock, &r, sizeof r, NULL, 0, &ignored);
}
