/* What slots with network reach, and what never. */
#include "sandbox/testdata/uplinks.h"

TEST(a_slot_reaches_the_world_by_tcp_udp_and_names)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    CHECK_STR(world_tell(s, "udp " WORLD " 7"), "datagram");
    CHECK_STR(world_tell(s, "name example.test"), WORLD);
    world_close(w);
}

TEST(a_slot_without_network_is_told_so_at_once)
{
    struct world *w = open_world();
    struct world_slot *s = world_start(w, 1);
    uint64_t from = clock_mono_us();
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "Network is unreachable");
    CHECK_STR(world_tell(s, "send " WORLD " 7"), "Network is unreachable");
    CHECK_STR(world_tell(s, "name example.test"), "Temporary failure in name resolution");
    CHECK(clock_mono_us() - from < 4500000); /* who waits for a name server waits for 5 s */
    world_close(w);
}

TEST(a_slot_reaches_neither_the_host_nor_what_is_near_it)
{
    /* An address that the host gets while the slot runs is its own as well. */
    static const char *const addresses[] = {
        "203.0.113.1",     "10.9.0.1",  "198.51.100.7", "100.64.0.1",      "100.64.0.3",
        "169.254.169.254", "10.9.0.10", "224.0.0.1",    "255.255.255.255", "203.0.113.255",
    };
    int tcp = lab_bound(SOCK_STREAM, "0.0.0.0", 8080), udp = lab_bound(SOCK_DGRAM, "0.0.0.0", 8080);
    char command[64], packet[16];
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    lab_run("ip addr add 198.51.100.7/32 dev near");
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        static const int ports[] = {8080, 80};
        for (int k = 0; k < 2; k++) {
            snprintf(command, sizeof command, "tcp %s %d", addresses[i], ports[k]);
            const char *got = world_tell(s, command);
            if (strcmp(got, "Connection refused") && strcmp(got, "Network is unreachable"))
                fail_msg("%s: %s", command, got);
            snprintf(command, sizeof command, "send %s %d", addresses[i], ports[k]);
            CHECK_STR(world_tell(s, command), "sent");
        }
    }
    CHECK_STR(world_tell(s, "tcp 127.0.0.1 8080"), "Connection refused"); /* its own */
    CHECK_STR(world_tell(s, "udp " WORLD " 7"), "datagram"); /* behind all that was sent */
    CHECK(accept(tcp, NULL, NULL) < 0 && errno == EAGAIN);
    CHECK(recv(udp, packet, sizeof packet, 0) < 0 && errno == EAGAIN);
    lab_run("ip addr del 198.51.100.7/32 dev near");
    close(tcp);
    close(udp);
    world_close(w);
}

TEST(an_address_that_becomes_the_hosts_is_not_reached_any_more)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    uint64_t deadline = clock_mono_us() + WORLD_DEADLINE_S * 1000000ull;
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "hello from " WORLD);
    int listener = lab_bound(SOCK_STREAM, "0.0.0.0", 80);
    lab_run("ip addr add " WORLD "/32 dev lo");
    while (strcmp(world_tell(s, "reach " WORLD " 80"), "Connection refused")) {
        CHECK(clock_mono_us() < deadline);
        close(accept(listener, NULL, NULL));
    }
    lab_run("ip addr del " WORLD "/32 dev lo");
    close(listener);
    world_close(w);
}

TEST(slots_do_not_reach_each_other)
{
    struct world *w = open_world();
    struct world_slot *a = start(w, 1), *b = start(w, 2);
    CHECK_STR(world_tell(a, "listen 0.0.0.0 7000"), "listening");
    CHECK_STR(world_tell(a, "reach 100.64.0.15 7000"), "connected"); /* itself */
    CHECK_STR(world_tell(b, "reach 100.64.0.15 7000"), "Connection refused");
    world_close(w);
}

