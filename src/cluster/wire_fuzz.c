/* Feeds bytes to everything that the keeper takes from the server: messages, the pooler's records,
 * connection parameters. clang -fsanitize=fuzzer,address, corpus/wire; the first byte chooses. */
#include "base/mem.h"
#include "base/must.h"
#include "cluster/cluster.h"
#include "cluster/pooler.h"
#include "cluster/target.h"
#include "cluster/wire.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines_of(const struct buf *b)
{
    size_t lines = 0;
    for (size_t i = 0; i < b->len; i++)
        lines += b->data[i] == '\n';
    return lines;
}

static void try_message(const uint8_t *data, size_t size)
{
    struct cluster_wire w;
    struct err e = {0};
    if (size == 0 ||
        cluster_wire_decode(data + 1, size - 1, data[0] >> 1 & 3,
                            data[0] & 1 ? CLUSTER_WIRE_FROM_KEEPER : CLUSTER_WIRE_FROM_SERVER, &w,
                            &e) < 0)
        return;
    must(w.type < CLUSTER_WIRE_TYPES && w.count <= POOL_ENTRIES_MAX);
    must(memchr(w.err.text, 0, sizeof w.err.text) != NULL);
}

/* A record gives one line in each file, whatever is in it. */
static void try_records(const uint8_t *data, size_t size)
{
    const struct pooler_config c = {"/a", "/s", "/c", "virga", 1};
    size_t count = size / sizeof(struct pooler_record);
    struct err e = {0};
    auto_buf struct buf hba = {0};
    auto_buf struct buf users = {0};
    auto_ptr struct pooler_record *records = mem_alloc((count + 1) * sizeof *records);
    memcpy(records, data, count * sizeof *records);
    if (pooler_check(records, count, &e) < 0)
        return;
    pooler_hba(&c, records, count, &hba);
    pooler_users(&c, records, count, &users);
    must(lines_of(&hba) == count + 2 && lines_of(&users) <= count + 1);
}

static void try_target(const uint8_t *data, size_t size)
{
    struct target_record r = {0};
    struct err e = {0};
    auto_buf struct buf service = {0};
    memcpy(&r, data, size < sizeof r ? size : sizeof r);
    if (target_service(&r, "s", "/a", &service, &e) == 0)
        must(!strstr(service.data, "\n[") && !strstr(service.data, "\nhost=/b"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        try_message(data + 1, size - 1);
    else if (data[0] % 3 == 1)
        try_records(data + 1, size - 1);
    else
        try_target(data + 1, size - 1);
    return 0;
}
