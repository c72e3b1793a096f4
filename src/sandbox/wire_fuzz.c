/* Feeds bytes to wire_decode as either side. clang -fsanitize=fuzzer,address, corpus/wire; the
 * first byte chooses who speaks. */
#include "base/must.h"
#include "sandbox/wire.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire w;
    struct err e = {0};
    struct sandbox_limits limits;
    if (size == 0)
        return 0;
    enum wire_from from = data[0] & 1 ? WIRE_FROM_SPAWNER : WIRE_FROM_SERVER;
    if (wire_decode(data + 1, size - 1, from, &w, &e) < 0) {
        must(e.code == ERR_INVALID || e.code == ERR_MALFORMED);
        return 0;
    }
    must(w.slot < SANDBOX_SLOTS_MAX && w.variant.base < SANDBOX_TEMPLATES_MAX);
    must(w.template_index < SANDBOX_TEMPLATES_MAX + SANDBOX_VARIANTS_MAX);
    if (w.type == WIRE_TEMPLATE_START || w.type == WIRE_TEMPLATE_STOP)
        must(w.template_index >= SANDBOX_TEMPLATES_MAX);
    must(memchr(w.err.text, 0, sizeof w.err.text) != NULL);
    wire_unpack_limits(&w.limits, &limits);
    if (w.type == WIRE_START || w.type == WIRE_LIMIT)
        must(wire_check_limits(&limits, &e) == 0);
    return 0;
}