TEST(rules_open_a_private_address_and_close_a_public_one)
{
    static struct uplink_rules some;
    struct err e = {0};
    struct sandbox_config config = world_config();
    CHECK(uplink_rules_parse("10.9.0.10:5432,203.0.113.1,100.64.0.0/24", "203.0.113.10:80", &some,
                             &e) == 0);
    config.egress = &some;
    int own = lab_bound(SOCK_STREAM, "0.0.0.0", 8080);
    struct world *w = open_world_with(&config);
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "tcp 10.9.0.10 5432"), "hello from 10.9.0.10");
    CHECK_STR(world_tell(s, "tcp 10.9.0.10 80"), "Connection refused");
    CHECK_STR(world_tell(s, "tcp " WORLD " 80"), "Connection refused");
    CHECK_STR(world_tell(s, "tcp 203.0.113.1 8080"), "Connection refused"); /* still the host */
    CHECK_STR(world_tell(s, "tcp 100.64.0.1 8080"), "Connection refused");
    close(own);
    world_close(w);
}

TEST(names_of_private_addresses_do_not_open_them)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "name inside.test"), "10.9.0.10");
    CHECK_STR(world_tell(s, "tcp 10.9.0.10 80"), "Connection refused");
    world_close(w);
}

TEST(mail_raw_sockets_and_ipv6_are_refused)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "tcp " WORLD " 25"), "Connection refused");
    CHECK_STR(world_tell(s, "raw"), "Operation not permitted");
    CHECK_STR(world_tell(s, "packet"), "Address family not supported by protocol");
    CHECK_STR(world_tell(s, "ipv6"), "Network is unreachable");
    world_close(w);
}

TEST(packets_with_options_or_in_fragments_go_nowhere)
{
    struct world *w = open_world();
    struct world_slot *s = start(w, 1);
    CHECK_STR(world_tell(s, "options " WORLD " 7"), "dropped");
    CHECK_STR(world_tell(s, "fragments " WORLD " 7"), "dropped");
    world_close(w);
}

TEST(certificates_of_authorities_are_there)
{
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) < 0)
        SKIP("needs the package ca-certificates");
    struct world *w = open_world();
    CHECK_STR(world_tell(start(w, 1), "read /etc/ssl/certs/ca-certificates.crt"), "opened");
    world_close(w);
}

TEST(name_servers_that_the_host_gets_later_are_asked)
{
    struct world *w = open_world();
    lab_run("cp /etc/resolv.conf /tmp/virga-lab-old && echo nameserver 203.0.113.99 "
            ">/etc/resolv.conf");
    struct world_slot *s = start(w, 1);
    lab_run("cat /tmp/virga-lab-old >/etc/resolv.conf && rm /tmp/virga-lab-old");
    struct world_slot *later = start(w, 2); /* an order makes the program look */
    CHECK_STR(world_tell(later, "name example.test"), WORLD);
    CHECK_STR(world_tell(s, "name example.test"), WORLD);
    world_close(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slot_reaches_the_world_by_tcp_udp_and_names),
    cmocka_unit_test(a_slot_without_network_is_told_so_at_once),
    cmocka_unit_test(a_slot_reaches_neither_the_host_nor_what_is_near_it),
    cmocka_unit_test(an_address_that_becomes_the_hosts_is_not_reached_any_more),
    cmocka_unit_test(slots_do_not_reach_each_other),
    cmocka_unit_test(rules_open_a_private_address_and_close_a_public_one),
    cmocka_unit_test(names_of_private_addresses_do_not_open_them),
    cmocka_unit_test(mail_raw_sockets_and_ipv6_are_refused),
    cmocka_unit_test(packets_with_options_or_in_fragments_go_nowhere),
    cmocka_unit_test(certificates_of_authorities_are_there),
    cmocka_unit_test(name_servers_that_the_host_gets_later_are_asked),
};

int main(int argc, char **argv)
{
    return uplinks_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
