/* What the kernel says of addresses, in a network of this test. */
#include "uplink/gate.h"

#include "base/test.h"
#include "uplink/uplink.h"

#include <sched.h>
#include <stdlib.h>

enum { SECOND = 1000000, OUT = 0xcb00710a };

static bool allows(struct gate *g, uint32_t address, uint16_t port, bool tcp, uint64_t now_us)
{
    struct frame f = {address, port, tcp, false};
    return gate_allows(g, &f, now_us);
}

static struct gate *open_gate(const struct uplink_rules *rules)
{
    struct err e = {0};
    struct gate *g;
    if (unshare(CLONE_NEWNET) < 0)
        SKIP("needs the right to make a network namespace");
    CHECK(system("ip link set lo up && ip link add out type veth peer name far && "
                 "ip link set out up && ip link set far up && "
                 "ip addr add 198.51.100.1/24 dev out && ip route add default dev out") == 0);
    if (gate_open(rules, &g, &e) < 0)
        fail_msg("%s", e.text);
    return g;
}

TEST(only_addresses_that_the_kernel_sends_out_are_reached)
{
    static const struct uplink_rules all = {.allow_count = 1, .allow = {{0, 0, 0}}};
    static const uint32_t refused[] = {
        0x7f000001,     0x7f010203, /* loopback */
        0xc6336401,                 /* the host's own */
        0xc63364ff,     0xffffffff, /* broadcasts */
        0xe0000001,     0xeffffffa, /* multicast */
        0x00000000,                 /* no address */
        UPLINK_ADDRESS,             /* the slot itself, */
        UPLINK_GATEWAY, 0x64400063, /* and what only seems to be near it */
    };
    struct gate *g = open_gate(&all);
    CHECK(allows(g, OUT, 80, true, 1) && allows(g, OUT, 25, true, 1) &&
          allows(g, 0x0a010203, 443, false, 1));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (allows(g, refused[i], 80, true, 1) || allows(g, refused[i], 53, false, 1))
            fail_msg("allowed: %08x", refused[i]);
    gate_close(g);
}

TEST(routes_that_refuse_or_lead_back_are_refused)
{
    static const struct uplink_rules none;
    struct gate *g = open_gate(&none);
    CHECK(system("ip route add blackhole 203.0.113.1 && ip route add unreachable 203.0.113.2 && "
                 "ip route add prohibit 203.0.113.3 && ip route add local 203.0.113.4 dev lo && "
                 "ip route add 203.0.113.5 dev lo") == 0);
    for (uint32_t i = 1; i <= 5; i++)
        CHECK(!allows(g, 0xcb007100 + i, 80, true, 1));
    CHECK(allows(g, 0xcb007106, 80, true, 1));
    CHECK(system("ip route del default") == 0);
    CHECK(!allows(g, 0xcb007107, 80, true, 1));
    gate_close(g);
}

TEST(the_name_server_is_reached_at_its_port_only)
{
    static const struct uplink_rules none;
    struct gate *g = open_gate(&none);
    CHECK(allows(g, UPLINK_RESOLVER, 53, false, 1) && allows(g, UPLINK_RESOLVER, 53, true, 1));
    CHECK(!allows(g, UPLINK_RESOLVER, 80, true, 1) && !allows(g, UPLINK_RESOLVER, 54, false, 1));
    gate_close(g);
}

TEST(an_address_that_becomes_the_hosts_is_refused_a_second_later)
{
    static const struct uplink_rules none;
    struct gate *g = open_gate(&none);
    CHECK(allows(g, OUT, 80, true, 1));
    CHECK(system("ip addr add 203.0.113.10/32 dev out") == 0);
    CHECK(allows(g, OUT, 80, true, SECOND)); /* remembered */
    CHECK(!allows(g, OUT, 80, false, SECOND));
    CHECK(!allows(g, OUT, 81, true, SECOND));
    CHECK(!allows(g, OUT, 80, true, SECOND + 1));
    CHECK(system("ip addr del 203.0.113.10/32 dev out") == 0);
    CHECK(allows(g, OUT, 80, true, 2 * SECOND + 2));
    gate_close(g);
}

TEST(verdicts_of_many_addresses_do_not_mix)
{
    static const struct uplink_rules none;
    struct gate *g = open_gate(&none);
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 4096; i++) {
            CHECK(allows(g, 0xcb000000 + i, (uint16_t)(1000 + i), true, 1));
            CHECK(!allows(g, 0x0a000000 + i, (uint16_t)(1000 + i), true, 1));
        }
    gate_close(g);
}

TEST(connections_are_opened_in_a_burst_and_then_at_a_rate)
{
    static const struct uplink_rules none;
    struct gate *g = open_gate(&none);
    unsigned burst = 0, later = 0;
    uint64_t now_us = 7 * SECOND;
    while (gate_opens(g, now_us))
        burst++;
    CHECK_INT(burst, UPLINK_FILES);
    for (int ms = 0; ms < 10000; ms++)
        later += gate_opens(g, now_us += 1000);
    CHECK(later >= 10 * GATE_OPENS_PER_S - 1 && later <= 10 * GATE_OPENS_PER_S + 1);
    now_us += 1000ull * SECOND; /* what was not used is not kept for ever */
    for (burst = 0; gate_opens(g, now_us);)
        burst++;
    CHECK_INT(burst, UPLINK_FILES);
    gate_close(g);
}

TEST_MAIN(connections_are_opened_in_a_burst_and_then_at_a_rate,
          only_addresses_that_the_kernel_sends_out_are_reached,
          routes_that_refuse_or_lead_back_are_refused, the_name_server_is_reached_at_its_port_only,
          an_address_that_becomes_the_hosts_is_refused_a_second_later,
          verdicts_of_many_addresses_do_not_mix)
