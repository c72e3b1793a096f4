/* Feeds text to uplink_rules_parse, as both lists, and asks the rules about what they name. */
#include "base/buf.h"
#include "base/must.h"
#include "uplink/uplink.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_rules(const struct uplink_rule *rules, unsigned count, struct buf *out)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t a = rules[i].address;
        buf_addf(out, "%s%u.%u.%u.%u/%u", i ? "," : "", a >> 24, a >> 16 & 255, a >> 8 & 255,
                 a & 255, rules[i].prefix);
        if (rules[i].port)
            buf_addf(out, ":%u", rules[i].port);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct uplink_rules rules, again;
    struct err e = {0};
    auto_buf struct buf list = {0}, written = {0};
    buf_add(&list, data, size);
    buf_addz(&list, "");
    if (uplink_rules_parse(list.data, list.data, &rules, &e) < 0) {
        must(e.code == ERR_INVALID && memchr(e.text, 0, sizeof e.text));
        return 0;
    }
    must(rules.allow_count == rules.deny_count && rules.allow_count <= UPLINK_RULES_MAX);
    for (unsigned i = 0; i < rules.allow_count; i++)
        must(uplink_rules_allow(&rules, rules.allow[i].address, rules.allow[i].port, true));
    write_rules(rules.allow, rules.allow_count, &written);
    must(uplink_rules_parse(written.data, written.data, &again, &e) == 0);
    must(memcmp(&rules, &again, sizeof rules) == 0);
    return 0;
}
