#include "uplink/uplink.h"

#include "base/must.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <string.h>

enum { PORT_SMTP = 25 };

/* What a stranger's program has no business with: nothing here is reached over the internet, or it
 * is the neighbourhood of this host. Networks for documentation are not listed: they lead nowhere.
 */
static const struct uplink_rule never[] = {
    {0x00000000, 8, 0},  /* 0.0.0.0, "this" network: Linux takes it for the host itself */
    {0x0a000000, 8, 0},  /* 10.0.0.0, private */
    {0x64400000, 10, 0}, /* 100.64.0.0, shared: a provider's inside, and the slots' own addresses */
    {0x7f000000, 8, 0},  /* 127.0.0.0, loopback */
    {0xa83f8110, 32, 0}, /* 168.63.129.16 looks public, but is Azure's host, with metadata */
    {0xa9fe0000, 16, 0}, /* 169.254.0.0, link-local: 169.254.169.254 is the clouds' metadata */
    {0xac100000, 12, 0}, /* 172.16.0.0, private */
    {0xc0000000, 24, 0}, /* 192.0.0.0, protocols: 192.0.0.192 is Oracle's metadata */
    {0xc0a80000, 16, 0}, /* 192.168.0.0, private */
    {0xc6120000, 15, 0}, /* 198.18.0.0, benchmarking */
    {0xe0000000, 4, 0},  /* 224.0.0.0, multicast */
    {0xf0000000, 4, 0},  /* 240.0.0.0, reserved, with the broadcast */
};

static uint32_t mask_of(unsigned prefix)
{
    return prefix ? UINT32_MAX << (32 - prefix) : 0; /* a shift by 32 means nothing in C */
}

static bool read_number(struct str text, uint64_t least, uint64_t most, uint64_t *ret)
{
    return text.n <= 5 && str_to_u64(text, ret) && *ret >= least && *ret <= most;
}

static bool read_address(struct str text, uint32_t *ret)
{
    char copy[INET_ADDRSTRLEN];
    struct in_addr in;
    if (text.n >= sizeof copy || memchr(text.p, 0, text.n))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    if (inet_pton(AF_INET, copy, &in) != 1)
        return false;
    *ret = ntohl(in.s_addr);
    return true;
}

/* What is wrong with the entry, or NULL. */
static const char *read_rule(struct str entry, struct uplink_rule *ret)
{
    struct str port = entry, network = str_cut(&port, ':');
    struct str prefix = network, address = str_cut(&prefix, '/');
    uint64_t bits = 32, number = 0;
    if (!read_address(address, &ret->address))
        return "does not begin with an IPv4 address like 10.1.2.3";
    if (prefix.p && !read_number(prefix, 0, 32, &bits))
        return "has a prefix that is not a number from 0 to 32";
    if (port.p && !read_number(port, 1, UINT16_MAX, &number))
        return "has a port that is not a number from 1 to 65535";
    if (ret->address & ~mask_of((unsigned)bits))
        return "has an address with bits beyond its prefix";
    ret->prefix = (uint8_t)bits;
    ret->port = (uint16_t)number;
    return NULL;
}

static int read_list(const char *list, struct uplink_rule *rules, unsigned *ret_count,
                     struct err *e)
{
    struct str rest = list && *list ? str_of(list) : (struct str){0};
    for (unsigned n = 0; rest.p; *ret_count = ++n) {
        struct str entry = str_trim(str_cut(&rest, ','));
        if (n == UPLINK_RULES_MAX)
            return err_set(e, ERR_INVALID, "takes at most %d entries", UPLINK_RULES_MAX);
        const char *wrong = read_rule(entry, &rules[n]);
        if (wrong)
            return err_set(e, ERR_INVALID, "entry '%.*s' %s", entry.n < 64 ? (int)entry.n : 64,
                           entry.p, wrong);
    }
    return 0;
}

int uplink_rules_parse(const char *allow, const char *deny, struct uplink_rules *ret, struct err *e)
{
    struct uplink_rules rules = {0};
    if (read_list(allow, rules.allow, &rules.allow_count, e) < 0 ||
        read_list(deny, rules.deny, &rules.deny_count, e) < 0)
        return -1;
    *ret = rules;
    return 0;
}

static bool among(const struct uplink_rule *rules, size_t count, uint32_t address, uint16_t port)
{
    for (size_t i = 0; i < count; i++)
        if ((address & mask_of(rules[i].prefix)) == rules[i].address &&
            (!rules[i].port || rules[i].port == port))
            return true;
    return false;
}

bool uplink_rules_allow(const struct uplink_rules *rules, uint32_t address, uint16_t port, bool tcp)
{
    must(rules->allow_count <= UPLINK_RULES_MAX && rules->deny_count <= UPLINK_RULES_MAX);
    if (among(rules->allow, rules->allow_count, address, port))
        return true;
    if (among(rules->deny, rules->deny_count, address, port))
        return false;
    if (tcp && port == PORT_SMTP)
        return false; /* mail from here would be a stranger's spam under our address */
    return !among(never, ARRAY_LEN(never), address, 0);
}
