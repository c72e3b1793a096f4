#include "cluster/wire.h"

#include "cluster/cluster.h"

#include <string.h>

static const struct {
    enum cluster_wire_from sender;
    size_t files;
} types[CLUSTER_WIRE_TYPES] = {
    [CLUSTER_WIRE_UP] = {CLUSTER_WIRE_FROM_SERVER, 1},
    [CLUSTER_WIRE_POOL] = {CLUSTER_WIRE_FROM_SERVER, 2},
    [CLUSTER_WIRE_DUMP] = {CLUSTER_WIRE_FROM_SERVER, 3},
    [CLUSTER_WIRE_RESTORE] = {CLUSTER_WIRE_FROM_SERVER, 3},
    [CLUSTER_WIRE_READY] = {CLUSTER_WIRE_FROM_KEEPER, 0},
    [CLUSTER_WIRE_ANSWER] = {CLUSTER_WIRE_FROM_KEEPER, 0},
};

void cluster_wire_init(struct cluster_wire *w, enum cluster_wire_type type)
{
    memset(w, 0, sizeof *w); /* padding too: it travels */
    w->magic = CLUSTER_WIRE_MAGIC;
    w->type = type;
}

size_t cluster_wire_files(enum cluster_wire_type type)
{
    return types[type].files;
}

int cluster_wire_decode(const void *p, size_t len, size_t files, enum cluster_wire_from from,
                        struct cluster_wire *ret, struct err *e)
{
    if (len != sizeof *ret)
        return err_set(e, ERR_MALFORMED, "message of %zu bytes instead of %zu", len, sizeof *ret);
    memcpy(ret, p, sizeof *ret);
    if (ret->magic != CLUSTER_WIRE_MAGIC)
        return err_set(e, ERR_MALFORMED, "message without the magic number");
    if (ret->type < CLUSTER_WIRE_UP || ret->type >= CLUSTER_WIRE_TYPES ||
        types[ret->type].sender != from)
        return err_set(e, ERR_MALFORMED, "message of type %u from this side", ret->type);
    if (types[ret->type].files != files)
        return err_set(e, ERR_MALFORMED, "message of type %u with %zu files", ret->type, files);
    if (ret->count > POOL_ENTRIES_MAX)
        return err_set(e, ERR_MALFORMED, "%u databases in one message", ret->count);
    /* The text is printed and passed on: it must end, whatever the peer wrote. */
    ret->err.text[sizeof ret->err.text - 1] = 0;
    if ((unsigned)ret->err.code > ERR_TIMEOUT)
        return err_set(e, ERR_MALFORMED, "error code %u", (unsigned)ret->err.code);
    return 0;
}
