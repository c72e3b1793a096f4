#include "sandbox/wire.h"

#include "base/must.h"

#include <inttypes.h>
#include <string.h>

static const enum wire_from sender[WIRE_TYPES] = {
    [WIRE_START] = WIRE_FROM_SERVER,
    [WIRE_LIMIT] = WIRE_FROM_SERVER,
    [WIRE_KILL] = WIRE_FROM_SERVER,
    [WIRE_TEMPLATE_START] = WIRE_FROM_SERVER,
    [WIRE_TEMPLATE_STOP] = WIRE_FROM_SERVER,
    [WIRE_READY] = WIRE_FROM_SPAWNER,
    [WIRE_STARTED] = WIRE_FROM_SPAWNER,
    [WIRE_FAILED] = WIRE_FROM_SPAWNER,
    [WIRE_LIMITED] = WIRE_FROM_SPAWNER,
    [WIRE_ENDED] = WIRE_FROM_SPAWNER,
    [WIRE_TEMPLATE_READY] = WIRE_FROM_SPAWNER,
    [WIRE_TEMPLATE_FAILED] = WIRE_FROM_SPAWNER,
    [WIRE_TEMPLATE_STOPPED] = WIRE_FROM_SPAWNER,
};

void wire_init(struct wire *w, enum wire_type type)
{
    memset(w, 0, sizeof *w); /* padding too: it travels */
    w->magic = WIRE_MAGIC;
    w->type = type;
}

void wire_pack_limits(const struct sandbox_limits *limits, struct wire_limits *ret)
{
    *ret = (struct wire_limits){
        .memory_bytes = limits->memory_bytes,
        .tmp_bytes = limits->tmp_bytes,
        .file_bytes = limits->file_bytes,
        .cpu_millis = limits->cpu_millis,
        .pids = limits->pids,
        .open_files = limits->open_files,
        .network = limits->network,
    };
}

void wire_unpack_limits(const struct wire_limits *limits, struct sandbox_limits *ret)
{
    *ret = (struct sandbox_limits){
        .memory_bytes = limits->memory_bytes,
        .tmp_bytes = limits->tmp_bytes,
        .file_bytes = limits->file_bytes,
        .cpu_millis = limits->cpu_millis,
        .pids = limits->pids,
        .open_files = limits->open_files,
        .network = limits->network != 0,
    };
}

static int check_range(const char *name, uint64_t value, uint64_t min, uint64_t max, struct err *e)
{
    if (value < min || value > max)
        return err_set(e, ERR_INVALID,
                       "limit %s is %" PRIu64 ", must be from %" PRIu64 " to %" PRIu64, name, value,
                       min, max);
    return 0;
}

int wire_check_limits(const struct sandbox_limits *l, struct err *e)
{
    const struct {
        const char *name;
        uint64_t value, min, max;
    } rows[] = {
        {"memory_bytes", l->memory_bytes, WIRE_MEMORY_MIN, WIRE_MEMORY_MAX},
        {"tmp_bytes", l->tmp_bytes, WIRE_TMP_MIN, WIRE_TMP_MAX},
        {"file_bytes", l->file_bytes, WIRE_FILE_MIN, WIRE_FILE_MAX},
        {"cpu_millis", l->cpu_millis, WIRE_CPU_MILLIS_MIN, WIRE_CPU_MILLIS_MAX},
        {"pids", l->pids, WIRE_PIDS_MIN, WIRE_PIDS_MAX},
        {"open_files", l->open_files, WIRE_OPEN_FILES_MIN, WIRE_OPEN_FILES_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (check_range(rows[i].name, rows[i].value, rows[i].min, rows[i].max, e) < 0)
            return -1;
    return 0;
}

/* Only variants come and go on request; which of the others exist is up to the configuration. */
static int check_template(const struct wire *w, struct err *e)
{
    unsigned all = WIRE_VARIANT_LAYER | WIRE_VARIANT_DATABASE | WIRE_VARIANT_SETUP;
    bool variant = w->type == WIRE_TEMPLATE_START || w->type == WIRE_TEMPLATE_STOP ||
                   w->type == WIRE_TEMPLATE_STOPPED;
    if (w->template_index >= SANDBOX_TEMPLATES_MAX + SANDBOX_VARIANTS_MAX)
        return err_set(e, ERR_INVALID, "template %u does not exist", w->template_index);
    if (variant && w->template_index < SANDBOX_TEMPLATES_MAX)
        return err_set(e, ERR_INVALID, "template %u is no variant", w->template_index);
    if (w->variant.base >= SANDBOX_TEMPLATES_MAX)
        return err_set(e, ERR_INVALID, "base template %u does not exist", w->variant.base);
    if (w->variant.flags & ~all)
        return err_set(e, ERR_INVALID, "unknown variant flags %#x", w->variant.flags);
    return 0;
}

static int check_numbers(const struct wire *w, struct err *e)
{
    struct sandbox_limits limits;
    if (check_template(w, e) < 0)
        return -1;
    if (w->slot >= SANDBOX_SLOTS_MAX)
        return err_set(e, ERR_INVALID, "slot %u does not exist", w->slot);
    if (w->has_peak > 1 || w->has_cpu > 1)
        return err_set(e, ERR_INVALID, "unknown descriptors");
    if (w->type != WIRE_START && w->type != WIRE_LIMIT)
        return 0;
    if (w->limits.network > 1)
        return err_set(e, ERR_INVALID, "limit network is %u", w->limits.network);
    wire_unpack_limits(&w->limits, &limits);
    return wire_check_limits(&limits, e);
}

int wire_decode(const void *p, size_t len, enum wire_from from, struct wire *ret, struct err *e)
{
    if (len != sizeof *ret)
        return err_set(e, ERR_MALFORMED, "message of %zu bytes instead of %zu", len, sizeof *ret);
    memcpy(ret, p, sizeof *ret);
    if (ret->magic != WIRE_MAGIC)
        return err_set(e, ERR_MALFORMED, "message without the magic number");
    if (ret->type < WIRE_START || ret->type >= WIRE_TYPES || sender[ret->type] != from)
        return err_set(e, ERR_MALFORMED, "message of type %u from this side", ret->type);
    /* The text is printed and passed on: it must end, whatever the peer wrote. */
    ret->err.text[sizeof ret->err.text - 1] = 0;
    if ((unsigned)ret->err.code > ERR_TIMEOUT)
        return err_set(e, ERR_MALFORMED, "error code %u", (unsigned)ret->err.code);
    return check_numbers(ret, e);
}
